"""The network between services and servers refuses, resets, is late or silent: what was accepted is not lost."""

import itertools

import pytest

import deeds
from evidence import settle
from stacks import behind_proxies, urls, users_of
from support.load import Load
from support.proxy import FAULTS

SERVERS = ("kafka", "registry", "mysql", "mongodb", "smtp")


def plan_of(chance, rounds: int) -> list:
    """(server, fault), each with each, so many times; 0: each server once and each fault at least once."""
    if rounds == 0:
        return list(zip(chance.sample(SERVERS, len(SERVERS)), chance.sample(FAULTS, len(FAULTS)) + [chance.choice(FAULTS)]))
    plan = list(itertools.product(SERVERS, FAULTS)) * rounds
    chance.shuffle(plan)
    return plan


@pytest.mark.timeout(180)
def test_between_services_and_servers(tmp_path, size, requests_of, report, chance):
    """The connections of all services to Kafka, the schema registry, MySQL, MongoDB or the mail server are refused,
    reset in the middle of a message, 2 s late each way, or silent, for a while; in turn. A worker is killed (-9)
    while it is the registry, as else nobody asks it anything."""
    with behind_proxies(tmp_path) as (stack, proxies):
        count = requests_of(0, 100_000)
        plan = plan_of(chance, size(0, 2))
        with Load(stack, size(8, 16), urls(stack.gateways), seconds=3600, users=users_of(stack, 4),
                  pause=size(0.05, 0)) as load:
            for n, (server, fault) in enumerate(plan):
                load.wait_for_total(n * count // len(plan), 3600)
                proxy = proxies[server]
                getattr(proxy, fault)()
                report.event(f"{server}: {getattr(proxy, fault).__doc__}, after {load.total()} requests")
                if server == "registry":
                    deeds.do(deeds.kill, stack, stack.workers[0], load, report)
                load.stopping.wait(size(2, 15))
                proxy.heal()
                report.event(f"{server}: as before, after {load.total()} requests")
                load.wait_for_answers(20)
            for service in stack.services():
                service.wait_ready(60)
            load.wait_for_total(count, 3600)
        report.event("the load has ended")
        assert not load.lost
        report.check(settle(stack, load, mailed=True))

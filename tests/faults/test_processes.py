"""Each service in turn is killed, frozen and stopped at random moments: nothing accepted is lost."""

import itertools

import pytest

import deeds
from evidence import settle
from stacks import two_of_each, urls, users_of
from support.load import Load


@pytest.mark.timeout(120)
def test_each_service_in_turn(tmp_path, size, requests_of, report, chance):
    """Two of each service. kill -9, SIGSTOP for longer than the session time-out with SIGCONT after it, and clean
    stop, of each in turn, at random moments."""
    with two_of_each(tmp_path) as stack:
        users = users_of(stack, 4)
        count = requests_of(0, 100_000)
        services = [stack.auths, stack.gateways, stack.workers, stack.archivers, stack.mailers]
        every = list(itertools.product(services, deeds.ALL))
        chance.shuffle(every)
        if size(True, False):
            # One deed for each service, and each deed at least once.
            order = chance.sample(deeds.ALL, 3) + [deeds.kill, deeds.freeze]
            plan = list(zip(chance.sample(services, len(services)), order))
        else:
            plan = every + chance.sample(every, len(every))
        moments = sorted(chance.sample(range(count), len(plan))) if count else [0] * len(plan)
        with Load(stack, 8, urls(stack.gateways), seconds=3600, users=users, pause=size(0.1, 0)) as load:
            for (instances, deed), moment in zip(plan, moments):
                load.wait_for_total(max(moment, load.total() + chance.randrange(20, 60)), 3600)
                for service in instances:
                    service.wait_ready(60)
                deeds.do(deed, stack, chance.choice(instances), load, report)
            for service in stack.services():
                service.wait_ready(60)
            load.wait_for_total(max(count, load.total() + 50), 3600)
        report.event("the load has ended")
        hit = set(urls(stack.gateways)) if any(instances is stack.gateways for instances, _ in plan) else set()
        assert {gateway for gateway, _ in load.lost} <= hit
        report.check(settle(stack, load, mailed=True))

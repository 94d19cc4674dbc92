"""Gateways and workers come and go under load: that costs only the connections to what was killed."""

import collections
import json
import re
import time

import pytest

import deeds
from evidence import settle
from slopes import percentile
from stacks import two_of_each, urls, users_of
from support.load import Load


def what_it_met(each, deeds_done: dict) -> str:
    """Of a request whose connection was lost."""
    if "refused" in each.said.lower():
        return "nobody listened"
    done = [deed for at, deed in deeds_done[each.gateway] if at <= each.began + each.seconds]
    return f"after {done[-1].__name__}" if done else "after nothing"


@pytest.mark.timeout(120)
def test_gateways_and_workers_come_and_go(tmp_path, size, requests_of, report, chance):
    """Three gateways and three workers; every few seconds one of two gateways or one of two workers is killed (-9),
    stopped in order, or started again. The third of each stays."""
    with two_of_each(tmp_path, gateways=3, workers=3, mailers=0) as stack:
        users = users_of(stack, 4)
        count = requests_of(0, 100_000)
        changes = size(8, 200)
        moments = sorted(chance.sample(range(count), changes)) if count else [0] * changes
        coming = stack.gateways[1:] + stack.workers[1:]
        done = {service.url: [] for service in stack.gateways + stack.workers}
        with Load(stack, 12, urls(stack.gateways), seconds=3600, users=users, pause=size(0.05, 0)) as load:
            for n, moment in enumerate(moments):
                load.wait_for_total(max(moment, load.total() + 60), 3600)
                service = coming[n % len(coming)]
                service.wait_ready(60)
                deed = chance.choice([deeds.kill, deeds.stop])
                done[service.url].append((time.monotonic(), deed))
                deeds.do(deed, stack, service, load, report)
            for service in coming:
                service.wait_ready(60)
            load.wait_for_total(max(count, load.total() + 100), 3600)
        report.event("the load has ended")
        account = settle(stack, load)
        stayed = [each for each in load.sent if each.gateway == stack.gateways[0].url]
        seconds = [each.seconds for each in stayed]
        report.counts({"requests through the gateway that stayed": len(stayed),
                       "of them answered 200": sum(each.status == 200 for each in stayed),
                       "of them answered 202": sum(each.status == 202 for each in stayed),
                       "median, ms": round(1000 * percentile(seconds, 0.5), 1),
                       "p99, ms": round(1000 * percentile(seconds, 0.99), 1),
                       "longest, ms": round(1000 * max(seconds), 1)})
        report.check(account)
        assert {each.status for each in stayed} <= {200, 202}
        # One that is stopped in order answers what it has taken, and one that begins says so.
        lost = [what_it_met(each, done) for each in load.sent if each.status is None]
        report.counts({f"connections lost: {what}": lost.count(what) for what in sorted(set(lost))})
        assert set(lost) <= {"nobody listened", "after kill"}
        refused = collections.Counter((status, json.loads(said)["detail"]) for _, status, said in load.refused)
        report.counts({f"refused with {status}: {said}": count for (status, said), count in sorted(refused.items())})
        assert all(status == 503 and re.search("has not answered yet|reads no answers yet", said) for status, said in refused), refused

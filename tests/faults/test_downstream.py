"""Every prediction is archived once and mailed once to who asked, also while archive-svc and notification-svc die."""

import pytest

import deeds
from evidence import settle
from stacks import two_of_each, urls, users_of
from support.load import Load


def run(stack, count: int, report, damage=lambda load: None):
    users = users_of(stack, 20)
    report.event(f"{count} requests by {len(users)} users begin")
    with Load(stack, 16, urls(stack.gateways), seconds=3600, count=count, users=users) as load:
        damage(load)
        load.join(3600)
    report.event("the last one has ended")
    assert not load.lost and not load.refused, (load.lost[:3], load.refused[:3])
    account = settle(stack, load, mailed=True)
    report.event("nothing waits any more")
    report.check(account)
    assert account.counts()["documents"] == count
    return account.counts()


def test_each_is_archived_and_mailed_once(tmp_path, requests_of, report):
    """20 users, mail of each prediction and no limit."""
    with two_of_each(tmp_path) as stack:
        count = requests_of(400, 10_000)
        assert run(stack, count, report)["mails"] == count


@pytest.mark.timeout(240)
def test_kills_lose_and_repeat_nothing(tmp_path, requests_of, size, report, chance):
    """The same, while both archive-svcs and both notification-svcs are killed (-9) in turn, five times each role."""
    with two_of_each(tmp_path) as stack:
        count = requests_of(400, 10_000)
        moments = sorted(chance.sample(range(count // 10, count), 10))

        def damage(load):
            for n, moment in enumerate(moments):
                load.wait_for_total(moment, 3600)
                service = ([stack.archivers, stack.mailers][n % 2])[n // 2 % 2]
                service.wait_ready()
                deeds.do(deeds.kill, stack, service, load, report)

        run(stack, count, report, damage)

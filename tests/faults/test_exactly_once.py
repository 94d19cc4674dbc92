"""Workers are killed under load: with --exactly-once no read-committed reader sees an answer twice; without it, repeats
are counted."""

import pytest

import deeds
from evidence import settle
from stacks import two_of_each, urls, users_of
from support.load import Load
from support.stack import EmbeddedStack

REPEATS = "of them repeats"


def damage(stack, load, deed_list: list, chance, report):
    for deed in deed_list:
        load.wait_for_answers(chance.randrange(10, 40), 120)
        worker = chance.choice(stack.workers)
        for each in stack.workers:
            each.wait_ready(60)
        deeds.do(deed, stack, worker, load, report)
    for each in stack.workers:
        each.wait_ready(60)
    load.wait_for_answers(50, 120)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("arguments", [["--exactly-once"], []], ids=["exactly-once", "at-least-once"])
def test_workers_are_killed(tmp_path, arguments, size, requests_of, report, chance):
    """Two workers, with --exactly-once and without; again and again one of them is killed (-9) at a random moment under
    load, and now and then frozen (SIGSTOP) until its group goes on without it."""
    if not arguments:
        kills, freezes = size(2, 50), size(0, 5)
    else:
        kills, freezes = size(6, 50), size(1, 5)
    with two_of_each(tmp_path, mailers=0, worker_arguments=arguments) as stack:
        users = users_of(stack, 2)
        count = requests_of(0, 100_000)
        plan = [deeds.kill] * kills + [deeds.freeze] * freezes
        chance.shuffle(plan)
        with Load(stack, 16, urls(stack.gateways), seconds=3600, users=users) as load:
            damage(stack, load, plan, chance, report)
            load.wait_for_total(count, 3600)
        report.event("the load has ended")
        account = settle(stack, load)
        ended = {outcome: sum(int(each.metric("nearline_prediction_transactions_total", outcome=outcome)) for each in stack.workers)
                 for outcome in ("committed", "aborted", "outdated", "unknown")}
        report.counts({f"transactions {outcome}": number for outcome, number in ended.items()}, "Of the workers that were last")
        report.check(account)
        assert bool(ended["committed"]) == bool(arguments)
        if arguments:
            assert account.counts()[REPEATS] == 0


@pytest.mark.timeout(120)
def test_the_embedded_log_is_killed(tmp_path, size, report, chance):
    """`nearline up --exactly-once` is killed (-9) under load, and started again on the folder as it is."""
    stack = EmbeddedStack(tmp_path, "--exactly-once", "--mail-mode", "off").start()
    try:
        with Load(stack, 16, seconds=3600, users=users_of(stack, 2)) as load:
            for _ in range(size(5, 50)):
                load.wait_for_answers(chance.randrange(20, 300))
                report.event(f"kill -9, after {load.total()} requests")
                stack.service.kill()
                stack.service.start()
            load.wait_for_answers(50)
        report.event("the load has ended")
        account = settle(stack, load)
        assert stack.service.metric("nearline_prediction_transactions_total", outcome="committed") > 0
        report.check(account)
        assert account.counts()[REPEATS] == 0
    except BaseException:
        stack.service.kill()
        raise
    assert stack.stop() == 0

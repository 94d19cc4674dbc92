"""Several gateways and workers on one broker: each answer to its own caller, and what dies takes only
its own connections along."""

import pytest

from support.client import Client, features
from support.groups import shares
from support.load import Load
from support.process import wait_until
from support.stack import DistributedStack


@pytest.fixture
def three_and_two(tmp_path):
    stack = DistributedStack(tmp_path, gateways=3, workers=2).start()
    wait_for_owners(stack)
    yield stack
    stack.stop()


def wait_for_owners(stack):
    """Until the workers share the input topic, the gateways own all reply partitions between them, and nothing moves."""
    def settled():
        owned = [g.metric("nearline_gateway_reply_partitions", kind="owned") for g in stack.gateways if g.running()]
        return sum(owned) == stack.partitions and (min(owned) > 0 or len(owned) > stack.partitions)

    wait_until(settled, 30, "the gateways to divide the reply partitions", every=0.1)
    fair = stack.partitions // len(stack.workers) - 1  # there is the retry topic's, too

    def shared():
        each = shares(stack, "prediction", stack.input_topic)
        return len(each) == len(stack.workers) and min(each) >= fair

    wait_until(shared, 30, "the workers to share the input topic", every=0.1)


def follow_accepted(stack, load: Load):
    """Every 202's result comes, from any gateway that has seen the answer."""
    client = Client(stack)
    for gateway, location, body in load.accepted:
        def result():
            answer = client.session.get(gateway + location, timeout=10)
            assert answer.status_code in (200, 202), answer.text
            return answer if answer.status_code == 200 else None

        answer = wait_until(result, 30, f"the result of {location}", every=0.1)
        assert {name: answer.json()[name] for name in body} == body


def test_each_answer_comes_back_to_its_caller_and_is_read_by_one_gateway(three_and_two):
    stack = three_and_two
    read = [g.metric("nearline_gateway_answers_read_total") for g in stack.gateways]
    with Load(stack, 64, [g.url for g in stack.gateways]) as load:
        load.wait_for_answers(3000)
    assert not load.wrong and not load.lost and not load.refused and not load.accepted
    total = sum(g.metric("nearline_gateway_answers_read_total") - before for g, before in zip(stack.gateways, read))
    assert total == load.answered
    assert all(w.metric("nearline_prediction_records_total") > 0 for w in stack.workers)


def test_kill_of_a_gateway_costs_only_its_own_connections(three_and_two):
    stack = three_and_two
    victim = stack.gateways[1]
    with Load(stack, 64, [g.url for g in stack.gateways]) as load:
        load.wait_for_answers(500)
        victim.kill()
        load.wait_for_answers(1500)
        victim.start()
        load.wait_for_answers(500)
    assert not load.wrong
    assert {gateway for gateway, _ in load.lost} <= {victim.url}
    assert not [r for r in load.refused if r[0] != victim.url], load.refused[:3]
    follow_accepted(stack, load)


def test_kill_of_a_worker_costs_no_request(three_and_two):
    stack = three_and_two
    victim = stack.workers[1]
    with Load(stack, 64, [g.url for g in stack.gateways]) as load:
        load.wait_for_answers(500)
        victim.kill()
        load.wait_for_answers(1500)
        victim.start()
        load.wait_for_answers(500)
    assert not load.wrong and not load.lost and not load.refused, (load.lost[:3], load.refused[:3])
    follow_accepted(stack, load)


def test_a_restart_costs_no_request(three_and_two):
    stack = three_and_two
    with Load(stack, 32, [stack.gateways[0].url]) as load:
        load.wait_for_answers(300)
        for service in (stack.workers[0], stack.gateways[2]):
            assert service.stop() == 0
            load.wait_for_answers(300)
            service.start()
            load.wait_for_answers(300)
    assert not load.wrong and not load.lost and not load.refused, (load.lost[:3], load.refused[:3])
    follow_accepted(stack, load)


def test_more_gateways_than_partitions(tmp_path):
    stack = DistributedStack(tmp_path, gateways=3, workers=1, partitions=2).start()
    try:
        clients = [Client(stack, gateway=g.url) for g in stack.gateways]
        for n in range(20):
            for client in clients:
                values = (5 + n / 10, 3.6, 1.5, 0.3)
                answer = client.predict(values)
                assert answer.status_code == 200, answer.text
                assert {k: answer.json()[k] for k in features(values)} == features(values)
    finally:
        stack.stop()

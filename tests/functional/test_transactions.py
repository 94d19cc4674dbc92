"""--exactly-once, as a user turns it on: standard clients that are read-committed see each answer once, and nothing else
changes for anybody."""

import collections
import uuid

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka import KafkaConsumer

from support.client import KNOWN, Client, features
from support.process import wait_until
from support.stack import DistributedStack, EmbeddedStack, run_program
from support.topics import read_topic


@pytest.fixture(scope="module", params=["embedded", "distributed"])
def stack(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transactions")
    if request.param == "embedded":
        stack = EmbeddedStack(folder, "--exactly-once").start()
    else:
        stack = DistributedStack(folder, workers=2, worker_arguments=["--exactly-once"]).start()
    yield stack
    codes = stack.stop()
    assert (codes if isinstance(codes, list) else [codes]) == [0] * len(stack.services())


def workers(stack) -> list:
    return stack.workers if stack.kind == "distributed" else [stack.service]


def committed(stack) -> float:
    return sum(each.metric("nearline_prediction_transactions_total", outcome="committed") for each in workers(stack))


def test_predictions_are_as_ever(stack, client):
    for values, species in KNOWN.items():
        answer = client.predict(values)
        assert answer.status_code == 200, answer.text
        assert answer.json()["prediction"] == species
        assert client.get(answer.headers["Content-Location"]).json() == answer.json()


def test_each_answer_is_there_once(stack):
    before = committed(stack)
    client = Client(stack)
    ids = [client.predict((5 + n / 100, 3.6, 1.5, 0.3)).headers["X-Request-Id"] for n in range(40)]
    seen = collections.Counter(headers.get("request-id") for headers, _ in read_topic(stack, stack.output_topic))
    assert [seen[each] for each in ids] == [1] * 40
    assert committed(stack) > before
    for worker in workers(stack):
        assert "nearline_prediction_transaction_seconds_count" in worker.metrics()
        assert worker.metric("nearline_prediction_transactions_total", outcome="unknown") == 0


def test_python_clients_see_answers_and_letters_once(stack):
    if stack.kind == "embedded":
        pytest.skip("no Kafka client reaches an embedded stream")
    producer = Producer({"bootstrap.servers": stack.bootstrap, "acks": "all"})
    ids = {str(uuid.uuid4()) for _ in range(20)}
    for request_id in ids:
        # None has a frame that is right: each ends as a dead letter and a failure, in one transaction.
        producer.produce(stack.input_topic, key="device", value=b"poison", headers=[("request-id", request_id.encode())])
    assert producer.flush(20) == 0
    for topic in (stack.output_topic, f"{stack.input_topic}.prediction.dlq"):
        consumer = KafkaConsumer(topic, bootstrap_servers=stack.bootstrap, auto_offset_reset="earliest", group_id=None,
                                 isolation_level="read_committed", consumer_timeout_ms=500)
        seen = collections.Counter()

        def all_there():
            for record in consumer:
                seen.update(value.decode() for key, value in record.headers if key == "request-id" and value.decode() in ids)
            return set(seen) == set(ids)

        try:
            wait_until(all_there, 30, f"20 records on {topic}")
            all_there()
        finally:
            consumer.close()
        assert set(seen.values()) == {1}, topic


def test_the_group_goes_on_behind_what_was_answered(stack, client):
    """Offsets are stored with the answers, not later."""
    if stack.kind == "embedded":
        pytest.skip("asked of Kafka itself")
    for n in range(5):
        assert client.predict((6 + n / 10, 3.6, 1.5, 0.3)).status_code == 200
    reader = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": f"{stack.group_prefix}-prediction-iris"})
    try:
        places = [TopicPartition(stack.input_topic, partition) for partition in range(stack.partitions)]
        for place in reader.committed(places, timeout=30):
            _, end = reader.get_watermark_offsets(place, timeout=30)
            assert place.offset == end or place.offset < 0 and end == 0
    finally:
        reader.close()


def test_workers_come_and_go(stack, client):
    if stack.kind == "embedded":
        pytest.skip("one process")
    answered = []
    for worker in stack.workers:
        assert worker.stop() == 0
        answered.append(client.predict(features((5.5, 3.6, 1.5, 0.3))))
        worker.start()
    assert {answer.status_code for answer in answered} <= {200, 202}
    wait_until(lambda: client.predict().status_code == 200, 30, "a prediction")
    seen = collections.Counter(headers.get("request-id") for headers, _ in read_topic(stack, stack.output_topic))
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("program, command", [("prediction-svc", []), ("nearline", ["up"])])
def test_help_names_it(program, command):
    text = run_program(program, [*command, "--help"], check=True).stdout
    assert "--exactly-once" in text and "NEARLINE_EXACTLY_ONCE" in text


def test_what_a_transaction_rests_on_is_not_for_kafka_config(tmp_path):
    config = tmp_path / "kafka.properties"
    config.write_text("transactional.id=mine\ntransaction.timeout.ms=60000\n")
    run = run_program("prediction-svc", ["--exactly-once", "--kafka-config", config])
    assert run.returncode == 2
    for line, name in ((1, "transactional.id"), (2, "transaction.timeout.ms")):
        assert f"line {line}: '{name}' is Nearline's to set" in run.stderr, run.stderr

"""Kafka clients that none of us wrote: they register schemas, produce straight to the input topic and
read answers from the output topic, with their records keyed all alike."""

import json
import uuid

import pytest
import requests
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from kafka import KafkaConsumer, KafkaProducer
from schema_registry.client import SchemaRegistryClient as OtherRegistryClient
from schema_registry.client.schema import JsonSchema

from servers.ports import free_port
from support.client import KNOWN, features
from support.process import ROOT, Service, wait_until
from support.stack import DistributedStack

INPUT_SCHEMA = (ROOT / "schemas" / "iris-input.json").read_text()
OUTPUT_SCHEMA = (ROOT / "schemas" / "iris-output.json").read_text()


@pytest.fixture(scope="module", params=["apicurio", "nearline registry"])
def stack(request, tmp_path_factory):
    if request.param == "apicurio":
        yield request.getfixturevalue("distributed")
        return
    folder = tmp_path_factory.mktemp("registry")
    port = free_port()
    registry = Service("nearline", ["registry", "--data", folder / "data", "--port", port, "--listen", "127.0.0.1"], folder,
                       f"http://127.0.0.1:{port}").start()
    stack = DistributedStack(folder, registry_url=registry.url).start()
    yield stack
    assert set(stack.stop()) == {0}
    assert registry.stop() == 0


def read_answers(stack, count: int, ids: set | None = None) -> list:
    """(headers, value) of the answers with these request ids, by kafka-python, from the topic's start."""
    consumer = KafkaConsumer(stack.output_topic, bootstrap_servers=stack.bootstrap, auto_offset_reset="earliest",
                             group_id=None, consumer_timeout_ms=500)
    found = []

    def enough():
        for record in consumer:
            headers = {k: v.decode() for k, v in record.headers}
            if ids is None or headers.get("request-id") in ids:
                found.append((headers, record))
        return len(found) >= count

    try:
        wait_until(enough, 30, f"{count} answers, found {len(found)}")
    finally:
        consumer.close()
    return found


def test_kafka_python_and_python_schema_registry_client(stack):
    registry = OtherRegistryClient({"url": stack.registry_url})
    schema_id = registry.register(f"{stack.input_topic}-value", JsonSchema(INPUT_SCHEMA))
    assert registry.get_by_id(schema_id).raw_schema["title"] == json.loads(INPUT_SCHEMA)["title"]
    producer = KafkaProducer(bootstrap_servers=stack.bootstrap, acks="all")
    ids = {}
    for values, species in KNOWN.items():
        request_id = str(uuid.uuid4())
        ids[request_id] = (values, species)
        value = b"\x00" + schema_id.to_bytes(4, "big") + json.dumps(features(values)).encode()
        producer.send(stack.input_topic, key=b"the same key", value=value, headers=[("request-id", request_id.encode())])
    producer.flush()
    producer.close()
    for headers, record in read_answers(stack, len(ids), set(ids)):
        values, species = ids.pop(headers["request-id"])
        body = json.loads(record.value[5:])
        assert body["prediction"] == species
        assert [body[name] for name in features(values)] == list(values)
        assert record.key == b"the same key"
    assert not ids


def test_records_keyed_alike_without_ids_each_get_their_own(stack):
    marker = float(uuid.uuid4().int % 1000) / 1000
    schema_registry = SchemaRegistryClient({"url": stack.registry_url})
    serialize = JSONSerializer(INPUT_SCHEMA, schema_registry, conf={"auto.register.schemas": True})
    producer = Producer({"bootstrap.servers": stack.bootstrap, "acks": "all"})
    for n in range(20):
        body = features((5.0 + n / 100, 3.6, 1.5, marker))
        producer.produce(stack.input_topic, key="device-7",
                         value=serialize(body, SerializationContext(stack.input_topic, MessageField.VALUE)))
    assert producer.flush(20) == 0

    deserialize = JSONDeserializer(OUTPUT_SCHEMA, schema_registry_client=schema_registry)
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": f"outside-{uuid.uuid4()}",
                         "auto.offset.reset": "earliest"})
    consumer.subscribe([stack.output_topic])
    answers = {}

    def all_answered():
        message = consumer.poll(0.5)
        if message is not None and not message.error():
            body = deserialize(message.value(), SerializationContext(stack.output_topic, MessageField.VALUE))
            if body["petal_width"] == marker:
                request_id = dict(message.headers())["request-id"].decode()
                assert uuid.UUID(request_id).version == 8
                assert message.key() == b"device-7"
                answers[request_id] = body
        return len(answers) == 20

    try:
        wait_until(all_answered, 30, "20 answers")
    finally:
        consumer.close()
    assert {round(a["sepal_length"], 2) for a in answers.values()} == {round(5.0 + n / 100, 2) for n in range(20)}


def test_what_does_not_conform_goes_to_the_dead_letters(stack):
    registry = OtherRegistryClient({"url": stack.registry_url})
    schema_id = registry.register(f"{stack.input_topic}-value", JsonSchema(INPUT_SCHEMA))
    frame = b"\x00" + schema_id.to_bytes(4, "big")
    poison = {
        "no frame": b'{"sepal_length": 1}',
        "wrong magic": b"\x01" + frame[1:] + b"{}",
        "empty": b"",
        "null": None,
        "no json": frame + b"{sepal_length: 1}",
        "schema": frame + b'{"sepal_length": "x"}',
        "unknown id": b"\x00\x7f\xff\xff\xff{}",
    }
    producer = KafkaProducer(bootstrap_servers=stack.bootstrap, acks="all")
    ids = {}
    for what, value in poison.items():
        request_id = str(uuid.uuid4())
        ids[request_id] = what
        # kafka-python asks for a key where the value is null.
        producer.send(stack.input_topic, key=b"poison", value=value, headers=[("request-id", request_id.encode())])
    producer.flush()
    producer.close()
    for headers, record in read_answers(stack, len(ids), set(ids)):
        body = json.loads(record.value[5:])
        assert 400 <= body["status"] < 600 and body["prediction"] is None and body["message"], ids[headers["request-id"]]

    dead = KafkaConsumer(f"{stack.input_topic}.prediction.dlq", bootstrap_servers=stack.bootstrap,
                         auto_offset_reset="earliest", group_id=None, consumer_timeout_ms=500)
    letters = {}

    def all_there():
        for record in dead:
            headers = {k: v.decode() for k, v in record.headers}
            letters[headers.get("request-id")] = (headers, record.value)
        return set(ids) <= set(letters)

    try:
        wait_until(all_there, 30, "dead letters")
    finally:
        dead.close()
    for request_id, what in ids.items():
        headers, value = letters[request_id]
        assert (value or b"") == (poison[what] or b""), what
        for name in ("topic", "partition", "offset", "stage", "class.name", "exception.message"):
            assert headers[f"__connect.errors.{name}"], what


def test_the_registry_has_both_subjects(stack):
    subjects = requests.get(stack.registry_url + "/subjects", timeout=10).json()
    assert {f"{stack.input_topic}-value", f"{stack.output_topic}-value"} <= set(subjects)

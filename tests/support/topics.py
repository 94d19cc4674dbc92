"""What lies on a topic, as a client that none of us wrote reads it; embedded, as the admin API shows it."""

import base64
import json
import time
import uuid

import jwt
import requests
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition


def read_topic(stack, topic: str) -> list:
    """(headers, value) of all records from the topic's start to the end that it has now. Header values are text; the
    value is bytes, embedded without its frame. Of a topic that is not there: none."""
    return read_embedded(stack, topic) if stack.kind == "embedded" else read_kafka(stack.bootstrap, topic)


def read_kafka(bootstrap: str, topic: str, seconds: float = 60) -> list:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"reader-{uuid.uuid4()}", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "enable.partition.eof": True, "fetch.message.max.bytes": 10 << 20})
    try:
        found = consumer.list_topics(topic, timeout=30).topics[topic]
        if found.error is not None:
            assert found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART, found.error
            return []
        consumer.assign([TopicPartition(topic, partition, 0) for partition in found.partitions])
        records, ended = [], set()
        end = time.monotonic() + seconds
        while len(ended) < len(found.partitions):
            assert time.monotonic() < end, f"{topic} could not be read in {seconds} s"
            for message in consumer.consume(10_000, 0.2):
                if message.error() is None:
                    records.append(({key: (value or b"").decode() for key, value in message.headers() or []}, message.value()))
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                elif not message.error().retriable():
                    raise KafkaException(message.error())
        return records
    finally:
        consumer.close()


def text_or_bytes(shown) -> bytes | None:
    """What the admin API shows of a value, as bytes."""
    if isinstance(shown, str):
        return shown.encode()
    if isinstance(shown, dict) and set(shown) == {"base64"}:
        return base64.b64decode(shown["base64"])
    return None if shown is None else json.dumps(shown).encode()


def admin_session(stack) -> requests.Session:
    """With the token of an administrator who has the secret."""
    now = int(time.time())
    claims = {"username": "tests", "exp": now + 3600, "iat": now, "admin": True, "sub": str(uuid.uuid4())}
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + jwt.encode(claims, stack.secret, "HS256", headers={"typ": "JWT"})
    return session


def read_embedded(stack, topic: str) -> list:
    session = admin_session(stack)
    records, start = [], "earliest"
    while True:
        answer = session.get(f"{stack.admin_url}/admin/topics/{topic}/records", timeout=30, params={"from": start, "limit": 1000})
        if answer.status_code == 404:
            return []
        assert answer.status_code == 200, answer.text
        page = answer.json()
        for record in page["records"]:
            headers = {each["key"]: each["value"] for each in record["headers"]}
            records.append((headers, text_or_bytes(record["value"])))
        if not page["records"]:
            return records
        start = page["next"]

"""Records whose schema the registry does not know, or can't be asked for, hold up nobody else's."""

import json
import uuid

import pytest
from confluent_kafka import Producer

from evidence import settle
from schemas import register_lax
from stacks import behind_proxies, urls, users_of
from support.client import SETOSA
from support.framing import framed
from support.groups import lag
from support.load import Load
from support.process import wait_until
from support.topics import read_topic

MAX_BACKLOG = "5s"


def send(stack, schema_ids: list) -> list:
    """A record for each, on all partitions in turn; their request ids."""
    producer = Producer({"bootstrap.servers": stack.bootstrap, "acks": "all"})
    marks = [str(uuid.uuid4()) for _ in schema_ids]
    for n, (mark, schema_id) in enumerate(zip(marks, schema_ids)):
        producer.produce(stack.input_topic, framed(schema_id, json.dumps(SETOSA).encode()), key=mark,
                         partition=n % stack.partitions, headers={"request-id": mark})
    assert producer.flush(30) == 0
    return marks


def ended(stack, topic: str) -> set:
    return {headers.get("request-id") for headers, _ in read_topic(stack, topic)}


@pytest.mark.timeout(120)
def test_they_hold_up_nobody(tmp_path, requests_of, report):
    """First twice as many records as partitions name a schema that nobody knows yet, while the registry is away for
    longer than --max-backlog; then sixty name one each that does not exist. The gateways measure the queue from what
    the workers commit: they must not refuse anybody."""
    with behind_proxies(tmp_path, mailers=0, gateway_arguments=["--max-backlog", MAX_BACKLOG]) as (stack, proxies):
        known = register_lax(stack, "known to the registry alone")
        with Load(stack, 8, urls(stack.gateways), seconds=3600, users=users_of(stack, 4), pause=0.01) as load:
            load.wait_for_answers(1_000)  # a gateway that knows how fast the workers are
            proxies["registry"].refuse()
            report.event(f"registry: {proxies['registry'].refuse.__doc__}, after {load.total()} requests")
            waiting = send(stack, [known] * 2 * stack.partitions)
            load.wait_for_total(load.total() + requests_of(2_000, 20_000))
            assert not ended(stack, stack.output_topic) & set(waiting), "nobody could be asked"
            wait_until(lambda: lag(stack, "prediction", stack.input_topic) < stack.partitions, 10, "the rest to be committed")
            proxies["registry"].heal()
            report.event("registry: as before")
            wait_until(lambda: ended(stack, stack.output_topic) >= set(waiting), 30, "what waited to be predicted", every=0.5)
            unknown = send(stack, range(0x7FFF0000, 0x7FFF0000 + 60))
            report.event("60 records with schemas that do not exist")
            wait_until(lambda: ended(stack, stack.input_topic + ".prediction.dlq") >= set(unknown), 60,
                       "dead letters of all", every=0.5)
            load.wait_for_answers(200)
        assert not load.refused and not load.lost and not load.wrong
        report.check(settle(stack, load, strangers=True))
        for headers, _ in read_topic(stack, stack.input_topic + ".prediction.dlq"):
            assert headers["__connect.errors.class.name"] == "UnknownSchemaId"
            assert headers["__connect.errors.topic"] == stack.input_topic, "where it was first"

"""Broken records among good ones: each is in the dead letters with its reason, none stops the queue."""

import datetime
import hashlib
import time
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

import poison
from evidence import body_of, settle
from schemas import register_lax, schema_id
from slopes import percentile
from stacks import two_of_each, urls, users_of
from support.load import Load
from support.process import wait_until
from support.topics import read_topic

LARGE = 6_000_000
STUB = "nearline.value.size"
ANSWER_TIMEOUT = 5  # seconds that a gateway waits, where it is told nothing else


def allow_large_records(stack):
    entry = ConfigEntry("max.message.bytes", str(LARGE), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, stack.input_topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    next(iter(admin.incremental_alter_configs([resource]).values())).result(20)


def check_letter(what: str, sent: tuple, letter: tuple):
    value, wanted_class, _ = sent
    headers, found = letter
    assert headers["__connect.errors.class.name"] == wanted_class, (what, headers)
    for name in ("topic", "partition", "offset", "stage", "exception.message"):
        assert headers[f"__connect.errors.{name}"], (what, headers)
    if STUB in headers:
        assert not found and headers[STUB] == str(len(value)), (what, headers)
        assert headers["nearline.value.sha256"] == hashlib.sha256(value).hexdigest(), (what, headers)
    else:
        assert found == value, (what, found)


class Poison:
    """Sends one record of each kind, and again; knows what must become of them."""

    def __init__(self, stack):
        self.stack = stack
        own, foreign = (schema_id(stack, f"{topic}-value") for topic in (stack.input_topic, stack.output_topic))
        self.kinds = poison.kinds(own, foreign, register_lax(stack))
        self.producer = Producer({"bootstrap.servers": stack.bootstrap, "message.max.bytes": LARGE, "acks": "all"})
        self.sent = {}  # mark -> what
        self.waited_for = {}  # marks that are request ids -> when they were sent

    def send(self, what: str, partition: int):
        mark = str(uuid.uuid4())
        headers = {"mark": mark, "reply-partition": str(partition)}
        if len(self.sent) % 2 == 0:
            headers["request-id"] = mark
            self.waited_for[mark] = time.time()
        self.sent[mark] = what
        self.producer.produce(self.stack.input_topic, self.kinds[what][0], key=mark, headers=headers)
        self.producer.poll(0)

    def letters(self, seconds: float) -> dict:
        """mark -> (headers, value), of all that were sent"""
        found = {}

        def all_there():
            found.update((headers["mark"], (headers, value))
                         for headers, value in read_topic(self.stack, self.stack.input_topic + ".prediction.dlq"))
            return set(self.sent) <= set(found)

        wait_until(all_there, seconds, "all dead letters", every=0.5)
        for mark, what in self.sent.items():
            check_letter(what, self.kinds[what], found[mark])
        return found

    def failures(self) -> dict:
        """mark -> the answer"""
        found = {headers["request-id"]: body_of(value) for headers, value in read_topic(self.stack, self.stack.output_topic)
                 if headers.get("request-id") in self.sent}
        assert set(found) == set(self.waited_for), "who waits gets a failure, and nobody else does"
        for mark, body in found.items():
            _, _, status = self.kinds[self.sent[mark]]
            assert (body["status"], body["prediction"]) == (status, None) and body["message"], (self.sent[mark], body)
        return found

    def waits(self, failures: dict) -> list:
        """Seconds until each failure was made."""
        return [datetime.datetime.fromisoformat(failure["created_at"] + "+00:00").timestamp() - self.waited_for[mark]
                for mark, failure in failures.items()]


@pytest.mark.timeout(120)
def test_poison_among_good_records(tmp_path, requests_of, report, chance):
    """One record in a hundred is broken (short runs: more, so that each kind is there); half of them name a
    request-id. The topic allows 6 MB, the dead letters do not."""
    with two_of_each(tmp_path, mailers=0) as stack:
        broken = Poison(stack)
        allow_large_records(stack)
        count = requests_of(400, 100_000)
        plan = list(broken.kinds) * max(1, count // 100 // len(broken.kinds))
        chance.shuffle(plan)
        with Load(stack, 8, urls(stack.gateways), seconds=3600, users=users_of(stack, 4)) as load:
            for n, what in enumerate(plan):
                load.wait_for_total(n * count // len(plan), 3600)
                broken.send(what, chance.randrange(stack.partitions))
            load.wait_for_total(count, 3600)
            assert broken.producer.flush(30) == 0
            load.wait_for_answers(50)
        report.event("the load has ended")
        letters, failures = broken.letters(60), broken.failures()
        account = settle(stack, load, strangers=True)
        waits = broken.waits(failures)
        classes = [headers["__connect.errors.class.name"] for headers, _ in letters.values()]
        report.counts({"broken records": len(plan), "kinds": len(broken.kinds), "dead letters": len(letters),
                       "of them without a value that was too large": sum(STUB in headers for headers, _ in letters.values()),
                       "failures given to who waits": len(failures),
                       "after so many ms, median": round(1000 * percentile(waits, 0.5)),
                       "after so many ms, at most": round(1000 * max(waits))} |
                      {f"of class {name}": classes.count(name) for name in sorted(set(classes))})
        report.check(account)
        assert not load.refused and not load.lost and not load.accepted
        assert max(waits) < ANSWER_TIMEOUT, "who waits has been told to look again later"

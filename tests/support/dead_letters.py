"""Records that can't be predicted until something is mended, and what `nearline dlq` says of their letters."""

import dataclasses
import json
import os
import subprocess
import uuid

import requests
from confluent_kafka import Producer

from .client import SETOSA
from .framing import framed
from .process import BIN
from .stack import run_cli


class ForeignSchema:
    """A schema that is not the input topic's, until it is mended: then it is, with the id that it has."""

    def __init__(self, stack):
        self.stack = stack
        latest = requests.get(f"{stack.registry_url}/subjects/{stack.input_topic}-value/versions/latest", timeout=10).json()
        self.schema = json.dumps({**json.loads(latest["schema"]), "title": f"of a newer producer {uuid.uuid4()}"})
        self.id = self.register(f"elsewhere-{uuid.uuid4()}-value")

    def register(self, subject: str) -> int:
        answer = requests.post(f"{self.stack.registry_url}/subjects/{subject}/versions", timeout=10,
                               json={"schemaType": "JSON", "schema": self.schema})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def value(self) -> bytes:
        return framed(self.id, json.dumps(SETOSA).encode())

    def mend(self):
        """The worker is started anew: it remembers for a while what the registry denied."""
        assert self.register(f"{self.stack.input_topic}-value") == self.id
        restart(self.stack)


def restart(stack):
    services = stack.services() if stack.kind == "embedded" else stack.workers
    for service in services:
        assert service.stop() == 0
        service.start()


def put(stack, topic: str, values: list, header: str = "request-id") -> list:
    """Stores values as a producer of somebody else would, each with an id of its own in a header. Gives the ids."""
    ids = [str(uuid.uuid4()) for _ in values]
    if stack.kind == "embedded":
        # The log belongs to one process at a time.
        assert stack.stop() == 0
        lines = "".join(f"value={value.hex()} {header}={mark}\n" for mark, value in zip(ids, values))
        subprocess.run([BIN / "stream_child", "put", stack.data / "stream", topic], input=lines, text=True, check=True,
                       timeout=60)
        stack.service.start()
        return ids
    producer = Producer({"bootstrap.servers": stack.bootstrap, "acks": "all", "linger.ms": 5})
    for mark, value in zip(ids, values):
        producer.produce(topic, value, headers={header: mark})
    assert producer.flush(60) == 0
    return ids


def access(stack) -> list:
    """How `nearline dlq` and `nearline topics` reach what they ask."""
    return ["--data", stack.data] if stack.kind == "embedded" else ["--stream", f"kafka://{stack.bootstrap}"]


def dlq(stack, action: str, *arguments, check: bool = True):
    return run_cli(["dlq", action, *arguments, *access(stack)], check=check, timeout=120)


def start_dlq(stack, action: str, *arguments) -> subprocess.Popen:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEARLINE_")}
    return subprocess.Popen([str(word) for word in (BIN / "nearline", "dlq", action, *arguments, *access(stack))],
                            env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@dataclasses.dataclass
class Letter:
    place: str
    state: str
    class_name: str
    reason: str
    time: str


def letters(stack, topic: str, *arguments) -> list:
    lines = dlq(stack, "list", "--json", topic, *arguments).stdout.splitlines()
    return [Letter(f"{each['partition']}:{each['offset']}", each["state"], each["class"], each["reason"], each["time"])
            for each in map(json.loads, lines)]

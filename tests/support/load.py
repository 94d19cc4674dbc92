"""A load that checks itself: every answer must be the one to its own request."""

import dataclasses
import random
import threading
import time
import uuid

import requests

from .client import FEATURES, Client
from .process import wait_until


@dataclasses.dataclass(slots=True)
class Sent:
    """One request, and what became of it as its caller saw it. Its features are its own: no other has them."""

    features: tuple
    user: str
    gateway: str
    status: int | None = None  # None: the connection was lost before there was an answer
    request_id: str | None = None
    answer: dict | None = None  # of 200
    location: str | None = None  # of 202
    began: float = 0  # time.monotonic()
    seconds: float = 0
    said: str = ""  # what was neither 200 nor 202


class Load:
    """Threads that predict until they are stopped, until `seconds` are over or `count` requests are sent; each
    outcome is kept by kind, and all of them in `sent`. Each thread keeps a connection to one of the gateways, takes
    the users in turn, and rests for `pause` seconds between two requests."""

    def __init__(self, stack, clients: int, gateways: list | None = None, seconds: float = 60,
                 count: int | None = None, users: list | None = None, seed: int = 0, headers: dict | None = None,
                 pause: float = 0):
        self.stack = stack
        self.gateways = gateways or [stack.gateway_url]
        self.clients = clients
        self.seconds = seconds
        self.count = count
        self.seed = seed
        self.headers = headers or {}
        self.pause = pause
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.begun = 0
        self.sent = []
        self.answered = 0
        self.accepted = []  # (gateway, location, features) of 202
        self.lost = []  # (gateway, exception): the connection broke
        self.refused = []  # (gateway, status, text)
        self.wrong = []  # answers to somebody else's request
        self.latencies = []
        self.users = users or [Client(stack)]

    def take(self) -> int | None:
        """The number of the next request, while there is one."""
        with self.lock:
            if self.stopping.is_set() or self.begun == self.count:
                return None
            self.begun += 1
            return self.begun - 1

    def run_one(self, number: int):
        gateway = self.gateways[number % len(self.gateways)]
        session = requests.Session()
        generator = random.Random(f"{self.seed} {number}")
        end = time.monotonic() + self.seconds
        while time.monotonic() < end and (n := self.take()) is not None:
            user = self.users[n % len(self.users)]
            body = {name: round(generator.uniform(0, 10), 9) for name in FEATURES}
            sent = Sent(tuple(body.values()), user.user_id, gateway)
            start = sent.began = time.monotonic()
            try:
                answer = session.post(gateway + "/predict", json=body, timeout=30,
                                      headers={"Authorization": f"Bearer {user.token}", **self.headers})
            except requests.RequestException as error:
                sent.seconds, sent.said = time.monotonic() - start, repr(error)
                with self.lock:
                    self.sent.append(sent)
                    self.lost.append((gateway, error))
                session.close()
                if self.stopping.wait(0.05):
                    return
                continue
            sent.seconds = time.monotonic() - start
            self.keep(sent, body, answer)
            if self.pause:
                self.stopping.wait(self.pause)

    def keep(self, sent: Sent, body: dict, answer):
        sent.status = answer.status_code
        sent.request_id = answer.headers.get("X-Request-Id")
        with self.lock:
            self.latencies.append(sent.seconds)
            self.sent.append(sent)
            if sent.status == 200:
                self.answered += 1
                sent.answer = answer.json()
                if any(sent.answer[name] != body[name] for name in FEATURES):
                    self.wrong.append((body, answer.text))
            elif sent.status == 202:
                sent.location = answer.headers["Location"]
                self.accepted.append((sent.gateway, sent.location, body))
            else:
                sent.said = answer.text
                self.refused.append((sent.gateway, sent.status, answer.text))

    def __enter__(self) -> "Load":
        self.threads = [threading.Thread(target=self.run_one, args=(n,), daemon=True) for n in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        self.join(40)

    def join(self, seconds: float):
        """Until all threads have ended."""
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0, end - time.monotonic()))
            assert not thread.is_alive(), f"{self.total()} of {self.count} requests have ended"

    def total(self) -> int:
        with self.lock:
            return len(self.sent)

    def wait_for_answers(self, more: int, seconds: float = 60):
        """Until so many more requests were answered with 200."""
        wanted = self.answered + more
        wait_until(lambda: self.answered >= wanted, seconds, f"{wanted} answers", every=0.01)

    def wait_for_total(self, wanted: int, seconds: float = 120):
        """Until so many requests have ended, however that was."""
        wait_until(lambda: self.total() >= wanted, seconds, f"{wanted} requests to end", every=0.01)


def new_user(stack, admin: Client) -> tuple[str, str]:
    name, password = f"{uuid.uuid4().hex}@example.com", "correct horse battery"
    answer = requests.post(stack.auth_url + "/register", json={"username": name, "password": password},
                           headers={"Authorization": f"Bearer {admin.token}"}, timeout=10)
    assert answer.status_code == 201, answer.text
    return name, password

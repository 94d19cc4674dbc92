"""A load that checks itself: every answer must be the one to its own request."""

import random
import threading
import time
import uuid

import requests

from .client import FEATURES, Client


class Load:
    """Threads that predict until they are stopped; each outcome is kept by kind."""

    def __init__(self, stack, clients: int, gateways: list | None = None, seconds: float = 60):
        self.stack = stack
        self.gateways = gateways or [stack.gateway_url]
        self.clients = clients
        self.seconds = seconds
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.answered = 0
        self.accepted = []  # (gateway, location, features) of 202
        self.lost = []  # (gateway, exception): the connection broke
        self.refused = []  # (gateway, status, text)
        self.wrong = []  # answers to somebody else's request
        self.latencies = []
        self.token = Client(stack).token

    def run_one(self, number: int):
        gateway = self.gateways[number % len(self.gateways)]
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        generator = random.Random(number)
        end = time.monotonic() + self.seconds
        while not self.stopping.is_set() and time.monotonic() < end:
            body = {name: round(generator.uniform(0, 10), 9) for name in FEATURES}
            start = time.monotonic()
            try:
                answer = session.post(gateway + "/predict", json=body, timeout=30)
            except requests.RequestException as error:
                with self.lock:
                    self.lost.append((gateway, error))
                session.close()
                if self.stopping.wait(0.05):
                    return
                continue
            with self.lock:
                self.latencies.append(time.monotonic() - start)
                if answer.status_code == 200:
                    self.answered += 1
                    if any(answer.json()[name] != body[name] for name in FEATURES):
                        self.wrong.append((body, answer.text))
                elif answer.status_code == 202:
                    self.accepted.append((gateway, answer.headers["Location"], body))
                else:
                    self.refused.append((gateway, answer.status_code, answer.text))

    def __enter__(self) -> "Load":
        self.threads = [threading.Thread(target=self.run_one, args=(n,), daemon=True) for n in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(40)
            assert not thread.is_alive()

    def total(self) -> int:
        with self.lock:
            return self.answered + len(self.accepted) + len(self.refused) + len(self.lost)

    def wait_for_answers(self, more: int, seconds: float = 60):
        """Until so many more requests were answered with 200."""
        wanted = self.answered + more
        end = time.monotonic() + seconds
        while self.answered < wanted:
            assert time.monotonic() < end, f"only {self.answered} of {wanted} answered in {seconds} s"
            time.sleep(0.01)


def new_user(stack, admin: Client) -> tuple[str, str]:
    name, password = f"{uuid.uuid4().hex}@example.com", "correct horse battery"
    answer = requests.post(stack.auth_url + "/register", json={"username": name, "password": password},
                           headers={"Authorization": f"Bearer {admin.token}"}, timeout=10)
    assert answer.status_code == 201, answer.text
    return name, password

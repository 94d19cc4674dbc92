"""What is not there at start, or goes in between, is waited for and named; requests meanwhile get 503
with Retry-After; all resumes by itself. Servers of this file's own, since they are stopped here."""

import subprocess
import time

import pytest
import requests

from support.client import ADMIN, PASSWORD, SETOSA, Client
from support.process import ROOT, wait_until
from support.stack import DistributedStack


class Server:
    """One of tests/servers, which can be stopped and started again on the same port and data."""

    def __init__(self, name: str, folder):
        self.script = ROOT / "tests" / "servers" / name
        self.folder = folder
        self.address = self.start()

    def start(self) -> str:
        run = subprocess.run([self.script, "start", self.folder], check=True, capture_output=True, text=True, timeout=90)
        return run.stdout.strip()

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], check=True, capture_output=True, timeout=60)


def readyz(service) -> dict:
    return requests.get(service.url + "/readyz", timeout=5).json()


def assert_refused_for_now(answer):
    assert answer.status_code in (503, 504), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["detail"]


@pytest.mark.timeout(240)
def test_the_broker_goes_and_comes_back(tmp_path):
    kafka = Server("kafka", tmp_path / "kafka")
    stack = DistributedStack(tmp_path, bootstrap=kafka.address).start()
    try:
        client = Client(stack)
        assert client.predict().status_code == 200
        kafka.stop()
        wait_until(lambda: "kafka" in str(readyz(stack.gateway)).lower(), 30, "/readyz to name Kafka", every=0.2)
        start = time.monotonic()
        assert_refused_for_now(client.predict())
        assert time.monotonic() - start < 6
        assert requests.get(stack.gateway_url + "/readyz", timeout=5).status_code == 200, "it must stay reachable to say 503"
        kafka.start()
        answer = wait_until(lambda: (a := client.predict()).status_code == 200 and a, 60, "predictions again", every=0.2)
        assert answer.json()["prediction"] == "setosa"
    finally:
        stack.stop()
        kafka.stop()


@pytest.mark.timeout(240)
def test_nothing_is_there_at_start(tmp_path):
    kafka = Server("kafka", tmp_path / "kafka")
    registry = Server("apicurio", tmp_path / "apicurio")
    kafka.stop()
    registry.stop()
    stack = DistributedStack(tmp_path, bootstrap=kafka.address, registry_url=registry.address)
    try:
        stack.start(wait=False)
        stack.auth.wait_ready()
        stack.add_user(ADMIN, PASSWORD, admin=True)
        wait_until(lambda: answers(stack.gateway), 10, "the gateway to answer")
        client = Client(stack)
        assert_refused_for_now(client.predict())
        for what in ("kafka", "registry"):
            wait_until(lambda: what in str(readyz(stack.gateway)).lower(), 20, f"/readyz to name the {what}", every=0.2)
        kafka.start()
        registry.start()
        wait_until(lambda: client.predict().status_code == 200, 60, "the first prediction", every=0.2)
        for service in stack.services():
            wait_until(lambda: requests.get(service.url + "/readyz", timeout=5).status_code == 200, 20, service.name)
    finally:
        stack.stop()
        kafka.stop()
        registry.stop()


def answers(service) -> bool:
    try:
        requests.get(service.url + "/healthz", timeout=2)
        return True
    except requests.ConnectionError:
        return False


@pytest.mark.timeout(240)
def test_the_registry_is_away(tmp_path):
    """What is known already is enough to go on."""
    registry = Server("apicurio", tmp_path / "apicurio")
    stack = DistributedStack(tmp_path, registry_url=registry.address).start()
    try:
        client = Client(stack)
        assert client.predict().status_code == 200
        registry.stop()
        for _ in range(20):
            assert client.predict().status_code == 200
        registry.start()
        assert client.predict().status_code == 200
    finally:
        stack.stop()
        registry.stop()


@pytest.mark.timeout(240)
def test_mysql_goes_and_comes_back(tmp_path, monkeypatch):
    mariadb = Server("mariadb", tmp_path / "mariadb")
    monkeypatch.setenv("NEARLINE_TEST_MYSQL", mariadb.address)
    stack = DistributedStack(tmp_path).start()
    try:
        client = Client(stack)
        assert client.predict().status_code == 200
        mariadb.stop()
        answer = requests.post(stack.auth_url + "/login", auth=(ADMIN, PASSWORD), timeout=20)
        assert_refused_for_now(answer)
        wait_until(lambda: "mysql" in str(readyz(stack.auth)).lower(), 10, "/readyz to name MySQL", every=0.2)
        mariadb.start()
        wait_until(lambda: requests.post(stack.auth_url + "/login", auth=(ADMIN, PASSWORD), timeout=20).status_code == 200,
                   30, "logins again", every=0.2)
    finally:
        stack.stop()
        mariadb.stop()


@pytest.mark.timeout(240)
def test_auth_is_away_and_the_gateway_fails_closed(tmp_path):
    stack = DistributedStack(tmp_path).start()
    try:
        known = Client(stack)
        fresh = Client(stack)
        assert known.predict().status_code == 200
        stack.auth.stop()
        assert known.predict().status_code == 200, "a yes is kept for a while"
        time.sleep(1.1)  # iat counts seconds: without it the second login's token is the first one's
        if fresh.token != known.token:
            assert_refused_for_now(fresh.predict())
        assert_refused_for_now(requests.post(stack.gateway_url + "/login", auth=(ADMIN, PASSWORD), timeout=10))
        stack.auth.start()
        assert fresh.predict(SETOSA).status_code == 200
    finally:
        stack.stop()

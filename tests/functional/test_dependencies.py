"""What is not there at start, or goes in between, is waited for and named; requests meanwhile get 503
with Retry-After; all resumes by itself. Servers of this file's own, since they are stopped here."""

import time

import pytest
import requests
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from support import archive
from support.client import ADMIN, PASSWORD, SETOSA, Client
from support.process import wait_until
from support.server import Server
from support.stack import DistributedStack


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
    stack = DistributedStack(tmp_path, bootstrap=kafka.address, mailers=1).start()
    try:
        client = Client(stack)
        assert client.predict().status_code == 200
        kafka.stop()
        for service in (stack.gateway, stack.worker, *stack.archivers, *stack.mailers):
            # All but the gateway have nothing to do, and notice it all the same.
            wait_until(lambda: "kafka" in readyz(service)["missing"], 30, f"{service.name}'s /readyz to name Kafka", every=0.2)
            assert service.metric("nearline_dependency_up", dependency="kafka") == 0
        start = time.monotonic()
        assert_refused_for_now(client.predict())
        assert time.monotonic() - start < 6
        assert requests.get(stack.gateway_url + "/readyz", timeout=5).status_code == 200, "it must stay reachable to say 503"
        kafka.start()
        answer = wait_until(lambda: (a := client.predict()).status_code == 200 and a, 60, "predictions again", every=0.2)
        assert answer.json()["prediction"] == "setosa"
        for service in (stack.gateway, stack.worker, *stack.archivers, *stack.mailers):
            wait_until(lambda: not readyz(service)["missing"], 30, f"{service.name} to miss nothing", every=0.2)
    finally:
        stack.stop()
        kafka.stop()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("which", ["input", "output"])
@pytest.mark.parametrize("gap", ["noticed", "at once"])
def test_a_topic_is_deleted_and_made_anew(tmp_path, which, gap):
    kafka = Server("kafka", tmp_path / "kafka")
    stack = DistributedStack(tmp_path, bootstrap=kafka.address).start()
    try:
        client = Client(stack)
        # Leaders that have been elected anew have higher epochs than those of a new topic.
        kafka.stop()
        kafka.start()
        wait_until(lambda: client.predict().status_code == 200, 60, "predictions after the broker's restart", every=0.2)
        topic = getattr(stack, f"{which}_topic")
        users = [stack.gateway, stack.worker, *(stack.archivers if which == "output" else [])]
        admin = AdminClient({"bootstrap.servers": stack.bootstrap})
        admin.delete_topics([topic])[topic].result()
        if gap == "noticed":
            for service in users:
                wait_until(lambda: readyz(service)["missing"].get("kafka") == f"topic {topic} does not exist", 20,
                           f"{service.name} to name the topic", every=0.2)

        def make() -> bool:
            try:
                admin.create_topics([NewTopic(topic, stack.partitions, 1)])[topic].result()
                return True
            except KafkaException as error:  # it is still being deleted
                assert error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS, error
                return False

        wait_until(make, 20, "the topic to be made", every=0.1)
        wait_until(lambda: client.predict().status_code == 200, 60, "predictions again", every=0.2)
        last = client.predict((4.2, 3.1, 2.2, 1.1))
        assert last.status_code == 200
        wait_until(lambda: last.headers["X-Request-Id"] in archive.documents(stack), 30, "it to be archived", every=0.2)
        for service in stack.services():
            assert service.running()
            wait_until(lambda: not readyz(service)["missing"], 30, f"{service.name} to miss nothing", every=0.2)
    finally:
        assert set(stack.stop()) == {0}
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

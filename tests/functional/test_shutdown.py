"""SIGTERM under load: what is pending is answered, the exit code is 0, nothing is left over."""

import os
import signal
import threading

import psutil
import pytest
import requests
from kafka.admin import KafkaAdminClient

from support.client import Client
from support.load import Load
from support.process import wait_until
from support.stack import DistributedStack, EmbeddedStack


def make(kind, folder):
    return EmbeddedStack(folder) if kind == "embedded" else DistributedStack(folder)


@pytest.mark.parametrize("kind", ["embedded", "distributed"])
def test_sigterm_under_load_answers_what_is_pending(kind, tmp_path):
    stack = make(kind, tmp_path).start()
    with Load(stack, 16) as load:
        load.wait_for_answers(200)
        assert stack.gateway.stop() == 0
    assert not load.wrong
    assert not [r for r in load.refused if r[1] not in (503,)], load.refused[:3]
    # A connection that was not accepted any more, or was idle, may end; one that had sent a request
    # and got no answer is what must not happen: requests calls that RemoteDisconnected.
    torn = [str(e) for _, e in load.lost if "RemoteDisconnected" in repr(e) or "reset" in repr(e).lower()]
    assert len(torn) <= 16, "at most the kept connection of each client, met while idle"
    codes = stack.stop()
    assert codes == 0 or set(codes) == {0}


def test_a_restart_keeps_users_and_predictions_flow(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    client = Client(stack)
    assert client.predict().status_code == 200
    assert stack.stop() == 0
    stack.start()
    assert client.predict().status_code == 200, "the token and the user outlive a restart"
    assert stack.stop() == 0


def test_kill_minus_nine_leaves_a_folder_that_starts(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    with Load(stack, 8) as load:
        load.wait_for_answers(200)
        stack.service.kill()
    stack.start()
    assert Client(stack).predict().status_code == 200
    assert stack.stop() == 0


def test_nothing_is_left_over(tmp_path):
    stack = DistributedStack(tmp_path).start()
    Client(stack).predict()
    children = {s.pid for s in stack.services()}
    assert set(stack.stop()) == {0}
    assert not [p for p in psutil.process_iter() if p.pid in children and p.status() != psutil.STATUS_ZOMBIE]
    admin = KafkaAdminClient(bootstrap_servers=stack.bootstrap)
    try:
        for group in admin.list_groups() if hasattr(admin, "list_groups") else admin.list_consumer_groups():
            name = group["group_id"] if isinstance(group, dict) else group[0]
            if name.startswith(stack.group_prefix):
                description = admin.describe_groups([name]) if hasattr(admin, "describe_groups") else admin.describe_consumer_groups([name])
                assert "members': []" in str(description) or "members=[]" in str(description), description
    finally:
        admin.close()


def test_memory_threads_and_files_stay_flat(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    process = psutil.Process(stack.service.pid)
    with Load(stack, 16) as load:
        load.wait_for_answers(2000)
        memory, threads, files = process.memory_info().rss, process.num_threads(), process.num_fds()
        load.wait_for_answers(4000)
        assert process.num_threads() <= threads
        assert process.num_fds() <= files + 16
        assert process.memory_info().rss < memory + 16 * 2**20
    assert stack.stop() == 0


def test_a_second_process_on_the_same_folder_is_refused_by_name(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    second = EmbeddedStack(tmp_path / "second")
    second.data = stack.data
    second.arguments[second.arguments.index("--data") + 1] = stack.data
    second.start(wait=False)
    assert second.service.process.wait(10) != 0
    assert str(stack.service.pid) in second.service.log()
    assert stack.stop() == 0


def test_a_second_signal_ends_at_once(tmp_path):
    stack = DistributedStack(tmp_path).start()
    client = Client(stack)
    os.kill(stack.workers[0].pid, signal.SIGSTOP)  # nobody answers what is pending
    outcome = []

    def ask():
        try:
            outcome.append(client.predict(headers={"Prefer": "wait=20"}))
        except requests.ConnectionError as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: stack.gateway.metric("nearline_gateway_pending") == 1, 20, "the request to be pending")
    process = stack.gateway.process
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in stack.gateway.log(), 20, "the gateway to drain")

    def has_ended():
        # Within a second it is taken for the same wish, sent on by a supervisor.
        process.send_signal(signal.SIGTERM)
        return process.poll() is not None

    wait_until(has_ended, 5, "the gateway to end", every=0.1)
    assert process.returncode == 128 + signal.SIGTERM
    asking.join()
    assert isinstance(outcome[0], requests.ConnectionError), outcome
    os.kill(stack.workers[0].pid, signal.SIGCONT)
    stack.stop()

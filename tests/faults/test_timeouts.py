"""A write succeeds while whoever wrote sees a time-out: nobody is told that it failed, and nothing is there twice."""

import uuid

import pymongo
import pytest
import requests

from evidence import records, settle
from stacks import behind_proxies, urls, users_of
from support import archive
from support.client import Client
from support.load import Load
from support.process import wait_until

# Bytes: no word of the conversation before it is as long, a TLS hello neither.
A_MAIL = 2000


def metric(services: list, name: str, **labels) -> float:
    return sum(service.metric(name, **labels) for service in services)


def stored_in_doubt(stack, load) -> int:
    """Requests answered 504 that lie on the input topic."""
    in_doubt = {each.features for each in list(load.sent) if each.status == 504}
    return len(in_doubt & {record.features for record in records(stack, stack.input_topic)})


def lose_answers_of_kafka(stack, proxies, load, report):
    """requests are stored, and their callers told 504"""
    before = stored_in_doubt(stack, load)
    proxies["kafka"].mute()
    # Each gateway has one request under way, often of one record: docs/decisions/0052.
    wait_until(lambda: stored_in_doubt(stack, load) >= before + len(stack.gateways), 30, "504 for what was stored", every=0.5)
    report.counts({"answered 504 and stored, so far": stored_in_doubt(stack, load)})
    proxies["kafka"].heal()


def lose_answers_of_mongodb(stack, proxies, load, report):
    """documents are stored, and archive-svc does not learn of it"""
    before, retries = archive.count(stack), metric(stack.archivers, "nearline_sink_retries_total")
    proxies["mongodb"].mute()
    load.wait_for_answers(20)
    wait_until(lambda: archive.count(stack) > before, 30, "documents that archive-svc does not know of", every=0.1)
    proxies["mongodb"].heal()
    wait_until(lambda: metric(stack.archivers, "nearline_sink_retries_total") > retries, 30, "archive-svc to write again")


def lose_answers_of_smtp(stack, proxies, load, report):
    """mails are taken, and notification-svc does not learn of it"""
    def unknown():
        return metric(stack.mailers, "nearline_notification_mails_total", outcome="unknown")

    before, lost = unknown(), proxies["smtp"].lost
    proxies["smtp"].mute(after=A_MAIL)
    wait_until(lambda: proxies["smtp"].lost > lost, 60, "an OK that is lost")
    proxies["smtp"].heal()
    wait_until(lambda: unknown() > before, 60, "notification-svc to notice")


def lose_answers_of_mysql(stack, proxies, load, report):
    """users are registered, and auth-svc does not learn of it"""
    admin = Client(stack)
    proxies["mysql"].mute()
    names = [f"{uuid.uuid4().hex}@example.com" for _ in range(3)]
    answers = {}
    for name in names:
        answer = requests.post(stack.auth_url + "/register", json={"username": name, "password": "correct horse battery"},
                               headers={"Authorization": f"Bearer {admin.token}"}, timeout=60)
        answers[name] = answer.status_code
    assert set(answers.values()) <= {503}, answers
    report.counts({"registrations whose outcome auth-svc could not know": len(answers)})
    proxies["mysql"].heal()

    def again(name):
        return requests.post(stack.auth_url + "/register", json={"username": name, "password": "correct horse battery"},
                             headers={"Authorization": f"Bearer {admin.token}"}, timeout=60).status_code

    for name in names:
        wait_until(lambda: again(name) in (201, 409), 30, "users can be registered again", every=0.2)
        assert Client(stack, name, "correct horse battery").token, "whatever was answered, the user is there once"


# Short runs are without the last: for an answer of MySQL auth-svc waits for 10 s.
DAMAGE = (lose_answers_of_kafka, lose_answers_of_mongodb, lose_answers_of_smtp, lose_answers_of_mysql)


@pytest.mark.timeout(180)
def test_answers_are_lost(tmp_path, size, report):
    """What services send to Kafka, MongoDB, the mail server and MySQL arrives, and the answers are lost."""
    with behind_proxies(tmp_path) as (stack, proxies):
        with Load(stack, 8, urls(stack.gateways), seconds=3600, users=users_of(stack, 4), pause=0.05) as load:
            for lose in size(DAMAGE[:-1], DAMAGE * 10):
                load.wait_for_answers(20)
                report.event(f"{lose.__doc__}, after {load.total()} requests")
                lose(stack, proxies, load, report)
            load.wait_for_answers(20)
        report.event("the load has ended")
        account = settle(stack, load, mailed=True)
        report.check(account)
        assert account.counts()["in doubt (504, or connection lost) and predicted"] >= len(stack.gateways)

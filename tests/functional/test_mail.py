"""Users are mailed their predictions: once each, to the right one, whatever dies in between."""

import contextlib
import datetime
import email.utils
import json
import os
import random
import sqlite3
import uuid

import pytest
import requests
from confluent_kafka import Consumer, Producer

from support.client import SETOSA, Client
from support.load import new_user
from support.mail import SmtpSink, mails, mails_to, request_id, text_of
from support.process import wait_until
from support.stack import DistributedStack, EmbeddedStack, run_cli

COUNT = int(os.environ.get("NEARLINE_TEST_MAILS", "400"))


def id_of(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.headers["Content-Location"].rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    stack = EmbeddedStack(tmp_path_factory.mktemp("mail-embedded")).start()
    yield stack
    assert stack.stop() == 0


@pytest.fixture(scope="module")
def distributed(tmp_path_factory):
    stack = DistributedStack(tmp_path_factory.mktemp("mail"), mailers=1).start()
    yield stack
    assert set(stack.stop()) == {0}


@pytest.fixture
def admin(stack):
    return Client(stack)


@pytest.fixture
def ann(stack, admin):
    client = Client(stack, *new_user(stack, admin))
    client.address = json.loads(requests.post(stack.auth_url + "/validate", timeout=10, headers={
        "Authorization": f"Bearer {client.token}"}).text)["username"]
    return client


def switch_mail(stack, client, address: str, wanted: bool):
    answer = requests.put(f"{stack.auth_url}/users/{address}/notifications", json={"mail": wanted}, timeout=10,
                          headers={"Authorization": f"Bearer {client.token}"})
    assert answer.status_code == 204, answer.text


def skipped(stack, reason: str) -> float:
    return stack.mailer.metric("nearline_notification_skipped_total", reason=reason)


def wait_for_mails(stack, address: str, count: int, seconds: float = 30) -> list:
    found = wait_until(lambda: len(there := mails_to(stack, address)) >= count and there, seconds,
                       f"{count} mails to {address}")
    assert len(found) == count
    return found


def test_a_prediction_is_one_mail_to_who_asked(stack, ann):
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    answer = ann.predict((5.2, 3.6, 1.5, 0.3))
    mail, = wait_for_mails(stack, ann.address, 1)
    assert request_id(mail) == id_of(answer)
    assert mail["Message-ID"].endswith("@localhost>" if stack.kind == "embedded" else "@example.com>")
    assert mail["From"].addresses[0].display_name == "Nearline"
    assert mail["Subject"] == "Prediction: setosa"
    assert mail["Auto-Submitted"] == "auto-generated"
    sent = email.utils.parsedate_to_datetime(mail["Date"])
    assert before <= sent <= datetime.datetime.now(datetime.timezone.utc)
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        for word in ("setosa", "5.2", "3.6", "1.5", "0.3", "sepal_length", answer.json()["created_at"],
                     answer.json()["model_id"], request_id(mail), ann.address):
            assert word in text, (kind, word)


def test_over_smtp_all_is_encrypted_and_logged_in(distributed):
    wanted = id_of(Client(distributed).predict())
    wait_until(lambda: wanted in map(request_id, mails(distributed)), 20, "the mail")
    for mail in distributed.smtp.taken():
        assert mail["tls"] and mail["user"] == "mailer"
        assert mail["from"] == "nearline@example.com" and len(mail["to"]) == 1


def test_each_prediction_has_its_mail(stack, ann):
    ids = {id_of(ann.predict((5 + n / 10, 3, 2, 1))) for n in range(20)}
    assert {request_id(mail) for mail in wait_for_mails(stack, ann.address, 20)} == ids


def test_a_repeat_is_mailed_once(stack, ann):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = ann.predict(headers=headers)
    assert id_of(ann.predict(headers=headers)) == id_of(first)
    last = id_of(ann.predict())
    found = {request_id(mail) for mail in wait_for_mails(stack, ann.address, 2)}
    assert found == {id_of(first), last}


def test_who_does_not_want_mail_gets_none(stack, admin, ann):
    ann.predict()
    mail, = wait_for_mails(stack, ann.address, 1)
    assert f'PUT /users/{ann.address}/notifications with {{"mail": false}}' in text_of(mail)
    before = skipped(stack, "opted_out")
    switch_mail(stack, ann, ann.address, False)
    ann.predict()
    wait_until(lambda: skipped(stack, "opted_out") == before + 1, 20, "it to be skipped")
    switch_mail(stack, admin, ann.address, True)
    wanted = id_of(ann.predict())
    assert wanted in map(request_id, wait_for_mails(stack, ann.address, 2))


def test_who_was_removed_gets_none(stack, admin, ann):
    before = skipped(stack, "unknown_user")
    ann.predict()
    wait_for_mails(stack, ann.address, 1)
    answer = requests.delete(f"{stack.auth_url}/users/{ann.address}", timeout=10,
                             headers={"Authorization": f"Bearer {admin.token}"})
    assert answer.status_code == 204
    ann.predict()  # the gateway keeps its yes for a while
    wait_until(lambda: skipped(stack, "unknown_user") == before + 1, 20, "it to be skipped")
    assert len(mails_to(stack, ann.address)) == 1


def frame(stack, document: dict) -> bytes:
    found = requests.get(f"{stack.registry_url}/subjects/{stack.input_topic}-value/versions/latest", timeout=10).json()
    return b"\0" + found["id"].to_bytes(4, "big") + json.dumps(document).encode()


def test_records_of_outside_producers_and_failures_are_not_mailed(distributed):
    stack = distributed
    without, failures, count = skipped(stack, "no_user"), skipped(stack, "failure"), len(mails(stack))
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    producer.produce(stack.input_topic, frame(stack, SETOSA))
    producer.produce(stack.input_topic, b"no frame", headers={"request-id": str(uuid.uuid4()), "user": str(uuid.uuid4())})
    assert producer.flush(20) == 0
    wait_until(lambda: skipped(stack, "no_user") == without + 1, 30, "the one without a user")
    wait_until(lambda: skipped(stack, "failure") == failures + 1, 30, "the failure")
    assert len(mails(stack)) == count


def user_named(stack, admin, start: str) -> Client:
    name = f"{start}{uuid.uuid4().hex[:8]}@example.com"
    answer = requests.post(stack.auth_url + "/register", json={"username": name, "password": "correct horse battery"},
                           headers={"Authorization": f"Bearer {admin.token}"}, timeout=10)
    assert answer.status_code == 201, answer.text
    client = Client(stack, name, "correct horse battery")
    client.address = name
    return client


def test_who_is_put_off_holds_up_nobody(distributed):
    stack = distributed
    admin = Client(stack)
    busy = user_named(stack, admin, "later-4-")
    hopeless = user_named(stack, admin, "later-")
    other = user_named(stack, admin, "ann-")
    for client in (busy, hopeless, other):
        client.predict()
    wait_for_mails(stack, other.address, 1, 10)
    wait_for_mails(stack, busy.address, 1)
    assert stack.mailer.metric("nearline_notification_repeats_total") >= 4
    assert not mails_to(stack, hopeless.address)


def test_what_is_refused_goes_to_the_dead_letters_with_the_servers_words(distributed):
    stack = distributed
    refused = user_named(stack, Client(stack), "refuse-")
    wanted = id_of(refused.predict())
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": str(uuid.uuid4()),
                         "auto.offset.reset": "earliest"})
    consumer.subscribe([stack.output_topic + ".notification.dlq"])

    def letter():
        record = consumer.poll(1)
        headers = {} if record is None or record.error() else dict(record.headers())
        return headers if headers.get("request-id") == wanted.encode() else None

    headers = wait_until(letter, 30, "the dead letter")
    consumer.close()
    assert headers["__connect.errors.exception.message"] == b"550 5.1.1 no such mailbox here"
    assert headers["__connect.errors.topic"] == stack.output_topic.encode()


def test_an_ok_that_was_lost_is_the_same_mail_twice(distributed):
    stack = distributed
    client = user_named(stack, Client(stack), "close-data-")
    wanted = id_of(client.predict())
    first, second = wait_for_mails(stack, client.address, 2)
    assert request_id(first) == request_id(second) == wanted
    assert first.as_bytes() == second.as_bytes()


def test_without_its_mail_server_it_waits(distributed):
    stack = distributed
    client = user_named(stack, Client(stack), "ann-")
    stack.smtp.kill()
    try:
        ids = {id_of(client.predict()) for _ in range(5)}
        wait_until(lambda: "smtp" in requests.get(stack.mailer.url + "/readyz", timeout=5).json().get("missing", {}), 20,
                   "/readyz to name smtp")
    finally:
        stack.smtp.start()
    assert {request_id(mail) for mail in wait_for_mails(stack, client.address, 5)} == ids
    assert "smtp" not in requests.get(stack.mailer.url + "/readyz", timeout=5).json().get("missing", {})


def test_kills_lose_no_mail(tmp_path):
    """kill -9 of each mailer in turn, five times each, under load: each prediction is mailed to who asked. Where
    an OK was lost the same mail comes again."""
    stack = DistributedStack(tmp_path, mailers=2, mailer_arguments=["--mail-limit", "0", "--mail-timeout", "2s"]).start()
    try:
        admin = Client(stack)
        clients = [user_named(stack, admin, f"user-{n}-") for n in range(20)]
        wanted = {}
        generator = random.Random(7)
        kills = sorted(generator.sample(range(COUNT), 10))
        for n in range(COUNT):
            client = clients[n % len(clients)]
            wanted[id_of(client.predict((5 + n / COUNT, 3, 2, 1)))] = client.address
            if n in kills:
                mailer = stack.mailers[kills.index(n) % 2]
                mailer.wait_ready()
                mailer.kill()
                mailer.start(wait=False)
        for mailer in stack.mailers:
            mailer.wait_ready()

        def all_there():
            return {request_id(mail) for mail in mails(stack)} >= set(wanted)

        wait_until(all_there, 120, "all mails", every=0.5)
        wait_until(lambda: stack.mailer.metric("nearline_notification_waiting") == 0, 60, "nothing to wait", every=0.5)
        came = [(request_id(mail), mail["To"]) for mail in mails(stack)]
        assert set(came) == set(wanted.items())
        print(f"{len(wanted)} predictions, {len(came) - len(wanted)} mails came twice")
    finally:
        codes = set(stack.stop())
    assert codes == {0}


def test_embedded_kill_9_loses_no_mail(tmp_path):
    stack = EmbeddedStack(tmp_path, "--mail-limit", "0").start()
    try:
        ids = set()
        client = Client(stack)
        for _ in range(4):
            ids |= {id_of(client.predict()) for _ in range(25)}
            stack.service.kill()
            stack.start()
        wait_until(lambda: {request_id(mail) for mail in mails(stack)} >= ids, 90, f"{len(ids)} mails", every=0.2)
        assert {request_id(mail) for mail in mails(stack)} == ids
    finally:
        assert stack.stop() == 0


def test_mailboxes_about_which_the_server_is_silent_hold_up_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", SmtpSink.password)
    sink = SmtpSink(tmp_path / "smtp")
    stack = EmbeddedStack(tmp_path, "--mail", sink.url, "--mail-ca", sink.certificate, "--mail-from",
                          "nearline@example.com", "--mail-timeout", "2s", "--mail-retry", "100ms", "--mail-senders", "4",
                          "--mail-limit", "0").start()
    try:
        admin = Client(stack)
        for n in range(8):
            user_named(stack, admin, f"hang-{n}-").predict()
        wait_until(lambda: stack.mailer.metric("nearline_notification_mails_total", outcome="temporary") >= 8, 60,
                   "each to fail once")
        ann = user_named(stack, admin, "ann-")
        for n in range(40):
            ann.predict()
        at_once = []

        def all_sent():
            with contextlib.closing(sqlite3.connect(stack.data / "users.db")) as database:
                at_once.append(database.execute(
                    "SELECT count(*) FROM outbox_users WHERE lease_until > 0 AND failures > 0").fetchone()[0])
            return len(sink.taken()) == 40

        wait_until(all_sent, 30, "the other's mails")
        assert max(at_once) <= 2, "half of the senders"
    finally:
        assert stack.stop() == 0
        sink.kill()


def test_embedded_kill_9_leaves_no_mail_waiting_for_its_lease(tmp_path, monkeypatch):
    """Who holds the folder knows that nobody sends any more."""
    monkeypatch.setenv("SMTP_PASSWORD", SmtpSink.password)
    sink = SmtpSink(tmp_path / "smtp")
    stack = EmbeddedStack(tmp_path)
    quietly = list(stack.arguments)
    stack.arguments += ["--mail", sink.url, "--mail-ca", sink.certificate, "--mail-from", "nearline@example.com",
                        "--mail-timeout", "10m"]
    stack.start()
    try:
        client = user_named(stack, Client(stack), "hang-")
        sent = id_of(client.predict())

        def is_leased():
            with contextlib.closing(sqlite3.connect(stack.data / "users.db")) as database:
                return database.execute("SELECT count(*) FROM outbox_users WHERE lease_until > 0 AND mail_id IS NOT NULL").fetchone()[0]

        wait_until(is_leased, 20, "the mail to be under way")
        stack.service.kill()
        stack.arguments = quietly
        stack.start()
        mail, = wait_for_mails(stack, client.address, 1)
        assert request_id(mail) == sent
    finally:
        assert stack.stop() == 0
        sink.kill()


def test_a_stop_notes_the_mail_that_is_under_way(tmp_path, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", SmtpSink.password)
    sink = SmtpSink(tmp_path / "smtp")
    stack = EmbeddedStack(tmp_path, "--mail", sink.url, "--mail-ca", sink.certificate, "--mail-from",
                          "nearline@example.com").start()
    try:
        slow = user_named(stack, Client(stack), "slow-")
        slow.predict()
        wait_until(sink.taken, 20, "the mail to be under way")
        assert stack.stop() == 0
        stack.start()  # nobody holds a lease then: what was not noted is sent at once
        ann = user_named(stack, Client(stack), "ann-")
        ann.predict()
        wait_until(lambda: ann.address in [mail["to"][0] for mail in sink.taken()], 20, "the other's mail")
        assert [mail["to"] for mail in sink.taken()] == [[slow.address], [ann.address]]
    finally:
        assert stack.stop() == 0
        sink.kill()


def test_a_stop_leaves_no_mail_that_was_sent_to_wait(tmp_path):
    stack = DistributedStack(tmp_path, mailers=1).start()
    try:
        admin = Client(stack)
        user_named(stack, admin, "later-").predict()
        waiting = "nearline_notification_waiting"
        wait_until(lambda: stack.mailer.metric(waiting) == 1, 30, "one that is put off again and again")
        slow = user_named(stack, admin, "slow-")
        slow.predict()
        wait_until(lambda: mails_to(stack, slow.address), 20, "the mail to be under way")
        assert stack.mailer.stop() == 0
        stack.mailer.start()
        wait_until(lambda: stack.mailer.metric(waiting) >= 1, 30, "it to look what waits")
        assert stack.mailer.metric(waiting) == 1
    finally:
        codes = set(stack.stop())
    assert codes == {0}


def test_a_replay_mails_nothing_twice(distributed):
    stack = distributed
    client = user_named(stack, Client(stack), "ann-")
    for n in range(30):
        client.predict((5 + n / 10, 3, 2, 1))
    wait_for_mails(stack, client.address, 30)
    wait_until(lambda: stack.mailer.metric("nearline_sink_lag_seconds") == 0, 20, "the mailer to have caught up")
    before = [mail["Message-ID"] for mail in mails(stack)]
    # A group of its own, which starts at the earliest record.
    replayer = stack.make_mailer("--group-prefix", f"replay-{stack.name}", "--mail-retry", "1h")
    replayer.start()
    try:
        wait_until(lambda: replayer.metric("nearline_sink_stored_total") >= len(set(before)), 40, "the whole topic")
        wait_until(lambda: replayer.metric("nearline_sink_lag_seconds") == 0, 20, "the end of the topic")
    finally:
        assert replayer.stop() == 0
    assert [mail["Message-ID"] for mail in mails(stack)] == before


def test_a_digest_is_one_mail(tmp_path):
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "digest-subject.txt").write_text("{{count}} Vorhersagen für Sie\n")
    stack = EmbeddedStack(tmp_path, "--mail-mode", "digest", "--digest-interval", "2s", "--mail-templates", templates,
                          "--mail-from", "Näherei, \"Nord\" <nearline@example.com>").start()
    try:
        client = Client(stack)
        for n in range(7):
            client.predict((5 + n / 10, 3, 2, 1))
        mail, = wait_until(lambda: mails(stack), 20, "the digest")
        assert mail["Subject"] == "7 Vorhersagen für Sie"
        assert mail["From"].addresses[0].display_name == 'Näherei, "Nord"'
        for kind in ("plain", "html"):
            assert all(f"sepal_length {5 + n / 10}" in text_of(mail, kind) for n in range(7))
    finally:
        assert stack.stop() == 0


def test_wrong_settings_are_named_together(tmp_path):
    (tmp_path / "text.txt").write_text("Hello\n{{predicton}}\n")
    wrong = run_cli(["up", "--data", tmp_path / "data", "--mail", "smtp://me@localhost", "--mail-max-age", "9d",
                     "--outbox-keep", "8d", "--mail-mode", "sometimes", "--mail-from", "nobody"])
    assert wrong.returncode == 2
    for words in ("--mail-max-age", "--outbox-keep", "--mail-mode", "--mail-from"):
        assert words in wrong.stderr
    wrong = run_cli(["up", "--data", tmp_path / "data", "--mail", "smtp://me@localhost"])
    assert wrong.returncode == 2
    assert "SMTP_PASSWORD" in wrong.stderr and "--mail-from" in wrong.stderr
    wrong = run_cli(["up", "--data", tmp_path / "data", "--mail", "smtp://localhost", "--mail-from", "nobody"])
    assert wrong.returncode == 2
    assert wrong.stderr.count("--mail-from") == 1, wrong.stderr
    wrong = run_cli(["up", "--data", tmp_path / "data", "--mail", f"file:{tmp_path / 'text.txt'}", "--mail-limit", "-1"])
    assert wrong.returncode == 2
    assert "text.txt is no folder" in wrong.stderr and "between 0 and 1000000 " in wrong.stderr
    wrong = run_cli(["up", "--data", tmp_path / "data", "--mail-templates", tmp_path])
    assert wrong.returncode == 2
    assert "text.txt:2: {{predicton}}" in wrong.stderr

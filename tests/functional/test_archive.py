"""Predictions are archived once each, and read back by those who may, whichever gateway is asked."""

import random
import re
import threading
import uuid

import pytest
import requests

from support import archive
from support.client import FIELDS, Client
from support.load import Load, new_user
from support.process import wait_until
from support.stack import DistributedStack, EmbeddedStack
from support.topics import read_topic


def id_of(answer) -> str:
    return answer.headers["Content-Location"].rsplit("/", 1)[1]


def at_once(sends) -> list:
    """What each of these calls returns, begun at the same moment, in their order."""
    start = threading.Barrier(len(sends))
    answers = [None] * len(sends)

    def run(index):
        start.wait()
        answers[index] = sends[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(sends))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def read_back(client, request_id: str):
    def there():
        answer = client.get(f"/predictions/{request_id}")
        return answer if answer.status_code == 200 else None

    return wait_until(there, 20, f"prediction {request_id}")


@pytest.fixture
def ann(stack, client):
    return Client(stack, *new_user(stack, client))


def test_a_prediction_is_read_back_as_it_was_answered(stack, ann):
    answer = ann.predict()
    again = read_back(ann, id_of(answer))
    assert again.text == answer.text
    assert list(again.json()) == FIELDS
    document = wait_until(lambda: archive.documents(stack).get(id_of(answer)), 20, "the document")
    assert document["status"] == 200 and document["topic"].startswith("output-topic")


def test_an_asynchronous_one_is_202_and_then_there(stack, ann):
    accepted = ann.predict(headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202
    location = accepted.headers["Location"]

    def there():
        answer = ann.get(location)
        assert answer.status_code in (200, 202), answer.text
        return answer.status_code == 200

    wait_until(there, 20, "the prediction at its Location")


def test_others_do_not_see_it_but_administrators_do(stack, client, ann):
    request_id = id_of(ann.predict())
    read_back(ann, request_id)
    bob = Client(stack, *new_user(stack, client))
    assert bob.get(f"/predictions/{request_id}").status_code == 404
    assert read_back(client, request_id).json()["prediction"] == "setosa"
    assert ann.get(f"/predictions/{uuid.uuid4()}").status_code == 404
    assert requests.get(f"{stack.gateway_url}/predictions/{request_id}", timeout=10).status_code == 401


def test_the_list_pages_through_ones_own_newest_first(stack, ann):
    sent = [id_of(ann.predict((1 + n / 10, 3, 2, 1))) for n in range(25)]
    wait_until(lambda: len(ann.get("/predictions?limit=100").json()["predictions"]) == 25, 20, "25 archived")
    read, url = [], "/predictions?limit=10"
    while url:
        page = ann.get(url)
        assert page.status_code == 200, page.text
        read += page.json()["predictions"]
        link = re.match(r'<([^>]+)>; rel="next"', page.headers.get("Link", ""))
        url = link and link.group(1)
        if len(read) == 10:
            newer = id_of(ann.predict((9, 3, 2, 1)))  # on no later page
            wait_until(lambda: newer in archive.documents(stack), 20, "the newer one to be archived")
    assert [entry["id"] for entry in read] == sent[::-1]
    assert list(read[0]) == ["id", *FIELDS]


def test_wrong_limits_and_cursors_are_400(ann):
    for query in ("limit=0", "limit=-1", "limit=1001", "limit=x", "after=x", "after="):
        answer = ann.get(f"/predictions?{query}")
        assert answer.status_code == 400, (query, answer.text)
        assert answer.json()["detail"]


def test_a_repeat_is_archived_once_and_answered_alike(stack, ann):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = ann.predict((4.2, 3, 2, 1), headers=headers)
    second = ann.predict((4.2, 3, 2, 1), headers=headers)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.text == second.text
    assert ann.predict((4.3, 3, 2, 1), headers=headers).status_code == 422
    wait_until(lambda: ann.get("/predictions").json()["predictions"], 20, "it to be archived")
    assert [p["id"] for p in ann.get("/predictions").json()["predictions"]] == [id_of(first)]


@pytest.fixture(scope="module")
def two_gateways(tmp_path_factory):
    stack = DistributedStack(tmp_path_factory.mktemp("two"), gateways=2, workers=1, archivers=2).start()
    yield stack
    assert set(stack.stop()) == {0}


def test_a_location_is_known_by_every_gateway(two_gateways):
    one, other = (Client(two_gateways, gateway=g.url) for g in two_gateways.gateways)
    location = one.predict(headers={"Prefer": "respond-async"}).headers["Location"]
    assert other.get(location).status_code in (200, 202)
    wait_until(lambda: other.get(location).status_code == 200, 20, "the prediction through the other gateway")


def test_copies_at_once_through_two_gateways_are_one_document(two_gateways):
    clients = [Client(two_gateways, gateway=g.url) for g in two_gateways.gateways]
    for n in range(20):
        headers = {"Idempotency-Key": f"twice-{n}-{uuid.uuid4()}"}
        values = (5 + n / 10, 3.6, 1.5, 0.3)
        answers = at_once([lambda client=client: client.predict(values, headers=headers) for client in clients])
        assert [a.status_code for a in answers] == [200, 200], [a.text for a in answers]
        assert id_of(answers[0]) == id_of(answers[1])
        assert answers[0].text == answers[1].text
        assert read_back(clients[0], id_of(answers[0])).text == answers[0].text


def test_two_bodies_at_once_under_one_key_are_one_prediction_for_both_gateways(two_gateways):
    clients = [Client(two_gateways, gateway=g.url) for g in two_gateways.gateways]
    bodies = [(5.2, 3.6, 1.5, 0.3), (6.9, 3.1, 5.4, 2.1)]
    for n in range(10):
        headers = {"Idempotency-Key": f"two-bodies-{n}-{uuid.uuid4()}"}
        answers = at_once([lambda client=client, body=body: client.predict(body, headers=headers)
                           for client, body in zip(clients, bodies)])
        assert sorted(a.status_code for a in answers) == [200, 422], [a.text for a in answers]
        won = answers[0].status_code == 422  # whose body it was
        assert "another body" in answers[not won].json()["detail"]
        request_id = id_of(answers[won])
        for client in clients:
            assert read_back(client, request_id).text == answers[won].text
            assert client.predict(bodies[won], headers=headers).text == answers[won].text
            assert client.predict(bodies[not won], headers=headers).status_code == 422
        # The gateways have it in memory; the next test counts documents.
        wait_until(lambda: id_of(answers[0]) in archive.documents(two_gateways), 20, "it to be archived")


def test_kills_lose_and_repeat_nothing(two_gateways):
    """kill -9 of each archiver in turn under load: everything answered is archived, once."""
    stack = two_gateways
    before = archive.count(stack)
    generator = random.Random(4)
    with Load(stack, 16, [g.url for g in stack.gateways]) as load:
        for n in range(4):
            load.wait_for_answers(generator.randint(100, 400))
            archiver = stack.archivers[n % 2]
            archiver.kill()
            load.wait_for_answers(100)
            archiver.start(wait=False)
    assert not load.wrong and not load.lost and not load.refused, (load.lost[:3], load.refused[:3])
    wanted = before + load.answered + len(load.accepted)
    wait_until(lambda: archive.count(stack) >= wanted, 40, f"{wanted} documents", every=0.2)
    assert archive.count(stack) == wanted


def test_a_replay_changes_nothing(two_gateways):
    stack = two_gateways
    one = Client(stack)
    for n in range(50):
        assert one.predict((5 + n / 100, 3, 2, 1)).status_code == 200
    predicted = {headers["request-id"] for headers, _ in read_topic(stack, stack.output_topic)}
    documents = wait_until(lambda: (d := archive.documents(stack)).keys() == predicted and d, 20, "the archive to have all")
    # A group of its own, which starts at the earliest record.
    replayer = stack.make_archiver()
    replayer.arguments += ["--group-prefix", f"replay-{stack.name}"]
    try:
        replayer.start()
        wait_until(lambda: replayer.metric("nearline_sink_stored_total") >= len(documents), 40, "the whole topic")
    finally:
        replayer.stop()
    assert archive.documents(stack) == documents


def test_embedded_kill_9_loses_nothing(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    try:
        with Load(stack, 8) as load:
            load.wait_for_answers(500)
            stack.service.kill()
            wait_until(lambda: load.lost, 10, "the connections to break")
        stack.start()
        wanted = load.answered
        assert wait_until(lambda: archive.count(stack) >= wanted, 20, f"{wanted} documents")
    finally:
        stack.stop()

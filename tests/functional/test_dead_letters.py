"""What could not be processed is found, looked at, replayed once and removed with `nearline dlq`."""

import collections
import itertools
import json
import re

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition

from support import archive
from support.client import Client, SETOSA
from support.dead_letters import ForeignSchema, dlq, letters, put, start_dlq
from support.framing import framed
from support.load import new_user
from support.process import wait_until
from support.stack import DistributedStack, EmbeddedStack, run_cli
from support.topics import admin_session, read_topic

MANY = 4000


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    stack = EmbeddedStack(tmp_path_factory.mktemp("letters-embedded")).start()
    yield stack
    assert stack.stop() == 0


@pytest.fixture(scope="module")
def distributed(tmp_path_factory):
    stack = DistributedStack(tmp_path_factory.mktemp("letters"), partitions=3, mailers=1).start()
    yield stack
    assert set(stack.stop()) == {0}


@pytest.fixture
def topic(stack):
    """The topic of dead letters, with nothing in it that an earlier test left."""
    name = stack.input_topic + ".prediction.dlq"
    dlq(stack, "drop", "--all", name)
    return name


def retry_of(topic: str) -> str:
    return topic.removesuffix(".dlq") + ".retry"


def wait_for_letters(stack, topic: str, count: int, *arguments) -> list:
    found = wait_until(lambda: len(there := letters(stack, topic, *arguments)) >= count and there, 60, f"{count} letters",
                       every=0.2)
    assert len(found) == count
    return found


def ids_on(stack, topic: str) -> collections.Counter:
    return collections.Counter(headers.get("request-id") for headers, _ in read_topic(stack, topic))


def replays_of(stack, topic: str, header: str = "request-id") -> collections.Counter:
    """On the retry topic, but for records that waited there until the registry could tell what they are."""
    return collections.Counter(headers.get(header) for headers, _ in read_topic(stack, retry_of(topic))
                               if "nearline.deferred.topic" not in headers)


def wait_for_predictions(stack, ids: list):
    def predicted():
        found = archive.documents(stack)
        return all(found.get(mark, {}).get("status") == 200 for mark in ids)

    wait_until(predicted, 60, "a prediction of each in the archive", every=0.2)


def count_of(output: str, verb: str) -> int:
    return int(re.match(rf"{verb} (\d+) letters? of ", output)[1])


def test_a_letter_is_found_looked_at_mended_and_replayed_once(stack, topic):
    foreign = ForeignSchema(stack)
    first, second = put(stack, stack.input_topic, [foreign.value(), foreign.value()])
    found = wait_for_letters(stack, topic, 2)
    assert {(each.state, each.class_name) for each in found} == {("waiting", "ForeignSchemaId")}
    table = dlq(stack, "list", topic).stdout
    assert re.search(rf"^{re.escape(topic)} +{found[0].place} +\S+ +waiting +ForeignSchemaId +\S", table, re.MULTILINE), table
    shown = {line.split(None, 1)[0]: line.split(None, 1)[1] for line in dlq(stack, "show", topic, found[0].place).stdout.splitlines()}
    assert shown["state"] == "waiting" and shown["record"].startswith(stack.input_topic + " ")
    assert shown["schema_id"] == str(foreign.id) and '"sepal_length":5.2' in shown["value"].replace(" ", "")

    foreign.mend()
    dry = dlq(stack, "replay", "--dry-run", topic).stdout
    assert count_of(dry, "would replay") == 2
    assert {each.state for each in letters(stack, topic)} == {"waiting"}, "a dry run changes nothing"
    assert replays_of(stack, topic)[first] == 0

    assert count_of(dlq(stack, "replay", "--offsets", found[0].place, topic).stdout, "replayed") == 1
    assert [each.state for each in letters(stack, topic)] == ["replayed", "waiting"]
    said = dlq(stack, "replay", topic).stdout
    assert count_of(said, "replayed") == 1 and "1 letter left out: replayed before" in said
    assert count_of(dlq(stack, "replay", topic).stdout, "replayed") == 0
    wait_for_predictions(stack, [first, second])
    retried = replays_of(stack, topic)
    assert (retried[first], retried[second]) == (1, 1)
    predicted = ids_on(stack, stack.output_topic)
    assert (predicted[first], predicted[second]) == (2, 2), "each failed once, and was predicted once"


def test_what_fails_again_comes_back_as_a_letter_that_is_not_replayed_by_itself(stack, topic):
    put(stack, stack.input_topic, [b"no frame"])
    wait_for_letters(stack, topic, 1)
    assert count_of(dlq(stack, "replay", topic).stdout, "replayed") == 1
    found = wait_for_letters(stack, topic, 2)
    assert sorted(each.state for each in found) == ["replayed", "returned"]
    said = dlq(stack, "replay", topic).stdout
    assert count_of(said, "replayed") == 0 and "1 letter left out: came back after a replay" in said
    assert count_of(dlq(stack, "replay", "--returned", topic).stdout, "replayed") == 1
    wait_for_letters(stack, topic, 3)
    assert count_of(dlq(stack, "replay", "--again", topic).stdout, "replayed") == 2


def test_letters_are_chosen_by_time_reason_and_place(stack, topic):
    put(stack, stack.input_topic, [b"no frame", b"no frame"])
    early = wait_for_letters(stack, topic, 2)
    between = max(each.time for each in early)
    put(stack, stack.input_topic, [b"", b"\0\0\0\1"])
    late = [each for each in wait_for_letters(stack, topic, 4) if each not in early]
    assert {each.class_name for each in late} == {"EmptyValue", "NoFrame"}
    assert all(each.time > between for each in late)

    def chosen(*arguments) -> set:
        return {each.place for each in letters(stack, topic, *arguments)}

    places = {each.place for each in early + late}
    assert chosen("--from", "1h") == places and chosen("--to", "1h") == set()
    assert chosen("--to", min(each.time for each in late)) == {each.place for each in early}
    assert chosen("--from", min(each.time for each in late)) == {each.place for each in late}
    empty = next(each for each in late if each.class_name == "EmptyValue")
    assert chosen("--class", "EmptyValue") == {empty.place}
    assert chosen("--reason", empty.reason.upper()) == {empty.place}
    assert chosen("--reason", "never said") == set()
    assert chosen("--stage", "frame") == places and chosen("--stage", "model") == set()
    assert chosen("--offsets", empty.place, "--offsets", early[0].place) == {empty.place, early[0].place}
    assert len(chosen("--limit", "3")) == 3
    for flag, wrong in ("--from", "yesterday"), ("--offsets", "1"), ("--state", "lost"):
        refused = dlq(stack, "list", flag, wrong, topic, check=False)
        assert refused.returncode == 2 and flag in refused.stderr, refused
    refused = dlq(stack, "show", topic, "3", check=False)
    assert refused.returncode == 2 and "PARTITION:OFFSET" in refused.stderr, refused
    # What is chosen to be looked at is what would be replayed or dropped.
    assert count_of(dlq(stack, "replay", "--dry-run", "--class", "EmptyValue", topic).stdout, "would replay") == 1
    nothing = dlq(stack, "replay", "--class", "emptyvalue", topic).stdout
    assert count_of(nothing, "replayed") == 0 and re.search("Of other classes there are: .*EmptyValue", nothing), nothing
    assert count_of(dlq(stack, "drop", "--dry-run", "--class", "WrongMagicByte", topic).stdout, "would drop") == 2


def test_what_is_dropped_is_gone_and_nothing_else(stack, topic):
    put(stack, stack.input_topic, [b"no frame", b"", b"no frame"])
    found = wait_for_letters(stack, topic, 3)
    refused = dlq(stack, "drop", topic, check=False)
    assert refused.returncode == 2 and "--all" in refused.stderr
    assert count_of(dlq(stack, "drop", "--dry-run", "--all", topic).stdout, "would drop") == 3
    assert len(letters(stack, topic)) == 3
    assert count_of(dlq(stack, "drop", "--class", "EmptyValue", topic).stdout, "dropped") == 1
    left = [each.place for each in found if each.class_name != "EmptyValue"]
    assert [each.place for each in letters(stack, topic)] == left
    empty = next(each for each in found if each.class_name == "EmptyValue")
    assert dlq(stack, "replay", "--offsets", empty.place, topic).stdout.startswith("replayed 0 letters")
    assert count_of(dlq(stack, "drop", "--all", topic).stdout, "dropped") == 2
    assert letters(stack, topic) == []
    assert dlq(stack, "list", topic).stdout == "No dead letters.\n"
    assert dlq(stack, "show", topic, left[0], check=False).returncode == 1
    assert read_topic(stack, topic) == [], "nor are their bytes kept"


@pytest.mark.parametrize("role", ["archive", "notification"])
def test_each_role_has_letters_of_its_own(stack, role):
    topic = f"{stack.output_topic}.{role}.dlq"
    dlq(stack, "drop", "--all", topic)
    name = role if stack.kind == "embedded" else topic  # others' topics are on that broker, too
    put(stack, stack.output_topic, [b"no frame"])
    found, = wait_for_letters(stack, name, 1)
    assert (found.state, found.class_name) == ("waiting", "WrongMagicByte")
    assert dlq(stack, "replay", name).stdout == f"replayed 1 letter of {topic}: 1 WrongMagicByte\n"
    assert sorted(each.state for each in wait_for_letters(stack, name, 2)) == ["replayed", "returned"]
    assert count_of(dlq(stack, "drop", "--state", "replayed", name).stdout, "dropped") == 1
    assert [each.state for each in letters(stack, name)] == ["returned"]


def record_counter(stack, topic: str):
    """Tells how many records a topic has had, without reading them."""
    if stack.kind == "embedded":
        session = admin_session(stack)
        return lambda: sum(each["end"] for each in session.get(f"{stack.admin_url}/admin/topics/{topic}", timeout=10).json()["partitions"])
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": "looks-only"})
    partitions = [TopicPartition(topic, each) for each in consumer.list_topics(topic, timeout=10).topics[topic].partitions]
    return lambda: sum(consumer.get_watermark_offsets(each, timeout=10)[1] for each in partitions)


def put_many(stack, topic: str, count: int) -> list:
    """Letters that can be processed now; gives their marks. Nobody waits for them, so that they have no failures."""
    foreign = ForeignSchema(stack)
    marks = put(stack, stack.input_topic, [foreign.value()] * count, header="mark")
    wait_for_letters(stack, topic, count, "--state", "waiting")
    foreign.mend()
    return marks


def check_replayed_once(stack, topic: str, marks: list, archived_before: int, said=()):
    """On the retry topic, and as predictions in the archive."""
    retried = replays_of(stack, topic, "mark")
    assert {mark: retried[mark] for mark in marks if retried[mark] != 1} == {}, said
    wanted = archived_before + len(marks)
    wait_until(lambda: archive.count(stack) >= wanted, 60, f"{wanted} predictions in the archive", every=0.2)
    assert archive.count(stack) == wanted


def waiting(stack, topic: str) -> int:
    return len(letters(stack, topic, "--state", "waiting"))


def kill_half_way(stack, topic: str, and_the_server: bool) -> bool:
    """Kills a replay once it has begun to write; whether it had letters left then."""
    count = record_counter(stack, retry_of(topic))
    before = count()
    replay = start_dlq(stack, "replay", topic)
    wait_until(lambda: count() > before or replay.poll() is not None, 60, "letters on the retry topic", every=0.001)
    if and_the_server:
        stack.service.kill()
    replay.kill()
    replay.communicate()
    if and_the_server:
        stack.service.start()
    return waiting(stack, topic) > 0


@pytest.mark.timeout(180)
def test_a_replay_that_is_killed_half_way_replays_nothing_twice(stack, topic):
    archived, marks, kills = archive.count(stack), [], 0
    for _ in range(6):  # a machine that is busy with others may let one end before it is killed
        if waiting(stack, topic) == 0:
            marks += put_many(stack, topic, MANY)
        # Embedded, it is the server that does the work.
        kills += kill_half_way(stack, topic, and_the_server=stack.kind == "embedded" and kills == 1)
        if kills == 2:
            break
    assert kills == 2
    left = waiting(stack, topic)
    said = dlq(stack, "replay", topic).stdout
    assert count_of(said, "replayed") == left, said
    check_replayed_once(stack, topic, marks, archived)


@pytest.mark.timeout(180)
def test_two_at_once_replay_each_letter_once(stack, topic):
    archived = archive.count(stack)
    marks = put_many(stack, topic, MANY // 2)
    both = [start_dlq(stack, "replay", topic) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    said.append(dlq(stack, "replay", topic).stdout)
    check_replayed_once(stack, topic, marks, archived, said)


@pytest.fixture
def lone(tmp_path):
    """A stack whose subjects a test may spoil."""
    stack = DistributedStack(tmp_path, partitions=1, mailers=1).start()
    yield stack
    assert set(stack.stop()) == {0}


def chain(length: int) -> dict:
    """References that lead to references."""
    links = {str(each): {"$ref": f"#/links/{each + 1}"} for each in range(length)}
    return {"$ref": "#/links/0", "links": {**links, str(length): {"type": "number"}}}


def test_a_schema_that_would_harm_its_reader_makes_dead_letters(lone):
    """A registry of somebody else may take what nobody can check."""
    client = Client(lone)
    letters_of = {"prediction": lone.input_topic, "archive": lone.output_topic, "notification": lone.output_topic}
    for count, harm in enumerate([{"multipleOf": 0}, {"pattern": "(" * 5000}, {"allOf": [chain(4000)]}], start=1):
        for topic, body in ((lone.input_topic, SETOSA), (lone.output_topic, client.predict(SETOSA).json())):
            latest = requests.get(f"{lone.registry_url}/subjects/{topic}-value/versions/latest", timeout=10).json()
            schema = json.loads(latest["schema"])
            schema["properties"]["sepal_length"] = harm
            answer = requests.post(f"{lone.registry_url}/subjects/{topic}-value/versions", timeout=10,
                                   json={"schemaType": "JSON", "schema": json.dumps(schema)})
            assert answer.status_code == 200, answer.text
            put(lone, topic, [framed(answer.json()["id"], json.dumps(body).encode())])
        for role, topic in letters_of.items():
            wait_for_letters(lone, f"{topic}.{role}.dlq", count)
    assert client.predict(SETOSA).json()["prediction"] == "setosa"


def test_only_administrators_may(stack, topic):
    url = stack.admin_url if stack.kind == "embedded" else stack.worker.url
    admin = Client(stack)
    user = Client(stack, *new_user(stack, admin))
    calls = [("GET", ""), ("GET", f"/{topic}"), ("GET", f"/{topic}/0/0"), ("POST", f"/{topic}/replay"), ("POST", f"/{topic}/drop")]
    for (method, path), (token, status) in itertools.product(calls, [(user.token, 403), ("", 401), ("x.y.z", 401)]):
        answer = requests.request(method, f"{url}/admin/dead-letters{path}", timeout=10, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), (method, path)
    assert admin.session.get(f"{url}/admin/dead-letters/{topic}", timeout=10).json()["letters"] == []


def test_a_server_is_asked_by_its_url_too(distributed):
    """As on Kafka, where an operator reaches a service's admin port, and no broker."""
    topic = distributed.input_topic + ".prediction.dlq"
    listed = run_cli(["dlq", "list", topic, "--admin-url", distributed.worker.url], env={"JWT_SECRET": distributed.secret})
    assert listed.returncode == 0, listed.stderr
    unknown = run_cli(["dlq", "replay", "no-such-topic.x.dlq", "--admin-url", distributed.worker.url],
                      env={"JWT_SECRET": distributed.secret})
    assert unknown.returncode == 1 and "no-such-topic.x.dlq" in unknown.stderr

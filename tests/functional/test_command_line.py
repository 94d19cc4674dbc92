"""`nearline` for a person: users, topics, predictions; and what `nearline up` refuses."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
import requests

from servers.ports import free_port
from support.client import ADMIN, FIELDS, PASSWORD
from support.process import BIN, Service, wait_until
from support.stack import EmbeddedStack, run_cli, run_program

SETOSA = ["sepal_length=5.2", "sepal_width=3.6", "petal_length=1.5", "petal_width=0.3"]
CSV = "id,sepal_length,sepal_width,petal_length,petal_width\na,5.2,3.6,1.5,0.3\nb,0.5,2.6,6.5,1.7\n"


def predict(stack, *arguments, input="", password=PASSWORD):
    return run_cli(["predict", "-u", ADMIN, "--gateway", stack.gateway_url, *arguments], input=input,
                   env={"NEARLINE_PASSWORD": password})


def test_one_observation(stack):
    run = predict(stack, *SETOSA)
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert list(answer) == FIELDS and answer["prediction"] == "setosa"


def test_the_password_can_come_from_standard_input(stack):
    run = run_cli(["predict", "-u", ADMIN, "--gateway", stack.gateway_url, *SETOSA], input=PASSWORD + "\n")
    assert run.returncode == 0, run.stderr


def test_a_csv_of_many_in_its_order(stack, tmp_path):
    (tmp_path / "in.csv").write_text(CSV * 1 + "".join(f"n{n},{n / 10},3.0,4.0,1.0\n" for n in range(200)))
    run = predict(stack, "--file", tmp_path / "in.csv", "--carry", "id", "-o", tmp_path / "out.csv")
    assert run.returncode == 0, run.stderr
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0].split(",") == ["id", *FIELDS]
    assert [line.split(",")[0] for line in lines[1:]] == ["a", "b", *(f"n{n}" for n in range(200))]
    assert lines[2].split(",")[7] == "virginica"


def test_a_csv_of_none_has_the_names(stack, tmp_path):
    run = predict(stack, "--file", "-", "--carry", "id", "-o", tmp_path / "out.csv", input=CSV.splitlines()[0] + "\n")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out.csv").read_text().splitlines() == [",".join(["id", *FIELDS])]


@pytest.mark.parametrize("carry", ["prediction", "request_id"])
def test_what_is_carried_can_not_have_the_name_of_an_answers_field(stack, carry):
    run = predict(stack, "--file", "-", "--carry", carry, input=CSV.replace("id", carry))
    assert run.returncode == 2 and run.stdout == ""
    assert f'the answer has a field "{carry}" of its own; rename the column' in run.stderr


def test_two_columns_of_one_name_are_refused(stack):
    run = predict(stack, "--file", "-", input=CSV.replace("id", "sepal_length"))
    assert run.returncode == 1 and 'has two columns "sepal_length"' in run.stderr
    run = predict(stack, "--file", "-", "--carry", "id", "--carry", "id", input=CSV)
    assert run.returncode == 2 and '--carry: names "id" twice' in run.stderr


def test_the_input_is_never_written_over(stack, tmp_path):
    (tmp_path / "x.csv").write_text(CSV)
    run = predict(stack, "--file", tmp_path / "x.csv", "-o", tmp_path / "x.csv")
    assert run.returncode == 1 and "is the input" in run.stderr
    assert (tmp_path / "x.csv").read_text() == CSV


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_half_output_under_its_name(stack, tmp_path, which):
    header, first = CSV.splitlines()[:2]
    (tmp_path / "in.csv").write_text("\n".join([header, *[first] * 200_000]))
    out, partial = tmp_path / "out.csv", tmp_path / "out.csv.partial"
    process = subprocess.Popen([str(BIN / "nearline"), "predict", "-u", ADMIN, "--gateway", stack.gateway_url, "--carry", "id",
                                "--file", str(tmp_path / "in.csv"), "-o", str(out)], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "NEARLINE_PASSWORD": PASSWORD})
    try:
        wait_until(lambda: partial.exists() and partial.stat().st_size > 0, 30, "predictions")
        process.send_signal(which)
        assert process.wait(30) == 128 + which
    finally:
        process.kill()
    assert not out.exists()
    lines = partial.read_text().splitlines()
    assert lines[0].split(",") == ["id", *FIELDS] and all(line.split(",")[7] == "setosa" for line in lines[1:])
    assert str(partial) in process.stderr.read()


def test_json_lines_from_standard_input(stack):
    run = predict(stack, "--file", "-", "--carry", "id", "--format", "jsonl", input=CSV)
    assert run.returncode == 0, run.stderr
    assert [json.loads(line)["id"] for line in run.stdout.splitlines()] == ["a", "b"]


def test_what_failed_is_listed_with_its_reason(stack):
    run = predict(stack, "--file", "-", "--carry", "id", input=CSV + "c,x,1,2,3\nd,1,2,3\n")
    assert run.returncode == 1
    assert len(run.stdout.splitlines()) == 3
    assert "2 failed:" in run.stderr
    assert re.search(r"line 4: HTTP 422: /sepal_length ", run.stderr)
    assert "line 5: has 4 fields" in run.stderr


def test_a_wrong_password_is_said_once(stack):
    run = predict(stack, "--file", "-", input=CSV, password="wrong password")
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.count("can't log in") == 1


def test_users_and_topics_of_a_running_server(embedded):
    data = ["--data", embedded.data]
    assert run_cli(["users", "add", *data, "new@example.com"], input="correct horse\n").returncode == 0
    again = run_cli(["users", "add", *data, "new@example.com"], input="correct horse\n")
    assert again.returncode == 1 and "taken" in again.stderr.lower()
    assert "new@example.com" in run_cli(["users", "list", *data], check=True).stdout
    login = requests.post(embedded.auth_url + "/login", auth=("new@example.com", "correct horse"), timeout=10)
    assert login.status_code == 200
    run_cli(["users", "promote", *data, "new@example.com"], check=True)
    assert re.search(r"new@example.com\s+yes", run_cli(["users", "list", *data], check=True).stdout)
    run_cli(["users", "demote", *data, "new@example.com"], check=True)
    assert re.search(r"new@example.com\s+no", run_cli(["users", "list", *data], check=True).stdout)
    assert run_cli(["users", "promote", *data, "nobody@example.com"]).returncode == 1
    run_cli(["users", "notifications", *data, "new@example.com", "off"], check=True)
    assert re.search(r"new@example.com\s+no\s+no", run_cli(["users", "list", *data], check=True).stdout)
    run_cli(["users", "notifications", *data, "new@example.com", "on"], check=True)
    assert re.search(r"new@example.com\s+no\s+yes", run_cli(["users", "list", *data], check=True).stdout)
    assert run_cli(["users", "notifications", *data, "new@example.com", "maybe"]).returncode == 2
    run_cli(["users", "remove", *data, "new@example.com"], check=True)
    assert requests.post(embedded.auth_url + "/login", auth=("new@example.com", "correct horse"), timeout=10).status_code == 401

    assert predict(embedded, *SETOSA).returncode == 0
    assert "output-topic" in run_cli(["topics", "list", *data], check=True).stdout
    record = json.loads(run_cli(["topics", "tail", *data, "-n", "1", "output-topic"], check=True).stdout)
    assert set(record) == {"partition", "offset", "timestamp", "key", "headers", "schema_id", "value"}
    assert record["value"]["prediction"] == "setosa" and record["value"]["petal_width"] == 0.3
    elsewhere = {"NEARLINE_STREAM": "kafka://127.0.0.1:1"}
    assert "output-topic" in run_cli(["topics", "list", *data], env=elsewhere, check=True).stdout
    missing = run_cli(["topics", "tail", *data, "nothing"])
    assert missing.returncode == 1 and "nothing" in missing.stderr and "`nearline topics list`" in missing.stderr


def test_topics_without_a_server(tmp_path):
    run = run_cli(["topics", "list", "--data", tmp_path, "--admin-url", f"http://127.0.0.1:{free_port()}"],
                  env={"JWT_SECRET": "0123456789abcdef0123456789abcdef"})
    assert run.returncode == 1 and "refused; is a server running?" in run.stderr and "nearline up" in run.stderr


def test_following_a_topic(embedded):
    tail = subprocess.Popen([str(BIN / "nearline"), "topics", "tail", "--data", str(embedded.data), "-n", "0", "--follow",
                             "output-topic"], stdout=subprocess.PIPE, text=True)
    try:
        os.set_blocking(tail.stdout.fileno(), False)
        # It says nothing when it has begun: predict until it shows one.
        line = wait_until(lambda: predict(embedded, *SETOSA).returncode == 0 and tail.stdout.readline(), 30, "a record")
        assert json.loads(line)["value"]["prediction"] == "setosa"
        tail.send_signal(signal.SIGINT)
        assert tail.wait(10) == -signal.SIGINT
    finally:
        tail.kill()


def test_topics_at_kafka_itself(distributed):
    kafka = ["--stream", f"kafka://{distributed.bootstrap}"]
    assert predict(distributed, *SETOSA).returncode == 0
    assert distributed.input_topic in run_cli(["topics", "list", *kafka], check=True).stdout
    lines = run_cli(["topics", "tail", *kafka, "--from-beginning", distributed.input_topic], check=True).stdout.splitlines()
    assert any(json.loads(line)["value"]["sepal_length"] == 5.2 for line in lines)


def test_the_first_user_of_an_empty_folder(tmp_path):
    data = ["--data", tmp_path / "data"]
    assert run_cli(["users", "list", *data]).returncode == 1
    run_cli(["users", "add", "--admin", *data, "first@example.com"], input="correct horse\n", check=True)
    last = run_cli(["users", "demote", *data, "first@example.com"])
    assert last.returncode == 1 and "last administrator" in last.stderr
    assert re.search(r"first@example.com\s+yes", run_cli(["users", "list", *data], check=True).stdout)


@pytest.mark.parametrize("arguments, words", [
    (["--model-name", "wine"], "--model-name: is wine, but the model calls itself iris"),
    (["--model", ""], "--model: is empty"),
])
def test_a_model_of_another_name_is_refused(tmp_path, arguments, words):
    run = run_cli(EmbeddedStack(tmp_path, *arguments).arguments)
    assert run.returncode == 2, run.stderr
    assert words in run.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"], ["predict", "--help"], ["users", "add", "--help"],
                                       ["topics", "tail", "--help"], ["registry", "--help"], ["--version"]])
def test_help(arguments):
    run = run_cli(arguments)
    assert run.returncode == 0 and run.stdout and not run.stderr


def test_wrong_settings_are_reported_together(tmp_path):
    config = tmp_path / "nearline.toml"
    config.write_text("partitions = 0\n\nretentoin = '7d'\n")
    run = run_cli(["up", "--config", config, "--gateway-prot", "1"], env={"NEARLINE_DRAIN_TIME": "soon", "JWT_SECRET": "short"})
    assert run.returncode == 2
    for text in (f'--partitions "0": must be between 1 and 10000 ({config}:1)', "did you mean retention?", "did you mean --gateway-port?",
                 '--drain-time "soon"', "environment variable NEARLINE_DRAIN_TIME", "JWT_SECRET: "):
        assert text in run.stderr, run.stderr


@pytest.mark.parametrize("service", ["auth-svc", "gateway-svc", "prediction-svc"])
def test_separate_services_say_what_they_need(service):
    run = subprocess.run([str(BIN / service), "--port", "x", "--stream", "embedded:./data"], capture_output=True, text=True,
                         env={k: v for k, v in os.environ.items() if k != "JWT_SECRET"}, timeout=20)
    assert run.returncode == 2
    if service != "auth-svc":
        assert "an embedded stream serves one process" in run.stderr
    if service != "prediction-svc":
        assert "JWT_SECRET: is missing" in run.stderr


def test_all_that_is_wrong_with_a_kafka_config_is_said_at_once(tmp_path):
    config = tmp_path / "kafka.properties"
    config.write_text("sasl.usernmae=x\n\nnonsense\nsasl.username=fine\nacks=1\n")
    run = run_program("gateway-svc", ["--kafka-config", config, "--port", "0"], env={"JWT_SECRET": "0" * 32}, timeout=20)
    assert run.returncode == 2
    for text in (str(config), "line 1: 'sasl.usernmae'", "line 3: 'nonsense'", "line 5: 'acks'"):
        assert text in run.stderr, run.stderr


@pytest.mark.parametrize("service", ["archive-svc", "gateway-svc"])
@pytest.mark.parametrize("archive, password, words", [
    ("mongodb://localhost/nearline?tsl=true", "", ("--archive", "tsl")),
    ("mongodb://ann@localhost/nearline", "", ("MONGODB_PASSWORD: is missing",)),
    ("mongodb://localhost/nearline", "secret", ("MONGODB_PASSWORD: is given", "names no user"))])
def test_a_mongodb_that_would_be_reached_in_another_way_than_is_meant_is_refused(service, archive, password, words):
    env = {"JWT_SECRET": "0" * 32} | ({"MONGODB_PASSWORD": password} if password else {})
    run = run_program(service, ["--archive", archive], env=env, timeout=20)
    assert run.returncode == 2
    for text in words:
        assert text in run.stderr, run.stderr


@pytest.mark.parametrize("command", [[], ["users"], ["topics"]], ids=" ".join)
def test_without_a_command_it_says_which_there_are(command):
    nothing, asked = run_cli(command), run_cli([*command, "--help"])
    assert (nothing.returncode, nothing.stdout, asked.returncode) == (2, "", 0)
    assert asked.stdout.startswith("Usage: nearline") and nothing.stderr.endswith(asked.stdout)


def test_a_taken_port_is_named_with_its_flag(embedded, tmp_path):
    other = EmbeddedStack(tmp_path)
    run = run_cli([*other.arguments, "--gateway-port", embedded.ports["gateway"]], timeout=20)
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert f"port {embedded.ports['gateway']}" in last and "--gateway-port" in last
    run = run_cli([*other.arguments, "--gateway-port", embedded.ports["gateway"], "--auth-port", embedded.ports["auth"]])
    assert run.returncode == 1
    for name in ("gateway", "auth"):
        assert f"port {embedded.ports[name]}" in run.stderr and f"--{name}-port" in run.stderr, run.stderr


def test_nothing_is_left_in_shared_memory(embedded):
    """libmongoc begins by itself in every program that is linked to it, and kill -9 leaves what it made."""
    assert not Path(f"/dev/shm/mongoc-{embedded.service.pid}").exists()


def make_service(program, folder, *arguments):
    """A separate service, on a port of its own, without anything that it would have to wait for at the start."""
    port = free_port()
    return Service(program, ["--admin-port" if program != "auth-svc" else "--port", port, "--listen", "127.0.0.1", *arguments],
                   folder, f"http://127.0.0.1:{port}", {"JWT_SECRET": "0" * 32})


def test_services_keep_out_of_a_folder_that_up_has(embedded, tmp_path):
    users, kafka = f"sqlite:{embedded.data}/users.db", ["--stream", "kafka://127.0.0.1:1"]
    for program, arguments in (("auth-svc", ["--users", users]),
                               ("notification-svc", ["--users", users, "--mail", f"file:{tmp_path}", *kafka]),
                               ("archive-svc", ["--archive", f"sqlite:{embedded.data}/archive.db", *kafka]),
                               ("nearline", EmbeddedStack(tmp_path, "--users", users).arguments),
                               ("nearline", EmbeddedStack(tmp_path, "--registry", f"embedded:{embedded.data}").arguments),
                               ("nearline", ["registry", "--data", embedded.data])):
        run = run_program(program, arguments, env={"JWT_SECRET": "0" * 32}, timeout=20)
        assert run.returncode == 1, run.stderr
        assert f"is in use by nearline up (process {embedded.service.pid})" in run.stderr.splitlines()[-1], run.stderr


def test_services_share_a_folder_and_up_keeps_out_of_it(tmp_path):
    users = f"sqlite:{tmp_path}/data/users.db"
    auth = make_service("auth-svc", tmp_path, "--users", users).start()
    mail = make_service("notification-svc", tmp_path, "--users", users, "--mail", f"file:{tmp_path}/data/mail",
                        "--stream", "kafka://127.0.0.1:1").start(wait=False)
    wait_until(lambda: "listening" in mail.log(), 20, "notification-svc starts")
    assert auth.running() and mail.running()
    run = run_cli(EmbeddedStack(tmp_path).arguments, timeout=20)
    assert run.returncode == 1, run.stderr
    assert f"is in use by auth-svc (process {auth.pid})" in run.stderr
    assert [auth.stop(), mail.stop()] == [0, 0]


def test_demo_users_never_stand_open_to_others(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    assert stack.stop() == 0
    users = f"sqlite:{stack.data}/../data/users.db"
    for program, arguments in (
        ("nearline", [*stack.arguments, "--listen", "0.0.0.0"]),
        ("nearline", ["up", "--data", tmp_path / "other", "--listen", "0.0.0.0", "--users", users, "--auth-port", "0",
                      "--gateway-port", "0", "--registry-port", "0", "--admin-port", "0"]),
        ("auth-svc", ["--users", users, "--port", "0"]),
    ):
        run = run_program(program, arguments, env={"JWT_SECRET": "0" * 32}, timeout=20)
        assert run.returncode == 2 and "whose password everyone knows" in run.stderr, run.stderr
    run_cli(["users", "add", "--admin", "--users", users, "you@example.com"], input="correct horse\n", check=True)
    for name in ("theodondre@gmail.com", "theodondre@email.com"):
        run_cli(["users", "remove", "--users", users, name], check=True)
    mended = EmbeddedStack(tmp_path, "--listen", "0.0.0.0").start()
    assert "admin123" not in mended.service.log()
    assert mended.stop() == 0
    fresh = EmbeddedStack(tmp_path / "fresh", "--listen", "0.0.0.0").start()
    assert requests.post(fresh.auth_url + "/login", auth=(ADMIN, PASSWORD), timeout=10).status_code == 401
    assert "no demo users" in fresh.service.log()
    assert "address=0.0.0.0" in fresh.service.log()
    assert fresh.stop() == 0


def test_a_password_that_was_changed_is_not_printed(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    for name in (ADMIN, "theodondre@email.com"):
        token = requests.post(stack.auth_url + "/login", auth=(name, PASSWORD), timeout=10).text
        changed = requests.put(f"{stack.auth_url}/users/{name}/password", json={"password": "correct horse"},
                               headers={"Authorization": f"Bearer {token}"}, timeout=10)
        assert changed.status_code == 204
    assert stack.stop() == 0
    again = EmbeddedStack(tmp_path).start()
    assert again.stop() == 0
    welcome = again.service.log()
    welcome = welcome[welcome.rindex("Nearline is up."):]
    assert "admin123" not in welcome and "users add --admin" in welcome


def test_the_lines_that_up_prints_work(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    text = stack.service.log()
    pasted = text[text.index("  TOKEN="):]
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", pasted[:pasted.index("}'") + 2]], capture_output=True, text=True, timeout=20)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["prediction"] == "setosa"
    assert str(stack.data / "jwt-secret") in text
    assert (stack.data / "jwt-secret").stat().st_mode & 0o777 == 0o600
    assert stack.stop() == 0


def test_nearline_registry_alone_says_where_it_is(tmp_path):
    port = free_port()
    process = subprocess.Popen([str(BIN / "nearline"), "registry", "--data", str(tmp_path / "data"), "--port", str(port)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        assert requests.get(f"http://127.0.0.1:{port}/subjects", timeout=5).json() == []
        for answer in (requests.get(f"http://127.0.0.1:{port}/nothing", timeout=5),
                       requests.delete(f"http://127.0.0.1:{port}/subjects", timeout=5)):
            assert answer.headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
            assert answer.json() == {"error_code": answer.status_code, "message": f"HTTP {answer.status_code} {answer.reason}"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()


def test_a_first_start_warns_of_nothing_and_a_stop_leaves_no_log_behind(tmp_path):
    stack = EmbeddedStack(tmp_path).start()
    assert stack.stop() == 0
    log = stack.service.log()
    assert "is not made yet" not in log
    assert "did not end in time" not in log
    assert not list(stack.data.rglob("*-wal"))

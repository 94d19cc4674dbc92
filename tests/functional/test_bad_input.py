"""Every bad input gets its status and a detail that says what to do, and none reaches the topic."""

import base64
import json
import time

import jwt
import psutil
import pytest
import requests

from support.client import SETOSA

GOOD = json.dumps(SETOSA)


def raw(client, body, content_type="application/json", **headers):
    return client.session.post(
        client.gateway + "/predict", data=body, headers={"Content-Type": content_type, **headers}, timeout=20
    )


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"] and body["detail"]
    assert answer.headers["X-Request-Id"]
    return body


NOT_JSON = {
    "shell quotes": ("{sepal_length: 5.2, sepal_width: 3.6}", "double quotes"),
    "single quotes": ("{'sepal_length': 5.2}", "double quotes"),
    "truncated": (GOOD[:-5], ""),
    "empty": ("", "empty"),
    "too deep": ("[" * 10_000 + "]" * 10_000, "deep"),
    "NaN": (GOOD.replace("5.2", "NaN"), "NaN"),
    "Infinity": (GOOD.replace("5.2", "Infinity"), "NaN"),
    "duplicate key": (GOOD[:-1] + ', "sepal_length": 1}', "twice"),
    "byte order mark": ("\ufeff" + GOOD, "byte order mark"),
    "invalid UTF-8": (GOOD.encode().replace(b"sepal_length", b"sepal_\xff\xfe"), "UTF-8"),
    "trailing text": (GOOD + " x", "after the end"),
    "two values": (GOOD + GOOD, "after the end"),
    "trailing comma": (GOOD[:-1] + ",}", "comma"),
}


@pytest.mark.parametrize("body, hint", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_400(client, body, hint):
    detail = problem(raw(client, body if isinstance(body, bytes) else body.encode()), 400)["detail"]
    assert "line 1, column" in detail
    assert hint in detail


BREAKS_SCHEMA = {
    "text": ({**SETOSA, "sepal_length": "5.2"}, "/sepal_length"),
    "null": ({**SETOSA, "sepal_length": None}, "/sepal_length"),
    "boolean": ({**SETOSA, "petal_width": True}, "/petal_width"),
    "missing": ({k: v for k, v in SETOSA.items() if k != "petal_width"}, "/petal_width"),
    "extra": ({**SETOSA, "colour": 1}, "/colour"),
    "nested": ({**SETOSA, "sepal_length": [5.2]}, "/sepal_length"),
    "array": ([5.2, 3.6, 1.5, 0.3], ""),
    "number": (5.2, ""),
}


@pytest.mark.parametrize("body, pointer", BREAKS_SCHEMA.values(), ids=BREAKS_SCHEMA)
def test_what_breaks_the_schema_is_422_with_pointers(client, body, pointer):
    errors = problem(raw(client, json.dumps(body)), 422)["errors"]
    assert pointer in [e["pointer"] for e in errors] or any(pointer.strip("/") in e["detail"] for e in errors)
    assert all(e["detail"] for e in errors)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e308", "3.4028236e38"])
def test_numbers_that_are_not_finite_as_float32_are_422(client, number):
    errors = problem(raw(client, GOOD.replace("5.2", number)), 422)["errors"]
    assert errors[0]["pointer"] == "/sepal_length"


def test_the_largest_float32_is_a_number_like_others(client):
    answer = raw(client, GOOD.replace("5.2", "3.4028235e38"))
    assert answer.status_code == 200 and answer.json()["sepal_length"] == 3.4028235e38


def test_every_violation_is_named(client):
    errors = problem(raw(client, '{"sepal_length": "x", "colour": 1}'), 422)["errors"]
    text = json.dumps(errors)
    for name in ("sepal_length", "sepal_width", "petal_length", "petal_width", "colour"):
        assert name in text


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_other_content_types_are_415(client, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    answer = client.session.post(client.gateway + "/predict", data=GOOD.encode(), headers=headers, timeout=10)
    assert "application/json" in problem(answer, 415)["detail"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_has_more_than_one_name(client, content_type):
    assert raw(client, GOOD, content_type).status_code == 200


def test_ten_megabytes_are_413(client):
    problem(raw(client, b"[" + b"1," * 5_000_000 + b"1]"), 413)
    assert client.predict().status_code == 200


def token(secret, algorithm="HS256", header=None, **changes):
    now = int(time.time())
    claims = {"username": "theodondre@gmail.com", "exp": now + 3600, "iat": now, "admin": True,
              "sub": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
    claims = {k: v for k, v in {**claims, **changes}.items() if v is not None}
    return jwt.encode(claims, secret, algorithm=algorithm, headers=header)


def b64(data) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def bad_tokens(secret) -> dict:
    good = token(secret)
    head, body, signature = good.split(".")
    return {
        "none": None,
        "empty": "",
        "not a token": "nonsense",
        "two parts": f"{head}.{body}",
        "expired": token(secret, exp=int(time.time()) - 120),
        "from the future": token(secret, iat=int(time.time()) + 3600, exp=int(time.time()) + 7200),
        "no exp": token(secret, exp=None),
        "no iat": token(secret, iat=None),
        "alg none": b64({"typ": "JWT", "alg": "none"}) + f".{body}.",
        "alg none with signature": b64({"typ": "JWT", "alg": "none"}) + f".{body}.{signature}",
        "alg RS256": b64({"typ": "JWT", "alg": "RS256"}) + f".{body}.{signature}",
        "alg HS512": token(secret, "HS512"),
        "wrong secret": token("x" * 64),
        "tampered": f"{head}.{b64({'username': 'a@b.c', 'exp': 9999999999, 'iat': 1, 'admin': True})}.{signature}",
        "padding": good + "==",
    }


@pytest.mark.parametrize("case", bad_tokens("s" * 64))
def test_bad_tokens_are_401_and_say_how_to_log_in(stack, case):
    bad = bad_tokens(stack.secret)[case]
    headers = {"Content-Type": "application/json"} | ({} if bad is None else {"Authorization": f"Bearer {bad}"})
    answer = requests.post(stack.gateway_url + "/predict", data=GOOD, headers=headers, timeout=10)
    detail = problem(answer, 401)["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    if case in ("none", "empty"):
        assert "/login" in detail and "Authorization: Bearer" in detail


def test_a_token_of_an_unknown_user_is_401(stack):
    headers = {"Authorization": f"Bearer {token(stack.secret, username='ghost@example.com')}"}
    problem(requests.post(stack.gateway_url + "/predict", json=SETOSA, headers=headers, timeout=10), 401)


def test_unknown_paths_and_methods(client):
    problem(client.get("/nowhere"), 404)
    answer = client.session.put(client.gateway + "/predict", data=GOOD, timeout=10)
    problem(answer, 405)
    assert "POST" in answer.headers["Allow"]
    problem(client.get("/predictions/6ba7b810-9dad-11d1-80b4-00c04fd430c8"), 404)
    assert "a UUID" in problem(client.get("/predictions/junk"), 404)["detail"]


def test_none_of_it_reaches_the_topic_or_costs_memory(stack, client):
    def produced():
        return stack.gateway.metric("nearline_gateway_produced_total")

    assert client.predict().status_code == 200
    process = psutil.Process(stack.gateway.pid)
    bodies = [body if isinstance(body, bytes) else body.encode() for body, _ in NOT_JSON.values()]
    bodies += [json.dumps(body).encode() for body, _ in BREAKS_SCHEMA.values()]
    bodies += [b"[" + b"1," * 500_000 + b"1]"]
    at_rest = process.memory_info().rss
    for body in bodies * 3:
        raw(client, body)
    before, memory = produced(), process.memory_info().rss
    for body in bodies * 20:
        assert raw(client, body).status_code in (400, 413, 422)
    assert produced() == before
    assert process.memory_info().rss < memory + 8 * 2**20, "it grows"
    assert process.memory_info().rss < at_rest + 16 * 2**20, "large bodies leave memory behind"

"""The main job, as the README tells it: log in, validate, predict."""

import base64
import json
import re
import uuid

import jwt
import pytest
import requests

from support.client import ADMIN, FEATURES, FIELDS, KNOWN, PASSWORD, Client, features


def test_login_gives_a_raw_token_that_pyjwt_verifies(stack):
    answer = requests.post(stack.auth_url + "/login", auth=(ADMIN, PASSWORD), timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    claims = jwt.decode(answer.text, stack.secret, algorithms=["HS256"], options={"require": ["exp", "iat", "sub"]})
    assert claims["username"] == ADMIN
    assert claims["admin"] is True
    assert claims["exp"] - claims["iat"] == 24 * 3600
    uuid.UUID(claims["sub"])
    header = answer.text.split(".")[0]
    assert base64.urlsafe_b64decode(header + "==") == b'{"typ":"JWT","alg":"HS256"}'


def test_login_with_a_wrong_password_is_401(stack):
    for name, password in ((ADMIN, "admin124"), ("nobody@example.com", "admin123")):
        answer = requests.post(stack.auth_url + "/login", auth=(name, password), timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_validate_gives_the_claims_in_order(stack, client):
    answer = requests.post(stack.auth_url + "/validate", headers={"Authorization": f"Bearer {client.token}"}, timeout=10)
    assert answer.status_code == 200
    claims = jwt.decode(client.token, stack.secret, algorithms=["HS256"])
    assert answer.text == json.dumps(
        {"admin": True, "exp": claims["exp"], "iat": claims["iat"], "username": ADMIN}, separators=(",", ":")
    )


@pytest.mark.parametrize("values, species", KNOWN.items())
def test_predicts(client, values, species):
    answer = client.predict(values)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert list(body) == FIELDS
    assert [body[name] for name in FEATURES] == list(values)
    assert body["status"] == 200
    assert body["prediction"] == species
    assert body["model_type"] == "LogisticRegressionModel"
    assert body["message"] == "Success"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", body["created_at"])
    uuid.UUID(body["model_id"])


def test_numbers_always_have_a_fraction(client):
    answer = client.predict({"sepal_length": 2, "sepal_width": 1.4, "petal_length": 6e-1, "petal_width": 1e2})
    assert answer.text.startswith('{"sepal_length":2.0,"sepal_width":1.4,"petal_length":0.6,"petal_width":100.0,"status":200,')


def test_the_order_of_the_members_does_not_matter(client):
    body = dict(reversed(features((5.2, 3.6, 1.5, 0.3)).items()))
    assert list(client.predict(body).json()) == FIELDS


def test_every_answer_has_ids(client):
    answer = client.predict()
    request_id = answer.headers["X-Request-Id"]
    uuid.UUID(request_id)
    assert answer.headers["Content-Location"] == f"/predictions/{request_id}"
    again = client.get(f"/predictions/{request_id}")
    assert again.status_code == 200
    assert again.text == answer.text


def test_the_same_model_has_the_same_id(client):
    assert client.predict((1, 2, 3, 4)).json()["model_id"] == client.predict((5, 6, 7, 8)).json()["model_id"]


def test_respond_async_gives_a_location(client):
    answer = client.predict(headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    location = answer.headers["Location"]
    for _ in range(200):
        result = client.get(location)
        if result.status_code == 200:
            break
        assert result.status_code == 202
    assert result.json()["prediction"] == "setosa"


def test_predictions_are_their_owners_alone(stack, client):
    request_id = client.predict().headers["X-Request-Id"]
    registered = requests.post(
        stack.auth_url + "/register",
        json={"username": f"{uuid.uuid4().hex}@example.com", "password": "correct horse"},
        headers={"Authorization": f"Bearer {client.token}"},
        timeout=10,
    )
    assert registered.status_code == 201, registered.text
    name = json.loads(registered.request.body)["username"]
    stranger = Client(stack, name, "correct horse")
    assert stranger.get(f"/predictions/{request_id}").status_code == 404
    own = stranger.predict().headers["X-Request-Id"]
    assert stranger.get(f"/predictions/{own}").status_code == 200
    assert client.get(f"/predictions/{own}").status_code == 200, "an administrator sees everyone's"


def test_login_through_the_gateway(stack):
    answer = requests.post(stack.gateway_url + "/login", auth=(ADMIN, PASSWORD), timeout=10)
    assert answer.status_code == 200
    assert jwt.decode(answer.text, stack.secret, algorithms=["HS256"])["username"] == ADMIN
    validated = requests.post(stack.gateway_url + "/validate", headers={"Authorization": f"Bearer {answer.text}"}, timeout=10)
    assert list(validated.json()) == ["admin", "exp", "iat", "username"]

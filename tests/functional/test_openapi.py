"""/openapi.json says what is true."""

import subprocess
import uuid

import jsonschema
import pytest
import requests
from openapi_spec_validator import validate

from support.client import ADMIN, PASSWORD, SETOSA
from support.process import BIN


@pytest.fixture
def document(stack):
    return requests.get(stack.gateway_url + "/openapi.json", timeout=10).json()


def check(document: dict, answer: requests.Response, operation: dict):
    """The status, the content type and the body of an answer are among those documented."""
    assert str(answer.status_code) in operation["responses"], answer.status_code
    content = operation["responses"][str(answer.status_code)].get("content")
    if content is None:
        assert not answer.content, "no body is documented"
        return
    content_type = answer.headers["Content-Type"].split(";")[0]
    assert content_type in content
    body = answer.json() if "json" in content_type else answer.text
    schema = {**content[content_type]["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)


def test_it_is_valid_and_every_path_is_there(stack, document):
    validate(document)
    assert "/predict" in document["paths"] and "/predictions/{id}" in document["paths"]
    for path, operations in document["paths"].items():
        for method in operations:
            if method in ("get", "post", "put", "delete"):
                url = stack.gateway_url + path.replace("{id}", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
                answer = requests.request(method, url, timeout=10)
                assert answer.status_code != 405, (method, path)
                if answer.status_code == 404:
                    assert "{" in path, (method, path)


def test_it_has_the_products_version(document):
    said = subprocess.run([str(BIN / "nearline"), "--version"], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["nearline", document["info"]["version"]]


def test_answers_are_as_documented(stack, client, document):
    predict = document["paths"]["/predict"]["post"]
    accepted = client.predict(headers={"Prefer": "respond-async"})
    for answer in (
        client.predict(),
        accepted,
        client.predict({"sepal_length": 1}),
        client.session.post(stack.gateway_url + "/predict", data=b"{", headers={"Content-Type": "application/json"}, timeout=10),
        client.session.post(stack.gateway_url + "/predict", data=b"{}", headers={"Content-Type": "text/plain"}, timeout=10),
        requests.post(stack.gateway_url + "/predict", json=SETOSA, timeout=10),
    ):
        check(document, answer, predict)
    assert accepted.status_code == 202
    one = document["paths"]["/predictions/{id}"]["get"]
    check(document, client.get(accepted.headers["Location"]), one)
    check(document, client.get("/predictions/nothing"), one)
    pages = document["paths"]["/predictions"]["get"]
    check(document, client.get("/predictions", params={"limit": 2}), pages)
    check(document, client.get("/predictions", params={"limit": 0}), pages)


def test_logins_and_users_are_as_documented(stack, client, document):
    paths = document["paths"]
    login = requests.post(stack.gateway_url + "/login", auth=(ADMIN, PASSWORD), timeout=10)
    check(document, login, paths["/login"]["post"])
    check(document, requests.post(stack.gateway_url + "/login", timeout=10), paths["/login"]["post"])
    check(document, client.session.post(stack.gateway_url + "/validate", timeout=10), paths["/validate"]["post"])

    register = paths["/register"]["post"]
    user = {"username": f"{uuid.uuid4()}@example.com", "password": "correct horse", "admin": True}
    for body, status in ((user, 201), (user, 409), ({**user, "age": 7}, 422), ({**user, "admin": "yes"}, 422), ({}, 422)):
        answer = client.session.post(stack.gateway_url + "/register", json=body, timeout=20)
        assert answer.status_code == status, answer.text
        check(document, answer, register)
        taken = status in (201, 409)
        schema = {"$ref": "#/components/schemas/NewUser", "components": document["components"]}
        assert jsonschema.Draft202012Validator(schema).is_valid(body) == taken, body
    switch = paths["/users/{name}/notifications"]["put"]
    for name, body, status in ((user["username"], {"mail": False}, 204), (user["username"], {"mail": "no"}, 422), ("nobody@example.com", {"mail": True}, 404)):
        answer = client.session.put(f"{stack.gateway_url}/users/{name}/notifications", json=body, timeout=20)
        assert answer.status_code == status, answer.text
        check(document, answer, switch)
    # What is documented of a new user is all that there is.
    assert set(document["components"]["schemas"]["NewUser"]["properties"]) == set(user)

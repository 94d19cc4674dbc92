"""/openapi.json says what is true."""

import requests
from openapi_spec_validator import validate

from support.client import SETOSA


def test_it_is_valid_and_every_path_is_there(stack, client):
    document = requests.get(stack.gateway_url + "/openapi.json", timeout=10).json()
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


def test_answers_have_documented_statuses(stack, client):
    document = requests.get(stack.gateway_url + "/openapi.json", timeout=10).json()
    documented = document["paths"]["/predict"]["post"]["responses"]
    for answer in (
        client.predict(),
        client.predict(headers={"Prefer": "respond-async"}),
        client.predict({"sepal_length": 1}),
        client.session.post(stack.gateway_url + "/predict", data=b"{", headers={"Content-Type": "application/json"}, timeout=10),
        client.session.post(stack.gateway_url + "/predict", data=b"{}", headers={"Content-Type": "text/plain"}, timeout=10),
        requests.post(stack.gateway_url + "/predict", json=SETOSA, timeout=10),
    ):
        assert str(answer.status_code) in documented, answer.status_code
        assert answer.headers["Content-Type"].split(";")[0] in documented[str(answer.status_code)]["content"]

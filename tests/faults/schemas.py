"""Schemas in a stack's registry, beside those that Nearline registers."""

import json

import requests


def schema_id(stack, subject: str) -> int:
    return requests.get(f"{stack.registry_url}/subjects/{subject}/versions/latest", timeout=10).json()["id"]


def register_lax(stack, title: str = "anything") -> int:
    """The id of a schema of the input topic that allows everything."""
    lax = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "title": title}
    answer = requests.post(f"{stack.registry_url}/subjects/{stack.input_topic}-value/versions", timeout=10,
                           json={"schemaType": "JSON", "schema": json.dumps(lax)})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]

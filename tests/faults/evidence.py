"""Reads what a run has left behind: topics, dead letters, archive, mail; and waits until it has come to rest."""

import email
import json
import re
import sqlite3
import time
import uuid

import pymongo

from accounting import Account, Evidence, Mail, Record
from support import archive
from support.client import FEATURES
from support.mail import contents
from support.topics import read_topic


def body_of(value: bytes | None) -> dict:
    """A record's JSON, with or without its frame; {} of what is none."""
    try:
        body = json.loads((value or b"")[5:] if (value or b"")[:1] == b"\0" else value or b"")
        return body if isinstance(body, dict) else {}
    except (ValueError, RecursionError):
        return {}


def record_of(body: dict, request_id: str | None, user: str | None) -> Record:
    features = tuple(body.get(name) for name in FEATURES)
    are_numbers = all(isinstance(each, (int, float)) for each in features)
    return Record(request_id, features if are_numbers else None, user, body.get("status"),
                  body.get("prediction"), body.get("model_id"))


def records(stack, topic: str) -> list:
    return [record_of(body_of(value), headers.get("request-id"), headers.get("user"))
            for headers, value in read_topic(stack, topic)]


def documents(stack) -> list:
    """Of the archive; one for each row, so that an id that is there twice is seen."""
    if stack.kind == "embedded":
        with sqlite3.connect(f"file:{stack.data / 'archive.db'}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT id, user, prediction FROM predictions").fetchall()
        return [record_of(json.loads(answer), str(uuid.UUID(bytes=key)), user and str(uuid.UUID(bytes=user)))
                for key, user, answer in rows]
    with pymongo.MongoClient(stack.archive_url) as client:
        found = client.get_default_database()["predictions"].find(batch_size=10_000)
        return [record_of(document, document["_id"], document["user"]) for document in found]


def mails(stack) -> list:
    found = []
    for content in contents(stack):
        message = email.message_from_bytes(content)
        text = next(part for part in message.walk() if part.get_content_type() == "text/plain").get_payload(decode=True)
        named = re.search(rb"^Request ([0-9a-f-]{36}),", text, re.MULTILINE)
        found.append(Mail(named[1].decode() if named else "", message["To"], message["Message-ID"]))
    return found


def gather(stack, users: list, mailed: bool) -> Evidence:
    return Evidence(
        requests=records(stack, stack.input_topic),
        answers=records(stack, stack.output_topic),
        letters=records(stack, stack.input_topic + ".prediction.dlq"),
        documents=documents(stack),
        letters_downstream=[record for role in ("archive", "notification")
                            for record in records(stack, f"{stack.output_topic}.{role}.dlq")],
        mails=mails(stack) if mailed else None,
        addresses={user.user_id: user.name for user in users})


def is_quiet(stack, mailed: bool) -> bool:
    """Whether nothing that was taken waits to be stored or mailed."""
    if any(service.metric("nearline_sink_lag_seconds") for service in [*stack.archivers, *(stack.mailers if mailed else [])]):
        return False
    return not mailed or stack.mailers[0].metric("nearline_notification_waiting") == 0


def settle(stack, load, mailed: bool = False, strangers: bool = False) -> Account:
    """The account of a load that has ended, once nothing moves any more; when that takes far too long as it is, to
    complain. The tests' MongoDB stores fewer documents a second than are predicted."""
    end = time.monotonic() + 120 + len(load.sent) / 20
    accepted = load.answered + len(load.accepted)
    while True:
        over = time.monotonic() > end
        if over or archive.count(stack) >= accepted and is_quiet(stack, mailed):
            account = Account(load.sent, gather(stack, load.users, mailed), strangers)
            if over or account.is_settled():
                return account
        time.sleep(0.25)

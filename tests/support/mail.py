"""The mail that came, as Python's own email parser reads it."""

import email
import email.policy
import json
import os
import pathlib
import subprocess

from .process import ROOT

HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type")


class SmtpSink:
    """A mail server (tests/servers/smtp) that wants STARTTLS and a log in."""

    password = "smtp password"

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.start()

    def run(self, command: str, *arguments) -> str:
        return subprocess.run([ROOT / "tests" / "servers" / "smtp", command, self.folder, *map(str, arguments)],
                              check=True, capture_output=True, text=True).stdout.strip()

    def start(self):
        self.address = self.run("start", "--until-exit-of", os.getpid())

    def kill(self):
        self.run("kill")

    @property
    def url(self) -> str:
        return f"smtp://mailer@{self.address}"

    @property
    def certificate(self) -> pathlib.Path:
        return self.folder / "certificate.pem"

    def taken(self) -> list:
        """What was taken, in its order, each with its envelope."""
        return [json.loads(line) for line in (self.folder / "mails.jsonl").read_text().splitlines()]


def contents(stack) -> list:
    """What was mailed, as bytes; from a mail server in the order in which it came."""
    if stack.kind == "embedded":
        return [path.read_bytes() for path in sorted((stack.data / "mail").glob("*.eml"))]
    return [mail["content"].encode("latin-1") for mail in stack.smtp.taken()]


def parse(content: bytes):
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert not message.defects and not any(part.defects for part in message.walk())
    assert tuple(message.keys()) == HEADERS
    return message


def mails(stack) -> list:
    """All there are, parsed."""
    return [parse(content) for content in contents(stack)]


def mails_to(stack, address: str) -> list:
    return [mail for mail in mails(stack) if mail["To"] == address]


def request_id(mail) -> str:
    """What a mail with one prediction is named like."""
    return mail["Message-ID"].removeprefix("<").partition("@")[0]


def text_of(mail, kind: str = "plain") -> str:
    return mail.get_body((kind,)).get_content()

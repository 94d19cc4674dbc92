"""What tests/servers/smtp runs: smtp_sink.py DIR.

The recipient's address says what becomes of a mail, by what it begins with:

    refuse-        550 to RCPT               refuse-data-   554 once it has the mail
    later-N-       450 to RCPT, N times      later-data-    451 once it has the mail, once
    later-         450 to RCPT, always       hang-          no answer to RCPT
    refuse-long-   550 to RCPT, in many lines
    close-data-    takes the mail and hangs up without a word; a repeat of it gets an answer
    slow-          takes the mail and says so two seconds later

All others are taken."""

import asyncio
import collections
import email
import json
import pathlib
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from ports import HOST

FOR_EVER = 3600


class Sink:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.mails = open(folder / "mails.jsonl", "ab", buffering=0)
        self.seen = collections.Counter()

    def keep(self, server, session, envelope, answered: bool):
        message = email.message_from_bytes(envelope.original_content)
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "message_id": message["Message-ID"],
                "tls": server.transport.get_extra_info("sslcontext") is not None, "user": session.auth_data and session.auth_data.login.decode(),
                "peer": session.peer[1], "answered": answered,
                "content": envelope.original_content.decode("latin-1")}
        self.mails.write(json.dumps(mail).encode() + b"\n")

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.seen[address] += 1
        if address.startswith("refuse-long-"):
            return "550-5.1.1 no such mailbox\r\n" * 100 + "550 5.1.1 here"
        if re.match(r"refuse-(?!data-)", address):
            return "550 5.1.1 no such mailbox here"
        if times := re.match(r"later-(\d+)-", address):
            if self.seen[address] <= int(times[1]):
                return "450 4.2.1 mailbox busy, try again"
        elif re.match(r"later-(?!data-)", address):
            return "450 4.2.1 mailbox busy, try again"
        if address.startswith("hang-"):
            await asyncio.sleep(FOR_EVER)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        if address.startswith("refuse-data-"):
            return "554-5.7.1 this mail\r\n554 5.7.1 is not wanted"
        if address.startswith("later-data-") and self.seen[address] == 1:
            return "451 4.3.0 no room at the moment"
        hangs_up = address.startswith("close-data-") and self.seen[address] == 1
        self.keep(server, session, envelope, answered=not hangs_up)
        if hangs_up:
            server.transport.abort()
            await asyncio.sleep(FOR_EVER)
        if address.startswith("slow-"):
            await asyncio.sleep(2)
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"mailer", b"smtp password")
    return AuthResult(success=good, handled=False, auth_data=data)


async def main():
    folder = pathlib.Path(sys.argv[1])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    port = {name: int((folder / name).read_text()) for name in ("port", "plain-port", "smtps-port")}

    def guarded():
        return SMTP(sink, hostname="sink", tls_context=tls, require_starttls=True, auth_required=True,
                    authenticator=authenticate, loop=loop)

    def open_to_all():
        return SMTP(sink, hostname="sink", loop=loop)

    await loop.create_server(open_to_all, HOST, port["plain-port"])
    await loop.create_server(open_to_all, HOST, port["smtps-port"], ssl=tls)
    await (await loop.create_server(guarded, HOST, port["port"])).serve_forever()


asyncio.run(main())

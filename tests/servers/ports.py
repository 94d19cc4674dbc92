"""Ports for what tests start, on 127.0.0.1."""

import fcntl
import os
import pathlib
import random
import socket
import tempfile

HOST = "127.0.0.1"
# Linux gives clients those from 32768 on; tests/servers/mariadb takes those from 20000 on.
FIRST, COUNT = 10_000, 10_000
LAST_GIVEN = pathlib.Path(tempfile.gettempdir()) / f"nearline-test-port.{os.getuid()}"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on which nobody listens, and that is still free when what it is for starts, or starts again. They are
    given in turn, by all processes, so that no two have the same; and none that the kernel gives to clients. Any
    connection may have such a one meanwhile; and who connects again and again to one where nobody listens at the moment
    is given it as its own some day, and is connected to itself."""
    with open(LAST_GIVEN, "a+", encoding="ascii") as last_given:
        fcntl.flock(last_given, fcntl.LOCK_EX)
        last_given.seek(0)
        text = last_given.read()
        port = int(text) if text.isdigit() else FIRST + random.randrange(COUNT)
        while not is_free(port := FIRST + (port + 1 - FIRST) % COUNT):
            pass
        last_given.truncate(0)
        last_given.write(str(port))
    return port

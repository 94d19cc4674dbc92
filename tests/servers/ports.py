"""Ports for what tests start, on 127.0.0.1."""

import random
import socket

HOST = "127.0.0.1"
# Linux gives clients those from 32768 on; tests/servers/mariadb takes those from 20000 on.
SERVERS = range(10_000, 20_000)


def free_port() -> int:
    """A port on which nobody listens, and that is still free when what it is for starts, or starts again: none that the
    kernel gives to clients. Any connection may have such a one meanwhile; and who connects again and again to one where
    nobody listens at the moment is given it as its own some day, and is connected to itself."""
    while True:
        port = random.choice(SERVERS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port

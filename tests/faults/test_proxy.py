"""The proxy does what it says; a fault that is none would prove nothing."""

import contextlib
import socket
import socketserver
import threading

import pytest

from support.process import wait_until
from support.proxy import HOST, Proxy


class Server(socketserver.ThreadingTCPServer):
    """Keeps what came, and sends it back."""

    daemon_threads = True

    def __init__(self):
        self.came = b""
        super().__init__((HOST, 0), None)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        with contextlib.suppress(OSError):
            while data := request.recv(1 << 16):
                self.came += data
                request.sendall(data)


@pytest.fixture
def server():
    with Server() as server:
        yield server
        server.shutdown()


@pytest.fixture
def proxy(server):
    with contextlib.closing(Proxy(f"{HOST}:{server.server_address[1]}")) as proxy:
        yield proxy


def connect(proxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=10)


def ask(connection, text: bytes) -> bytes:
    connection.sendall(text)
    answer = b""
    while len(answer) < len(text):
        part = connection.recv(len(text))
        if not part:
            break
        answer += part
    return answer


def is_quiet(connection) -> bool:
    connection.settimeout(0.2)
    try:
        return connection.recv(1) is None
    except TimeoutError:
        return True
    finally:
        connection.settimeout(10)


def test_it_passes_on(proxy):
    with connect(proxy) as connection:
        assert ask(connection, b"hello") == b"hello"
        assert ask(connection, b"x" * 1_000_000) == b"x" * 1_000_000
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b"", "the end is passed on, too"


def test_refused(proxy):
    with connect(proxy) as connection:
        ask(connection, b"hello")
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.heal()
    with connect(proxy) as connection:
        assert ask(connection, b"hello") == b"hello"


def test_reset_in_the_middle_of_a_message(proxy, server):
    proxy.cut()
    with connect(proxy) as connection, pytest.raises(ConnectionResetError):
        connection.sendall(b"x" * 1000)
        connection.recv(1)
    assert len(server.came) < 1000
    proxy.heal()
    with connect(proxy) as connection:
        assert ask(connection, b"hello") == b"hello"


def test_late(proxy):
    with connect(proxy) as connection:
        proxy.delay(0.5)
        connection.sendall(b"hello")
        assert is_quiet(connection)
        assert connection.recv(5) == b"hello"


def test_silent_and_then_as_before(proxy, server):
    with connect(proxy) as connection:
        ask(connection, b"hello")
        proxy.silence()
        connection.sendall(b"world")
        assert is_quiet(connection) and server.came == b"hello"
        proxy.heal()
        assert connection.recv(5) == b"world"


def test_mute_and_then_reset(proxy, server):
    with connect(proxy) as connection:
        proxy.mute()
        connection.sendall(b"hello")
        wait_until(lambda: server.came == b"hello", 10, "it to arrive")
        assert is_quiet(connection)
        proxy.heal()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_mute_after_a_long_message(proxy, server):
    with connect(proxy) as connection, connect(proxy) as other:
        proxy.mute(after=1000)
        assert ask(connection, b"hello") == b"hello"
        connection.sendall(b"x" * 1000)
        wait_until(lambda: proxy.lost > 0, 10, "an answer to be lost")
        assert is_quiet(connection) and server.came.endswith(b"x" * 1000)
        assert ask(other, b"hello") == b"hello"
        proxy.heal()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)

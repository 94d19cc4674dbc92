"""Stacks for faults: two of each service, and groups that soon notice who is dead."""

import contextlib
import os

from support.client import Client
from support.load import new_user
from support.proxy import Proxy
from support.stack import DistributedStack

# As short as the tests' broker allows; Nearline's own is 6 s.
IMPATIENT = {"session.timeout.ms": 1500, "heartbeat.interval.ms": 250}


@contextlib.contextmanager
def two_of_each(folder, **options):
    """A running stack with mail of each prediction. At its end all must still be able to stop in order."""
    options = {"auths": 2, "gateways": 2, "workers": 2, "archivers": 2, "mailers": 2, "kafka": IMPATIENT,
               "mailer_arguments": ["--mail-limit", "0", "--mail-timeout", "2s"]} | options
    stack = DistributedStack(folder, **options)
    try:
        yield stack.start()
    except BaseException:
        for service in stack.services():
            if service.process:
                service.kill()
        if stack.smtp:
            stack.smtp.kill()
        raise
    codes = stack.stop()
    assert set(codes) == {0}, codes


class Proxies(dict):
    """A proxy before each server that a stack's services use, by the server's name."""

    def __call__(self, server: str, address: str) -> str:
        if server not in self:
            if server == "kafka":
                target, own = os.environ["NEARLINE_TEST_KAFKA_PROXIED"].split()
                self[server] = Proxy(target, int(own.rpartition(":")[2]))
            else:
                self[server] = Proxy(address)
        return self[server].address

    def close(self):
        for proxy in self.values():
            proxy.close()


@contextlib.contextmanager
def behind_proxies(folder, **options):
    """As two_of_each: the stack and its proxies. One at a time: a broker tells its clients of one proxy."""
    with contextlib.closing(Proxies()) as proxies, two_of_each(folder, through=proxies, **options) as stack:
        yield stack, proxies


def users_of(stack, count: int) -> list:
    admin = Client(stack)
    return [Client(stack, *new_user(stack, admin)) for _ in range(count)]


def urls(services: list) -> list:
    return [service.url for service in services]

"""Stacks for faults: two of each service, and groups that soon notice who is dead."""

import contextlib

from support.client import Client
from support.load import new_user
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


def users_of(stack, count: int) -> list:
    admin = Client(stack)
    return [Client(stack, *new_user(stack, admin)) for _ in range(count)]


def urls(services: list) -> list:
    return [service.url for service in services]

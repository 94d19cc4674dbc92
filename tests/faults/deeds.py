"""What is done to processes."""

import os
import signal

from support.groups import members, wait_for_members
from support.process import wait_until

ROLES = {"gateway-svc": "gateway", "prediction-svc": "prediction", "archive-svc": "archive", "notification-svc": "notification"}
PATIENCE = 40  # requests that end meanwhile, where nothing else says that it was long enough


def kill(stack, service, load):
    """kill -9"""
    service.kill()
    service.start(wait=False)


def freeze(stack, service, load):
    """SIGSTOP until its group takes it for dead, SIGCONT"""
    role = ROLES.get(service.name)
    if role:
        wait_for_members(stack, role, 2)
    os.kill(service.pid, signal.SIGSTOP)
    try:
        if role:
            wait_until(lambda: members(stack, role) < 2, 30, f"the group to miss {service.name}", every=0.1)
        load.wait_for_total(load.total() + PATIENCE)
    finally:
        os.kill(service.pid, signal.SIGCONT)


def stop(stack, service, load):
    """SIGTERM, exit code 0, and started again"""
    assert service.stop() == 0
    load.wait_for_total(load.total() + PATIENCE)
    service.start(wait=False)


ALL = (kill, freeze, stop)


def name_of(stack, service) -> str:
    """gateway-svc 2"""
    alike = [each for each in stack.services() if each.name == service.name]
    return f"{service.name} {alike.index(service) + 1}"


def do(deed, stack, service, load, report):
    report.event(f"{deed.__doc__}: {name_of(stack, service)}, after {load.total()} requests")
    deed(stack, service, load)

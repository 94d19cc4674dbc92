"""Nearline under load and at rest, in whichever way it runs."""

import contextlib

from support.client import Client

from . import processes, programs


@contextlib.contextmanager
def running(stack):
    """Whatever happens, its processes have ended afterwards."""
    try:
        yield stack
    finally:
        for service in reversed([each for each in stack.services() if each and each.process]):
            try:
                service.stop()
            except AssertionError:
                pass  # it was killed


def in_turns(rounds: int, say, baseline, product):
    """Runs both so often, side by side in time, and in turns as to who comes first."""
    for number in range(rounds):
        say(f"{number + 1} of {rounds}")
        for step in (baseline, product)[:: 1 if number % 2 == 0 else -1]:
            step()


class Load:
    """Requests over one connection and over 64, with what they cost."""

    CONNECTIONS = (1, 64)

    def __init__(self, stack, seconds: float):
        self.stack = stack
        self.seconds = seconds
        self.token = Client(stack).token
        self.figures = {connections: [] for connections in self.CONNECTIONS}

    def run(self, connections: int, seconds: float) -> dict:
        cpu = processes.CpuTime(self.stack.services())
        figures = programs.http_load(self.stack.gateway_url, self.token, connections, seconds)
        figures["cpu_us"] = cpu.seconds() / figures["requests"] * 1e6
        return figures

    def warm_up(self):
        for connections in self.CONNECTIONS:
            self.run(connections, self.seconds / 2)

    def one_connection(self):
        self.figures[1].append(self.run(1, self.seconds / 2))

    def many_connections(self):
        self.figures[64].append(self.run(64, self.seconds))

    def all(self, connections: int, name: str) -> list:
        return [figures[name] for figures in self.figures[connections]]

    def per_second(self, connections: int) -> list:
        return [figures["requests"] / figures["seconds"] for figures in self.figures[connections]]

    def add_rows(self, section):
        """Where the load was the same, so that one table can be laid beside another."""
        section.add("64 connections: requests a second", "/s", self.per_second(64))
        section.add("64 connections: p50", "ms", self.all(64, "p50_ms"))
        section.add("64 connections: p99", "ms", self.all(64, "p99_ms"))
        section.add("64 connections: CPU of the services a request", "µs", self.all(64, "cpu_us"))
        section.add("1 connection: CPU of the services a request", "µs", self.all(1, "cpu_us"))


def add_rest(section, services: list, seconds: float):
    """CPU and memory of each service after it worked."""
    for service, percent in zip(services, processes.at_rest(services, seconds)):
        section.add(f"{service.name} at rest afterwards: CPU", "% of a core", [percent])
        section.add(f"{service.name} at rest afterwards: memory", "MB", [processes.memory_mb(service.pid)])

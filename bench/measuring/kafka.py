"""Separate services on Kafka, MariaDB and a schema registry, beside librdkafka alone on the same broker."""

import os

from support.stack import DistributedStack

from . import programs
from .report import Section
from .service import Load, add_rest, in_turns, running

P50_RATIO = 1.5


def measure(effort, folder, say) -> list:
    bootstrap = os.environ["NEARLINE_TEST_KAFKA"]
    bare, stream = [], []
    with running(DistributedStack(folder / "kafka")) as stack:
        stack.start()
        load = Load(stack, effort.seconds)
        programs.kafka_ping_pong(bootstrap, effort.ping_pongs)
        load.warm_up()

        def ping_pong():
            figures = programs.kafka_ping_pong(bootstrap, effort.ping_pongs)
            bare.append(figures["bare"])
            stream.append(figures["stream"])

        in_turns(effort.pairs, lambda which: say(f"kafka, one at a time, {which}"), ping_pong, load.one_connection)
        for number in range(effort.rounds):
            say(f"kafka, 64 connections, {number + 1} of {effort.rounds}")
            load.many_connections()
        say("kafka, at rest")
        section = Section("Kafka: separate services beside bare librdkafka")
        add_ratios(section, bare, stream, load)
        load.add_rows(section)
        add_rest(section, stack.services(), effort.rest_seconds)
    return [section]


def add_ratios(section: Section, bare: list, stream: list, load: Load):
    bare_p50, bare_p99 = ([each[name] for each in bare] for name in ("p50_ms", "p99_ms"))
    section.add("bare two-hop ping-pong: p50", "ms", bare_p50)
    section.add("bare two-hop ping-pong: p99", "ms", bare_p99)
    section.add("1 connection, HTTP to HTTP: p50", "ms", load.all(1, "p50_ms"))
    section.add("1 connection, HTTP to HTTP: p99", "ms", load.all(1, "p99_ms"))
    section.add_ratio("HTTP / bare: p50", load.all(1, "p50_ms"), bare_p50, P50_RATIO)
    section.add_ratio("HTTP / bare: p99", load.all(1, "p99_ms"), bare_p99)
    section.add_ratio("the stream's interface / bare: p50", [each["p50_ms"] for each in stream], bare_p50)
    section.add("bare, 64 in flight: rounds a second", "/s", [each["per_second"] for each in bare])

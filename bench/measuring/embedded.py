"""`nearline up` on embedded parts, beside two bare SQLite commits that reach the same disk."""

import shutil

from support.stack import EmbeddedStack

from . import programs
from .report import Section
from .service import Load, add_rest, in_turns, running


def measure(effort, folder, say) -> list:
    bare = []
    with running(EmbeddedStack(folder / "embedded")) as stack:
        stack.start(wait=False)
        stack.service.wait_ready()
        load = Load(stack, effort.seconds)
        load.warm_up()

        def commits():
            place = folder / "commits"
            place.mkdir()
            bare.append(programs.embedded_ping_pong(place, effort.ping_pongs))
            shutil.rmtree(place)

        in_turns(effort.pairs, lambda which: say(f"embedded, one at a time, {which}"), commits, load.one_connection)
        for number in range(effort.rounds):
            say(f"embedded, 64 connections, {number + 1} of {effort.rounds}")
            load.many_connections()
        say("embedded, at rest")
        section = Section("Embedded: one process beside two bare SQLite FULL commits")
        add_ratios(section, bare, load)
        load.add_rows(section)
        add_rest(section, stack.services(), effort.rest_seconds)
    return [section]


def add_ratios(section: Section, bare: list, load: Load):
    commits_p50, commits_p99, stream_p50 = (
        [each[part][name] / 1e3 for each in bare]
        for part, name in (("commits", "p50_us"), ("commits", "p99_us"), ("stream", "p50_us"))
    )
    section.add("two bare commits: p50", "ms", commits_p50)
    section.add("two bare commits: p99", "ms", commits_p99)
    section.add("1 connection, HTTP to HTTP: p50", "ms", load.all(1, "p50_ms"))
    section.add("1 connection, HTTP to HTTP: p99", "ms", load.all(1, "p99_ms"))
    section.add_ratio("HTTP / bare: p50", load.all(1, "p50_ms"), commits_p50)
    section.add_ratio("HTTP / bare: p99", load.all(1, "p99_ms"), commits_p99)
    section.add_ratio("two hops of the stream / bare: p50", stream_p50, commits_p50)

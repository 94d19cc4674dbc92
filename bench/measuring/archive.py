"""The archive working off a backlog: into SQLite beside what `nearline up` can make, into MongoDB beside libmongoc."""

import os
import shutil

from support.stack import EmbeddedStack

from . import programs
from .report import Section
from .service import Load, running

SQLITE_TIMES = 3  # faster than predictions are made
MONGO_SHARE = 0.8  # of what libmongoc alone does


def measure(effort, folder, say) -> list:
    place = folder / "archive"
    section = Section("Archive: a backlog worked off")
    sqlite, made, mongo = [], [], []
    with running(EmbeddedStack(folder / "archive-embedded")) as stack:
        stack.start(wait=False)
        stack.service.wait_ready()
        load = Load(stack, effort.seconds)
        load.warm_up()
        for number in range(effort.rounds):
            say(f"archive in SQLite, round {number + 1} of {effort.rounds}")
            made.append(rate(load.run(64, effort.seconds)))
            sqlite.append(backlog(place, "sqlite", effort.backlog)["archive_per_second"])
    section.add("predictions made by `nearline up`, 64 connections", "/s", made)
    section.add("archived into SQLite", "/s", sqlite)
    section.add_ratio("SQLite / predictions made", sqlite, made, at_least=SQLITE_TIMES)
    for number in range(effort.rounds):
        say(f"archive in MongoDB, round {number + 1} of {effort.rounds}")
        mongo.append(backlog(place, "mongo", effort.backlog // 5, os.environ["NEARLINE_TEST_MONGODB"]))
    bare, archived = ([each[name] for each in mongo] for name in ("bare_per_second", "archive_per_second"))
    section.add("bulk upserts by libmongoc alone", "/s", bare)
    section.add("archived into MongoDB", "/s", archived)
    section.add_ratio("MongoDB / libmongoc alone", archived, bare, at_least=MONGO_SHARE)
    return [section]


def rate(figures: dict) -> float:
    return figures["requests"] / figures["seconds"]


def backlog(place, kind: str, records: int, *where) -> dict:
    place.mkdir()
    try:
        return programs.run("archive_backlog", kind, place, records, *where)
    finally:
        shutil.rmtree(place)

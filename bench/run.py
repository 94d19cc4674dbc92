#!/usr/bin/env python3
"""Measures Nearline beside the bare parts that it is made of, and prints tables in Markdown: script/bench."""

import argparse
import os
import pathlib
import platform
import signal
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from measuring import archive, embedded, kafka, model, processes, start  # noqa: E402

PARTS = {"kafka": kafka, "embedded": embedded, "archive": archive, "start": start, "model": model}
BUSY = 10  # percent; above, figures say more about what else runs


@dataclass
class Effort:
    rounds: int  # of each measurement but the next
    pairs: int  # baseline and product, one request at a time, in turns: the quietest figures, and the noisiest ratio
    seconds: float  # of each load on HTTP
    ping_pongs: int  # of each baseline
    backlog: int  # records that the archive works off
    starts: int
    rests: int  # how often it is watched at rest
    rest_seconds: float


FULL = Effort(rounds=5, pairs=15, seconds=5, ping_pongs=2_000, backlog=100_000, starts=7, rests=2, rest_seconds=20)
QUICK = Effort(rounds=2, pairs=2, seconds=1, ping_pongs=500, backlog=10_000, starts=2, rests=1, rest_seconds=10)


def say(what: str):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def stop_once(number, _):
    """What was started is ended on the way out, and a second signal must not get between."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def heading(effort: Effort) -> str:
    describe = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return "\n".join([
        f"# What Nearline costs ({describe.stdout.strip() or 'no git'})",
        "",
        f"{os.cpu_count()} cores ({processor()}), Linux {platform.release()}, shared by client, services and servers;",
        f"{effort.rounds} rounds, {effort.pairs} where baseline and Nearline take turns. Before it, {how_busy()}.",
        "",
    ])


def how_busy() -> str:
    percent = processes.machine_percent()
    warning = " (**busy: the figures are of little use**)" if percent > BUSY else ""
    return f"{percent:.0f} % of the machine was in use{warning}"


def verdict(rows: list) -> str:
    over = [row for row in rows if row.missed]
    bounds = [row for row in rows if row.limit]
    if over:
        return "Missed: " + "; ".join(f"{row.what} is {row.cells()[1]}, bound {row.cells()[3]}" for row in over)
    return f"All {len(bounds)} bounds are kept." if bounds else "Nothing here has a bound."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[[], *PARTS], help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="few and short rounds: to see that it runs")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bound is missed")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="an empty one, on the disk to measure")
    options = parser.parse_args()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop_once)
    effort = QUICK if options.quick else FULL
    print(heading(effort), flush=True)
    rows = []
    for name in options.parts or PARTS:
        for section in PARTS[name].measure(effort, options.folder, say):
            print(section.markdown(), flush=True)
            rows += section.rows
    print(verdict(rows), f"After it, {how_busy()}.")
    return 1 if options.strict and any(row.missed for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (AssertionError, RuntimeError) as failure:
        say(str(failure))
        sys.exit(1)

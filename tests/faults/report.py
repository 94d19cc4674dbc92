"""What was done, when, and the counts, as Markdown: script/faults."""

import datetime
import pathlib
import time


class Report:
    """Of one test. Printed, so that a failure shows it; and kept in a file for script/faults."""

    def __init__(self, title: str, what: str, path: pathlib.Path | None):
        self.path = path
        self.start = time.monotonic()
        self.events = []
        self.tables = []
        self.head = f"## {title}\n\n{what}\n\nBegun {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC."

    def event(self, what: str):
        """Something that was done now."""
        self.events.append((time.monotonic() - self.start, what))
        print(f"{self.events[-1][0]:8.2f} s  {what}", flush=True)

    def counts(self, counts: dict, heading: str = ""):
        self.tables.append((heading, counts))
        for what, count in counts.items():
            print(f"{count:>10}  {what}", flush=True)

    def check(self, account):
        """The account's counts; fails where it complains."""
        self.counts(account.counts())
        assert not account.wrong(), account.wrong()

    def end(self, outcome: str, why: str = ""):
        if self.path is None:
            return
        lines = [self.head, f"{outcome} after {time.monotonic() - self.start:.0f} s{f': {why}' if why else ''}.", ""]
        for heading, counts in self.tables:
            lines += [f"{heading}\n" if heading else "", "| | |", "|---|---:|", *(f"| {what} | {count} |" for what, count in counts.items()), ""]
        if self.events:
            lines += ["| s | what was done |", "|---:|---|", *(f"| {at:.2f} | {what} |" for at, what in self.events), ""]
        with open(self.path, "a") as file:
            file.write("\n".join(lines) + "\n")

"""Under a steady load nothing grows."""

import os
import time

import psutil
import pytest

import deeds
from evidence import settle
from slopes import growth, percentile, slope
from stacks import two_of_each, urls, users_of
from support.load import Load

EVERY = 5  # seconds
WARM = 0.2  # of the time: caches fill, pools grow to their size


class Watch:
    """Samples of each service's process: what -> [(seconds, value)]."""

    def __init__(self, stack, load):
        self.processes = {deeds.name_of(stack, service): psutil.Process(service.pid) for service in stack.services()}
        self.load = load
        self.seen = 0
        self.samples = {(name, what): [] for name in self.processes for what in ("MiB", "descriptors", "threads")}
        self.latencies = []
        self.start = time.monotonic()

    def look(self):
        now = time.monotonic() - self.start
        for name, process in self.processes.items():
            values = process.memory_info().rss / 2**20, process.num_fds(), process.num_threads()
            for what, value in zip(("MiB", "descriptors", "threads"), values):
                self.samples[name, what].append((now, value))
        with self.load.lock:
            fresh, self.seen = self.load.latencies[self.seen:], len(self.load.latencies)
        self.latencies.append((now, 1000 * percentile(fresh, 0.99)))


@pytest.mark.full_only
def test_nothing_grows(tmp_path, report):
    """A steady load; memory, descriptors and threads of each service and the p99 are watched. The first fifth does
    not count: caches fill. The slope is that of the straight line through what was seen."""
    seconds = 60 * float(os.environ.get("NEARLINE_FAULTS_MINUTES") or 30)
    with two_of_each(tmp_path) as stack:
        with Load(stack, 8, urls(stack.gateways), seconds=seconds + 3600, users=users_of(stack, 4), pause=0.1) as load:
            watch = Watch(stack, load)
            report.event("the load begins")
            while time.monotonic() - watch.start < seconds:
                load.stopping.wait(EVERY)
                watch.look()
        report.event("the load has ended")
        assert not load.lost and not load.refused

        def warm(points):
            return [point for point in points if point[0] > WARM * seconds]

        table, grown = {}, {}
        for (name, what), points in watch.samples.items():
            points = warm(points)
            table[f"{name}: {what}, from {points[0][1]:.1f} to {points[-1][1]:.1f}; an hour"] = f"{3600 * slope(points):+.2f}"
            grown[name, what] = growth(points)
        latencies = warm(watch.latencies)
        table[f"p99, ms, from {latencies[0][1]:.1f} to {latencies[-1][1]:.1f}; an hour"] = f"{3600 * slope(latencies):+.2f}"
        thirds = [percentile([value for _, value in part], 0.5)
                  for part in (latencies[:len(latencies) // 3], latencies[-(len(latencies) // 3):])]
        table["p99, ms, median of the first third"], table["of the last"] = (round(third, 1) for third in thirds)
        report.counts(table, "Slopes")
        report.check(settle(stack, load, mailed=True))
        assert all(rise < 0.1 for rise in grown.values()), {key: rise for key, rise in grown.items() if rise >= 0.1}
        # Of few requests in five noisy seconds: what grows with time, such as a queue or a cache, more than doubles.
        assert thirds[1] < 2 * thirds[0], thirds

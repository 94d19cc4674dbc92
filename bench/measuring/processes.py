"""What running services take of the machine, from /proc."""

import os
import pathlib
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS  # utime, stime


def memory_mb(pid: int) -> float:
    """What is resident, shared libraries included, in 10^6 bytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"process {pid} has ended")


def machine_percent(seconds: float = 2) -> float:
    """How busy all cores together are, with whatever runs here."""
    def now():
        times = [int(each) for each in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(times), times[3] + times[4]  # idle, iowait

    total, idle = now()
    time.sleep(seconds)
    total, idle = (after - before for after, before in zip(now(), (total, idle)))
    return (total - idle) / total * 100


class CpuTime:
    """What some services use from here on."""

    def __init__(self, services: list):
        self.services = services
        self.before = self.now()

    def now(self) -> float:
        return sum(cpu_seconds(service.pid) for service in self.services)

    def seconds(self) -> float:
        return self.now() - self.before


def at_rest(services: list, seconds: float) -> list:
    """Of each service, the percent of a core that it takes while nobody asks it anything."""
    time.sleep(3)  # what the last request began comes to its end
    times = [CpuTime([service]) for service in services]
    start = time.monotonic()
    time.sleep(seconds)
    return [each.seconds() / (time.monotonic() - start) * 100 for each in times]

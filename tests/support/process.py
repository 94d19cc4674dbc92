"""One process of ours, its log and its end."""

import os
import pathlib
import signal
import subprocess
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("NEARLINE_BIN", ROOT / "build" / "release" / "bin"))


def wait_until(condition, seconds: float, what: str, every: float = 0.02):
    """The condition's first true value; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(every)


class Service:
    """A program of ours with its log in a file."""

    def __init__(self, name: str, arguments: list, folder: pathlib.Path, url: str, env: dict | None = None):
        self.name = name
        self.arguments = [str(BIN / name), *map(str, arguments)]
        self.url = url
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("NEARLINE_")}, **(env or {})}
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log_path = folder / f"{name}-{time.monotonic_ns()}.log"
        self.process = None

    def start(self, wait: bool = True) -> "Service":
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=ROOT
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds: float = 20):
        def ready():
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.log()}"
            try:
                return requests.get(self.url + "/readyz", timeout=2).status_code == 200
            except requests.ConnectionError:
                return False

        wait_until(ready, seconds, f"{self.name} is not ready\n{self.log()[-4000:]}")

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM; the exit code."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s of SIGTERM\n{self.log()[-4000:]}")

    def kill(self):
        """kill -9"""
        if self.running():
            self.process.kill()
        self.process.wait(10)

    def metrics(self) -> dict:
        """Name with labels -> value."""
        text = requests.get(self.url + "/metrics", timeout=5).text
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def metric(self, name: str, **labels) -> float:
        """The sum over all series of this name that have these labels."""
        wanted = [f'{k}="{v}"' for k, v in labels.items()]
        return sum(
            value
            for series, value in self.metrics().items()
            if series.split("{")[0] == name and all(label in series for label in wanted)
        )

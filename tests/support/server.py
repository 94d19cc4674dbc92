"""A server of one test's own, which can go and come back."""

import subprocess

from .process import ROOT


class Server:
    """One of tests/servers, which can be stopped and started again on the same port and data."""

    def __init__(self, name: str, folder):
        self.script = ROOT / "tests" / "servers" / name
        self.folder = folder
        self.address = self.start()

    def start(self) -> str:
        run = subprocess.run([self.script, "start", self.folder], check=True, capture_output=True, text=True, timeout=90)
        return run.stdout.strip()

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], check=True, capture_output=True, timeout=60)

"""What the servers for tests have in common: one process, on 127.0.0.1 only, everything under one folder.

DIR/pid is the process, DIR/port its port, DIR/server.log what it said."""

import argparse
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

from ports import HOST, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = float(os.environ.get("NEARLINE_TEST_SERVER_START_SECONDS", "120"))


def installed(name: str) -> pathlib.Path:
    """Where script/lib-NAME.sh puts it; installs it if it is not there."""
    command = f'. "$1/script/lib.sh"; . "$1/script/lib-{name}.sh"; with_lock {name} install_{name} >&2; {name}_home'
    found = subprocess.run(["bash", "-c", command, name, str(ROOT)], stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode:
        sys.exit(f"{name}: is not installed, and could not be (see above)")
    return pathlib.Path(found.stdout.strip())


class Server:
    """A kind of server. Its own file says how it is started, and when it serves."""

    def __init__(self, name: str):
        self.name = name

    def command(self, folder: pathlib.Path, port: int) -> list:
        raise NotImplementedError

    def serves(self, folder: pathlib.Path, port: int) -> bool:
        raise NotImplementedError

    def address(self, port: int) -> str:
        return f"{HOST}:{port}"

    def fail(self, why: str):
        sys.exit(f"{self.name}: {why}")

    def port(self, folder: pathlib.Path) -> int:
        return int((folder / "port").read_text())

    def running(self, folder: pathlib.Path):
        """The server's pid, if the process with that number is still the one that was started here."""
        try:
            pid, started = (folder / "pid").read_text().split()
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            return None
        return int(pid) if stat[0] != "Z" and stat[19] == started else None

    def launch(self, folder: pathlib.Path) -> bool:
        """Starts it; whether it serves (it may have ended instead)."""
        port = self.port(folder)
        with open(folder / "server.log", "ab") as log:
            process = subprocess.Popen(self.command(folder, port), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       cwd=folder, start_new_session=True)
        started = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        (folder / "pid").write_text(f"{process.pid} {started}")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if self.serves(folder, port):
                return True
            time.sleep(0.05)
        process.kill()
        process.wait()
        return self.fail(f"did not answer within {START_SECONDS:.0f} s, see {folder}/server.log")

    def start(self, folder: pathlib.Path):
        if self.running(folder):
            self.fail(f"the one of {folder} is running already")
        folder.mkdir(parents=True, exist_ok=True)
        fresh = not (folder / "port").exists()
        for _ in range(3 if fresh else 1):
            if fresh:
                (folder / "port").write_text(str(free_port()))
            if self.launch(folder):
                return
            # Someone took the port after it was found free: with no data yet, another one will do.
        self.fail(f"ended at its start, see {folder}/server.log")

    def guard(self, owner: int, pid: int):
        """A process that outlives this one, and kills the server when its owner ends."""
        try:
            watched = os.pidfd_open(owner)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)
            self.fail(f"process {owner} has ended already")
        own = os.pidfd_open(pid)
        if os.fork():
            return
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        ready, _, _ = select.select([watched, own], [], [])
        if own not in ready:
            signal.pidfd_send_signal(own, signal.SIGKILL)
        os._exit(0)

    def end(self, folder: pathlib.Path, how: int, seconds: float = 20):
        pid = self.running(folder)
        if not pid:
            return
        os.kill(pid, how)
        deadline = time.monotonic() + seconds
        while self.running(folder):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        (folder / "pid").unlink(missing_ok=True)

    def send(self, folder: pathlib.Path, what: int):
        pid = self.running(folder)
        if not pid:
            self.fail(f"none is running in {folder}")
        os.kill(pid, what)

    def main(self, description: str):
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("command", choices=["start", "stop", "kill", "freeze", "thaw", "address"])
        parser.add_argument("folder", type=lambda path: pathlib.Path(path).resolve())
        parser.add_argument("--until-exit-of", type=int, metavar="PID")
        options = parser.parse_args()
        folder = options.folder
        if options.command == "start":
            self.start(folder)
            if options.until_exit_of:
                self.guard(options.until_exit_of, self.running(folder))
            print(self.address(self.port(folder)), flush=True)
        elif options.command == "stop":
            self.end(folder, signal.SIGTERM)
        elif options.command == "kill":
            self.end(folder, signal.SIGKILL)
        elif options.command == "address":
            print(self.address(self.port(folder)))
        else:
            self.send(folder, signal.SIGSTOP if options.command == "freeze" else signal.SIGCONT)

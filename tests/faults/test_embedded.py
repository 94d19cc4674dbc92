"""`nearline up` under load: killed again and again, and on a file system that fills up, or turns read-only."""

import contextlib
import pathlib
import sqlite3
import subprocess

import pytest

from evidence import settle
from stacks import users_of
from support.load import Load
from support.process import wait_until
from support.stack import EmbeddedStack


def check_databases(stack):
    """SQLite's own word for it."""
    for path in (stack.data / "stream" / "stream.db", stack.data / "archive.db", stack.data / "users.db"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path


@contextlib.contextmanager
def running(folder, *arguments, env=None):
    stack = EmbeddedStack(folder, "--mail-limit", "0", "--mail-timeout", "1s", *arguments, env=env).start()
    try:
        yield stack
    except BaseException:
        stack.service.kill()
        raise
    assert stack.stop() == 0


@pytest.mark.timeout(120)
def test_kills_under_load(tmp_path, size, report, chance):
    """kill -9 of `nearline up` under load, and started again on the folder as it is, again and again."""
    mailed = size(False, True)  # a mail that was under way waits for half a minute
    with running(tmp_path, "--mail-mode", "every" if mailed else "off") as stack:
        with Load(stack, 8, seconds=3600, users=users_of(stack, 4), pause=0.005) as load:
            for _ in range(size(8, 100)):
                load.wait_for_answers(chance.randrange(20, size(80, 400)))
                report.event(f"kill -9, after {load.total()} requests")
                stack.service.kill()
                stack.service.start()
            load.wait_for_answers(50)
        report.event("the load has ended")
        report.check(settle(stack, load, mailed=mailed))
    check_databases(stack)


@contextlib.contextmanager
def small_file_system(folder, mebibytes: int):
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "nearline-test", folder], capture_output=True,
                           text=True, check=False)
    if mount.returncode:
        pytest.skip(f"can't mount a tmpfs here: {mount.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path):
    """Takes all the room that there is."""
    with open(path, "ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with open(path, "ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))


def suffer(stack, load, report, rounds: int, begin, end):
    """The disk takes nothing from begin() to end(), again and again; every other time `nearline up` is killed (-9)
    meanwhile, and started again."""
    for n in range(rounds):
        load.wait_for_answers(100)
        refused = len(load.refused)
        begin()
        report.event(f"{begin.__doc__}, after {load.total()} requests")
        wait_until(lambda: len(load.refused) >= refused + 50, 30, "requests to be refused")
        assert {status for _, status, _ in load.refused[refused:]} <= {503, 504}, load.refused[refused:][:3]
        if n % 2:
            report.event("kill -9 meanwhile")
            stack.service.kill()
            stack.service.start(wait=False)
            wait_until(lambda: stack.service.running() is False or len(load.refused) >= refused + 100 or
                       load.lost, 30, "it to be there again")
        end()
        report.event(end.__doc__)
        if not stack.service.running():
            report.event("it had ended, and is started again")
            stack.service.start()
        load.wait_for_answers(100, 30)
    report.event("the load has ended")


@pytest.mark.timeout(120)
def test_a_file_system_that_fills_up(tmp_path, size, report):
    """The data folder on a tmpfs of 64 MiB, which something else fills under load; then there is room again. Once
    `nearline up` is killed (-9) while there is none, and started again."""
    with small_file_system(tmp_path / "small", 64) as folder, running(folder, "--mail-mode", "off") as stack:
        def begin():
            """the file system is full"""
            fill(folder / "ballast")

        def end():
            """there is room again"""
            (folder / "ballast").unlink()

        with Load(stack, 8, seconds=3600, users=users_of(stack, 4), pause=0.02) as load:
            suffer(stack, load, report, size(2, 20), begin, end)
        assert any("full" in said for _, _, said in load.refused), load.refused[:3]
        report.check(settle(stack, load))
        assert stack.stop() == 0
        check_databases(stack)


@pytest.mark.timeout(120)
def test_a_file_system_that_turns_read_only(tmp_path, size, report):
    """The data folder takes no write any more, as a file system whose device failed (read_only.c); then it does again.
    Once `nearline up` is killed (-9) meanwhile, and started again."""
    library, switch = tmp_path / "read_only.so", tmp_path / "switch"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library,
                    pathlib.Path(__file__).with_name("read_only.c")], check=True)
    env = {"LD_PRELOAD": str(library), "READ_ONLY_SWITCH": str(switch), "READ_ONLY_FOLDER": str(tmp_path / "data")}
    with running(tmp_path, "--mail-mode", "off", env=env) as stack:
        def begin():
            """the file system is read-only"""
            switch.touch()

        def end():
            """it is writable again"""
            switch.unlink()

        with Load(stack, 8, seconds=3600, users=users_of(stack, 4), pause=0.02) as load:
            suffer(stack, load, report, size(2, 20), begin, end)
        assert any("written" in said for _, _, said in load.refused), load.refused[:3]
        report.check(settle(stack, load))
        assert stack.stop() == 0
        check_databases(stack)

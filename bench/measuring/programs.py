"""The programs of bench/, each run to its end: what they print is JSON."""

import json
import pathlib
import subprocess

from support.process import BIN, ROOT


def run(name: str, *arguments) -> dict:
    command = [str(BIN / name), *map(str, arguments)]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT)
    if ended.returncode != 0:
        raise RuntimeError(f"{name} ended with {ended.returncode}: {ended.stderr.strip()}")
    return json.loads(ended.stdout)


def kafka_ping_pong(bootstrap: str, rounds: int) -> dict:
    return run("kafka_ping_pong", "--json", bootstrap, rounds)


def embedded_ping_pong(folder: pathlib.Path, rounds: int) -> dict:
    return run("embedded_ping_pong", "--json", folder, rounds)


def model() -> dict:
    """Microseconds of a call by its rows."""
    names = run("bench_model", "--benchmark_format=json", "--benchmark_min_time=0.3")["benchmarks"]
    assert all(each["time_unit"] == "ns" for each in names)
    return {int(each["name"].rpartition("/")[2]): each["real_time"] / 1e3 for each in names}


def http_load(url: str, token: str, connections: int, seconds: float) -> dict:
    host, port = url.removeprefix("http://").split(":")
    figures = run("http_load", host, port, token, connections, seconds)
    # Refusing is quicker than predicting: with errors in it, a figure says nothing.
    if figures["errors"]:
        raise RuntimeError(f"{figures['errors']} of {figures['requests']} answers at {connections} connections "
                           "were not 200")
    return figures

"""Short by default; script/faults runs the same tests in full size, and keeps a report.

NEARLINE_FAULTS_FULL       full size
NEARLINE_FAULTS_REQUESTS   requests of each load, in place of what the test has
NEARLINE_FAULTS_MINUTES    of steady load, in place of 30
NEARLINE_FAULTS_SEED       of the random moments; without it another one each time, which is printed
NEARLINE_FAULTS_REPORT     file to write the report to
"""

import os
import pathlib
import random

import pytest

from report import Report

IS_FULL = bool(os.environ.get("NEARLINE_FAULTS_FULL"))


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("full_only") and not IS_FULL:
            item.add_marker(pytest.mark.skip(reason="takes long: script/faults"))
        if IS_FULL:
            item.add_marker(pytest.mark.timeout(3 * 3600), append=False)


@pytest.fixture
def size():
    """size(short, full): how many, or how long."""
    return lambda short, full: full if IS_FULL else short


@pytest.fixture
def requests_of(size):
    """requests_of(short, full): how many requests."""
    return lambda short, full: int(os.environ.get("NEARLINE_FAULTS_REQUESTS") or size(short, full))


@pytest.fixture
def report(request):
    path = os.environ.get("NEARLINE_FAULTS_REPORT")
    report = Report(request.node.name, " ".join((request.function.__doc__ or "").split()), path and pathlib.Path(path))
    yield report
    why = getattr(request.node, "why_failed", "it did not come to its end")
    report.end("Failed" if why else "Held", why)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.failed:
        item.why_failed = str(call.excinfo.value).partition("\n")[0] or call.excinfo.typename
    elif call.when == "call":
        item.why_failed = ""
    return outcome


@pytest.fixture
def chance(report):
    seed = int(os.environ.get("NEARLINE_FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    report.event(f"seed {seed}")
    return random.Random(seed)

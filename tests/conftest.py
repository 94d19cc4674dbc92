import os
import signal

import pytest


def pytest_configure(config):
    # A shell without job control has what it starts in the background ignore Ctrl-C, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("NEARLINE_TEST_KAFKA", "NEARLINE_TEST_MYSQL", "NEARLINE_TEST_REGISTRY", "NEARLINE_TEST_MONGODB"):
        if name not in os.environ:
            raise pytest.UsageError(f"{name} is not set: run these tests by script/test or script/faults")

import os

import pytest


def pytest_configure(config):
    for name in ("NEARLINE_TEST_KAFKA", "NEARLINE_TEST_MYSQL", "NEARLINE_TEST_REGISTRY", "NEARLINE_TEST_MONGODB"):
        if name not in os.environ:
            raise pytest.UsageError(f"{name} is not set: run these tests by script/test or script/faults")

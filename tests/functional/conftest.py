import os
import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.client import Client  # noqa: E402
from support.stack import DistributedStack, EmbeddedStack  # noqa: E402


def pytest_configure(config):
    for name in ("NEARLINE_TEST_KAFKA", "NEARLINE_TEST_MYSQL", "NEARLINE_TEST_REGISTRY", "NEARLINE_TEST_MONGODB"):
        if name not in os.environ:
            raise pytest.UsageError(f"{name} is not set: run these tests by script/test functional")


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    stack = EmbeddedStack(tmp_path_factory.mktemp("embedded")).start()
    yield stack
    assert stack.stop() == 0


@pytest.fixture(scope="session")
def distributed(tmp_path_factory):
    stack = DistributedStack(tmp_path_factory.mktemp("distributed")).start()
    yield stack
    assert set(stack.stop()) == {0}


@pytest.fixture(scope="session", params=["embedded", "distributed"])
def stack(request):
    """Both ways of running Nearline: what holds for one must hold for the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(stack):
    return Client(stack)

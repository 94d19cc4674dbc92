import pytest

from support.client import Client
from support.stack import DistributedStack, EmbeddedStack


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


@pytest.fixture(scope="module", params=["embedded", "distributed"])
def stack(request):
    """Both ways of running Nearline: what holds for one must hold for the other. A module may have stacks of its own."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(stack):
    return Client(stack)

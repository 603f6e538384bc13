"""The tools, installed once for the session, and a mock as it starts for each test."""

from collections.abc import Iterator

import pytest

from mock_server.serving.in_process import RunningMock, running_mock
from tests.ecosystem.tools import install
from tests.support.requirements import need_node


@pytest.fixture(scope="session")
def node_tools() -> None:
    install(need_node())


@pytest.fixture(scope="session")
def _mock() -> Iterator[RunningMock]:
    with running_mock() as mock:
        yield mock


@pytest.fixture
def mock(_mock: RunningMock) -> RunningMock:
    _mock.reset()
    return _mock

"""The tools, installed once for the session, and a mock as it starts for each test."""

import pytest

from tests.ecosystem.tools import install
from tests.mock_server.conftest import _mock, mock
from tests.support.requirements import need_node

__all__ = ["_mock", "mock"]


@pytest.fixture(scope="session")
def node_tools() -> None:
    install(need_node())

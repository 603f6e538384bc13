"""A mock for the module's tests, as it starts for each of them, and a client that speaks plain HTTP."""

from collections.abc import Iterator

import httpx
import pytest

from mock_server.serving import RunningMock, running_mock
from tests.mock.caller import Caller


@pytest.fixture(scope="session")
def _mock() -> Iterator[RunningMock]:
    with running_mock() as mock:
        yield mock


@pytest.fixture
def mock(_mock: RunningMock) -> RunningMock:
    _mock.reset()
    return _mock


@pytest.fixture
def caller(mock: RunningMock) -> Iterator[Caller]:
    with httpx.Client(base_url=mock.url, trust_env=False) as client:
        yield Caller(client)

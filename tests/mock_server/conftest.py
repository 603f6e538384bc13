"""A mock for the module's tests, as it starts for each of them, and a client that speaks plain HTTP."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from mock_server.serving.in_process import RunningMock, running_mock
from tests.support.caller import Caller
from tests.support.redis_server import RedisServer, redis_server


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


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for tests that leave it alone; each takes a prefix of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


_numbers = count()


@pytest.fixture
def redis_url(redis: RedisServer) -> str:
    """The address of a store that nobody used before."""
    return f"{redis.url}?prefix=t{next(_numbers)}"

"""A mock whose tokens are those of logins, as it starts for each test."""

from collections.abc import Iterator

import pytest

from mock_server import Settings
from mock_server.serving.in_process import RunningMock, running_mock

USERS = {
    "admin@pronghorn": ("admin", "admin"),
    "alice@example": ("wonder", "support"),
    "reader@example": ("reads", "apiread"),
}


@pytest.fixture(scope="session")
def _engine() -> Iterator[RunningMock]:
    with running_mock(Settings(users=USERS, token_lifetime=3600)) as mock:
        yield mock


@pytest.fixture
def engine(_engine: RunningMock, monkeypatch: pytest.MonkeyPatch) -> RunningMock:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    _engine.reset()
    return _engine

"""The fixture `mock_engine`: a mock on a free port for the session, as it starts for each test.

Nothing of the mock is imported until a test asks for it, so that other runs are not slowed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mock_server.serving import RunningMock
    from mock_server.settings import Settings


@pytest.fixture(scope="session")
def mock_engine_settings() -> "Settings | None":
    """Options of the mock for this session; override it to change them."""
    return None


@pytest.fixture(scope="session")
def _mock_engine_of_session(mock_engine_settings: "Settings | None") -> "Iterator[RunningMock]":
    from mock_server.serving import running_mock

    with running_mock(mock_engine_settings) as mock:
        yield mock


@pytest.fixture
def mock_engine(_mock_engine_of_session: "RunningMock") -> "RunningMock":
    """A mock engine as it starts: `.url`, `.add_jobs()`, `.requests()`, `.behave()`, `.reset()`."""
    _mock_engine_of_session.reset()
    return _mock_engine_of_session

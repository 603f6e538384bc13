"""The one place that starts the mock: a check without a URL checks it inside this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from contract_tests.chain import ROLES
from contract_tests.credentials import Source
from contract_tests.settings import Connection
from contract_tests.supply import Supply

# Roles that the mock knows and the page does not list.
OTHER_ROLES = ("apiread", "operator")


@contextmanager
def embedded_engine(timeout: float) -> Iterator[tuple[Connection, Supply]]:
    """Start the mock on a free port: how to reach it, and a supply of jobs that it makes when asked."""
    from mock_server.serving import running_mock
    from mock_server.settings import Settings as MockSettings

    with running_mock(MockSettings(jobs=1)) as mock:
        tokens = {role: Source(role, f"--token {role}") for role in (*ROLES, *OTHER_ROLES)}
        yield Connection(mock.url, tokens=tokens, timeout=timeout), Supply(more=mock.add_jobs)

"""The connections of a run: kept for the next request, and closed once they are idle."""

import pytest

from contract_tests.check import check
from contract_tests.safety.supply import Supply
from contract_tests.transport import transport
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings as MockSettings
from tests.support.engines import settings_for


def test_kept_connections_that_all_expire_at_once_end_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request that ends closes what is idle for too long, while others do the same."""
    monkeypatch.setattr(transport, "KEEPALIVE_S", 0.0)
    with running_mock(MockSettings(jobs=1)) as mock:
        jobs = mock.add_jobs(24)
        checked = check(settings_for(mock.url), lambda _: Supply(jobs))
    assert (checked.report.verdict, checked.report.connections_lost) == ("conforms", 0)

"""How long a run takes: what is said of it, and when waiting ends."""

import re
from typing import Any

import pytest

from contract_tests.check import Checked, check
from contract_tests.run import runner
from contract_tests.safety.supply import Supply
from contract_tests.transport import sender
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings as MockSettings
from tests.support.engines import settings_for


def _checked(told: list[str], **behavior: Any) -> Checked:
    with running_mock(MockSettings(jobs=1)) as mock:
        jobs = mock.add_jobs(24)
        if behavior:
            mock.behave(**behavior)
        return check(settings_for(mock.url), lambda _: Supply(jobs), tell=told.append)


def test_slow_run_says_once_how_long_it_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does so as soon as the engine's pace is known, and names the option that shortens it."""
    monkeypatch.setattr(runner, "WORTH_TELLING_S", 0.0)
    told: list[str] = []
    assert _checked(told).report.verdict == "conforms"
    (sentence,) = told
    pace = r"The engine takes \d\.\d s for a request: the run will take some \d+ s more "
    assert re.fullmatch(pace + r"\(\d{3} requests, at most 10 at a time by --concurrency\)\.", sentence)


def test_engine_that_has_refused_all_for_long_is_waited_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every response was a 503, a further wait shows nothing: each request is sent once, and the run says why."""
    monkeypatch.setattr(sender, "PATIENCE_AT_FIRST_S", 0.0)
    told: list[str] = []
    report = _checked(told, code=503).report
    assert (report.verdict, report.undecided_because, told) == ("undecided", ("unreachable",), [])
    sent = [(exchange.job_id, exchange.request) for exchange in report.exchanges]
    assert len(sent) == len(set(sent)) < 15
    assert any("stays so: it is too busy to be checked" in note for note in report.notes)

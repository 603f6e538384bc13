"""Patience with engines that are busy or drop a connection, and none with errors."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from contract_tests.check import check
from contract_tests.model import Report, Response
from contract_tests.safety.supply import Supply
from contract_tests.transport import sender
from contract_tests.transport.sender import retry_after
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings as MockSettings
from tests.support.engines import ObservedExchange, settings_for
from tests.support.job_engine import job_engine


def _with_behavior(*, deadline: float = 60.0, **behavior: Any) -> ObservedExchange:
    """A run on the mock that behaves so for its first cancel requests."""
    with running_mock(MockSettings(jobs=1)) as mock:
        job_ids = mock.add_jobs(30)
        mock.behave(**behavior)
        return ObservedExchange(
            check(settings_for(mock.url, timeout=2.0, deadline=deadline), lambda _: Supply(job_ids)), frozenset(), ()
        )


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_engine_is_asked_again(code: int) -> None:
    """429 and 503 are retried with the same job, and nothing is held against the engine."""
    seen = _with_behavior(code=code, times=2)
    assert seen.report.verdict == "conforms", seen.why()
    assert seen.outcome("transport.stable") == "held"
    assert seen.report.jobs.used == 20


@pytest.mark.parametrize("code", [502, 504])
def test_a_gateway_that_fails_once_is_warned_of(code: int) -> None:
    """502 and 504 to a valid request are retried with another job, once; it warns if it recovers."""
    seen = _with_behavior(code=code, times=1)
    assert seen.report.verdict == "conforms", seen.why()
    assert seen.outcome("transport.stable") == "warned"
    assert seen.report.jobs.used == 21


def test_a_gateway_that_goes_on_failing_is_a_break() -> None:
    """502 to two jobs after one another is a broken contract."""
    assert "transport.status" in _with_behavior(code=502, times=2).broken()


@pytest.mark.parametrize("times", [1, 3])
def test_a_500_is_a_failure_also_if_only_one_of_several(times: int) -> None:
    """A 500 on a valid request breaks the contract."""
    assert "transport.status" in _with_behavior(code=500, times=times).broken()


def test_a_dropped_connection_is_warned_of() -> None:
    """A connection dropped once is retried with another job, and warned of."""
    seen = _with_behavior(fault="reset", times=1)
    assert seen.report.verdict == "conforms", seen.why()
    assert seen.outcome("transport.stable") == "warned"


def test_an_engine_that_stays_busy_is_undecided() -> None:
    """503 to everything, for good, cannot be decided."""
    seen = _with_behavior(code=503, deadline=6.0)
    assert seen.report.verdict == "undecided", seen.why()


def _refusing_with(status: int, **behaves: Any) -> Report:
    with job_engine(refuses_with=status, **behaves) as engine:
        made = engine.make_jobs(24)
        return check(settings_for(engine.url), lambda _: Supply(made)).report


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize("shows", [True, False])
def test_refusals_by_503_are_learned_once(status: int, *, shows: bool) -> None:
    """An engine whose refusals are 503 or 429 without Retry-After conforms, and few of them are asked for again."""
    report = _refusing_with(status, shows=shows)
    assert report.verdict == "conforms", report.notes
    usual = _refusing_with(409, shows=shows)
    assert len(report.exchanges) < len(usual.exchanges) + 20
    assert report.duration_s < 2 * usual.duration_s + 6.0


def test_refusals_by_503_with_retry_after_are_learned_once() -> None:
    """Refusals that all say when to come again are learned from the first one that waiting did not change."""
    report = _refusing_with(503, retry_after="0.2")
    assert report.verdict == "conforms", report.notes
    assert len(report.exchanges) < len(_refusing_with(409).exchanges) + 20


@pytest.mark.parametrize("status", [503, 429])
def test_refusals_by_503_hide_no_fault(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a wrong engine lets in, or a first cancel without effect, is found where refusals are 503 too."""
    monkeypatch.setattr(sender, "BACKOFF_S", 0.1)
    assert _refusing_with(status, lets_in=("apiread",)).verdict == "violates"
    assert _refusing_with(status, cancels=2).verdict == "violates"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None), ("", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Retry-After as seconds; a date that is over is now; what says nothing says nothing."""
    assert retry_after(Response(429, (("Retry-After", value),))) == seconds


def test_retry_after_as_a_date() -> None:
    """Retry-After as a date in the future is that many seconds."""
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 <= (retry_after(Response(429, (("retry-after", moment),))) or 0) <= 30

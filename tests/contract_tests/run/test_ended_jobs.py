"""A supplied job that had ended by itself: other jobs take its place, wherever it stands; without one it is undecided."""

import time

import pytest

from contract_tests.check import check
from contract_tests.model import Report
from contract_tests.safety.supply import Supply
from tests.support.engines import settings_for
from tests.support.job_engine import job_engine

NEEDED = {(): 20, ("effects.repeat",): 5, ("roles.admin",): 4, ("effects.canceled",): 4}
FIRST, SECOND, LAST = 0, 1, -1


def run(count: int, places: tuple[int, ...], only: tuple[str, ...] = (), **behaves: object) -> Report:
    """Check an engine with so many supplied jobs, of which those at the places had ended before."""
    with job_engine(**behaves) as engine:
        made = engine.make_jobs(count)
        for place in places:
            engine.jobs[made[place]] = time.monotonic()
        return check(settings_for(engine.url, only=only), lambda _: Supply(made)).report


@pytest.mark.parametrize("only", NEEDED, ids=str)
@pytest.mark.parametrize("place", [FIRST, SECOND, LAST, 2])
def test_ended_job_with_a_spare_one_is_replaced(place: int, only: tuple[str, ...]) -> None:
    """With one job more than it needs the run decides, and says which job was not active."""
    report = run(NEEDED[only] + 1, (place,), only)
    assert report.verdict == "conforms", report.notes
    assert any("was not active" in note for note in report.notes) or place == 2


@pytest.mark.parametrize("only", NEEDED, ids=str)
@pytest.mark.parametrize("place", [FIRST, SECOND, LAST, 2])
def test_ended_job_without_a_spare_one_is_undecided(place: int, only: tuple[str, ...]) -> None:
    """With no job more than it needs the run is undecided because of the jobs, and nothing is broken."""
    report = run(NEEDED[only], (place,), only)
    assert (report.verdict, report.undecided_because) == ("undecided", ("jobs",)), report.notes


def test_last_job_that_ended_is_no_break_without_a_spare_one() -> None:
    """Where the last chain's job had ended, what was sent before may have done it or not: undecided."""
    report = run(20, (17,))
    assert (report.verdict, report.undecided_because) == ("undecided", ("jobs",)), report.notes


@pytest.mark.parametrize("places", [(FIRST, LAST), (SECOND, 12)], ids=str)
def test_two_ended_jobs_with_spare_ones_are_replaced(places: tuple[int, ...]) -> None:
    """Two of many jobs that had ended are replaced as one is."""
    report = run(24, places)
    assert report.verdict == "conforms", report.notes


def test_ended_job_does_not_hide_a_fault() -> None:
    """An engine that is wrong is found with an ended job in the supply too."""
    report = run(24, (SECOND,), lets_in=("apiread",))
    assert report.verdict == "violates"


@pytest.mark.parametrize("place", [FIRST, SECOND, LAST])
def test_ended_job_on_an_engine_that_refuses_by_503_is_replaced(place: int) -> None:
    """A refusal by 503 before any job was canceled is not taken for an engine that is down."""
    report = run(24, (place,), refuses_with=503)
    assert report.verdict == "conforms", report.notes

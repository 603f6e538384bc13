"""`schemathesis replay` with the hooks: a stored failure is replayed with a job of its own."""

from pathlib import Path

import pytest

from tests import standin
from tests.contract_tests.hooks.runs import ADMIN, SPEC, improper, schemathesis, with_jobs


@pytest.fixture
def stored(tmp_path: Path) -> set[str]:
    """Failures of a wrong engine are stored in the folder; the ids that were supplied for the run."""
    with standin.serve("created-number") as engine:
        supplied = engine.make_jobs(10)
        run = schemathesis(tmp_path, with_jobs(tmp_path, supplied), "run", str(SPEC), "--url", engine.url)
    assert run.status == 1, run.text
    crashes = list(tmp_path.glob(".schemathesis/**/crashes/POST*.json"))
    assert crashes
    assert any(job_id in crash.read_text() for crash in crashes for job_id in supplied)
    return set(supplied)


def test_a_failure_stands_and_is_mended(tmp_path: Path, stored: set[str]) -> None:
    """Replayed on the wrong engine it fails, on a correct one it is fixed; the stored ids are never sent."""
    for fault, status in (("created-number", 1), (None, 0)):
        with standin.serve(fault) as engine:
            for job_id in stored:  # they are somebody else's jobs by now
                engine.engine.jobs.add(job_id)
            others = engine.make_jobs(5)
            supplied = engine.make_jobs(10)
            run = schemathesis(tmp_path, with_jobs(tmp_path, supplied), "replay", "--url", engine.url)
            assert run.status == status, run.text
            assert engine.canceled
            assert engine.canceled <= set(supplied)
            assert improper(engine.requests, supplied, [*stored, *others]) == []


def test_without_jobs_nothing_is_fixed(tmp_path: Path, stored: set[str]) -> None:
    """Without a job left a valid request cannot be replayed: that is an error, and the failure stays stored."""
    with standin.serve() as engine:
        for job_id in stored:
            engine.engine.jobs.add(job_id)
        run = schemathesis(tmp_path, ADMIN, "replay", "--url", engine.url)
        assert run.status == 2, run.text
        assert "There is no job left to replay a valid request with." in run.text
        assert engine.canceled == set()
        assert improper(engine.requests, (), stored) == []
    assert list(tmp_path.glob(".schemathesis/**/crashes/POST*.json"))


@pytest.mark.usefixtures("stored")
def test_a_stale_token_fixes_nothing(tmp_path: Path) -> None:
    """A replay whose valid requests are refused for their credential is not green."""
    with standin.serve() as engine:
        environment = {**with_jobs(tmp_path, engine.make_jobs(6)), "CHECK_ENGINE_TOKEN": "admin=stale"}
        run = schemathesis(tmp_path, environment, "replay", "--url", engine.url)
        assert run.status != 0, run.text
        assert "so that nothing counts as fixed" in run.text

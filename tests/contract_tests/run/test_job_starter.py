"""A run that starts its own jobs, by the name of their workflow."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_tests.check import check
from contract_tests.config.options import make_supply
from contract_tests.config.sources import Source, login
from contract_tests.model import Report
from engine_contract.options import CheckOptions
from tests.support.commands import TOKENS, check_engine
from tests.support.engines import settings_for
from tests.support.job_engine import ROLES, JobEngine, job_engine
from tests.support.login_engine import login_engine


def run(engine: JobEngine, workflow: str = "Contract check", **changes: Any) -> Report:
    """Check an engine with jobs of that workflow."""
    settings = settings_for(engine.url, workflow=workflow, **changes)
    return check(settings, make_supply(CheckOptions(url=engine.url, workflow=workflow), engine.url)).report


def _first_alone(engine: JobEngine) -> Callable[[str, str], tuple[int, Any]]:
    """Return a way to start jobs that breaks the connection of each start but the first."""
    start = engine.start

    def first(role: str, path: str) -> tuple[int, Any]:
        if engine.started:
            raise ConnectionAbortedError
        return start(role, path)

    return first


def test_run_starts_the_jobs_that_it_needs() -> None:
    """It starts as many as the plan wants, as the first documented role, and each one is canceled at the end."""
    with job_engine() as engine:
        report = run(engine)
        assert report.verdict == "conforms", report.notes
        assert set(engine.started) == {("admin", "Contract check")}
        assert len(engine.started) == report.jobs.supplied
        assert all(engine.jobs.values())


def test_run_starts_jobs_after_its_logins_in_the_way_that_it_found() -> None:
    """The tokens of --login and the way of --auth auto are there before the first job is started."""
    with login_engine(lasts=500, way="query") as engine:
        settings = settings_for(engine.url, auth="auto", workflow="w/1")
        roles = (*ROLES, "apiread")
        sources = {role: login(Source(f"{role}@pronghorn:pass-{role}", f"--login {role}")) for role in roles}
        settings = replace(settings, connection=replace(settings.connection, tokens=sources))
        report = check(settings, make_supply(CheckOptions(url=engine.url, workflow="w/1"), engine.url)).report
        assert report.verdict == "conforms", report.notes
        assert set(engine.started) == {("admin", "w/1")}


@pytest.mark.parametrize(
    ("changes", "because", "said"),
    [
        ({"workflow": "missing"}, "jobs", "was answered with status 404 to the role admin"),
        ({"roles": ("engineering", "apiread")}, "tokens", "no token for the role"),
    ],
)
def test_jobs_that_cannot_be_started_are_undecided(changes: dict[str, Any], because: str, said: str) -> None:
    """The report says which request was answered how, or which token is missing."""
    with job_engine() as engine:
        report = run(engine, **changes)
    assert (report.verdict, because in report.undecided_because) == ("undecided", True)
    assert any(said in text for text in (*report.notes, *(result.reason or "" for result in report.rules)))


def test_start_that_fails_halfway_leaves_no_job_active() -> None:
    """What was started is used or canceled."""
    with job_engine(starts_at_most=7) as engine:
        report = run(engine)
        assert report.verdict == "undecided"
        assert len(engine.started) == 7
        assert all(engine.jobs.values())
        assert any("was answered with status 409" in note for note in report.notes)


def test_gateway_that_fails_now_and_then_spoils_no_run() -> None:
    """A start, a cancel and a request of the clean-up that a gateway lost are sent again, and no job stays active."""
    with job_engine(gateway_fails_at=13) as engine:
        report = run(engine)
        assert report.verdict == "conforms", report.notes
        assert all(engine.jobs.values())
    assert any("a start was not answered (status 502), so another one was sent" in note for note in report.notes)


def test_engine_that_takes_few_connections_is_asked_one_request_at_a_time() -> None:
    """Those that it closes at once, while jobs are started together, neither end the run nor leave a job active."""
    with job_engine(takes=2) as engine:
        report = run(engine)
        assert report.verdict == "conforms", report.notes
        assert all(engine.jobs.values())


def test_starts_that_all_fail_together_are_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that goes away while jobs are started is unreachable, and the kit does not fail."""
    with job_engine() as engine:
        monkeypatch.setattr(engine, "start", _first_alone(engine))
        report = run(engine)
    assert (report.verdict, report.undecided_because) == ("undecided", ("unreachable",))


@pytest.mark.parametrize("deadline", [0.04, 0.06, 0.08, 0.1, 0.2, 0.3, 0.4, 0.5])
def test_run_that_ends_early_cancels_the_jobs_that_it_started(deadline: float) -> None:
    """A deadline while jobs are started, or within the run, leaves no job active."""
    with job_engine() as engine:
        report = run(engine, deadline=deadline)
        assert report.jobs.still_active == ()
        assert all(engine.jobs.values())


def test_workflow_on_the_command_line_and_in_the_settings_file(tmp_path: Path) -> None:
    """The plan names the request; jobs of the command line take the place of the file's workflow."""
    (tmp_path / "engine.toml").write_text('[engines.s]\nurl = "http://127.0.0.1:9/base"\nworkflow = "a b"\n')
    (tmp_path / "jobs.txt").write_text("4321abcdef694aa79dae47ad\n")
    planned = check_engine("s", "--plan", *TOKENS, cwd=tmp_path)
    assert "jobs: POST /workflow_engine/startJobWithOptions/a%20b, once for each" in planned.out, planned.err
    assert "startJob" not in check_engine("s", "--plan", *TOKENS, "--jobs=jobs.txt", cwd=tmp_path).out

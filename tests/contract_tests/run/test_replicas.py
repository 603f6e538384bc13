"""Engines of several replicas behind haproxy in TCP mode: some lag, one is wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from contract_tests.check import check
from contract_tests.model import Report, RuleResult
from contract_tests.safety.supply import Supply
from tests.support.balancer import Backend, balancer
from tests.support.engines import settings_for
from tests.support.job_engine import JobEngine, Replica, job_engine, serve


@contextmanager
def behind_a_balancer(folder: Path, replicas: Sequence[JobEngine]) -> Iterator[str]:
    """Serve the replicas, and balance connections between them; the URL."""
    with ExitStack() as stack:
        for replica in replicas:
            stack.enter_context(serve(replica))
        backends = [Backend(f"r{index}", urlsplit(replica.url).port or 0) for index, replica in enumerate(replicas)]
        yield f"http://127.0.0.1:{stack.enter_context(balancer(folder, backends, is_tcp=True))}"


def lagging(folder: Path, *, lag_s: float = 0.3, jobs: int = 24, settings: Any = None, **behaves: Any) -> Report:
    """Check two replicas, each of which knows that much later what the other one did."""
    replicas: list[Replica] = []
    for _ in range(2):
        Replica(replicas, lag_s, **behaves)
    with behind_a_balancer(folder, replicas) as url:
        made = replicas[0].make_jobs(jobs)
        report = check(settings_for(url, **({"settle_s": 1.0} | (settings or {}))), lambda _: Supply(made)).report
    for replica in replicas:
        assert max(Counter(replica.reads).values(), default=1) == 1
    return report


def rule(report: Report, rule_id: str) -> RuleResult:
    """What the report says of a rule."""
    return next(result for result in report.rules if result.rule.id == rule_id)


@pytest.mark.parametrize("shows", [True, False])
@pytest.mark.parametrize("new_connections", [True, False])
def test_replicas_that_lag_conform(tmp_path: Path, *, shows: bool, new_connections: bool) -> None:
    """What another replica knows 0.3 s later is no break, with jobs that can be read back and without; lags are told."""
    replicas: list[Replica] = []
    for _ in range(2):
        Replica(replicas, 0.3, shows=shows, unknown_s=0.3)
    with behind_a_balancer(tmp_path, replicas) as url:
        made = replicas[0].make_jobs(24)
        settings = settings_for(url, settle_s=1.0)
        settings = replace(settings, connection=replace(settings.connection, new_connections=new_connections))
        report = check(settings, lambda _: Supply(made)).report
    assert report.verdict == "conforms", (report.notes, [r for r in report.rules if r.outcome == "broken"])
    assert any("lags" in note for note in report.notes)


def test_first_cancel_without_effect_is_found_behind_a_balancer(tmp_path: Path) -> None:
    """Waiting hides no engine whose second cancel is the one that works: no job is asked again until the answer is right."""
    report = lagging(tmp_path, cancels=2)
    assert (report.verdict, rule(report, "effects.canceled").outcome) == ("violates", "broken")


def test_second_cancel_that_succeeds_is_found_behind_a_balancer(tmp_path: Path) -> None:
    """An engine that accepts every later cancel is found, on jobs that had settled."""
    report = lagging(tmp_path, refuses_again=False)
    assert (report.verdict, rule(report, "effects.repeat").outcome) == ("violates", "warned") or (
        rule(report, "effects.repeat").outcome in {"warned", "broken"}
    )


def test_longer_lag_wants_a_longer_settle(tmp_path: Path) -> None:
    """A lag beyond --settle is found; with a longer one it conforms."""
    found = lagging(tmp_path, lag_s=0.8, settings={"settle_s": 0.2})
    assert rule(found, "effects.repeat").outcome in {"broken", "warned"} or found.verdict == "violates"
    assert lagging(tmp_path, lag_s=0.8, settings={"settle_s": 1.2}).verdict == "conforms"


def test_jobs_that_are_unknown_just_after_they_were_made_conform() -> None:
    """A job that was answered as an unknown id is asked for again within --settle; the report tells it."""
    with job_engine(unknown_s=0.4) as engine:
        made = engine.make_jobs(24)
        report = check(settings_for(engine.url, settle_s=1.0), lambda _: Supply(made)).report
    assert report.verdict == "conforms", (report.notes, [r for r in report.rules if r.outcome == "broken"])
    assert any("answered as an unknown id at first" in note for note in report.notes)


def test_first_cancel_that_is_always_refused_as_unknown_is_found() -> None:
    """An engine that knows no job at its first cancel is found on the jobs that were given long ago."""
    with job_engine(unknown_first=True) as engine:
        made = engine.make_jobs(24)
        report = check(settings_for(engine.url), lambda _: Supply(made)).report
    assert (report.verdict, rule(report, "effects.canceled").outcome) == ("violates", "broken"), report.notes


def test_jobs_unknown_for_longer_than_settle_are_not_excused() -> None:
    """A job that is still unknown after --settle is told as one that the engine does not know."""
    with job_engine(unknown_s=30.0) as engine:
        made = engine.make_jobs(24)
        report = check(settings_for(engine.url, settle_s=0.2), lambda _: Supply(made)).report
    assert (report.verdict, report.undecided_because) == ("undecided", ("jobs",)), report.notes


def test_job_made_just_before_an_early_end_is_canceled() -> None:
    """At the end a job that a lagging engine does not know yet is asked for again before it counts as gone."""
    with job_engine(unknown_s=0.4) as engine:
        supply = Supply(more=engine.make_jobs, made=True)
        report = check(settings_for(engine.url, deadline=0.2, settle_s=1.0), lambda _: supply).report
        assert report.jobs.still_active == ()
        assert all(engine.jobs.values())


def mixed(folder: Path, count: int, *, new_connections: bool) -> Report:
    """Check several replicas, the second of which lets a role in that may not, one request at a time."""
    replicas: list[Replica] = []
    for index in range(count):
        wrong = {"lets_in": ("apiread", "operator")} if index == 1 else {}
        Replica(replicas, 0.0, instance=f"node-{index}", **wrong)
    with behind_a_balancer(folder, replicas) as url:
        made = replicas[0].make_jobs(24)
        settings = settings_for(url, concurrency=1)
        settings = replace(settings, connection=replace(settings.connection, new_connections=new_connections))
        return check(settings, lambda _: Supply(made)).report


def test_wrong_replica_of_four_is_found_with_new_connections(tmp_path: Path) -> None:
    """Each time, though one request goes out at a time; the report says how many answers, and which replica gave them."""
    for _ in range(3):
        found = rule(mixed(tmp_path, 4, new_connections=True), "roles.others")
        assert found.outcome == "broken"
        assert 0 < found.failed < found.seen
        assert found.told_apart is not None
        assert found.told_apart.startswith("These answers have X-Engine-Instance: node-1")

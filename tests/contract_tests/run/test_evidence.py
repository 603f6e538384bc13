"""A cancel is believed only where something shows it: a look at the job, or a later cancel that is refused."""

from collections import Counter
from pathlib import Path
from typing import Any

from contract_tests.check import check
from contract_tests.model import Report, RuleResult
from contract_tests.safety.supply import Supply
from tests.support.commands import TOKENS, check_engine, write_jobs
from tests.support.engines import settings_for
from tests.support.job_engine import JobEngine, job_engine

RULE = "effects.canceled"


def run(engine: JobEngine, **changes: Any) -> tuple[Report, RuleResult]:
    """Check the engine; the report, and what it says of the rule."""
    made = engine.make_jobs(24)
    report = check(settings_for(engine.url, **changes), lambda _: Supply(made)).report
    assert max(Counter(engine.reads).values()) == 1  # a job that was looked at is not looked at again
    return report, next(result for result in report.rules if result.rule.id == RULE)


def test_read_back_of_a_canceled_job_holds_the_rule() -> None:
    """An engine that cancels and shows it conforms; each job that was canceled is looked at once."""
    with job_engine() as engine:
        report, rule = run(engine)
    assert (report.verdict, rule.outcome) == ("conforms", "held")
    canceled = {job_id for job_id, since in engine.jobs.items() if since is not None}
    assert set(engine.reads) <= canceled
    assert len(canceled - set(engine.reads)) <= 1  # what is observed has canceled it, as the page leaves open


def test_read_back_of_an_active_job_breaks_the_rule() -> None:
    """An engine that answers with a canceled job and leaves it active is found, with the GET that shows it."""
    with job_engine(cancels=0, refuses_again=False) as engine:
        report, rule = run(engine, settle_s=0.1)
    assert (report.verdict, rule.outcome) == ("violates", "broken")
    assert "shows the job as running" in rule.findings[0].received
    assert rule.findings[0].exchange is not None
    assert rule.findings[0].exchange.request.method == "GET"


def test_first_cancel_without_effect_breaks_the_rule() -> None:
    """An engine whose second cancel is the one that works is found: jobs are looked at before they are canceled again."""
    with job_engine(cancels=2) as engine:
        report, rule = run(engine, settle_s=0.1)
    assert (report.verdict, rule.outcome) == ("violates", "broken")


def test_lagging_read_back_breaks_nothing_and_is_told() -> None:
    """What is shown 0.3 s later is no break: the jobs are judged once they have settled, and the report says how many lagged."""
    with job_engine(lag_s=0.3) as engine:
        report, rule = run(engine, settle_s=1.0)
    assert (report.verdict, rule.outcome) == ("conforms", "held"), report.notes
    assert any("lags" in note for note in report.notes)


def test_refused_second_cancel_is_evidence_without_read_back() -> None:
    """Where no job can be read back, a later cancel that is refused shows that the first one worked."""
    with job_engine(shows=False) as engine:
        report, rule = run(engine)
    assert (report.verdict, rule.outcome) == ("conforms", "held")
    assert len(engine.reads) == 1  # the others are spared


def test_no_evidence_leaves_the_rule_unchecked() -> None:
    """Where a second cancel succeeds too and no job can be read back, the rule is unchecked, counts, and says what helps."""
    with job_engine(shows=False, refuses_again=False) as engine:
        report, rule = run(engine)
    assert (report.verdict, report.undecided_because) == ("undecided", ("evidence",))
    assert (rule.outcome, rule.counts) == ("unchecked", True)
    assert "--read-back PATH" in (rule.reason or "")


def test_read_back_path_of_the_user_is_taken() -> None:
    """`--read-back` names another place, also one with the id in the query; no other path is read."""
    with job_engine(shows=True) as engine:
        _, rule = run(engine, read_back="/workflow_engine/job/{job_id}/details")
        assert rule.outcome == "held"
        _, rule = run(engine, read_back="/elsewhere?id={job_id}")
    assert rule.outcome == "held"  # by later cancels that are refused


def test_command_without_evidence_ends_with_3_and_says_what_helps(tmp_path: Path) -> None:
    """`check-engine` on an engine that cancels nothing: 3 and a remedy without a read-back, 1 with one."""
    with job_engine(cancels=0, refuses_again=False, shows=False) as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
        assert (done.status, "--read-back PATH" in done.out) == (3, True), done.out
    with job_engine(cancels=0, refuses_again=False) as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        shown = ("--read-back", "/workflow_engine/job/{job_id}/details", "--settle", "0.1")
        assert check_engine(engine.url, *TOKENS, "--jobs", str(jobs), *shown, cwd=tmp_path).status == 1
        wrong = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), "--read-back", "/details", cwd=tmp_path)
        assert (wrong.status, "{job_id}" in wrong.err) == (2, True)

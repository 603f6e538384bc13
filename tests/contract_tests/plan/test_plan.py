"""The plan: exact on an engine that conforms, within its bounds, and the most telling first."""

import json
import re
from pathlib import Path

import pytest

from contract_tests.plan.plan import make_plan
from contract_tests.plan.scenario import Resources
from engine_contract.contract import load_contract
from engine_contract.option_rows import rows
from engine_contract.options import CheckOptions
from tests.support import ROOT
from tests.support.commands import TOKENS, check_engine, write_jobs
from tests.support.engines import check_standin, standin_engine


def test_a_whole_run_stays_within_its_bounds() -> None:
    """At most 24 jobs and 250 requests, and at least three successes for each role."""
    plan = make_plan(Resources(load_contract(), load_contract().roles, ("apiread",), None))
    assert plan.jobs <= 24
    assert plan.requests <= 250
    assert plan.missing == {}
    canceller = [scenario.valid_cancel.caller.role for scenario in plan.scenarios if scenario.valid_cancel]
    assert all(canceller.count(role) >= 3 for role in load_contract().roles)


@pytest.mark.parametrize("tokens", [TOKENS, ["--token=apiread=apiread"], []], ids=["all", "another", "none"])
def test_the_plan_is_what_is_sent(tmp_path: Path, tokens: list[str]) -> None:
    """--plan prints as many requests and jobs as are then sent and used, and sends nothing itself.

    How many requests find the way of the credential depends on the engine: the plan says that they come.
    """
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        unknown_way = check_engine(engine.url, *tokens, "--jobs", str(jobs), "--plan", cwd=tmp_path)
        assert ("the way of the credential: up to 5 requests" in unknown_way.out) == bool(tokens)
        tokens = [*tokens, "--auth=bearer"]
        planned = check_engine(engine.url, *tokens, "--jobs", str(jobs), "--plan", cwd=tmp_path)
        assert planned.status == 0
        assert list(engine.requests) == []
        match = re.fullmatch(r"(\d+) requests; (\d+) jobs would be canceled.", planned.last_line)
        assert match
        lines = [line for line in planned.out.splitlines() if line.startswith("  ")]
        assert len(lines) == int(match[1])
        check_engine(engine.url, *tokens, "--jobs", str(jobs), cwd=tmp_path)
        sent = [entry for entry in engine.requests if not entry["path"].endswith("/details")]
        assert len(sent) == int(match[1])
        assert len(engine.requests) - len(sent) == ("read-back: GET /workflow_engine/job/" in planned.out)
        assert len(engine.canceled) == int(match[2])


def test_plan_says_all_that_a_security_officer_asks(tmp_path: Path) -> None:
    """Credentials, commands, headers, paths, retries, clean-up and time are in words, without secrets and odd signs."""
    arguments = (
        "http://127.0.0.1:9/base",
        "--token=admin=env:ADMIN",
        "--token=support=s3cret-of-support",
        "--login=engineering=alice:file:/run/secrets/pass\x1b[2Jword",
        "--token=apiwrite=cmd:get-token --password hunter22hunter22",
        "--header=Origin=https://ui.example",
        "--jobs-command=curl -H 'Authorization: Bearer abcdef0123456789' x",
        "--auth=cookie:sid",
        "--rate=20",
        "--plan",
    )
    planned = check_engine(*arguments, cwd=tmp_path, env={"ADMIN": "s3cret-of-admin"})
    assert planned.status == 0, planned.err
    out = planned.out
    assert "s3cret" not in out
    assert "hunter22" not in out
    assert "abcdef0123456789" not in out
    assert all(sign == "\n" or sign.isprintable() for sign in out)
    for told in (
        "credential of admin: the environment variable ADMIN; it travels in the cookie sid",
        "credential of support: given as it is, and not shown",
        "credential of engineering: from a login as alice, with the password: the file /run/secrets/pass\\x1b[2Jword",
        "command for jobs: curl -H",
        "command for the token of apiwrite: get-token",
        "headers: Content-Type, Origin (given as it is, and not shown)",
        "POST /login",
        "is sent again 3 times at most",
        "wrong credentials: 10 requests with a wrong, cut or empty one, 3 without any.",
        "20 requests a second at most (--rate), so 10 s at least, 120 s at most (--deadline)",
        "jobs: made by --jobs-command; 19 jobs at most",
        "clean-up: jobs that were made and not seen canceled are canceled",
    ):
        assert told in out, told
    as_json = check_engine(*arguments, "--json", cwd=tmp_path, env={"ADMIN": "s3cret-of-admin"}).out
    document = json.loads(as_json)
    assert "s3cret" not in as_json
    assert len(document["steps"]) == document["requests"]
    assert document["commands"][0]["for"] == "jobs"
    assert document["credentials"][0] == {
        "role": "admin",
        "form": "the environment variable ADMIN",
        "travels": "in the cookie sid",
    }


def test_plan_as_json_without_the_plan_is_wrong_usage(tmp_path: Path) -> None:
    """--json has a meaning beside --plan alone."""
    done = check_engine("--mock", "--json", cwd=tmp_path)
    assert done.status == 2
    assert "--json goes with --plan" in done.err


@pytest.mark.parametrize("jobs", range(0, 21, 2))
def test_fewer_jobs_leave_rules_unchecked_and_never_held(jobs: int) -> None:
    """With fewer jobs the run is undecided, uses no more than it has, and what was left is unchecked because of jobs."""
    seen = check_standin(None, jobs=24, max_jobs=jobs)
    assert seen.report.jobs.used <= jobs
    if jobs < 14:  # the last six show assumed rules alone, and what is observed
        assert seen.report.verdict == "undecided"
        assert "jobs" in seen.report.undecided_because
    else:
        assert seen.report.verdict == "conforms", seen.why()
    if jobs == 4:
        assert all(seen.outcome(f"roles.{role}") == "held" for role in load_contract().roles)
        assert seen.outcome("response.status") == "held"
        assert seen.outcome("roles.others") == "unchecked"
        assert seen.outcome("effects.methods") == "unchecked"


def test_only_and_skip_send_less() -> None:
    """--only sends what its rules need; the others are skipped, and the run can still conform."""
    seen = check_standin(None, only=("request.job_id.empty",))
    assert seen.report.verdict == "conforms", seen.why()
    assert len(seen.report.exchanges) < 40
    assert seen.outcome("request.job_id.empty") == "held"
    assert seen.outcome("roles.others") == "skipped"
    seen = check_standin(None, skip=("effects.exact", "effects.methods"))
    assert seen.report.verdict == "conforms", seen.why()


def test_strict_fails_on_assumed_rules() -> None:
    """With --strict a broken assumed rule fails the run."""
    assert check_standin("patch-cancels").report.verdict == "conforms"
    assert check_standin("patch-cancels", strict=True).report.verdict == "violates"


def test_one_role_alone() -> None:
    """With one token all that needs no other role is checked, and the other roles are unchecked by name."""
    seen = check_standin(None, roles=("admin",))
    assert seen.outcome("effects.isolation") == "held"
    assert seen.outcome("roles.support") == "unchecked"
    assert seen.report.undecided_because == ("tokens",)


def test_other_roles_try_each_job() -> None:
    """Roles that may not try every job of the plan's middle in turn, in several ways, at the cost of no job."""
    plan = make_plan(Resources(load_contract(), load_contract().roles, ("apiread", "operator"), None))
    (stage,) = (stage for stage in plan.stages if stage.name == "jobs")
    denied = [step for scenario in stage.scenarios for step in scenario.denied]
    assert {step.caller.role for step in denied} == {"apiread", "operator"}
    assert all(scenario.denied for scenario in stage.scenarios if scenario.name != "others")
    assert len({step.body for step in denied}) >= 5
    assert plan.jobs == 20


def test_what_may_be_anybodys_is_sent_one_by_one_until_it_harms(tmp_path: Path) -> None:
    """An engine that cancels a job for `{}` is sent no second request that names no supplied job."""
    with standin_engine("missing-accepted") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
        answered = [entry for entry in engine.requests if entry["body"] == "{}" and entry["status"] == 200]
    assert done.status == 1
    assert "request.job_id.required" in done.out
    assert len(answered) == 1
    assert "no longer sent" in done.out


def test_number_of_jobs_in_help_and_docs_is_that_of_the_catalogue() -> None:
    """What a whole run cancels is counted from its scenarios; texts name that number."""
    operation = load_contract()
    wanted = make_plan(Resources(operation, operation.roles, operation.unlisted_roles, None)).jobs
    (option,) = [row for row in rows(CheckOptions) if row.flag == "--max-jobs"]
    assert f"{wanted} or fewer" in option.help
    for name, text in {
        "README.md": f"cancels {wanted} jobs",
        "docs/jobs.md": f"cancels some {wanted} jobs",
        "docs/qa.md": f"about {wanted} of which it cancels",
    }.items():
        assert text in (ROOT / name).read_text(encoding="utf-8"), name


def test_jobs_are_rationed_by_the_priority_of_their_scenarios() -> None:
    """With few jobs the roles come first, in the page's order, then those that may not; assumed rules come last."""
    operation = load_contract()
    full = make_plan(Resources(operation, operation.roles, ("apiread",), None))
    with_jobs = sorted((s for s in full.scenarios if s.needs_job), key=lambda scenario: scenario.priority)
    names = [scenario.name for scenario in with_jobs]
    assert names[:6] == [*operation.roles, "others", "none"]
    assert names[-6:] == ["further", "GET and HEAD", "PUT and PATCH", "DELETE and OPTIONS", "elsewhere", "spelling"]
    few = make_plan(Resources(operation, operation.roles, ("apiread",), 5))
    assert [scenario.name for scenario in few.scenarios if scenario.needs_job] == names[:5]

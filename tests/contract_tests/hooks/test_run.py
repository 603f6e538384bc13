"""`schemathesis run` with the hooks: green on correct engines, red on others, and no stranger's job is named."""

import sys
from pathlib import Path

import pytest

from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings
from tests import field_engine, standin
from tests.contract_tests.hooks.runs import ADMIN, CONFIG, PAGE_ID, SPEC, improper, schemathesis, with_jobs
from tests.support.job_engine import job_engine

# A wrong engine, and what Schemathesis says of it.
WRONG = {
    "created-number": "Response violates schema",
    "status-500-third": "Server error",
    "number-accepted": "Schema-violating request accepted",
    "anonymous-allowed": "API accepts requests without authentication",
}


@pytest.mark.parametrize("config", [CONFIG, None], ids=["settings", "no-settings"])
def test_a_correct_stand_in_passes(tmp_path: Path, config: Path | None) -> None:
    """Green on the stand-in engine, with the settings file and without: supplied jobs are canceled, no others."""
    with standin.serve() as engine:
        others = engine.make_jobs(20)
        supplied = engine.make_jobs(15)
        run = schemathesis(
            tmp_path, with_jobs(tmp_path, supplied), "run", str(SPEC), "--url", engine.url, config=config
        )
        assert run.status == 0, run.text
        assert "No issues found" in run.text
        assert engine.canceled == set(supplied)
        assert improper(engine.requests, supplied, others) == []
        assert {request["role"] for request in engine.requests} == {"admin", None}


@pytest.mark.parametrize("version", ["right", "refusal-418", "closed-body"])
def test_a_correct_field_engine_passes(tmp_path: Path, version: str) -> None:
    """Green on the field engine with several workers, however it refuses: the page does not say how."""
    with field_engine.serve(version) as engine:
        others = engine.make_jobs(20)
        supplied = engine.make_jobs(15)
        arguments = ("run", str(SPEC), "--url", engine.url, "--workers", "4")
        run = schemathesis(tmp_path, with_jobs(tmp_path, supplied), *arguments)
        assert run.status == 0, run.text
        assert len(engine.canceled) > 5
        assert set(engine.canceled) <= set(supplied)
        assert improper(engine.requests, supplied, others) == []


@pytest.mark.parametrize(
    ("auth", "token"), [("basic", "support:s3cret"), ("cookie:token", "s3cret"), ("query:token", "s3cret")]
)
def test_each_way_of_a_credential(tmp_path: Path, auth: str, token: str) -> None:
    """The token of a documented role travels as CHECK_ENGINE_AUTH says, and the mock passes."""
    with running_mock(Settings(jobs=1, tokens={"s3cret": "support"})) as engine:
        supplied = engine.add_jobs(8)
        environment = {
            **with_jobs(tmp_path, supplied),
            "CHECK_ENGINE_TOKEN": "apiread=env:NOBODY\nsupport=env:SUPPORT",
            "CHECK_ENGINE_AUTH": auth,
            "SUPPORT": token,
        }
        arguments = ("run", str(SPEC), "--url", engine.url, "--phases", "examples,coverage")
        run = schemathesis(tmp_path, environment, *arguments)
        assert run.status == 0, run.text
        canceled = {entry["job_id"] for entry in engine.requests() if entry["role"] == "support"}
        assert canceled & set(supplied)
        assert PAGE_ID not in canceled


def test_jobs_of_a_command(tmp_path: Path) -> None:
    """A command makes jobs as they are needed, and no more than CHECK_ENGINE_MAX_JOBS."""
    with standin.serve() as engine:
        others = engine.make_jobs(5)
        script = tmp_path / "make_jobs.py"
        script.write_text(
            "import os, urllib.request as request\n"
            f"url = '{engine.url}/_test/jobs?count=' + os.environ['JOB_COUNT']\n"
            "print(request.urlopen(request.Request(url, method='POST')).read().decode())\n"
        )
        environment = {
            "CHECK_ENGINE_JOBS_COMMAND": f'"{sys.executable}" "{script}"',
            "CHECK_ENGINE_MAX_JOBS": "10",
            **ADMIN,
        }
        run = schemathesis(tmp_path, environment, "run", str(SPEC), "--url", engine.url)
        assert run.status == 0, run.text
        made = set(engine.engine.jobs.all()) - set(others)
        assert engine.canceled == made
        assert len(made) == 10
        assert improper(engine.requests, made, others) == []


@pytest.mark.parametrize(("token", "is_left"), [("admin", False), ("stale", True)])
def test_jobs_that_were_made_and_not_used_are_canceled(tmp_path: Path, token: str, *, is_left: bool) -> None:
    """At the end no job of the command is active; where the token is refused, those that are get named."""
    with job_engine() as engine:
        (tmp_path / "ids.txt").write_text("\n".join(made := engine.make_jobs(40)) + "\n")
        environment = {
            # Makes more than it is asked for.
            "CHECK_ENGINE_JOBS_COMMAND": f"cat {tmp_path}/ids.txt",
            "CHECK_ENGINE_MAX_JOBS": "6",
            "CHECK_ENGINE_TOKEN": f"admin={token}",
        }
        arguments = ("run", str(SPEC), "--url", engine.url, "--phases", "fuzzing", "-n", "5", "--mode", "positive")
        run = schemathesis(tmp_path, environment, *arguments)
        active = [job_id for job_id in made if engine.jobs[job_id] is None]
        assert bool(active) is is_left, run.text
        assert (f"{len(active)} jobs are still active: " in run.text) is is_left


def test_without_jobs(tmp_path: Path) -> None:
    """Without jobs nothing can be canceled, the run says so, and what it sends is refused."""
    with standin.serve() as engine:
        others = engine.make_jobs(5)
        run = schemathesis(tmp_path, ADMIN, "run", str(SPEC), "--url", engine.url, "-n", "10")
        assert run.status == 0, run.text
        assert "no jobs are supplied" in run.text
        assert engine.canceled == set()
        assert improper(engine.requests, (), others) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_engine_fails(tmp_path: Path, name: str) -> None:
    """A wrong engine is found out, and no stranger's job is named."""
    with standin.serve(name) as engine:
        others = engine.make_jobs(20)
        supplied = engine.make_jobs(20)
        arguments = ("run", str(SPEC), "--url", engine.url, "--seed", "1")
        run = schemathesis(tmp_path, with_jobs(tmp_path, supplied), *arguments)
        assert run.status == 1, run.text
        assert WRONG[name] in run.text
        assert improper(engine.requests, supplied, others) == []


def test_shrinking_names_supplied_jobs_alone(tmp_path: Path) -> None:
    """A failure of the fuzzing phase is shrunk with jobs of its own, and with no job's id once they are used up."""
    with standin.serve("metrics-run-time-text-second") as engine:
        others = engine.make_jobs(20)
        supplied = engine.make_jobs(12)
        arguments = ("run", str(SPEC), "--url", engine.url, "--phases", "fuzzing", "--mode", "positive", "--seed", "1")
        run = schemathesis(tmp_path, with_jobs(tmp_path, supplied), *arguments, "--continue-on-failure")
        assert run.status == 1, run.text
        assert "Response violates schema" in run.text
        assert engine.canceled == set(supplied)
        assert improper(engine.requests, supplied, others) == []
        statuses = [request["status"] for request in engine.requests if request["role"] == "admin"]
        assert statuses.count(404) > 0


NETRC = "machine 127.0.0.1 login other password s3cret\n"


@pytest.mark.parametrize("phases", ["examples", "coverage", "fuzzing"])
def test_a_stale_token_fails(tmp_path: Path, phases: str) -> None:
    """A run in which every valid request was refused is not green, and says why."""
    with standin.serve() as engine:
        environment = {**with_jobs(tmp_path, engine.make_jobs(5)), "CHECK_ENGINE_TOKEN": "admin=stale"}
        run = schemathesis(tmp_path, environment, "run", str(SPEC), "--url", engine.url, "--phases", phases, "-n", "10")
        assert run.status == 1, run.text
        assert "No valid request was accepted, so the run shows nothing. The answers were: 401 (" in run.text
        assert engine.canceled == set()


def test_jobs_that_have_ended_fail(tmp_path: Path) -> None:
    """So is a run whose jobs are not active, by whatever status that is told."""
    with standin.serve() as engine:
        environment = with_jobs(tmp_path, ["0123456789abcdef01234567", "0123456789abcdef01234568"])
        run = schemathesis(tmp_path, environment, "run", str(SPEC), "--url", engine.url, "--phases", "examples")
        assert run.status == 1, run.text
        assert "The answers were: 404 (" in run.text


@pytest.mark.parametrize("auth", ["bearer", "cookie:token"])
def test_a_netrc_replaces_no_credential(tmp_path: Path, auth: str) -> None:
    """The configured credential goes out and no other: jobs are canceled, and requests without one are without one."""
    (tmp_path / "netrc").write_text(NETRC)
    with running_mock(Settings(jobs=1, tokens={"s3cret-token": "admin"})) as engine:
        environment = {
            **with_jobs(tmp_path, engine.add_jobs(6)),
            "CHECK_ENGINE_TOKEN": "admin=env:ADMIN",
            "CHECK_ENGINE_AUTH": auth,
            "ADMIN": "s3cret-token",
            "NETRC": str(tmp_path / "netrc"),
        }
        run = schemathesis(
            tmp_path, environment, "run", str(SPEC), "--url", engine.url, "--phases", "examples,coverage"
        )
        assert run.status == 0, run.text
        entries = engine.requests()
        assert any(entry["status"] == 200 and entry["role"] == "admin" for entry in entries)
        assert "Basic b3RoZXI6czNjcmV0" not in str(entries)


@pytest.mark.parametrize("how", ["url", "option"])
def test_another_credential_ends_the_run(tmp_path: Path, how: str) -> None:
    """What else would replace the credential is told in one sentence, with status 2, and nothing is sent with it."""
    with standin.serve() as engine:
        environment = with_jobs(tmp_path, engine.make_jobs(5))
        url = engine.url.replace("://", "://other:s3cret@") if how == "url" else engine.url
        arguments = ["run", str(SPEC), "--url", url, "--phases", "examples"]
        run = schemathesis(tmp_path, environment, *arguments, *(["--auth", "other:s3cret"] if how == "option" else []))
        assert run.status == 2, run.text
        assert "another credential than that of CHECK_ENGINE_TOKEN" in run.text
        assert "s3cret" not in run.text
        assert [request for request in engine.requests if request["method"] == "POST"] == []

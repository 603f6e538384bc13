"""Nothing is left behind: jobs that were made for a run are canceled at its end, whatever ended it."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contract_tests.cli import main
from contract_tests.purpose import Purpose
from contract_tests.run.runner import Runner
from engine_contract.click_options import CRASHED
from tests.support.commands import PYTEST_TOKENS, TOKENS, begin, check_engine, run_suite
from tests.support.engines import standin_engine
from tests.support.eventually import eventually
from tests.support.job_engine import JobEngine, job_engine
from tests.support.ports import free_port

FAILS_HALFWAY = "; exit 4"
HANGS = "; sleep 60"
CUT = "; printf feedfacefeed; sleep 60"


@contextmanager
def making_engine(folder: Path, **behaves: Any) -> Iterator[tuple[JobEngine, str]]:
    """Serve an engine; with it comes a command that prints the ids of 25 active jobs, one after the other."""
    with job_engine(**behaves) as engine:
        (folder / "ids.txt").write_text("\n".join(engine.make_jobs(25)) + "\n")
        yield engine, f"cat {folder}/ids.txt"


def active(engine: JobEngine) -> list[str]:
    """Return the ids of the active jobs."""
    return [job_id for job_id, since in engine.jobs.items() if since is None]


def report(folder: Path) -> dict[str, Any]:
    """Return the run's report.json."""
    found: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())
    return found


@pytest.mark.parametrize("after", [FAILS_HALFWAY, HANGS, CUT], ids=["fails halfway", "hangs", "cut"])
def test_jobs_of_a_command_that_fails_are_canceled(tmp_path: Path, after: str) -> None:
    """A jobs command that printed ids and fails, or takes too long: 3, a report, no job left, and no half id asked for."""
    with making_engine(tmp_path) as (engine, make):
        arguments = ["--jobs-command", make + after, "--jobs-timeout=1.5", "--report-dir=out"]
        done = check_engine(engine.url, *TOKENS, *arguments, cwd=tmp_path)
        assert (done.status, active(engine)) == (3, []), done.out + done.err
    found = report(tmp_path)
    assert found["jobs"]["still_active"] == []
    assert found["jobs"]["leftover_canceled"] == 25
    assert "ended with status 4" in done.out or "did not end within 1.5 s" in done.out
    assert "feedfacefeed" not in (tmp_path / "out" / "requests.har").read_text()


@pytest.mark.parametrize(
    ("token", "after", "because"),
    [("support=cmd:exit 7", "", "tokens"), ("support=cmd:echo support", FAILS_HALFWAY, "jobs")],
    ids=["a token command fails", "the jobs command fails"],
)
def test_jobs_are_canceled_by_the_roles_that_have_a_token(tmp_path: Path, token: str, after: str, because: str) -> None:
    """Where a token could not be had, or none was read yet, the jobs that were made are canceled by the others."""
    with making_engine(tmp_path) as (engine, make):
        tokens = [f"--token={token}", *(["--token=apiwrite=apiwrite"] if not after else [])]
        done = check_engine(engine.url, *tokens, "--jobs-command", make + after, "--report-dir=out", cwd=tmp_path)
        assert (done.status, active(engine)) == (3, []), done.out + done.err
    found = report(tmp_path)
    assert (found["undecided_because"], found["jobs"]["still_active"]) == ([because], [])


def test_job_that_is_seen_canceled_is_not_canceled_again(tmp_path: Path) -> None:
    """Also one that a request canceled which the page leaves open, such as a body with a further property."""
    with job_engine() as engine:
        done = check_engine(engine.url, *TOKENS, "--workflow=w", "--report-dir=out", cwd=tmp_path)
        assert (done.status, active(engine)) == (0, []), done.out + done.err
    assert Purpose.LEFTOVER.value not in (tmp_path / "out" / "requests.har").read_text()


def test_jobs_are_canceled_after_the_deadline(tmp_path: Path) -> None:
    """A deadline that comes early is undecided, and the jobs are canceled in a time of their own."""
    with making_engine(tmp_path) as (engine, make):
        arguments = ["--jobs-command", make, "--deadline=0.6", "--rate=8", "--report-dir=out"]
        done = check_engine(engine.url, *TOKENS, *arguments, cwd=tmp_path)
        assert (done.status, active(engine)) == (3, []), done.out + done.err
    assert report(tmp_path)["undecided_because"] == ["deadline"]


def test_line_of_a_jobs_command_that_is_not_an_id_is_not_sent(tmp_path: Path) -> None:
    """Neither in a body nor in a URL; the run says so and ends with 2, and the jobs that were made are canceled."""
    with making_engine(tmp_path) as (engine, make):
        done = check_engine(engine.url, *TOKENS, "--jobs-command", f"echo token=Zq7hunter2; {make}", cwd=tmp_path)
        assert (done.status, active(engine)) == (2, []), done.out + done.err
        assert not [job_id for job_id in engine.asked if "token" in job_id]
    assert "--jobs-command: line 1 is not a job id: 'token=***'" in done.err
    assert "hunter2" not in done.out + done.err


def test_jobs_command_that_prints_nothing_is_told(tmp_path: Path) -> None:
    """A run without any job says that none was made, and where the engine is down, that."""
    with job_engine() as engine:
        done = check_engine(engine.url, *TOKENS, "--jobs-command=true", "-v", cwd=tmp_path)
    assert done.status == 3
    assert "--jobs-command gave no job id" in done.out
    assert "ran out" not in done.out
    url = f"http://127.0.0.1:{free_port()}"
    done = check_engine(url, "--token=admin=admin", "--jobs-command=true", "-q", "--only=roles.admin", cwd=tmp_path)
    assert done.status == 3
    assert "The engine cannot be reached" in done.out


def test_workflow_of_an_engine_that_is_down_started_no_job(tmp_path: Path) -> None:
    """A refused connection: neither too few jobs nor a wrong workflow is the reason."""
    done = check_engine(f"http://127.0.0.1:{free_port()}", "--token=admin=admin", "--workflow=w", "-v", cwd=tmp_path)
    assert done.status == 3
    assert "No job was started. See whether the engine is up." in done.out
    assert "too few jobs" not in done.out
    assert "Give the name" not in done.out


def test_workflow_of_an_engine_without_tls_names_what_to_check(tmp_path: Path) -> None:
    """The engine is up; scheme and certificates are what is wrong."""
    with standin_engine() as engine:
        url = engine.url.replace("http:", "https:")
        done = check_engine(url, "--token=admin=admin", "--workflow=w", "-q", cwd=tmp_path)
    assert done.status == 3
    assert (
        "No job was started. See whether the engine is up, and check http or https in the URL, --ca-bundle" in done.out
    )


def test_jobs_that_cannot_be_canceled_are_told(tmp_path: Path) -> None:
    """Where all tokens are refused, the jobs stay active: their number and ids are printed and reported."""
    with making_engine(tmp_path) as (engine, make):
        tokens = [f"{token}-stale" for token in TOKENS]
        done = check_engine(engine.url, *tokens, "--jobs-command", make, "--report-dir=out", "-q", cwd=tmp_path)
        assert done.status == 3
        assert sorted(report(tmp_path)["jobs"]["still_active"]) == sorted(active(engine))
    assert "25 jobs are still active: " in done.out


def test_jobs_of_an_engine_that_cancels_nothing_are_told(tmp_path: Path) -> None:
    """A success that the read-back shows to be none leaves the job active."""
    with making_engine(tmp_path, cancels=0) as (engine, make):
        done = check_engine(engine.url, *TOKENS, "--jobs-command", make, "--report-dir=out", cwd=tmp_path)
        assert done.status == 1, done.out
        assert sorted(report(tmp_path)["jobs"]["still_active"]) == sorted(active(engine))


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=str
)
@pytest.mark.parametrize("when", ["making", "sending"])
def test_jobs_are_canceled_after_a_signal(tmp_path: Path, number: int, status: int, when: str) -> None:
    """A signal while jobs are made or requests are sent: a report, and no job left."""
    with making_engine(tmp_path) as (engine, make):
        rest = f"; touch {tmp_path}/made" + (HANGS if when == "making" else "")
        arguments = [engine.url, *TOKENS, "--jobs-command", make + rest, "--rate=25", "--report-dir=out"]
        process = begin("check-engine", *arguments, cwd=tmp_path)
        eventually(lambda: (tmp_path / "made").exists() if when == "making" else engine.asked, within_s=60)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        left = active(engine)
    assert process.returncode == status, err
    found = report(tmp_path)
    assert found["interrupted"]
    assert sorted(found["jobs"]["still_active"]) == sorted(left)
    assert len(left) == 0, err


@pytest.mark.parametrize("source", ["cmd:exit 7", "cmd:curl -s URL/login", "cmd:curl -sSf URL/login"])
def test_an_engine_that_is_down_during_the_login_is_undecided(tmp_path: Path, source: str) -> None:
    """A token command that fails because the engine is down: 3 and a report that says so, in place of an older one."""
    url = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text('{"verdict": "conforms"}')
    done = check_engine(url, f"--token=admin={source.replace('URL', url)}", "--report-dir=out", cwd=tmp_path)
    assert done.status == 3, done.err
    assert "cannot be reached" in done.out
    assert (report(tmp_path)["verdict"], report(tmp_path)["undecided_because"]) == ("undecided", ["unreachable"])


def test_a_token_command_that_fails_beside_an_engine_that_is_there_is_wrong_usage(tmp_path: Path) -> None:
    """With the engine up, the command is what is wrong: 2, and no report of an earlier run stays."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text('{"verdict": "conforms"}')
    with job_engine() as engine:
        done = check_engine(engine.url, "--token=admin=cmd:exit 7", "--report-dir=out", cwd=tmp_path)
    assert done.status == 2
    assert "ended with status 7" in done.err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_crash_has_a_status_of_its_own_and_leaves_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of the kit in the midst of a run: 70, one sentence, the traceback with -v, and the jobs are canceled."""

    async def fail(*_: object) -> None:
        raise RuntimeError("nobody has thought of this")

    monkeypatch.setattr(Runner, "run", fail)
    for variable in [name for name in os.environ if name.startswith("CHECK_ENGINE_")]:
        monkeypatch.delenv(variable)
    for verbose in ([], ["-v"]):
        with making_engine(tmp_path) as (engine, make):
            done = CliRunner().invoke(main, [engine.url, *TOKENS, "--jobs-command", make, *verbose], prog_name="x")
            assert (done.exit_code, active(engine)) == (CRASHED, []), done.output
        assert "nobody has thought of this" in done.output
        assert "report it" in done.output
        assert ("Traceback" in done.output) is bool(verbose)


def test_a_generator_of_jobs_that_fails_halfway_leaves_none(tmp_path: Path) -> None:
    """What the fixture engine_jobs has given before it fails is canceled."""
    with making_engine(tmp_path) as (engine, _):
        (tmp_path / "conftest.py").write_text(
            "import pytest\n\n\n@pytest.fixture(scope='session')\ndef engine_jobs():\n    def make(count):\n"
            f"        yield from open({str(tmp_path / 'ids.txt')!r}).read().split()\n"
            "        raise RuntimeError('halfway')\n    return make\n"
        )
        words = ("-q", "-p", "conftest", "-c", os.devnull, f"--rootdir={tmp_path}", f"--engine-url={engine.url}")
        done = run_suite(*words, *PYTEST_TOKENS, cwd=tmp_path)
        assert (done.status, active(engine)) == (1, []), done.out
        assert "halfway" in done.out

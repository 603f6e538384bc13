"""examples/start_jobs.py and examples/login.py, run by check-engine and by hand against an engine of the field."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import field_engine
from tests.docs.document import blocks
from tests.field_engine.serving import Served
from tests.support import ROOT
from tests.support.commands import check_engine, clean_environment

EXAMPLES = ROOT / "examples"
ROLES = ("admin", "engineering", "support", "apiwrite", "apiread")
LOGIN = f"cmd:{sys.executable} {EXAMPLES / 'login.py'}"
START = f"{sys.executable} {EXAMPLES / 'start_jobs.py'} 'Nightly run/1'"


def test_shell_script_of_the_guide_fails_where_a_start_is_refused(engine: Served, tmp_path: Path) -> None:
    """It prints an id a line, the job's; after a refused start it prints none and ends with curl's status."""
    (block,) = [block for block in blocks(ROOT / "docs/jobs.md") if block.file == "start-jobs.sh"]
    (tmp_path / "start-jobs.sh").write_text(block.text)

    def start(token: str) -> subprocess.CompletedProcess[str]:
        env = clean_environment() | {"ENGINE_URL": engine.url, "ENGINE_TOKEN": token, "JOB_COUNT": "2"}
        line = ["sh", "start-jobs.sh"]
        return subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    right, refused = start("admin"), start("wrong")
    assert (right.returncode, [engine.active(job_id) for job_id in right.stdout.splitlines()]) == (0, [True] * 2)
    assert (refused.returncode, refused.stdout) == (22, "")
    assert "401" in refused.stderr


@pytest.fixture
def engine() -> Iterator[Served]:
    """A right engine with POST /login and startJobWithOptions."""
    with field_engine.serve() as served:
        yield served


def run(script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run an example."""
    line = [sys.executable, str(EXAMPLES / script), *arguments]
    return subprocess.run(line, env=clean_environment() | env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("auth", ["bearer", "cookie:token", "query:token"])
def test_logged_in_and_with_jobs_of_its_own_a_right_engine_conforms(engine: Served, tmp_path: Path, auth: str) -> None:
    """Tokens from POST /login, ending in =, as bearer, cookie and query; jobs from startJobWithOptions."""
    env = {"ENGINE_URL": engine.url, "ENGINE_PASSWORD": "any", "ENGINE_AUTH": auth}
    env["ENGINE_TOKEN"] = run("login.py", "admin", **env).stdout.strip()
    assert env["ENGINE_TOKEN"].endswith("=")
    tokens = [f"--token={role}={LOGIN} {role}" for role in ROLES]
    arguments = ["--auth", auth, *tokens, "--jobs-command", START, "--report-dir", "out"]
    done = check_engine(engine.url, *arguments, cwd=tmp_path, env=env)
    assert done.status == 0, done.out + done.err
    paths = {entry["path"] for entry in engine.requests if "startJob" in entry["path"]}
    assert paths == {"/workflow_engine/startJobWithOptions/Nightly run/1"}
    jobs = json.loads((tmp_path / "out" / "report.json").read_text())["jobs"]
    assert jobs["used"] + jobs["leftover_canceled"] == jobs["supplied"] == len(engine.canceled)


def test_basic_starts_jobs_too(engine: Served) -> None:
    """ENGINE_AUTH=basic sends ENGINE_TOKEN as user:password; JOB_COUNT ids are printed."""
    done = run("start_jobs.py", "w", ENGINE_URL=engine.url, ENGINE_TOKEN="admin:x", ENGINE_AUTH="basic", JOB_COUNT="3")
    assert done.returncode == 0, done.stderr
    assert [engine.active(job_id) for job_id in done.stdout.split()] == [True] * 3


def test_what_is_wrong_is_one_line(engine: Served) -> None:
    """A refused login, a refused start and a missing variable are one line on stderr, without the secret."""
    refused = run("login.py", "nobody", ENGINE_URL=engine.url, ENGINE_PASSWORD="s3cret")
    assert (refused.returncode, refused.stderr) == (1, f"login.py: {engine.url} refused nobody: status 401.\n")
    start = run("start_jobs.py", "w", ENGINE_URL=engine.url, ENGINE_TOKEN="s3cret")
    assert (start.returncode, start.stderr) == (1, "start_jobs.py: no job was started: status 401.\n")
    assert "set ENGINE_URL" in run("start_jobs.py", "w").stderr
    assert "ENGINE_PASSWORD_API_READ or ENGINE_PASSWORD" in run("login.py", "api-read").stderr
    assert "allowed are bearer" in run("start_jobs.py", "w", ENGINE_URL="x", ENGINE_TOKEN="x", ENGINE_AUTH="x").stderr
    for url in ("http://127.0.0.1:9", "nowhere"):
        assert "was not reached" in (told := run("login.py", "a", ENGINE_URL=url, ENGINE_PASSWORD="x").stderr)
        assert told.count("\n") == 1


def test_token_with_a_line_break_starts_a_job_or_is_not_told(engine: Served) -> None:
    """A block of YAML ends with one; within a token it is a mistake."""
    done = run("start_jobs.py", "w", ENGINE_URL=f"{engine.url}\n", ENGINE_TOKEN="admin:x\n", ENGINE_AUTH="basic")
    assert (done.returncode, done.stderr) == (0, "")
    wrong = run("start_jobs.py", "w", ENGINE_URL=engine.url, ENGINE_TOKEN="s3\ncret")
    assert (wrong.returncode, wrong.stderr.count("\n"), "cret" in wrong.stderr) == (1, 1, False)

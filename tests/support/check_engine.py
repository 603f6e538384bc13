"""Running check-engine as a user does, in a folder and an environment of the test's own."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract_tests.config.which_engine import CI_VARIABLES
from tests.support.commands import run
from tests.support.forked import can_fork, run_forked

TOKENS = [f"--token={role}={role}" for role in ("admin", "engineering", "support", "apiwrite", "apiread")]


@dataclass(frozen=True)
class Done:
    """The output of a command, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """Return the last line of its output."""
        return self.out.strip().splitlines()[-1] if self.out.strip() else ""


def check_engine(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 170
) -> Done:
    """Run `check-engine ARGUMENTS` from outside the checkout. No traceback is ever shown."""
    whole = clean_environment() | dict(env or {})
    if can_fork(whole):
        done = run_forked(arguments, cwd=cwd, env=whole, stdin=stdin, timeout_s=timeout)
    else:
        done = run(*command(arguments), cwd=cwd, env=whole, stdin=stdin, timeout_s=timeout)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command line, with the script that is installed beside this Python."""
    return [str(Path(sys.executable).with_name("check-engine")), *arguments]


def clean_environment() -> dict[str, str]:
    """Return the environment without settings of this kit and of pytest, and outside CI."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CHECK_ENGINE_", "MOCK_ENGINE_", "PYTEST_"))
        and name.lower() != "http_proxy"
        and name not in CI_VARIABLES
    }


def write_jobs(folder: Path, job_ids: Sequence[str]) -> Path:
    """Write a file with one id a line."""
    path = folder / "jobs.txt"
    path.write_text("\n".join(job_ids) + "\n")
    return path

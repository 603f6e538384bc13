"""Commands, run to their end or started until they say that they are ready, in an environment of the test's own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from contract_tests.config.which_engine import CI_VARIABLES
from tests.support.forked import COMMANDS, forking, loaded, run_forked

TOKENS = [f"--token={role}={role}" for role in ("admin", "engineering", "support", "apiwrite", "apiread")]
PYTEST_TOKENS = [token.replace("--token", "--engine-token") for token in TOKENS]


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


class Started(NamedTuple):
    """A running command, and the last word of its first line: a server's address."""

    process: "subprocess.Popen[str]"
    url: str

    def next_line(self) -> str:
        """Return what it prints next on stdout, with the line's end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()


def run(
    *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = "", timeout_s: float = 170
) -> Done:
    """Run a command to its end, with `env` beside the clean environment.

    A command of the kit that is named without a path, and this Python's pytest, are forked from a process that has
    loaded them, where the environment allows that. A command of the kit never shows a traceback.
    """
    whole = clean_environment() | dict(env or {})
    if by := loaded(words, whole):
        done = run_forked(words, by=by, cwd=cwd or Path.cwd(), env=whole, stdin=stdin, timeout_s=timeout_s)
    else:
        done = subprocess.run(
            _line(words),
            cwd=cwd,
            env=whole,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    assert words[0] not in COMMANDS or "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def check_engine(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
    """Run `check-engine ARGUMENTS` in a folder."""
    return run("check-engine", *arguments, cwd=cwd, env=env, stdin=stdin)


def mock_engine(*options: str, env: Mapping[str, str] | None = None) -> Done:
    """Run `mock-engine OPTIONS`, which ends by itself."""
    return run("mock-engine", *options, env=env, timeout_s=30)


def started_mock(*options: str, env: Mapping[str, str] | None = None) -> AbstractContextManager[Started]:
    """Start `mock-engine OPTIONS` on a free port."""
    return started("mock-engine", "--port", "0", *options, ready="Mock engine ready on http", env=env)


def run_suite(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run `pytest --pyargs contract_tests ARGUMENTS` as another project would."""
    words = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "contract_tests", *arguments)
    return run(*words, cwd=cwd, env=env)


def begin(*words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start a command, as a process of its own, with `env` beside the clean environment; forked where `run` forks it."""
    whole = clean_environment() | dict(env or {})
    by = loaded(words, whole)
    line = forking(words, by) if by else _line(words)
    return subprocess.Popen(line, cwd=cwd, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def started(
    *words: str, ready: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Start a command, wait for its first line, which begins with `ready`, and end it with the context."""
    process = begin(*words, cwd=cwd, env=env)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith(ready), f"{first}{process.communicate(timeout=10)[1]}"
        yield Started(process, first.split()[-1])
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


def installed(command: str) -> str:
    """Return the path of a command that is installed beside this Python."""
    return str(Path(sys.executable).with_name(command))


def clean_environment() -> dict[str, str]:
    """Return the environment without settings of this kit and of pytest, and outside CI."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CHECK_ENGINE_", "MOCK_ENGINE_", "WATCH_ENGINE_", "PYTEST_"))
        and name.lower() != "http_proxy"
        and name not in CI_VARIABLES
    }


def write_jobs(folder: Path, job_ids: Sequence[str]) -> Path:
    """Write a file with one id a line."""
    path = folder / "jobs.txt"
    path.write_text("\n".join(job_ids) + "\n")
    return path


def _line(words: Sequence[str]) -> list[str]:
    return [installed(words[0]) if words[0] in COMMANDS else words[0], *words[1:]]

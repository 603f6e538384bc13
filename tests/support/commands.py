"""Commands, run to their end or started until they say that they are ready."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


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
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end. `env` is the whole environment; this process's where it is None."""
    return subprocess.run(
        words, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False
    )


@contextmanager
def started(
    *words: str, ready: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Start a command, wait for its first line, which begins with `ready`, and end it with the context."""
    process = subprocess.Popen(words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith(ready), f"{first}{process.communicate(timeout=10)[1]}"
        yield Started(process, first.split()[-1])
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment with changes."""
    return {**os.environ, **(changes or {})}

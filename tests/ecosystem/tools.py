"""Node tools from `package.json`, installed once beside it."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO

from tests.support import ROOT
from tests.support.alone import alone

HERE = Path(__file__).parent
SPEC = ROOT / "spec" / "openapi.yaml"

MODULES = HERE / "node_modules"
_INSTALLED = MODULES / ".installed-for"  # holds the hash of the lock file that it was installed from
_LOCK = HERE / "install.lock"
_INSTALL_S = 300.0

_LISTENING = re.compile(r"listening on (http://\S+)")


def install(npm: str) -> None:
    """Install what `package-lock.json` pins, unless that was done; one process at a time."""
    with alone(_LOCK):
        wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
        if _INSTALLED.is_file() and _INSTALLED.read_text() == wanted:
            return
        command = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
        assert done.returncode == 0, f"npm ci failed:\n{done.stderr}"
        _INSTALLED.write_text(wanted)


def command(tool: str, *arguments: str | Path) -> list[str]:
    """The command line of an installed tool."""
    path = shutil.which(tool, path=str(MODULES / ".bin"))
    assert path is not None, f"{tool} is not installed; package.json must name its package."
    return [path, *map(str, arguments)]


def run(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run an installed tool in this folder."""
    return subprocess.run(
        command(tool, *arguments),
        cwd=HERE,
        env={**os.environ, "NO_COLOR": "1", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def prism(*arguments: str | Path) -> Iterator[str]:
    """Prism on a free port, as `prism mock` or `prism proxy` runs it: its URL."""
    process = subprocess.Popen(
        [*command("prism", *arguments), "--port", "0"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield _address(process.stdout)
    finally:
        process.terminate()
        process.wait(10)


def _address(output: IO[str]) -> str:
    said = ""
    for line in output:
        said += line
        if found := _LISTENING.search(line):
            # What it says later must not fill the pipe.
            Thread(target=output.read, daemon=True).start()
            return found[1]
    raise AssertionError(f"Prism did not start:\n{said}")

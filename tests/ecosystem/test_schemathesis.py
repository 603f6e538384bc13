"""Schemathesis on the spec as it stands, without anything of ours, against the mock."""

import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.serving.in_process import RunningMock
from tests.ecosystem.tools import SPEC


@pytest.mark.parametrize("headers", [(), ("--header", "Authorization: Bearer admin")], ids=["nobody", "admin"])
def test_schemathesis_finds_no_failure(mock: RunningMock, tmp_path: Path, headers: tuple[str, ...]) -> None:
    """A bare `schemathesis run` with all its checks passes on the mock, with a credential and without."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(SPEC), "--url", mock.url]
    options = ["--checks", "all", "--max-examples", "50", "--seed", "1", *headers]
    # In an empty folder: no settings file is found.
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout or not headers, done.stdout
    assert len(mock.requests()) > 50

"""The benchmarks still run; how fast anything is, no test says."""

import json
import re
import subprocess
import sys

import pytest

from tests.support import ROOT

FOLDER = ROOT / "benchmarks"


@pytest.mark.parametrize("part", ["throughput", "start-up", "redis", "growth", "checks", "tests"])
def test_a_quick_run_of_each_part_ends_well(part: str) -> None:
    """`python -m benchmarks PART --quick` prints its tables, and all answers are those that were expected."""
    before = _written()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", part, "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| " in done.stdout
    if part == "throughput":
        assert "was not expected: none." in done.stdout, done.stdout
    if part == "growth":
        assert "0 unexpected answers" in done.stdout, done.stdout
    assert _written() == before, "a quick run writes nothing down"


def _written() -> list[bytes]:
    return [path.read_bytes() for path in (FOLDER / "RESULTS.md", FOLDER / "growth.svg") if path.exists()]


def test_peers_are_pinned_and_no_file_names_a_registry() -> None:
    """The package file pins exact versions; the lock file says what is installed, and not from where."""
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    locked = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    assert [name for name, package in locked.items() if "resolved" in package] == []
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted

"""How long all tests take, beside an older version's: each has tests of its own, so a test's share is compared."""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import children_seconds
from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT

GOAL_S = 480
GOAL_OF_BEFORE = 0.5
_ALL = ("-n", "auto", "--dist", "worksteal")
_QUICK = ("tests/test_order.py",)
_PASSED = re.compile(r"^(?:\d+ failed, )?(\d{1,6}) passed", re.MULTILINE)


@dataclass(frozen=True)
class Suite:
    """One run of a version's tests: how many passed, and the seconds it took, of the clock and of processor time."""

    passed: int
    wall_s: float
    cpu_s: float

    @property
    def ms_each(self) -> float:
        """Milliseconds of the clock that one test takes."""
        return 1000 * self.wall_s / self.passed


def run(*, quick: bool, before: Path | None = None) -> None:
    """Measure, print, and write down unless the run is a quick one. `before`: a checkout of an older version."""
    arguments = _QUICK if quick else _ALL
    now = _test(ROOT, arguments)
    measured = {"now": now} if before is None else {"before": _test(before, arguments), "now": now}
    rows = [
        [name, f"{suite.passed:,}", f"{suite.wall_s:.0f}", f"{suite.cpu_s:.0f}", f"{suite.ms_each:.0f}"]
        for name, suite in measured.items()
    ]
    told = [
        "All tests, as `make test` runs them, one run of each version after the other.",
        "",
        table(("version", "tests", "seconds", "of processor time", "ms a test"), rows),
        "",
        f"The goal is {GOAL_S} s at most: {now.wall_s:.0f} s, {verdict(now.wall_s, GOAL_S, at_most=True)}.",
    ]
    if "before" in measured:
        share = now.ms_each / measured["before"].ms_each
        told.append(
            f"A test takes {share:.2f} times what it took before "
            f"(goal: {GOAL_OF_BEFORE}, {verdict(share, GOAL_OF_BEFORE, at_most=True)})."
        )
    text = "\n".join(told)
    print(f"{text}\n")
    if not quick:
        write_section("Tests", text)


def _test(checkout: Path, arguments: Sequence[str]) -> Suite:
    """Run a version's tests, by the `.venv` of its folder where it has one. Raises RuntimeError where none passed."""
    own = checkout / ".venv" / "bin" / "python"
    command = [str(own if own.exists() else sys.executable), "-m", "pytest", "-q", *arguments]
    started, used = time.perf_counter(), children_seconds()
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    wall_s, cpu_s = time.perf_counter() - started, children_seconds() - used
    passed = _PASSED.search(done.stdout)
    if passed is None:
        raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return Suite(int(passed[1]), wall_s, cpu_s)

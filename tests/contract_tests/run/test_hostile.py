"""Hostile engines: every run ends in time and within bounds, with a sentence, and is never green."""

import sys
from pathlib import Path

import pytest

from tests import field_engine
from tests.support.commands import TOKENS, installed, run, write_jobs
from tests.support.pace import stopwatch

MEMORY = 256 * 1024  # KiB
DEADLINE = 20  # seconds
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
# What looks hostile and is well-formed: numbers and texts that JSON allows.
WELL_FORMED = {"huge-integer", "huge-exponent", "long-fraction", "marked-texts", "surrogates"}
QUICK = {
    *("hang", "drip-body", "reset-in-body", "endless-body", "endless-headers", "gzip-bomb", "deep-arrays"),
    *("redirect-loop", "ssh", "tls", "close-at-accept", "huge-refusal", "surrogates", "interim-storm"),
}


@pytest.mark.parametrize(
    "name",
    [
        entry.name if entry.name in QUICK else pytest.param(entry.name, marks=pytest.mark.soak)
        for entry in field_engine.HOSTILE
    ],
)
def test_every_run_ends(tmp_path: Path, name: str) -> None:
    """It ends within the deadline, within 256 MB, with status 1 or 3 and a sentence; no traceback."""
    with field_engine.serve(version=name) as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        arguments = [engine.url, *TOKENS, f"--jobs={jobs}", "--timeout=1", f"--deadline={DEADLINE}", "--report-dir=out"]
        with stopwatch() as watch:
            # A small process in between: a child's peak memory counts from its fork, when it is as large as its parent.
            measured = (sys.executable, "-c", MEASURE, installed("check-engine"))
            done = run(*measured, *arguments, cwd=tmp_path, timeout_s=DEADLINE * 10)
            taken_s = watch.seconds
    peak = int(done.err.strip().splitlines()[-1])
    assert done.status in ({0, 1} if name in WELL_FORMED else {1, 3}), done.out[-2000:]
    assert taken_s < DEADLINE + 20  # starting and reports beside
    assert peak < MEMORY, f"{peak // 1024} MiB"
    assert "Traceback" not in done.err
    assert done.out.strip().splitlines()[-1].startswith(("violates", "undecided", "conforms"))
    assert (tmp_path / "out" / "report.json").exists()

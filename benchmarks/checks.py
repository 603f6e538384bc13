"""How long check-engine takes: on its own mock, beside Schemathesis, on a slow engine, and to print its help."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.machine import load_average
from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, mock_command, running
from tests.standin import serve

EMBEDDED_GOAL_S = 1.5
HELP_GOAL_S = 0.3
SLOW_GOAL_S = 15.0
SLOW_MS = 250
EXAMPLES = 30
_JOBS = 24
_ROLES = ("admin", "engineering", "support", "apiwrite", "apiread", "operator")
_TOKENS = [f"--token={role}={role}" for role in _ROLES]
_HELP = ("mock-engine", "check-engine", "watch-engine")


def run(*, quick: bool) -> None:
    """Measure, print, and write down unless the run is a quick one."""
    rounds = 1 if quick else 9
    parts = [_embedded(rounds), _help(rounds)]
    if not quick:
        parts += [_pairs(5), _slow(2)]
    rows = [row for part in parts for row in part]
    text = f"Wall time of the whole process, medians.\n\n{table(('what', 'seconds', 'goal', ''), rows)}"
    print(f"\n{text}\n")
    if not quick:
        write_section("check-engine", text)


def _embedded(rounds: int) -> list[list[str]]:
    times = [_time([_script("check-engine"), "--mock", "-q"]) for _ in range(rounds)]
    return [_row(f"check-engine on its own mock, {rounds} runs", median(times), EMBEDDED_GOAL_S)]


def _help(rounds: int) -> list[list[str]]:
    return [
        _row(f"{name} --help", median(_time([_script(name), "--help"]) for _ in range(rounds)), HELP_GOAL_S)
        for name in _HELP
    ]


def _pairs(rounds: int) -> list[list[str]]:
    """The same engine is checked by both in turn; the stand-in is an engine that is not the kit's mock."""
    own, peer = [], []
    for _ in range(rounds):
        with serve() as engine, TemporaryDirectory() as folder:
            jobs = Path(folder) / "jobs.txt"
            jobs.write_text("\n".join(engine.make_jobs(_JOBS)))
            own.append(_time([_script("check-engine"), "-q", engine.url, "--jobs", str(jobs), *_TOKENS]))
            peer.append(_time(_schemathesis(engine.url), folder))
        print(f"  check-engine {own[-1]:.2f} s, schemathesis {peer[-1]:.2f} s, load {load_average():.1f}", flush=True)
    ratio = median(ours / theirs for ours, theirs in zip(own, peer, strict=True))
    return [
        [f"check-engine on a given engine, {rounds} pairs", f"{median(own):.2f}", "", ""],
        [f"schemathesis run, {EXAMPLES} examples, on the same", f"{median(peer):.2f}", "", ""],
        ["the first over the second, median of the pairs", f"{ratio:.2f}x", "1x", verdict(ratio, 1, at_most=True)],
    ]


def _slow(rounds: int) -> list[list[str]]:
    """On an engine that answers each request after a quarter of a second, with the default concurrency."""
    times = []
    for _ in range(rounds):
        with running(_slow_mock) as engine, TemporaryDirectory() as folder:
            jobs = Path(folder) / "jobs.txt"
            jobs.write_text("\n".join(f"{number:024x}" for number in range(1, _JOBS + 1)))
            times.append(_time([_script("check-engine"), "-q", engine.url, "--jobs", str(jobs), *_TOKENS]))
    return [_row(f"check-engine on an engine that answers in {SLOW_MS} ms, {rounds} runs", median(times), SLOW_GOAL_S)]


def _slow_mock(port: int, _folder: Path) -> list[str]:
    return mock_command(port, "--any-job", "--latency", str(SLOW_MS))


def _schemathesis(url: str) -> list[str]:
    spec = str(ROOT / "spec" / "openapi.yaml")
    credential = "Authorization: Bearer admin"
    return [
        *(_script("schemathesis"), "run", spec, "--url", url),
        *("--max-examples", str(EXAMPLES), "--header", credential),
    ]


def _time(words: Sequence[str], folder: str | None = None) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        words, cwd=folder or ROOT, env=_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    elapsed = time.perf_counter() - started
    # Schemathesis ends with 1 where it finds what it takes for a defect.
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{' '.join(words)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return elapsed


def _environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("CHECK_ENGINE_", "MOCK_ENGINE_"))}


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _row(what: str, seconds: float, goal: float) -> list[str]:
    return [what, f"{seconds:.2f}", f"{goal:g}", verdict(seconds, goal, at_most=True)]

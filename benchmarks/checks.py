"""How long check-engine takes: on its own mock, beside Schemathesis, on a slow engine, and to print its help."""

import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from benchmarks.machine import children_seconds, load_average
from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, mock_command, running
from tests.standin import serve

EMBEDDED_GOAL_S = 1.5
EMBEDDED_RATIO_GOAL = 0.7
HELP_GOAL_S = 0.3
EXAMPLES = 30
_JOBS = 24
_ROLES = ("admin", "engineering", "support", "apiwrite", "apiread", "operator")
_TOKENS = [f"--token={role}={role}" for role in _ROLES]
_HELP = ("mock-engine", "check-engine", "watch-engine")
_BEHAVIOUR = "/_mock/behavior"
_CI = ("CI", "TF_BUILD", "TEAMCITY_VERSION", "CHECK_ENGINE_", "MOCK_ENGINE_")


@dataclass(frozen=True)
class Slow:
    """An engine that people wait for: its options as a mock, what is armed there, the goal in seconds, and how a check ends."""

    what: str
    goal_s: float
    options: tuple[str, ...] = ()
    armed: Mapping[str, object] = field(default_factory=dict)
    status: int = 0


SLOW = (
    Slow("an engine that answers in 250 ms", 9.0, ("--latency", "250")),
    Slow("an engine that answers in 1 s", 30.0, ("--latency", "1000")),
    Slow("an engine that answers 503", 15.0, armed={"code": 503}, status=3),
)


def run(*, quick: bool, before: Path | None = None) -> None:
    """Measure, print, and write down unless the run is a quick one. `before`: a checkout of an older version."""
    rounds = 1 if quick else 9
    rows = [*_embedded(rounds), *_help(rounds)]
    if not quick:
        rows += _pairs(5)
    text = f"Wall time of the whole process, medians.\n\n{table(('what', 'seconds', 'goal', ''), rows)}"
    if not quick:
        text += f"\n\n{_where_people_wait(before)}"
    print(f"\n{text}\n")
    if not quick:
        write_section("check-engine", text)


def _where_people_wait(before: Path | None) -> str:
    """The embedded check and slow engines, with an older version's time in turn."""
    checkouts = [checkout for checkout in (before, ROOT) if checkout is not None]
    embedded = [[_check(checkout, "-q") for checkout in checkouts] for _ in range(7)]
    rows = [
        _against("on its own mock", [[wall for wall, _ in each] for each in embedded], EMBEDDED_GOAL_S),
        _against("the same, processor time", [[cpu for _, cpu in each] for each in embedded], None),
        *(
            _against(slow.what, [[_slow(slow, each) for each in checkouts] for _ in range(2)], slow.goal_s)
            for slow in SLOW
        ),
    ]
    told = "Seconds, medians; the ratio is the median of the rounds', behind it their range."
    if before is not None:
        told += " In each round the version before and this one were measured one after the other, by `python -m contract_tests`."
    return f"{told}\n\n{table(('check-engine on', 'before', 'now', 'ratio', 'goal', ''), rows)}"


def _against(what: str, rounds: Sequence[Sequence[float]], goal_s: float | None) -> list[str]:
    """A row: in each round the seconds before, where they were measured, and now."""
    now = median(each[-1] for each in rounds)
    if len(rounds[0]) == 1:
        old, ratio, share = "", "", None
    else:
        ratios = sorted(after / earlier for earlier, after in rounds)
        old, share = f"{median(each[0] for each in rounds):.2f}", median(ratios)
        ratio = f"{share:.2f}x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    if goal_s is not None:
        return [what, old, f"{now:.2f}", ratio, f"{goal_s:g} s", verdict(now, goal_s, at_most=True)]
    told = "" if share is None else verdict(share, EMBEDDED_RATIO_GOAL, at_most=True)
    return [what, old, f"{now:.2f}", ratio, f"{EMBEDDED_RATIO_GOAL}x", told]


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
            # It ends with 1 where it finds what it takes for a defect.
            peer.append(_time(_schemathesis(engine.url), folder, (0, 1)))
        print(f"  check-engine {own[-1]:.2f} s, schemathesis {peer[-1]:.2f} s, load {load_average():.1f}", flush=True)
    ratio = median(ours / theirs for ours, theirs in zip(own, peer, strict=True))
    return [
        [f"check-engine on a given engine, {rounds} pairs", f"{median(own):.2f}", "", ""],
        [f"schemathesis run, {EXAMPLES} examples, on the same", f"{median(peer):.2f}", "", ""],
        ["the first over the second, median of the pairs", f"{ratio:.2f}x", "1x", verdict(ratio, 1, at_most=True)],
    ]


def _slow(slow: Slow, checkout: Path) -> float:
    """Seconds that a check of a mock takes that behaves so, with the default concurrency."""
    with running(partial(_slow_mock, slow), first_status=404) as engine, TemporaryDirectory() as folder:
        jobs = Path(folder) / "jobs.txt"
        made = httpx.post(f"{engine.url}/_mock/jobs", json={"count": _JOBS}, timeout=30).json()["job_ids"]
        jobs.write_text("\n".join(made))
        httpx.put(engine.url + _BEHAVIOUR, json=dict(slow.armed), timeout=30).raise_for_status()
        return _check(checkout, "-q", engine.url, "--auth=bearer", f"--jobs={jobs}", *_TOKENS, status=slow.status)[0]


def _slow_mock(slow: Slow, port: int, _folder: Path) -> list[str]:
    return mock_command(port, "--contract-only", *slow.options)


def _check(checkout: Path, *arguments: str, status: int = 0) -> tuple[float, float]:
    """Seconds that a version's check-engine takes, and of processor time. Raises RuntimeError if it ends otherwise."""
    used = children_seconds()
    wall_s = _time([sys.executable, "-m", "contract_tests", *arguments], checkout, {status})
    return wall_s, children_seconds() - used


def _schemathesis(url: str) -> list[str]:
    spec = str(ROOT / "spec" / "openapi.yaml")
    credential = "Authorization: Bearer admin"
    return [
        *(_script("schemathesis"), "run", spec, "--url", url),
        *("--max-examples", str(EXAMPLES), "--header", credential),
    ]


def _time(words: Sequence[str], folder: Path | str = ROOT, statuses: Collection[int] = (0,)) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        words, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    elapsed = time.perf_counter() - started
    if done.returncode not in statuses:
        raise RuntimeError(f"{' '.join(words)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return elapsed


def _environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_CI)}


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _row(what: str, seconds: float, goal: float) -> list[str]:
    return [what, f"{seconds:.2f}", f"{goal:g}", verdict(seconds, goal, at_most=True)]

"""The mock on Redis: requests a second with 1, 2 and 4 workers, and what a request costs there and in memory.

python -m benchmarks redis [--before DIRECTORY]

Load generator, workers and Redis share the machine's cores, so the rates are what is left of them; the processor times
are what each request costs, wherever it runs. `--before` names a checkout of an older version, which is measured in the
same run, by turns.
"""

import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from benchmarks.load import load
from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, contestants, running
from tests.support.redis_server import redis_server

WORKERS = (1, 2, 4)
CONNECTIONS = 32
DISTURBED = 2
"""By how many times the rates of a setup differ at least in a run that others disturbed."""


class Cost(NamedTuple):
    """What a load came to: a rate, a latency, and processor time for each request, in microseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    mock_us: float
    redis_us: float


class Setup(NamedTuple):
    """What is measured; `workers` is 0 for the store in memory, `checkout` None for Prism."""

    name: str
    workers: int
    checkout: Path | None


def _mock(options: Sequence[str], port: int, _folder: Path) -> list[str]:
    return [sys.executable, "-m", "mock_server.cli", "--port", str(port), "--any-job", *options]


def measure(setup: Setup, *, seconds: float, warm_up: float) -> Cost:
    """One start under load."""
    with ExitStack() as stack:
        redis_pid: int | None = None
        options: tuple[str, ...] = ()
        if setup.workers:
            # It writes each command into a file, synced every second, as one runs it in earnest.
            redis = stack.enter_context(redis_server(Path(stack.enter_context(TemporaryDirectory()))))
            redis_pid, options = redis.pid, ("--store", redis.url, "--workers", str(setup.workers))
        command = (
            next(one.command for one in contestants()[0] if one.name == "Prism")
            if setup.checkout is None
            else partial(_mock, options)
        )
        server = stack.enter_context(running(command, folder=setup.checkout or ROOT))
        warm = load(server.url, seconds=0.1, warm_up=warm_up, connections=CONNECTIONS)
        before = _cpu_s(server.pid), _cpu_s(redis_pid)
        measured = load(server.url, seconds=seconds, warm_up=0.0, connections=CONNECTIONS, offset=warm.next_offset)
        after = _cpu_s(server.pid), _cpu_s(redis_pid)
    if measured.unexpected:
        raise SystemExit(f"{setup.name}: answers that were not expected: {measured.unexpected}")
    mock_us, redis_us = ((end - start) / measured.requests * 1e6 for start, end in zip(before, after, strict=True))
    return Cost(measured.per_second, measured.p50_ms, measured.p99_ms, mock_us, redis_us)


def _cpu_s(pid: int | None) -> float:
    """Processor time of a process and its children, in seconds."""
    if pid is None:
        return 0.0
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def run(*, quick: bool, before: Path | None = None) -> None:
    """Measure, print a table, and put it into RESULTS.md unless the run is a quick one."""
    if shutil.which("redis-server") is None:
        print("| redis | not measured: redis-server is not installed (apt-get install redis-server). |")
        return
    workers = WORKERS[:1] if quick else WORKERS
    setups = [Setup("memory", 0, ROOT), *(Setup(f"Redis, {number}", number, ROOT) for number in workers)]
    if before is not None:
        setups += [Setup(f"Redis, {number}, before", number, before) for number in workers]
    has_prism = any(one.name == "Prism" for one in contestants()[0]) and not quick
    setups += [Setup("Prism", 0, None)] if has_prism else []
    rounds, seconds, warm_up = (1, 0.3, 0.2) if quick else (5, 3.0, 2.0)
    costs: dict[str, list[Cost]] = {setup.name: [] for setup in setups}
    for _ in range(rounds):
        for setup in setups:
            costs[setup.name].append(measure(setup, seconds=seconds, warm_up=warm_up))
            print(setup.name, costs[setup.name][-1], flush=True)
    text = _report(costs, rounds, seconds, has_before=before is not None)
    print(f"\n{text}\n")
    if not quick:
        write_section("Redis", text)


def _report(costs: dict[str, list[Cost]], rounds: int, seconds: float, *, has_before: bool) -> str:
    middle = {name: Cost(*map(median, zip(*each, strict=True))) for name, each in costs.items()}
    rows = [
        [
            name,
            f"{cost.per_second:,.0f}",
            f"{min(one.per_second for one in costs[name]):,.0f}",
            f"{max(one.per_second for one in costs[name]):,.0f}",
            f"{cost.p50_ms:.1f}",
            f"{cost.p99_ms:.1f}",
            f"{cost.mock_us:.0f}",
            f"{cost.redis_us:.0f}" if cost.redis_us else "",
            f"{cost.mock_us / middle['memory'].mock_us:.1f}x",
        ]
        for name, cost in middle.items()
    ]
    head = ("store, workers", "requests/s", "lowest", "highest", "p50 ms", "p99 ms", "µs", "Redis µs", "of memory's")
    lines = [
        (
            f"{CONNECTIONS} connections, {rounds} rounds of {seconds:g} s by turns; medians. Load generator, workers and "
            "Redis (`--appendonly yes`) share the cores. Each request is a cancel, one in ten of them refused, and is "
            'written into the journal. "µs" is what a request costs the mock of processor time, "Redis µs" what it '
            "costs Redis. Behind a ratio stands its range over the rounds."
        ),
        "",
        table(head, rows),
    ]
    if "Prism" in costs:
        rate, cost = _against(costs, "Redis, 1", "Prism")
        lines += [
            "",
            (
                f"One worker on Redis answers {rate.said} times as much as Prism (goal: 1, {verdict(rate.middle, 1)}), and a "
                f"request costs mock and Redis together {cost.said} times the processor time. The second holds on a "
                "machine that others use too."
            ),
        ]
    if has_before:
        each = [name for name in costs if f"{name}, before" in costs]
        pairs = [_against(costs, name, f"{name}, before") for name in each]
        workers = ", ".join(map(str, WORKERS[: len(each)]))
        lines += [
            "",
            (
                f'"before" is the version with a link to Redis of its own, which masked fewer secrets. With {workers} '
                f"workers it is now {', '.join(rate.said for rate, _ in pairs)} times the rate, and "
                f"{', '.join(cost.said for _, cost in pairs)} times the processor time of mock and Redis together."
            ),
        ]
    if any(
        max(rates) > DISTURBED * min(rates) for rates in ([one.per_second for one in each] for each in costs.values())
    ):
        lines += [
            "",
            (
                "The run was disturbed: others used the machine, and rates differ several times between rounds. What carries "
                "over are the processor times, as ratios."
            ),
        ]
    return "\n".join(lines)


class _Ratio(NamedTuple):
    """A ratio over the rounds."""

    each: tuple[float, ...]

    @property
    def middle(self) -> float:
        """Return its median."""
        return median(self.each)

    @property
    def said(self) -> str:
        """Return the median with the range."""
        return f"{self.middle:.2f} ({min(self.each):.2f} to {max(self.each):.2f})"


def _against(costs: dict[str, list[Cost]], one: str, other: str) -> tuple[_Ratio, _Ratio]:
    """Return how many times the rate and the processor time of the other one has."""
    pairs = list(zip(costs[one], costs[other], strict=True))
    return (
        _Ratio(tuple(a.per_second / b.per_second for a, b in pairs)),
        _Ratio(tuple((a.mock_us + a.redis_us) / (b.mock_us + b.redis_us) for a, b in pairs)),
    )

"""Growth: many jobs, large documents, many requests. Draws growth.svg."""

import http.client
import json
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.chart import Panel, draw
from benchmarks.load import PATH, cancel_request
from benchmarks.machine import cores, pinned, resident_mb
from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, Running, exchange, mock_command, running

CHART = Path(__file__).parent / "growth.svg"

JOBS_GOAL_MB = 300
LARGE_GOAL_MB_S = 50
STALL_GOAL_MS = 20
_MOST = 3_000_000  # tasks of the jobs that a large document is asked of: more than are canceled in the time
_SLOWER = 0.95  # of a thousand jobs' rate: less than that is more than noise


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    jobs: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    tasks: tuple[int, ...] = (10, 50, 200, 500, 1_000, 2_000)
    rounds: int = 5
    seconds: float = 1.5
    requests: int = 1_000_000
    batches: int = 20


FULL = Extent()
QUICK = Extent(jobs=(10, 100), tasks=(10, 300), rounds=1, seconds=0.2, requests=400, batches=4)


def run(*, quick: bool) -> None:
    """Measure all three, print them, and write them down unless the run is a quick one."""
    extent = QUICK if quick else FULL
    parts = [_many_jobs(extent), _large_documents(extent), _many_requests(extent)]
    text = "\n\n".join(said for said, _ in parts)
    print(f"\n{text}\n")
    drawn = draw([panel for _, panel in parts])
    if not quick:
        CHART.write_text(drawn)
        write_section("Growth", f"![Curves of the three measurements](growth.svg)\n\n{text}")


# ── many jobs ──────────────────────────────────────────────────────────────────────────────────────


def _many_jobs(extent: Extent) -> tuple[str, Panel]:
    server_core, load_core = cores() or (None, None)
    rates: dict[int, list[float]] = {count: [] for count in extent.jobs}
    with ExitStack() as stack:
        servers = {count: stack.enter_context(_mock(server_core, "--jobs", str(count))) for count in extent.jobs}
        memory = {count: resident_mb(server.pid) for count, server in servers.items()}
        offset = 0
        for number in range(extent.rounds):
            for count, server in servers.items():
                outcome = _load(
                    server, load_core, seconds=extent.seconds, warm_up=0.5 if number else 1.0, offset=offset
                )
                rates[count].append(outcome["per_second"])
            offset += 10_000_000
    made = _made_by_call(extent.jobs[-1])
    middle = {count: median(rates[count]) for count in extent.jobs}
    few, many = extent.jobs[0], extent.jobs[-1]
    rows = [[f"{count:,}", f"{memory[count]:.0f}", f"{middle[count]:,.0f}"] for count in extent.jobs]
    ratio = median(b / a for a, b in zip(rates[few], rates[many], strict=True))
    said = [
        "### Many jobs",
        "",
        table(("active jobs", "MB at the start", "requests/s"), rows),
        "",
        (
            f"{many:,} active jobs take {memory[many]:.0f} MB (goal: {JOBS_GOAL_MB} at most, "
            f"{verdict(memory[many], JOBS_GOAL_MB, at_most=True)}), and {made:.0f} MB where one call of `POST /_mock/jobs` "
            f"made them. Requests a second are {ratio:.2f} times those at {few:,} jobs, in the median of {extent.rounds} "
            f"rounds by turns (goal: no slower, {verdict(ratio, _SLOWER)})."
        ),
    ]
    panel = Panel(
        "Many jobs",
        "active jobs",
        {"memory, MB": [(count, memory[count]) for count in extent.jobs],
         "100 requests/s": [(count, middle[count] / 100) for count in extent.jobs]},
        logarithmic=True,
        limit=("goal: 300 MB at most", JOBS_GOAL_MB),
    )  # fmt: skip
    return "\n".join(said), panel


def _made_by_call(count: int) -> float:
    """The mock's memory, in MB, once a call made that many jobs."""
    with _mock(None) as server:
        _control(server, "POST", "/_mock/jobs", {"count": count})
        return resident_mb(server.pid)


# ── large documents ────────────────────────────────────────────────────────────────────────────────


def _large_documents(extent: Extent) -> tuple[str, Panel]:
    server_core, load_core = cores() or (None, None)
    rows, speeds, stalls = [], [], []
    for tasks in extent.tasks:
        rates, longest, size = [], [], 0.0
        for _ in range(min(extent.rounds, 3)):
            # A mock of its own each time: the first document of a size, which takes longest, is among those measured.
            with _mock(server_core) as server:
                size, rate, stall = _ask_for(server, tasks, load_core, extent)
            rates.append(rate)
            longest.append(stall)
        speeds.append((float(tasks), median(rates)))
        stalls.append((float(tasks), min(longest)))
        rows.append(
            [
                f"{tasks:,}",
                f"{size / 1000:,.1f}",
                f"{median(rates):,.0f}",
                f"{min(longest):.1f}",
                f"{median(longest):.1f}",
            ]
        )
    worst = max(stall for _, stall in stalls)
    said = [
        "### Large documents",
        "",
        table(("tasks", "KB a document", "MB/s", "a small one waits ms", "median"), rows),
        "",
        (
            "One connection cancels jobs of that many tasks, one after the other, while another cancels small ones; a mock "
            "of its own for each size, so that the first document of a size is among those measured. "
            f"Documents of {extent.tasks[-1]:,} tasks come at {speeds[-1][1]:,.0f} MB/s (goal: {LARGE_GOAL_MB_S} or more, "
            f"{verdict(speeds[-1][1], LARGE_GOAL_MB_S)}); the longest that a small request waited, in the best "
            f"of the rounds, is {worst:.1f} ms "
            f"(goal: {STALL_GOAL_MS} at most, {verdict(worst, STALL_GOAL_MS, at_most=True)})."
        ),
    ]
    curves = {"documents, MB/s": speeds, "small ones wait, ms": stalls}
    panel = Panel(
        "Large documents", "tasks of a job", curves, logarithmic=True, limit=("goal: 50 MB/s", LARGE_GOAL_MB_S)
    )
    return "\n".join(said), panel


def _ask_for(server: Running, tasks: int, core: int | None, extent: Extent) -> tuple[float, float, float]:
    """Bytes a document, MB a second, and the longest in ms that a small request took beside them."""
    count = min(10_000, _MOST // tasks)
    job_ids = _control(server, "POST", "/_mock/jobs", {"count": count, "tasks": tasks})["job_ids"]
    port = urlsplit(server.url).port or 0
    small = _start_load(server, core, seconds=extent.seconds + 0.5, warm_up=0.1, connections=1)
    time.sleep(0.5)  # until it is under way
    received, seconds = 0, 0.0
    with pinned(core):
        while job_ids:
            request = cancel_request(f"127.0.0.1:{port}", PATH, job_ids.pop())
            started = time.perf_counter()
            received += len(exchange(port, request))
            seconds += time.perf_counter() - started
            if small.poll() is not None:  # asked afterwards: a quick run on a busy machine sends one large request too
                break
    asked = count - len(job_ids)
    return received / asked, received / seconds / 1e6, float(_outcome(small)["max_ms"])


# ── many requests ──────────────────────────────────────────────────────────────────────────────────


def _many_requests(extent: Extent) -> tuple[str, Panel]:
    server_core, load_core = cores() or (None, None)
    batch = extent.requests // extent.batches
    memory = []
    with _mock(server_core) as server:
        offset = answered = unexpected = 0
        for _ in range(extent.batches):
            outcome = _load(server, load_core, seconds=300.0, warm_up=0.0, offset=offset, requests=batch)
            offset = outcome["next_offset"]
            answered += outcome["requests"]
            unexpected += sum(outcome["unexpected"].values())
            full = resident_mb(server.pid)
            _control(server, "POST", "/_mock/reset", {})
            memory.append((float(answered), resident_mb(server.pid)))
    # By the second batch the journal and the forms are full.
    grown = memory[-1][1] - memory[1][1]
    said = [
        "### Many requests",
        "",
        (
            f"{answered:,} cancels in {extent.batches} batches, each of other jobs and followed by a reset; "
            f"{unexpected} unexpected answers. Memory after the reset: {memory[0][1]:.0f} MB after the first batch, "
            f"{memory[1][1]:.0f} after the second, {memory[-1][1]:.0f} after the last: {grown:+.1f} MB "
            f"(goal: flat, {verdict(grown, 3.0, at_most=True)}). Before a reset it is {full:.0f} MB: {batch:,} canceled jobs "
            "have a state of their own."
        ),
    ]
    panel = Panel("Many requests", "requests answered", {"memory, MB": memory})
    return "\n".join(said), panel


# ── what they share ────────────────────────────────────────────────────────────────────────────────


def _mock(core: int | None, *options: str) -> AbstractContextManager[Running]:
    return running(lambda port, _: mock_command(port, "--any-job", *options), core)


def _load(server: Running, core: int | None, **options: float) -> dict[str, Any]:
    return _outcome(_start_load(server, core, **options))


def _start_load(server: Running, core: int | None, **options: float) -> "subprocess.Popen[str]":
    words: list[str] = [sys.executable, "-m", "benchmarks.load", server.url]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    words += [] if core is None else ["--core", str(core)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _outcome(process: "subprocess.Popen[str]") -> dict[str, Any]:
    said, _ = process.communicate(timeout=400)
    if process.returncode:
        raise RuntimeError(f"The load generator ended with status {process.returncode}.")
    outcome: dict[str, Any] = json.loads(said)
    return outcome


def _control(server: Running, method: str, path: str, value: object) -> Any:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
    connection.request(method, path, json.dumps(value), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status >= 300:
        raise RuntimeError(f"{method} {path} was answered with {response.status}: {body[:200]!r}")
    return json.loads(body) if body else None

"""Requests a second, by turns: the mock, bare Starlette, the peers."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.machine import busy_seconds, children_seconds, cores, processor_seconds, stopped
from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, Contestant, Running, contestants, running

CONNECTIONS = 16
CALM = 0.1
"""Of one core: what others may use of the machine during a round. A round in which they used more is repeated."""
_TRIES = 4

Results = dict[str, list[dict[str, Any]]]
"""By a contestant's name what each round measured."""


def measure(*, rounds: int, seconds: float, warm_up: float = 1.0, quick: bool = False) -> Results:
    """All contestants in turn, round after round. `warm_up` scales their warm-ups; a quick run leaves out the peers."""
    found, _ = contestants()
    if quick:
        found = found[:2]
    server_core, load_core = cores() or (None, None)
    results: Results = {contestant.name: [] for contestant in found}
    offsets = dict.fromkeys(results, 0)
    with ExitStack() as stack:
        # All stay up, so that each is warmed up once; who is not measured stands still.
        servers = [(contestant, stack.enter_context(running(contestant.command, server_core))) for contestant in found]
        for number in range(rounds + 1):
            for contestant, server in servers:
                for attempt in range(_TRIES if number else 1):
                    with stopped(other.pid for _, other in servers if other is not server):
                        lasting = seconds if number else contestant.warm_up * warm_up
                        outcome = _load(server, lasting, offsets[contestant.name], load_core)
                    offsets[contestant.name] = outcome["next_offset"]
                    outcome["repeated"] = attempt
                    if outcome["others"] <= CALM or quick:
                        break
                    print(f"{contestant.name}: others used {outcome['others']:.0%} of a core", flush=True)
                if number:
                    results[contestant.name].append(outcome)
                    print(
                        f"round {number}  {contestant.name:20} {outcome['per_second']:9,.0f} /s"
                        f"{outcome['per_processor_second']:9,.0f} /CPU s  p99 {outcome['p99_ms']:6.2f} ms",
                        flush=True,
                    )
    return results


def _load(server: Running, seconds: float, offset: int, core: int | None) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.load", server.url, "--seconds", str(seconds), "--warm-up", "0.2"]
    words += ["--offset", str(offset), "--connections", str(CONNECTIONS)]
    words += [] if core is None else ["--core", str(core)]
    began, everybody, before = time.monotonic(), busy_seconds() - children_seconds(), processor_seconds(server.pid)
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    outcome: dict[str, Any] = json.loads(done.stdout)
    spent = processor_seconds(server.pid) - before
    outcome["per_processor_second"] = (outcome["next_offset"] - offset) / max(spent, 0.01)
    others = busy_seconds() - children_seconds() - everybody - spent
    outcome["others"] = max(others, 0.0) / (time.monotonic() - began)
    return outcome


def report(results: Results, *, seconds: float) -> str:
    """The table of medians, p99 and ratios, and what was not as it should be."""
    found, missing = contestants()
    by_name = {contestant.name: contestant for contestant in found}
    mock = next(iter(results.values()))
    rows = [_row(by_name[name], rounds, mock) for name, rounds in results.items()]
    head = (
        "server",
        "requests/s",
        "lowest",
        "highest",
        "p50 ms",
        "p99 ms",
        "the mock's",
        "per CPU s",
        "by CPU",
        "goal",
        "",
    )
    rounds = len(next(iter(results.values())))
    lines = [
        (
            f"{CONNECTIONS} connections, {rounds} rounds of {seconds:g} s by turns; the server on one core, the load "
            "generator on the other. Each request cancels another job; one in ten has no credential and is refused. "
            "Medians of the rounds; \"the mock's\" is how many times as much the mock answers, from the rounds' medians. "
            "What a server answers in a second of its own processor time, and the ratio of that, hold on a machine that "
            "others use too. Servers that are not measured stand still. Behind a ratio stands its range over the rounds."
        ),
        "",
        table(head, rows),
        "",
        _p99_line(results),
        _unexpected_line(results),
        _generator_line(results),
        _calm_line(results),
        *missing,
        "",
        (
            "The mock checks credential, role and body, keeps the state, writes a document of its own for each job, the "
            "journal and the CORS headers. Bare Starlette sends one ready document. WireMock matches path, headers and the "
            "body's `job_id`, and sends one document; its journal keeps 1,000 entries, as the mock's. Prism validates, and sends the "
            "specification's example; it logs each request unless told not to."
        ),
    ]
    return "\n".join(lines)


def _row(contestant: Contestant, rounds: list[dict[str, Any]], mock: list[dict[str, Any]]) -> list[str]:
    each = [outcome["per_second"] for outcome in rounds]
    ratios = ["", ""] if rounds is mock else [_ratio(rounds, mock, by) for by in ("per_second", "per_processor_second")]
    goal = contestant.goal
    return [
        f"{contestant.name} {contestant.version}",
        f"{median(each):,.0f}",
        f"{min(each):,.0f}",
        f"{max(each):,.0f}",
        f"{median(outcome['p50_ms'] for outcome in rounds):.2f}",
        f"{median(outcome['p99_ms'] for outcome in rounds):.2f}",
        ratios[0],
        f"{median(outcome['per_processor_second'] for outcome in rounds):,.0f}",
        ratios[1],
        f"{goal:g}x" if goal else "",
        verdict(_medians(rounds, mock, "per_second"), goal) if goal else "",
    ]


def _medians(rounds: list[dict[str, Any]], mock: list[dict[str, Any]], by: str) -> float:
    """How many times as much the mock answers: the ratio of the rounds' medians."""
    return float(median(outcome[by] for outcome in mock) / median(outcome[by] for outcome in rounds))


def _ratio(rounds: list[dict[str, Any]], mock: list[dict[str, Any]], by: str) -> str:
    each = [ours[by] / theirs[by] for ours, theirs in zip(mock, rounds, strict=True)]
    return f"{_medians(rounds, mock, by):.2f}x ({min(each):.2f} to {max(each):.2f})"


def _p99_line(results: Results) -> str:
    worst = {name: median(outcome["p99_ms"] for outcome in rounds) for name, rounds in results.items()}
    if "Prism" not in worst:
        return "Prism was not measured, so its p99 is not compared."
    word = verdict(worst["mock-engine"], worst["Prism"], at_most=True)
    return f"The mock's p99 is to be below Prism's: {worst['mock-engine']:.2f} and {worst['Prism']:.2f} ms, {word}."


def _unexpected_line(results: Results) -> str:
    odd = {
        name: [outcome["unexpected"] for outcome in rounds if outcome["unexpected"]] for name, rounds in results.items()
    }
    told = "; ".join(f"{name}: {found}" for name, found in odd.items() if found)
    total = sum(outcome["requests"] for rounds in results.values() for outcome in rounds)
    return f"Of {total:,} answers those with a status that was not expected: {told or 'none'}."


def _generator_line(results: Results) -> str:
    busy = {name: max(outcome["generator_busy"] for outcome in rounds) for name, rounds in results.items()}
    most = max(busy, key=lambda name: busy[name])
    limit = " There the server may have had more to give." if busy[most] > 0.9 else ""
    return (
        f"The load generator was busy at most {busy['mock-engine']:.0%} of a round with the mock, and {busy[most]:.0%} "
        f"with {most}.{limit}"
    )


def _disturbed(results: Results) -> int:
    """How many rounds others disturbed."""
    return sum(outcome["others"] > CALM for rounds in results.values() for outcome in rounds)


def _calm_line(results: Results) -> str:
    every = [outcome for rounds in results.values() for outcome in rounds]
    told = f"Others used at most {max(outcome['others'] for outcome in every):.0%} of a core during a round"
    repeated = sum(outcome["repeated"] for outcome in every)
    return f"{told}; {repeated} disturbed rounds were repeated." if repeated else f"{told}."


def run(*, quick: bool) -> None:
    """Measure; print the figures, and put them into RESULTS.md unless the run was a quick or a disturbed one."""
    seconds = 0.3 if quick else 3.0
    results = measure(rounds=1 if quick else 5, seconds=seconds, warm_up=0.05 if quick else 1.0, quick=quick)
    text = report(results, seconds=seconds)
    print(f"\n{text}\n")
    if quick:
        return
    if disturbed := _disturbed(results):
        print(f"{disturbed} rounds stayed disturbed, so nothing is written down. Measure again on a quiet machine.\n")
    else:
        write_section("Throughput", text)

"""How long the mock and its peers take from the start of the process to the first answer, and what the mock does meanwhile."""

import subprocess
import sys
import time
from statistics import median

from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, contestants, running

GOAL_S = 0.35

_STEPS = {
    "Python itself": "import gc, os; gc.set_threshold(50_000, 20, 50)",
    "the command line: click, the options": "import mock_server.cli",
    "connexion, and what it loads": "import mock_server.connexion.imports",
    "the mock's own modules": "import mock_server.app",
    "uvicorn, and the protocol": "import uvicorn, mock_server.serving.server; "
    "from engine_contract.http.http_protocol import http_protocol; http_protocol()",
    "the application: specification, routes, rules, faults": "mock_server.app.create_app()",
}
"""What the mock does, step by step, as Python."""


def peers(*, rounds: int, quick: bool = False) -> str:
    """How long each contestant takes from the start of its process to the end of its first answer."""
    found, missing = contestants()
    found = [contestant for contestant in (found[:2] if quick else found) if " off" not in contestant.name]
    times: dict[str, list[float]] = {contestant.name: [] for contestant in found}
    for _ in range(rounds):
        for contestant in found:
            with running(contestant.command) as server:
                times[contestant.name].append(server.started_in)
    rows = [
        [
            f"{contestant.name} {contestant.version}",
            f"{median(times[contestant.name]):.2f}",
            f"{min(times[contestant.name]):.2f}",
            f"{max(times[contestant.name]):.2f}",
        ]
        for contestant in found
    ]
    mock = median(times["mock-engine"])
    return "\n".join(
        [
            f"Seconds from the start of the process to the end of its first answer, {rounds} rounds by turns.",
            "",
            table(("server", "median s", "shortest", "longest"), rows),
            "",
            f"The mock's goal is {GOAL_S} s: {mock:.2f} s, {verdict(mock, GOAL_S, at_most=True)}.",
            *missing,
        ]
    )


def steps(*, rounds: int) -> str:
    """What the mock does before its first answer, each step with its time."""
    (mock, *_), _ = contestants()
    times: dict[str, list[float]] = {step: [] for step in (*_STEPS, "")}
    for _ in range(rounds):
        program = ""
        for step, statements in _STEPS.items():
            program += statements + "; "
            started = time.perf_counter()
            # Without what Python does at its end.
            subprocess.run([sys.executable, "-c", f"{program}os._exit(0)"], cwd=ROOT, check=True)
            times[step].append(time.perf_counter() - started)
        with running(mock.command) as server:
            times[""].append(server.started_in)
    rows, before = [], 0.0
    for step, measured in times.items():
        rows.append([step or "listening, and the first answer", f"{1000 * (median(measured) - before):.0f}"])
        before = median(measured)
    return "\n".join(
        [
            f"What the mock does in that time: medians of {rounds} rounds by turns, each step with all before it.",
            "",
            table(("step", "ms"), rows),
        ]
    )


def run(*, quick: bool) -> None:
    """Measure; print the figures, and put them into RESULTS.md unless the run is a quick one."""
    rounds = 1 if quick else 5
    text = f"{peers(rounds=rounds, quick=quick)}\n\n{steps(rounds=rounds)}"
    print(f"{text}\n")
    if not quick:
        write_section("Start-up", text)

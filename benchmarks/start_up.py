"""How long the mock and its peers take from the start of the process to the first answer, and what the mock does meanwhile."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.results import table, verdict, write_section
from benchmarks.servers import ROOT, Contestant, contestants, running

GOAL_S = 0.35
GOAL_ON_ANY_MACHINE = 1.67
"""Times the start of bare Starlette: where the goal in seconds was set, that took 0.21 s."""

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


_BEFORE = "mock-engine, before"
_OLD_SCRIPT = "import sys; sys.argv[0] = 'mock-engine'; from mock_server.cli import main; sys.exit(main())"


def _old_mock(port: int, _folder: Path) -> list[str]:
    return [sys.executable, "-c", _OLD_SCRIPT, "--port", str(port), "--any-job"]


def peers(*, rounds: int, quick: bool = False, before: Path | None = None) -> str:
    """How long each contestant takes from the start of its process to the end of its first answer.

    `before` is a checkout of an older version, which is started in its folder.
    """
    found, missing = contestants()
    found = [contestant for contestant in (found[:2] if quick else found) if " off" not in contestant.name]
    folders = dict.fromkeys([contestant.name for contestant in found], ROOT)
    if before is not None:
        found.insert(1, Contestant(_BEFORE, "", _old_mock))
        folders[_BEFORE] = before
    times: dict[str, list[float]] = {contestant.name: [] for contestant in found}
    for _ in range(rounds):
        for contestant in found:
            with running(contestant.command, folder=folders[contestant.name]) as server:
                times[contestant.name].append(server.started_in)
    rows = [
        [
            f"{contestant.name} {contestant.version}".strip(),
            f"{median(times[contestant.name]):.2f}",
            f"{min(times[contestant.name]):.2f}",
            f"{max(times[contestant.name]):.2f}",
        ]
        for contestant in found
    ]
    mock = median(times["mock-engine"])
    share = mock / median(times["Starlette, bare"])
    return "\n".join(
        [
            f"Seconds from the start of the process to the end of its first answer, {rounds} rounds by turns.",
            "",
            table(("server", "median s", "shortest", "longest"), rows),
            "",
            f"The mock's goal is {GOAL_S} s: {mock:.2f} s, {verdict(mock, GOAL_S, at_most=True)}.",
            _in_bare_starlettes(share),
            _against(times),
            *missing,
        ]
    )


def _in_bare_starlettes(share: float) -> str:
    return (
        f"It was set on a machine where bare Starlette takes 0.21 s, which is {GOAL_ON_ANY_MACHINE} times that: "
        f"{share:.2f} times here, {verdict(share, GOAL_ON_ANY_MACHINE, at_most=True)}."
    )


def _against(times: dict[str, list[float]]) -> str:
    """How much of the older version's time it takes, a sentence; empty where that was not measured."""
    if _BEFORE not in times:
        return ""
    ratios = sorted(now / old for now, old in zip(times["mock-engine"], times[_BEFORE], strict=True))
    ratio = median(ratios)
    return (
        f"It takes {ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) times the time of the version before, which was "
        f"started in turn, and kept modules out of connexion by stand-ins (goal: 1, {verdict(ratio, 1, at_most=True)})."
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
        rows.append([step or "listening, and the first answer", f"{1000 * (min(measured) - before):.0f}"])
        before = min(measured)
    return "\n".join(
        [
            f"What the mock does in that time: the shortest of {rounds} rounds by turns, each step with all before it.",
            "",
            table(("step", "ms"), rows),
        ]
    )


def run(*, quick: bool, before: Path | None = None) -> None:
    """Measure; print the figures, and put them into RESULTS.md unless the run is a quick one."""
    rounds = 1 if quick else 9
    text = f"{peers(rounds=rounds, quick=quick, before=before)}\n\n{steps(rounds=rounds)}"
    print(f"{text}\n")
    if not quick:
        write_section("Start-up", text)

"""Annotations: one a rule, a few at most, and nothing in them that commands a runner."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract_tests.report.annotations import MOST, annotations, main


def rule(number: int, outcome: str, received: str = "403") -> dict[str, Any]:
    """A rule as it stands in report.json."""
    failure = {"received": received, "documented": "200", "pointer": "/a", "role": "support", "reproduce": None}
    return {
        "id": f"roles.r{number}",
        "level": "documented",
        "outcome": outcome,
        "title": "The role may",
        "failures": [failure] if outcome in {"broken", "warned"} else [],
    }


def report(*rules: dict[str, Any], verdict: str = "violates") -> dict[str, Any]:
    """What annotations read of a report.json."""
    return {"verdict": verdict, "summary": f"{verdict}: so", "notes": ["A note."], "rules": list(rules)}


def test_broken_is_an_error_and_warned_a_warning() -> None:
    """A broken rule is an error, a warned one a warning, others nothing; first failure in short."""
    told = list(annotations(report(rule(1, "broken"), rule(2, "warned"), rule(3, "held"), rule(4, "known"))))
    assert told == [
        "::error title=roles.r1 (documented)::The role may%0AReceived at /a as support: 403%0ADocumented: 200",
        "::warning title=roles.r2 (documented)::The role may%0AReceived at /a as support: 403%0ADocumented: 200",
    ]


def test_nothing_in_a_value_begins_a_command() -> None:
    """Line breaks, percent signs and workflow commands in an engine's text stay text; a long one is cut."""
    (told,) = annotations(report(rule(1, "broken", received="a\r\n::error::b 100%\n" + "x" * 5000)))
    assert "\n" not in told
    assert "\r" not in told
    assert "Received at /a as support: a ::error::b 100%25 xxx" in told
    assert len(told) < 1000


def test_no_more_than_github_shows() -> None:
    """Of very many the last annotation names the rest."""
    told = list(annotations(report(*(rule(number, "broken") for number in range(MOST + 5)))))
    assert len(told) == MOST
    assert told[-1].startswith("::error title=6 more rules::roles.r9, roles.r10")


def test_a_failed_run_without_a_broken_rule_is_an_error() -> None:
    """An undecided run, or one that a known deviation fails, is one error with the run's sentences."""
    told = list(annotations(report(rule(1, "warned"), verdict="undecided")))
    assert told[0] == "::error title=The engine's contract::undecided: so A note."
    assert list(annotations(report(rule(1, "held"), verdict="conforms"))) == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m contract_tests.report.annotations report.json` prints them; what is no report is status 2."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report(rule(1, "broken"))))
    line = [sys.executable, "-m", "contract_tests.report.annotations", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("::error title=roles.r1")
    path.write_text("[]")
    for given, why in ((path, ""), (tmp_path / "none", ": No such file or directory")):
        assert main([str(given)]) == 2
        told = f"{given}: is not a report.json of check-engine{why}. Give the one in its --report-dir.\n"
        assert capsys.readouterr().err == told

# ruff: noqa: T201 - the command prints
"""A report as GitHub's annotations: `python -m contract_tests.report.annotations report.json`.

Each broken rule is an `::error`, each warned one a `::warning`; what a run could not decide is one `::error`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine_contract.text.printable import one_line, shorten
from engine_contract.text.unmarked import read_bytes, why_unread

MOST = 10  # of each level; GitHub shows no more of a step
BRIEF = 300  # characters of a value


def annotations(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the workflow commands of a report.json, a line each."""
    broken = [rule for rule in report["rules"] if rule["outcome"] == "broken"]
    warned = [rule for rule in report["rules"] if rule["outcome"] == "warned"]
    if report["verdict"] != "conforms" and not broken:
        yield _command("error", "The engine's contract", " ".join([report["summary"], *report["notes"]]))
    yield from _of_rules("error", broken)
    yield from _of_rules("warning", warned)


def _of_rules(level: str, rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    shown = rules if len(rules) <= MOST else rules[: MOST - 1]
    for rule in shown:
        yield _command(level, f"{rule['id']} ({rule['level']})", _story(rule))
    if left := rules[len(shown) :]:
        yield _command(level, f"{len(left)} more rules", ", ".join(rule["id"] for rule in left))


def _story(rule: Mapping[str, Any]) -> str:
    lines = [rule["title"]]
    if rule.get("failed") and rule.get("seen", 0) > 1:
        lines.append(f"In {rule['failed']} of {rule['seen']} answers. {_brief(rule.get('told_apart') or '')}".rstrip())
    for failure in rule["failures"][:1]:
        where = f" at {failure['pointer']}" if failure["pointer"] else ""
        role = f" as {failure['role']}" if failure["role"] else ""
        lines += [f"Received{where}{role}: {_brief(failure['received'])}"]
        lines += [f"Documented: {_brief(failure['documented'])}"]
    return "\n".join(lines)


def _brief(text: str) -> str:
    return shorten(one_line(text), BRIEF)


def _command(level: str, title: str, message: str) -> str:
    """Return one workflow command; no text in it can end it or begin another."""
    return f"::{level} title={_escape(title).replace(':', '%3A').replace(',', '%2C')}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a report's annotations. Exit status: 0, or 2 for a file that is not a report."""
    parser = argparse.ArgumentParser(prog="python -m contract_tests.report.annotations", description=__doc__)
    parser.add_argument("report", type=Path, metavar="report.json", help="as check-engine --report-dir writes it")
    path = parser.parse_args(arguments).report
    try:
        lines = list(annotations(json.loads(read_bytes(path))))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        why = f": {why_unread(error)}" if isinstance(error, OSError) else ""
        print(f"{path}: is not a report.json of check-engine{why}. Give the one in its --report-dir.", file=sys.stderr)
        return 2
    for line in lines:
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())

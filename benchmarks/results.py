"""RESULTS.md: a section for each part, written anew when that part was measured."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_implementation, python_version

from benchmarks.machine import describe, load_average

RESULTS = Path(__file__).parent / "RESULTS.md"

_TITLE = """# Results

Written by `python -m benchmarks` (`make bench`); each part can be measured alone: `python -m benchmarks growth`.
Ratios compare servers that were measured in turn within one run. Absolute figures are this machine's.
"""
_ORDER = ("Throughput", "Start-up", "Redis", "Growth", "check-engine", "Tests")


def write_section(name: str, body: str) -> None:
    """Put a part into RESULTS.md, in place of what an earlier run left there."""
    text = RESULTS.read_text() if RESULTS.exists() else ""
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    parts[name] = f"{_stamp()}\n\n{body.strip()}"
    sections = "\n\n".join(f"## {part}\n\n{parts[part].strip()}" for part in _ORDER if part in parts)
    RESULTS.write_text(f"{_TITLE}\n{sections.strip()}\n")


def _stamp() -> str:
    now = datetime.now(UTC)
    packages = ", ".join(f"{name} {version(name)}" for name in ("connexion", "uvicorn", "schemathesis"))
    return (
        f"{now:%Y-%m-%d}, {describe()}; {python_implementation()} {python_version()}, {packages}; "
        f"load of the machine at the end {load_average():.1f}."
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, aligned so that it reads well as text too; numbers to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    lines.insert(1, rule)
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )


def verdict(value: float, goal: float, *, at_most: bool = False) -> str:
    """Whether a goal is met, in one word."""
    return "met" if (value <= goal if at_most else value >= goal) else "missed"

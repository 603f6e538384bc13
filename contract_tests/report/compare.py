"""The changes since an earlier run: rules newly broken, mended, or broken otherwise."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from contract_tests.judge.received import pattern, shape
from contract_tests.model import Earlier, EarlierRule, Report
from engine_contract.text.unmarked import read_bytes, why_unread

_BAD = frozenset({"broken", "warned", "known"})


@dataclass(frozen=True, slots=True)
class Change:
    """A rule whose outcome, or what was received for it, is another one than before."""

    rule: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.rule} ({self.before} → {self.now})"


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two runs; `since` names the earlier one."""

    since: str
    newly_broken: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Three headings, and what belongs to each."""
        return (
            (f"Newly broken since {self.since}", self.newly_broken),
            ("Mended", self.mended),
            ("Changed", tuple(map(str, self.changed))),
        )


def read_earlier(path: Path | None) -> Earlier | None:
    """Return what a report.json says, None without one. Raises SettingError for a file that is not a report."""
    if path is None:
        return None
    wrong = f"--compare {path}: is not a report.json of check-engine"
    try:
        content = json.loads(read_bytes(path))
    except FileNotFoundError:
        raise SettingError(f"--compare {path}: there is no such file. Give a report.json of an earlier run.") from None
    except OSError as error:
        raise SettingError(
            f"--compare {path}: the file cannot be read: {why_unread(error)}. Give another one."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingError(f"{wrong}: it is not valid JSON. Give one of an earlier run.") from error
    try:
        rules = {rule["id"]: _earlier_rule(rule) for rule in content["rules"]}
        label = content.get("label")
        since = f"{content['started_at']}{f' ({label})' if label else ''}"
        return Earlier(since, rules, str(content.get("engine", "")))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise SettingError(f"{wrong}: it has no rules with outcomes. Give one of an earlier run.") from error


def with_earlier(report: Report, earlier: Earlier | None) -> Report:
    """Return the report with what it is compared with, and a note where that is of another engine."""
    notes = report.notes
    # The kit's own mock has another port in each run.
    is_of_mock = report.is_mock and earlier is not None and earlier.engine.startswith("http://127.0.0.1:")
    if earlier is not None and earlier.engine not in {"", report.engine} and not is_of_mock:
        notes = (*notes, f"The earlier report is of another engine: {earlier.engine}.")
        earlier = replace(earlier, since=f"{earlier.since}, of another engine: {earlier.engine}")
    return replace(report, earlier=earlier, notes=notes)


def _earlier_rule(rule: Mapping[str, Any]) -> EarlierRule:
    return EarlierRule(
        str(rule["outcome"]),
        tuple((_pointer(failure["pointer"]), str(failure["received"])) for failure in rule["failures"]),
        int(rule.get("seen", 0)),
        int(rule.get("failed", 0)),
    )


def _pointer(value: Any) -> str | None:
    """Return a pointer, None for none. Raise TypeError for what cannot be one: it would be found only after the run."""
    if value is not None and not isinstance(value, str):
        raise TypeError(value)
    return value


def changes_since(earlier: Earlier, rules: Mapping[str, EarlierRule]) -> Changes:
    """Compare the rules of this run with those of the earlier one."""
    newly, mended, changed = [], [], []
    for rule_id, now in rules.items():
        before = earlier.rules.get(rule_id, EarlierRule("not there"))
        if now.outcome == "broken" != before.outcome:
            newly.append(rule_id)
        elif before.outcome == "broken" and now.outcome == "held":
            mended.append(rule_id)
        elif now.outcome != before.outcome:
            changed.append(Change(rule_id, before.outcome, now.outcome))
        elif now.outcome in _BAD and (told := _differ(before, now)) is not None:
            changed.append(Change(rule_id, *told))
    return Changes(earlier.since, tuple(newly), tuple(mended), tuple(changed))


def _differ(before: EarlierRule, now: EarlierRule) -> tuple[str, str] | None:
    """Return what the two received, where that is another thing whatever ids, times and jobs are drawn."""
    if {pattern(pointer) for pointer, _ in before.failures} != {pattern(pointer) for pointer, _ in now.failures}:
        return _places(before), _places(now)
    shapes = [{shape(received) for _, received in rule.failures} for rule in (before, now)]
    if shapes[0] != shapes[1] and len(shapes[0]) == len(shapes[1]) == 1:
        return before.failures[0][1], now.failures[0][1]
    if before.is_everywhere != now.is_everywhere:
        return f"in {before.failed} of {before.seen} answers", f"in {now.failed} of {now.seen} answers"
    return None


def _places(rule: EarlierRule) -> str:
    return ", ".join(dict.fromkeys(f"/{'/'.join(pattern(pointer))}" for pointer, _ in rule.failures)) or "nowhere"

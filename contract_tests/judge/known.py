"""Known deviations: breaks that somebody has seen, written down with a reason, and that do not fail a run."""

import datetime as dt
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from contract_tests.model import Finding, RuleResult
from engine_contract import contract

_KEYS = {"rule", "pointer", "received", "reason", "expires", "intermittent"}
_DIGITS = re.compile(r"[0-9a-fA-F]{8,}|\d+")


@dataclass(frozen=True, slots=True)
class Known:
    """One `[[known]]` entry. `pointer` and `received` narrow it down; without both it stands for the whole rule."""

    rule: str
    reason: str
    pointer: str | None = None
    received: str | None = None
    expires: dt.date | None = None
    intermittent: bool = False

    def matches(self, finding: Finding) -> bool:
        """Whether a finding is this deviation."""
        if finding.rule != self.rule:
            return False
        if self.pointer is not None and _pattern(finding.pointer) != _pattern(self.pointer):
            return False
        return self.received is None or _essence(finding.received) == _essence(self.received)

    def describe(self) -> str:
        """A short name for messages."""
        where = self.pointer or self.received
        return f"{self.rule} ({where})" if where else self.rule


def _essence(text: str) -> str:
    """What is received, without ids and numbers that differ from run to run."""
    return _DIGITS.sub("#", text).partition(", and so at ")[0]


def _pattern(pointer: str | None) -> tuple[str, ...]:
    """A pointer with the keys of tasks, transitions and arrays left out: they differ from job to job."""
    parts = tuple((pointer or "").strip("/").split("/"))
    match parts:
        case ("tasks", _, *rest):
            return ("tasks", "*", *rest)
        case ("transitions", _, _, *rest):
            return ("transitions", "*", "*", *rest)
        case ("transitions", _):
            return ("transitions", "*")
    return tuple("*" if part.isdecimal() else part for part in parts)


def read_known(path: Path | None) -> tuple[Known, ...]:
    """The entries of a TOML file, none without one. Raises SettingError that names the file, the entry and what is allowed."""
    if not path:
        return ()
    option = f"--known {path}"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{option}: the file cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{option}: the file is no TOML: {error}.") from error
    entries = content.get("known", [])
    if set(content) - {"known"} or not isinstance(entries, list):
        raise SettingError(f"{option}: the file may hold [[known]] tables only, it has {', '.join(content)}.")
    return tuple(_entry(entry, f"{option}, entry {number}") for number, entry in enumerate(entries, start=1))


def _entry(entry: Any, where: str) -> Known:
    if not isinstance(entry, dict):
        raise SettingError(f"{where}: that is no [[known]] table.")
    if unknown := set(entry) - _KEYS:
        raise SettingError(f"{where}: unknown key {min(unknown)!r}. Allowed are {', '.join(sorted(_KEYS))}.")
    for key in ("rule", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise SettingError(f"{where}: {key} is missing; it must be a text.")
    for key, kind, name in (
        ("pointer", str, "a text"),
        ("received", str, "a text"),
        ("expires", dt.date, "a date such as 2027-01-31"),
        ("intermittent", bool, "true or false"),
    ):
        if key in entry and not isinstance(entry[key], kind):
            raise SettingError(f"{where}: {key} is {entry[key]!r}; it must be {name}.")
    try:
        contract.rule(entry["rule"])
    except KeyError:
        raise SettingError(f"{where}: no rule has the id {entry['rule']!r}. --list-rules shows all.") from None
    expires = entry.get("expires")
    if isinstance(expires, dt.datetime):
        entry = {**entry, "expires": expires.date()}
    return Known(**entry)


def write_known(
    path: Path,
    results: Iterable[RuleResult],
    redact: Callable[[str], str],
    *,
    today: dt.date,
    kept: Sequence[Known] = (),
) -> int:
    """Write the deviations of a run, an entry each, those of `kept` that occur as they are; their number.

    Raises SettingError.
    """
    lines = ["# Known deviations from the contract. Give each a reason; `expires` and `intermittent` are optional.", ""]
    found = [result for result in results if result.outcome in {"broken", "warned", "known"}]
    known = [
        entry
        for entry in kept
        if entry.intermittent or any(entry.matches(finding) for result in found for finding in result.findings)
    ]
    for entry in known:
        lines += [*_lines_of(entry), ""]
    seen = set()
    for result in found:
        for finding in result.findings:
            if any(entry.matches(finding) for entry in known):
                continue
            fields = {"rule": finding.rule}
            fields |= {"pointer": finding.pointer} if finding.pointer else {"received": redact(finding.received)}
            key = (finding.rule, _pattern(finding.pointer), "" if finding.pointer else _essence(finding.received))
            if key in seen:
                continue
            seen.add(key)
            lines += ["[[known]]", *(f"{name} = {_toml(value)}" for name, value in fields.items())]
            if contract.rule(finding.rule).is_assumed:
                lines.append("intermittent = true")  # whether jobs have what the page shows differs from job to job
            lines += [f"reason = {_toml(f'seen on {today.isoformat()}: {redact(finding.received)[:200]}')}", ""]
    try:
        path.write_text("\n".join(lines), encoding="utf-8")
    except OSError as error:
        raise SettingError(f"--write-known {path}: the file cannot be written: {error}.") from error
    return len(known) + len(seen)


def _lines_of(entry: Known) -> Iterator[str]:
    yield "[[known]]"
    for name in ("rule", "pointer", "received", "reason"):
        if (text := getattr(entry, name)) is not None:
            yield f"{name} = {_toml(text)}"
    if entry.expires is not None:
        yield f"expires = {entry.expires.isoformat()}"
    if entry.intermittent:
        yield "intermittent = true"


def _toml(text: str) -> str:
    # A TOML basic string has JSON's escapes; DEL is one that JSON leaves alone.
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def apply_known(
    results: Sequence[RuleResult], known: Sequence[Known], *, today: dt.date
) -> tuple[tuple[RuleResult, ...], list[str]]:
    """The results with known breaks marked as such, and a sentence for each entry that fails the run.

    An entry fails it if it has expired, or if the deviation no longer occurs where its rule was checked.
    """
    complaints = []
    valid = []
    for entry in known:
        if entry.expires is not None and entry.expires < today:
            complaints.append(f"The known deviation {entry.describe()} has expired on {entry.expires}.")
        else:
            valid.append(entry)
    marked = tuple(_mark(result, valid) for result in results)
    for entry in valid:
        result = next(item for item in results if item.rule == entry.rule)
        occurs = any(entry.matches(finding) for finding in result.findings)
        if not occurs and not entry.intermittent and result.outcome in {"held", "broken", "warned"}:
            complaints.append(f"The known deviation {entry.describe()} no longer occurs: remove its entry.")
    return marked, complaints


def _mark(result: RuleResult, known: Sequence[Known]) -> RuleResult:
    if not result.findings:
        return result
    new = tuple(finding for finding in result.findings if not any(entry.matches(finding) for entry in known))
    if len(new) == len(result.findings):
        return result
    if new:
        return replace(result, findings=new)
    reasons = "; ".join(entry.reason for entry in known if any(map(entry.matches, result.findings)))
    return replace(result, outcome="known", reason=reasons)

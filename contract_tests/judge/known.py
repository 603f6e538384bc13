"""Known deviations: breaks that somebody has seen, written down with a reason, and that do not fail a run."""

import datetime as dt
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from contract_tests.judge import known_lists
from contract_tests.judge.received import DATE_TIME, kind, pattern, plain, shape
from contract_tests.model import Finding, RuleResult
from engine_contract.contract import Rule
from engine_contract.text.unmarked import read_text, why_unread

MAX_FINDINGS = 20  # a rule; the first ones tell the story, later ones are kept where they show something else
MAX_VALUES = 5  # at a place; where more different ones were seen, an entry holds their types
SOON_DAYS = 14  # the report warns of entries that expire within them

_KEYS = {"rule", "pointer", "received", "reason", "expires", "intermittent"}
_CHECKED = frozenset({"held", "broken", "warned", "known"})


@dataclass(frozen=True, slots=True)
class Known:
    """One `[[known]]` entry. `pointer` and `received` narrow it down; without both it covers the whole rule."""

    rule: str
    reason: str
    pointer: str | None = None
    received: tuple[str, ...] = ()
    """Values and types, any of which may be received; empty for whatever is."""
    expires: dt.date | None = None
    intermittent: bool = False

    def matches(self, pointer: str | None, received: str) -> bool:
        """Return whether what was received at a place, against its rule, is this deviation."""
        if self.pointer is not None and pattern(pointer) != pattern(self.pointer):
            return False
        if not self.received:
            return True
        its_kind, its_shape = kind(received), _shape(self.rule, received)
        return any(value == its_kind or _shape(self.rule, value) == its_shape for value in self.received)

    def occurs_in(self, findings: Iterable[Finding]) -> bool:
        """Return whether any of its rule's findings has a place where this deviation is."""
        return any(self.matches(*place) for finding in findings for place in finding.places)

    def describe(self) -> str:
        """Return a short name for messages."""
        where = ": ".join(filter(None, (self.pointer, " or ".join(self.received))))
        return f"{self.rule} ({where})" if where else self.rule


def _shape(rule: str, received: str) -> str:
    # Which text is not JSON differs from job to job; why it is not does not.
    return shape(received.rpartition(": ")[2] if rule == "transport.json" else received)


def read_known(path: Path | None, rules: Iterable[Rule]) -> tuple[Known, ...]:
    """Return the entries of a TOML file, or of the shipped list of that name, on some of the rules; none without one.

    Raises SettingError that names the file, the entry and what is allowed.
    """
    if not path:
        return ()
    return _read(known_lists.shipped(path) or path, f"--known {path}", rules)


def _read(path: Path, option: str, rules: Iterable[Rule]) -> tuple[Known, ...]:
    try:
        content = tomllib.loads(read_text(path))
    except FileNotFoundError:
        lists = ", ".join(known_lists.names())
        raise SettingError(
            f"{option}: there is no such file, nor a list of that name. The kit ships {lists}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{option}: the file cannot be read: {why_unread(error)}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{option}: the file is not valid TOML: {error}.") from error
    entries = content.get("known", [])
    if set(content) - {"known"} or not isinstance(entries, list):
        held = ", ".join(f"[{key}]" if isinstance(value, dict) else key for key, value in content.items())
        raise SettingError(
            f"{option}: the file may hold [[known]] tables only, it has {held}. Write [[known]] before each entry."
        )
    ids = {rule.id for rule in rules}
    return tuple(_entry(entry, ids, f"{option}, entry {number}") for number, entry in enumerate(entries, start=1))


def _entry(entry: Any, ids: Collection[str], where: str) -> Known:
    if not isinstance(entry, dict):
        raise SettingError(f"{where}: is not a [[known]] table.")
    if unknown := set(entry) - _KEYS:
        raise SettingError(f"{where}: unknown key {min(unknown)!r}. Allowed are {', '.join(sorted(_KEYS))}.")
    for key in ("rule", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise SettingError(f"{where}: {key} is missing; it must be a text.")
    received = entry.get("received", [])
    received = [received] if isinstance(received, str) else received
    for key, value, is_right, name in (
        ("pointer", entry.get("pointer"), isinstance(entry.get("pointer", ""), str), "a text"),
        ("received", received, _are_texts(received), "a text, or an array of texts"),
        ("expires", entry.get("expires"), isinstance(entry.get("expires", dt.date.min), dt.date), _A_DATE),
        (
            "intermittent",
            entry.get("intermittent"),
            isinstance(entry.get("intermittent", False), bool),
            "true or false",
        ),
    ):
        if not is_right:
            raise SettingError(f"{where}: {key} is {value!r}; it must be {name}.")
    if entry["rule"] not in ids:
        raise SettingError(f"{where}: no rule has the id {entry['rule']!r}. --list-rules shows all.")
    expires = entry.get("expires")
    if isinstance(expires, dt.datetime):
        expires = expires.date()
    return Known(**{**entry, "received": tuple(received), "expires": expires})


_A_DATE = "a date such as 2027-01-31"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def kept_in(path: Path, rules: Iterable[Rule]) -> tuple[Known, ...]:
    """Return the entries of the file that `--write-known` is to replace. Raises SettingError if it cannot be read."""
    return _read(path, f"--write-known {path}", rules) if path.exists() else ()


@dataclass(slots=True)
class _Place:
    """The values received at one place of a rule, by their shape."""

    pointer: str | None
    values: dict[str, str] = field(default_factory=dict)

    def received(self) -> list[str]:
        """Return the values, or their types where there are too many of them."""
        if len(self.values) > MAX_VALUES:
            return list(dict.fromkeys(kind(value) or value for value in self.values.values()))
        fixed = {DATE_TIME, "an array"}
        return [masked if masked in fixed else value for masked, value in self.values.items()]


def new_entries(
    results: Iterable[RuleResult],
    kept: Collection[Known],
    redact: Callable[[str], str],
    *,
    today: dt.date,
    expires: dt.date | None = None,
) -> Iterator[Known]:
    """Yield an entry for each place where a rule is broken otherwise than the kept entries say."""
    for result in results:
        rule = result.rule
        of_rule = [entry for entry in kept if entry.rule == rule.id]
        places: dict[tuple[str, ...], _Place] = {}
        for pointer, received in (place for finding in result.findings for place in finding.places):
            if not any(entry.matches(pointer, received) for entry in of_rule):
                place = places.setdefault(pattern(pointer), _Place(pointer))
                place.values.setdefault(_shape(rule.id, received), _shown(received, redact))
        for place in places.values():
            yield Known(
                rule.id,
                f"seen on {today.isoformat()}: {next(iter(place.values.values()))[:200]}",
                place.pointer or None,
                tuple(place.received()),
                expires,
                # Whether jobs have what the page shows differs from job to job.
                intermittent=rule.is_assumed,
            )


def _shown(received: str, redact: Callable[[str], str]) -> str:
    """Return the value without secrets; its type where it holds one, so that the entry still matches."""
    text = plain(received)
    shown = redact(text)
    return shown if shown == text else kind(received) or shown


def still_known(kept: Iterable[Known], results: Sequence[RuleResult], *, whole: bool) -> list[Known]:
    """Return the entries that a run does not show to be gone. A run that is not whole shows it of no entry."""
    by_rule = {result.rule.id: result for result in results}
    return [
        entry
        for entry in dict.fromkeys(kept)
        if entry.intermittent
        or not whole
        or by_rule[entry.rule].outcome not in _CHECKED
        or entry.occurs_in((*by_rule[entry.rule].findings, *by_rule[entry.rule].known))
    ]


def known_toml(entries: Iterable[Known]) -> str:
    """Return the entries as the text of a file."""
    lines = ["# Known deviations from the contract. Give each a reason; `expires` and `intermittent` are optional.", ""]
    for entry in entries:
        lines.append("[[known]]")
        fields = {name: getattr(entry, name) for name in ("rule", "pointer", "received", "reason")}
        lines += [f"{name} = {_toml(value)}" for name, value in fields.items() if value]
        if entry.expires is not None:
            lines.append(f"expires = {entry.expires.isoformat()}")
        if entry.intermittent:
            lines.append("intermittent = true")
        lines.append("")
    return "\n".join(lines)


def _toml(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return _toml(value[0]) if len(value) == 1 else f"[{', '.join(map(_toml, value))}]"
    # A TOML basic string has JSON's escapes. Escape invisible characters and those that turn the direction of writing.
    text = json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(ord(char)) for char in text)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def apply_known(
    results: Sequence[RuleResult], known: Sequence[Known], *, today: dt.date, whole: bool = True
) -> tuple[tuple[RuleResult, ...], list[str]]:
    """Return the results with known breaks marked as such, and a sentence for each entry that fails the run.

    An entry fails it if it has expired, or if the deviation no longer occurs where its rule was checked
    in a run that is `whole`.
    """
    complaints = []
    valid = []
    for entry in known:
        if entry.expires is not None and entry.expires < today:
            complaints.append(f"The known deviation {entry.describe()} has expired on {entry.expires}.")
        else:
            valid.append(entry)
    whole = whole and not any(result.outcome == "unchecked" and result.counts for result in results)
    by_rule = {result.rule.id: result for result in results}
    for entry in valid:
        result = by_rule[entry.rule]
        is_gone = result.outcome in {"held", "broken", "warned"} and not entry.occurs_in(result.findings)
        if is_gone and whole and not entry.intermittent:
            complaints.append(f"The known deviation {entry.describe()} no longer occurs: remove its entry.")
    return tuple(_mark(result, valid) for result in results), complaints


def expiring(known: Iterable[Known], *, today: dt.date) -> list[str]:
    """Return a sentence for each entry that expires soon."""
    return [
        f"The known deviation {entry.describe()} expires on {entry.expires}: mend it, or give its entry another date."
        for entry in known
        if entry.expires is not None and today <= entry.expires <= today + dt.timedelta(days=SOON_DAYS)
    ]


def _mark(result: RuleResult, known: Sequence[Known]) -> RuleResult:
    entries = [entry for entry in known if entry.rule == result.rule.id]
    new = tuple(filter(None, (_unknown_part(finding, entries) for finding in result.findings)))
    if new or not result.findings:
        old = [finding for finding in result.findings if any(entry.occurs_in([finding]) for entry in entries)]
        return replace(result, findings=_telling(result.rule, new), known=_telling(result.rule, old))
    reasons = "; ".join(entry.reason for entry in entries if entry.occurs_in(result.findings))
    return replace(result, outcome="known", reason=reasons, findings=_telling(result.rule, result.findings))


def _unknown_part(finding: Finding, entries: Sequence[Known]) -> Finding | None:
    """Return the finding with the places that no entry knows; None if there are none."""
    new = [place for place in finding.places if not any(entry.matches(*place) for entry in entries)]
    if not new or len(new) == len(finding.places):
        return finding if new else None
    (pointer, received), *more = new
    further = tuple((where or "", value) for where, value in more)
    return replace(finding, pointer=pointer, received=received, more=further)


def _telling(rule: Rule, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the first findings, and later ones that show what was not received before."""
    kept = list(findings[:MAX_FINDINGS])
    seen = {key for finding in kept for key in _shapes(rule, finding)}
    at_place = Counter(where for where, _ in seen)
    for finding in findings[MAX_FINDINGS:]:
        new = {key for key in _shapes(rule, finding) - seen if at_place[key[0]] <= MAX_VALUES}
        if new:
            kept.append(finding)
            seen |= new
            at_place.update(where for where, _ in new)
    return tuple(kept)


def _shapes(rule: Rule, finding: Finding) -> set[tuple[tuple[str, ...], str]]:
    return {(pattern(pointer), _shape(rule.id, received)) for pointer, received in finding.places}

"""Known deviations: breaks that somebody has seen, written down with a reason, and that do not fail a run."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from contract_tests.judge.received import DATE_TIME, kind, pattern, plain, shape
from contract_tests.model import Finding, RuleResult
from engine_contract.contract import Rule

MAX_FINDINGS = 20  # a rule; the first ones tell the story, later ones are kept where they show something else
MAX_VALUES = 5  # at a place; where more different ones were seen, an entry holds their types
SOON_DAYS = 14  # the report warns of entries that expire within them

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

"""The journal as people read it: what became of an exchange, which rules it broke, and who is shown."""

from collections.abc import Sequence
from typing import Any

from engine_contract.console.interface import Entry
from engine_contract.text.printable import clock, plural, visible

OUTCOMES = ("accepted", "refused", "failed")
ANSWERED = "answered"
FILTERS = ("all", *OUTCOMES, ANSWERED, "violations", "warnings", "pinned")
SEARCHED_ENTRIES = 5_000
"""How many entries are searched."""
_SEARCHED_CHARS = 1000  # of each of an entry's texts
_SHOWN_CHARS = 200  # of the reason, in the list
PAGE_ENTRIES = 50
"""How many entries a page shows."""


def outcome(entry: Entry) -> str:
    """Return the outcome: accepted (2xx), refused (3xx and 4xx) or failed (5xx, or no response).

    Another request than a cancel is answered unless it failed: a redirect or an upgrade refuses nothing.
    """
    if entry.status is None or entry.status >= 500:
        return "failed"
    if not entry.is_cancel:
        return ANSWERED
    return "accepted" if 200 <= entry.status < 300 else "refused"


def broken(entry: Entry) -> int:
    """Count how many documented and implied rules the exchange broke."""
    return sum(not finding.rule.is_assumed for finding in entry.findings)


def select(entries: Sequence[Entry], wanted: str, search: str) -> list[Entry]:
    """Return the entries of an outcome (see FILTERS) that hold the text in their job, role, path, status, reason or fault."""
    if wanted in {*OUTCOMES, ANSWERED}:
        entries = [entry for entry in entries if outcome(entry) == wanted]
    elif wanted == "violations":
        entries = [entry for entry in entries if broken(entry)]
    elif wanted == "warnings":
        entries = [entry for entry in entries if len(entry.findings) > broken(entry)]
    if not search:
        return list(entries)
    search = search.casefold()
    return [entry for entry in entries if search in _searched(entry)]


def _searched(entry: Entry) -> str:
    parts = (entry.job_id, entry.role, f"{entry.method} {entry.path}", str(entry.status), entry.reason, entry.fault)
    return "\n".join(part[:_SEARCHED_CHARS] for part in parts if part).casefold()


def row(entry: Entry, *, url: str, is_pinned: bool) -> dict[str, Any]:
    """Return an entry of the list, for the page and for its script alike."""
    count = broken(entry)
    warned = len(entry.findings) - count
    marks = [f"{plural(count, 'rule')} broken"] if count else []
    marks += [plural(warned, "warning")] if warned else []
    marks += [entry.fault] if entry.fault else []
    return {
        "number": entry.number,
        "url": url,
        "time": clock(entry.at_ms),
        "method": entry.method,
        "path": visible(entry.path[:200]),
        "status": "none" if entry.status is None else str(entry.status),
        "outcome": outcome(entry),
        "who": visible(who(entry)),
        "job_id": visible((entry.job_id or "")[:200]),
        "reason": visible((entry.reason or "")[:_SHOWN_CHARS]),
        "marks": [visible(mark) for mark in marks],
        "broken": bool(count),
        "pinned": is_pinned,
    }


def who(entry: Entry) -> str:
    """Say who sent it, in a word or two."""
    if entry.role:
        return entry.role
    if entry.credential in {"", "none"}:
        return "no credential"
    return entry.credential if " " in entry.credential else "no known role"

"""The pages of the journal: the list, an entry beside it, what is new, and pins."""

from collections.abc import Sequence
from typing import Any

from flask import abort, g, jsonify, redirect, render_template, request

from engine_contract.console import bug_report, journal_rows, json_view
from engine_contract.console.interface import Entry
from engine_contract.console.pins import Pins
from engine_contract.console.request_hooks import RequestHooks
from engine_contract.text.printable import visible

KEPT_ENTRIES = 50
"""How many cancels that were sent from here keep their whole bodies."""


class JournalPages:
    """Serves the pages; each method returns one, but for the last ones."""

    def __init__(self, hooks: RequestHooks) -> None:
        self._hooks = hooks
        self._pins = Pins()
        self._whole: dict[tuple[str, int, int], Entry] = {}

    def keep(self, entry: Entry) -> None:
        """Keep an entry of this request's session as it is, bodies whole."""
        self._whole[g.session, entry.number, entry.at_ms] = entry
        while len(self._whole) > KEPT_ENTRIES:
            del self._whole[next(iter(self._whole))]

    def journal(self) -> str:
        """Show the list."""
        return self._journal(None)

    def entry(self, number: int) -> str:
        """Show the list with an entry beside it."""
        found = self._find(number)
        if found is None:
            abort(404, f"The journal no longer holds an entry {number}. Pinned entries are kept.")
        return self._journal(found)

    def rows(self) -> Any:
        """Return the entries that came after a given one, for the page's script."""
        since = max(request.args.get("since", 0, int), 0)
        latest = self._hooks.data.entries(g.session, since=0, limit=1)
        newest = latest[-1].number if latest else 0
        seen = self._hooks.data.entry(g.session, since) if since else None
        if newest < since or (seen is not None and seen.at_ms != request.args.get("at", seen.at_ms, int)):
            return jsonify(reset=True)
        entries = (
            self._hooks.data.entries(g.session, since=since, limit=journal_rows.PAGE_ENTRIES) if newest > since else ()
        )
        filters = _filters()
        chosen = journal_rows.select(entries, filters["outcome"], filters["search"])
        return jsonify(
            newest=newest,
            at=latest[-1].at_ms if latest else 0,
            rows=self.table(chosen),
            counted=self._counted(self._searched(), filters["search"]) if entries else {},
            broken=self._hooks.data.broken(g.session),
        )

    def _searched(self) -> Sequence[Entry]:
        return self._hooks.data.entries(g.session, since=0, limit=journal_rows.SEARCHED_ENTRIES)

    def _counted(self, entries: Sequence[Entry], search: str) -> dict[str, int]:
        """Return how many entries each tab shows."""
        shown = dict.fromkeys(journal_rows.FILTERS, entries) | {"pinned": self._pins.of(g.session)}
        return {name: len(journal_rows.select(shown[name], name, search)) for name in shown}

    def pin(self, number: int) -> Any:
        """Pin or unpin an entry."""
        found = self._find(number)
        if found is None:
            abort(404, f"The journal no longer holds an entry {number}.")
        if not self._pins.toggle(g.session, found) and self._find(number) is None:
            return redirect(self._hooks.url("journal", outcome="pinned"), 303)
        return redirect(self._hooks.url(f"journal/{number}", at=found.at_ms, **_filters(), fragment="#entry"), 303)

    def _journal(self, selected: Entry | None) -> str:
        filters = _filters()
        before = request.args.get("before", 0, int)
        pinned = self._pins.of(g.session)
        entries = self._searched()
        newest = entries[-1].number if entries else 0
        chosen = journal_rows.select(
            pinned if filters["outcome"] == "pinned" else entries, filters["outcome"], filters["search"]
        )
        if before > 0:
            chosen = [entry for entry in chosen if entry.number < before]
        return render_template(
            "journal.html",
            rows=self.table(chosen[::-1][: journal_rows.PAGE_ENTRIES]),
            more=chosen[-journal_rows.PAGE_ENTRIES].number if len(chosen) > journal_rows.PAGE_ENTRIES else 0,
            before=before,
            newest=newest,
            newest_at=entries[-1].at_ms if entries else 0,
            filters=filters,
            counted=self._counted(entries, filters["search"]),
            names=journal_rows.FILTERS,
            entry=selected,
            **({} if selected is None else self._shown(selected, pinned)),
        )

    def _shown(self, entry: Entry, pinned: list[Entry]) -> dict[str, Any]:
        base = (g.about.engine or request.host_url).rstrip("/")
        credential = self._hooks.data.credential(entry.role)
        pointers = list(dict.fromkeys(finding.pointer for finding in entry.findings if finding.pointer))
        fault = next((fault for fault in g.about.faults if fault.name == entry.fault), None)
        return {
            "outcome": journal_rows.outcome(entry),
            "who": journal_rows.who(entry),
            "broken_rules": journal_rows.broken(entry),
            "pointers": pointers,
            "located": json_view.locate(visible(json_view.pretty_body(entry.response.body)), pointers),
            "fault": fault,
            "curl": bug_report.curl_line(entry, g.about, base, credential),
            "report": bug_report.bug_report(entry, g.about, base, credential),
            "is_pinned": any((entry.number, entry.at_ms) == (other.number, other.at_ms) for other in pinned),
            "sent": "sent" in request.args,
        }

    def _find(self, number: int) -> Entry | None:
        at_ms = request.args.get("at", None, int)
        found = self._hooks.data.entry(g.session, number)
        if found is None or (at_ms is not None and found.at_ms != at_ms):
            found = self._pins.find(g.session, number, at_ms)
        whole = None if at_ms is None else self._whole.get((g.session, number, at_ms))
        return whole or found

    def table(self, entries: list[Entry]) -> list[dict[str, Any]]:
        """Return the entries as lines of a table."""
        pinned = {(entry.number, entry.at_ms) for entry in self._pins.of(g.session)}
        filters = _filters() if request.endpoint in {"journal", "entry", "rows"} else {}
        return [
            journal_rows.row(
                entry,
                url=self._hooks.url(f"journal/{entry.number}", at=entry.at_ms, **filters, fragment="#entry"),
                is_pinned=(entry.number, entry.at_ms) in pinned,
            )
            for entry in entries
        ]


def _filters() -> dict[str, str]:
    outcome = request.args.get("outcome", "all")
    if outcome not in journal_rows.FILTERS:
        abort(400, f"outcome {outcome[:40]}: must be one of {', '.join(journal_rows.FILTERS)}.")
    return {"outcome": outcome, "search": request.args.get("search", "").strip()}

"""Entries that somebody wants to keep in sight: copies, so that they outlive the journal."""

from threading import Lock

from engine_contract.console.interface import Entry

_MOST = 200
_SESSIONS = 100


class Pins:
    """Pinned entries of each session, in the order in which they were pinned. Used by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pinned: dict[str, dict[tuple[int, int], Entry]] = {}

    def toggle(self, session: str, entry: Entry) -> bool:
        """Pin the entry, or unpin it if it is pinned; return whether it is pinned now."""
        with self._lock:
            pinned = self._pinned.setdefault(session, {})
            key = (entry.number, entry.at_ms)
            if pinned.pop(key, None) is not None:
                return False
            pinned[key] = entry
            while len(pinned) > _MOST:
                del pinned[next(iter(pinned))]
            while len(self._pinned) > _SESSIONS:
                del self._pinned[next(iter(self._pinned))]
            return True

    def of(self, session: str) -> list[Entry]:
        """Return the pinned entries of a session, newest last."""
        with self._lock:
            return sorted(self._pinned.get(session, {}).values(), key=lambda entry: entry.at_ms)

    def find(self, session: str, number: int, at_ms: int | None) -> Entry | None:
        """Return the pinned entry of that number and time."""
        with self._lock:
            return None if at_ms is None else self._pinned.get(session, {}).get((number, at_ms))

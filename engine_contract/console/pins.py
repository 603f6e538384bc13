"""Entries that somebody wants to keep in sight: copies, so that they outlive the journal."""

from threading import Lock

from engine_contract.console.interface import Entry

_MOST = 200
_SESSIONS = 100
MAX_BYTES = 64 << 20
"""Bytes of all pinned entries together; those pinned first make room."""


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
            while len(self._pinned) > 1 and (len(self._pinned) > _SESSIONS or self._weight() > MAX_BYTES):
                del self._pinned[next(name for name in self._pinned if name != session)]
            while len(pinned) > 1 and self._weight() > MAX_BYTES:
                del pinned[next(iter(pinned))]
            return True

    def _weight(self) -> int:
        return sum(entry.weight for pinned in self._pinned.values() for entry in pinned.values())

    def of(self, session: str) -> list[Entry]:
        """Return the pinned entries of a session, newest last."""
        with self._lock:
            return sorted(self._pinned.get(session, {}).values(), key=lambda entry: entry.at_ms)

    def find(self, session: str, number: int, at_ms: int | None) -> Entry | None:
        """Return the pinned entry of that number and time."""
        with self._lock:
            return None if at_ms is None else self._pinned.get(session, {}).get((number, at_ms))

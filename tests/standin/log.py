"""The log of the requests an engine has answered."""

from threading import Lock
from typing import TypedDict


class Entry(TypedDict):
    """One request: its role by its credential, and the status it was given."""

    method: str
    path: str
    query: str
    body: str
    role: str | None
    status: int


class Log:
    """Entries in the order of their answers; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        with self._lock:
            self._entries.append(entry)

    def all(self) -> list[Entry]:
        """A copy of all entries."""
        with self._lock:
            return list(self._entries)

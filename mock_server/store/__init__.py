"""The store: what the mock keeps between requests, behind small asynchronous interfaces.

Their methods are whole steps ("cancel this job if it is active"), so that replicas can share a store without locks.
"""

from typing import Protocol

from mock_server.store.access import Access
from mock_server.store.behavior import ArmedBehavior
from mock_server.store.jobs import Jobs
from mock_server.store.journal import Journal

DEFAULT_SESSION = ""
"""The session of those who name none."""


class StoreUnavailable(Exception):  # noqa: N818 - a condition that passes
    """The store cannot be reached; the message says why."""

    may_be_done = False
    """Whether what was asked may have been done all the same: its answer was lost."""

    @property
    def sentence(self) -> str:
        """Return the whole sentence, for those who asked."""
        return f"The store cannot be reached: {self}."


class Store(Jobs, ArmedBehavior, Journal, Access, Protocol):
    """All that is kept. An unknown session starts as the mock started."""

    is_shared: bool
    """Whether other processes read it: a request is written down before it is answered, so that all see it then."""

    def observed(self) -> "Store":
        """Return the same store for those who only look: reading a session by it does not count as a use of it."""
        ...

    async def reset(self, session: str) -> None:
        """Go back to the start: jobs, behaviour, journal, clock."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return figures for the metrics: sessions, their jobs, and the jobs that were canceled."""
        ...

    async def health(self) -> str | None:
        """Return why the store cannot be used now; None when it can."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...

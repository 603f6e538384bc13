"""The store: jobs, behaviour and journal of every session, behind one small interface.

Of a job only its id and state are kept here. The interface is asynchronous and has methods for whole
steps ("cancel this job if it is active"), so that replicas can share a store without locks.
"""

from collections.abc import AsyncIterator
from typing import Literal, NamedTuple, Protocol

from mock_server.jobs.job import State
from mock_server.store.behavior import Behavior
from mock_server.store.journal import Entry

DEFAULT_SESSION = ""
"""The session of those who name none."""

Outcome = Literal["canceled", "unknown", "not-active"]


class Cancel(NamedTuple):
    """The result of a cancel: the state of the job afterwards, and how many cancels of the session have succeeded."""

    outcome: Outcome
    state: State | None = None
    serial: int = 0


class StoreUnavailable(Exception):  # noqa: N818 - a condition that passes
    """The store cannot be reached; the message says why."""


class Store(Protocol):
    """The state that the mock needs kept. An unknown session starts as the mock started."""

    is_shared: bool
    """Whether other processes read it: a request is written down before it is answered, so that all see it then."""

    async def cancel(self, session: str, job_id: str, at_ms: int, by: str) -> Cancel:
        """Cancel the job if it is active. Of any number of calls for one job exactly one succeeds."""
        ...

    async def get(self, session: str, job_id: str) -> State | None:
        """Return the state of a job, None if it does not exist."""
        ...

    async def put(self, session: str, job_id: str, state: State) -> bool:
        """Make a job with a given id; return False, and make nothing, if there is one with that id."""
        ...

    async def mint(self, session: str, count: int, state: State) -> list[str]:
        """Make jobs with ids of the store's choice: the n-th of a session is the same on every start."""
        ...

    def jobs(self, session: str, statuses: frozenset[str] | None) -> AsyncIterator[tuple[str, State]]:
        """Return the jobs of a session in the order in which they were made; of those statuses, or all."""
        ...

    async def reset(self, session: str) -> None:
        """Go back to the start: jobs, behaviour, journal."""
        ...

    async def behavior(self, session: str) -> Behavior | None:
        """Return what is armed; its `times` is what is left of them."""
        ...

    async def arm(self, session: str, behavior: Behavior | None) -> None:
        """Arm in place of what was armed; None disarms."""
        ...

    async def spend(self, session: str, job_id: str | None, role: str | None) -> Behavior | None:
        """Return the behaviour to apply to a cancel request of that job and role, and count it as applied."""
        ...

    async def record(self, session: str, entry: Entry) -> None:
        """Put an entry into the journal, the oldest one out if it is full; the store gives it its number."""
        ...

    async def entries(self, session: str, *, limit: int, since: int) -> list[tuple[int, Entry]]:
        """Return the newest `limit` entries whose number is above `since`, each with its number, newest last."""
        ...

    async def entry(self, session: str, number: int) -> Entry | None:
        """Return one entry of the journal, None where it is no longer kept."""
        ...

    async def forget(self, session: str) -> None:
        """Empty the journal; numbers go on."""
        ...

    async def note(self, session: str, key: str, value: float) -> None:
        """Keep a number for a fault or variation that has a memory."""
        ...

    async def noted(self, session: str, key: str) -> float:
        """Return the number kept, 0 if none was."""
        ...

    async def tally(self, session: str, key: str) -> int:
        """Count one more of what a fault or variation counts; return how many there are now."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return figures for the metrics: sessions, jobs that have a state of their own, canceled ones."""
        ...

    async def health(self) -> str | None:
        """Return why the store cannot be used now; None when it can."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...

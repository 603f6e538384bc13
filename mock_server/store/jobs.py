"""The jobs of a session. Of each only its id and state are kept."""

from collections.abc import AsyncIterator
from typing import Literal, NamedTuple, Protocol

from engine_contract.contract.job_status import Status
from mock_server.jobs.job import State

Outcome = Literal["canceled", "unknown", "not-active"]


class Cancel(NamedTuple):
    """The result of a cancel: the state of the job afterwards, and how many cancels of the session have succeeded."""

    outcome: Outcome
    state: State | None = None
    serial: int = 0


class Page(NamedTuple):
    """A part of a list of jobs."""

    jobs: list[tuple[str, State]]
    counts: dict[str, int]
    """How many jobs of the session have each status, whatever part was asked for."""


class Jobs(Protocol):
    """The jobs. An unknown session starts as the mock started. A state that is returned is that of the session's time."""

    async def cancel(self, session: str, job_id: str, at_ms: int, by: str) -> Cancel:
        """Cancel the job if it is active. Of any number of calls for one job exactly one succeeds.

        `at_ms` is the real time; the job is canceled at the session's.
        """
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

    async def change(
        self, session: str, job_id: str, *, status: Status | None, name: str | None, by: str
    ) -> State | None:
        """Give a job another status, another name, or both, now; return its state, None if it does not exist."""
        ...

    async def remove(self, session: str, job_id: str) -> bool:
        """Remove a job; return whether there was one."""
        ...

    def jobs(self, session: str, statuses: frozenset[str] | None) -> AsyncIterator[tuple[str, State]]:
        """Return the jobs of a session in the order in which they were made; of those statuses, or all."""
        ...

    async def page(self, session: str, statuses: frozenset[str] | None, *, offset: int, limit: int) -> Page:
        """Return at most `limit` of the jobs that `jobs` returns, without the first `offset`, and count all."""
        ...

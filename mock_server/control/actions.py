"""The actions of the control API, as functions on the store: the HTTP side and in-process users share them."""

from collections.abc import Collection, Mapping
from typing import Any

from engine_contract.contract.job_status import ACTIVE, STATUSES, Status
from mock_server.jobs import documents
from mock_server.jobs.job import State, summary
from mock_server.store import Store
from mock_server.store.access import Access, real_ms
from mock_server.store.behavior import Behavior, BehaviorError, read_behavior

MOST_JOBS = 1_000_000
"""The most jobs that one call makes."""

LONGEST_ID = 200

_KEYS = ("count", "job_id", "status", "name", "tasks")


class ActionError(ValueError):
    """A request cannot be carried out. The message names the key, the value and what is allowed."""


class TakenError(ActionError):
    """There is a job with that id."""


async def make_jobs(store: Store, session: str, wanted: Any) -> list[str]:
    """Make the jobs that `POST /_mock/jobs` describes, and return their ids. Raise ActionError."""
    if not isinstance(wanted, dict):
        raise ActionError(
            'Jobs are described by an object such as {"count": 20} or {"job_id": "…", "status": "paused"}.'
        )
    unknown = sorted(set(wanted) - set(_KEYS))
    if unknown:
        raise ActionError(f"{unknown[0]}: no such key; jobs have {', '.join(_KEYS)}.")
    state = State(
        status=_status(wanted.get("status", "running")),
        name=_name(wanted.get("name")),
        tasks=_whole("tasks", wanted.get("tasks"), documents.SMALLEST, documents.LARGEST),
        made_at_ms=await now_ms(store, session),
    )
    if state.status == "canceled":
        state = state._replace(changed_at_ms=state.made_at_ms, changed_by="admin")
    job_id = wanted.get("job_id")
    count = _whole("count", wanted.get("count"), 0, MOST_JOBS)
    if job_id is None:
        return await store.mint(session, 1 if count is None else count, state)
    if not isinstance(job_id, str) or not job_id or len(job_id) > LONGEST_ID:
        raise ActionError(f"job_id {job_id!r}: must be a string of 1 to {LONGEST_ID} characters.")
    if count not in (None, 1):
        raise ActionError(f"count {count}: one job has one job_id; leave out one of them.")
    if not await store.put(session, job_id, state):
        raise TakenError(f"job_id {job_id}: there is a job with that id.")
    return [job_id]


async def list_jobs(store: Store, session: str, status: str | None, *, seed: int) -> list[dict[str, str]]:
    """Return jobs of a status, of any if None; `active` means those that can be canceled. Raise ActionError."""
    if status is None:
        statuses: frozenset[str] | None = None
    elif status == "active":
        statuses = ACTIVE
    elif status in STATUSES:
        statuses = frozenset({status})
    else:
        raise ActionError(f"status {status}: must be active or one of {', '.join(STATUSES)}.")
    return [summary(job_id, state, seed=seed) async for job_id, state in store.jobs(session, statuses)]


async def arm(store: Store, session: str, behavior: Any, known: Mapping[str, Collection[str]]) -> Behavior | None:
    """Arm what `PUT /_mock/behavior` describes, in place of what was armed. Raise ActionError.

    `known` are the faults of each operation, as in `read_behavior`.
    """
    try:
        read = read_behavior(behavior, known)
    except BehaviorError as error:
        raise ActionError(str(error)) from None
    await store.arm(session, read)
    return read


async def now_ms(store: Access, session: str) -> int:
    """Return the session's time, in epoch milliseconds."""
    return (await store.clock(session)).at(real_ms())


def _status(value: Any) -> Status:
    status = next((known for known in STATUSES if known == value), None)
    if status is None:
        raise ActionError(f"status {value!r:.80}: must be one of {', '.join(STATUSES)}.")
    return status


def _name(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > 1000):
        raise ActionError(f"name {value!r:.80}: must be a string of at most 1000 characters.")
    return value


def _whole(key: str, value: Any, smallest: int, largest: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
        raise ActionError(f"{key} {value!r:.80}: must be a whole number from {smallest} to {largest}.")
    return value

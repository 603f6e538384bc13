"""The actions of the control API, as functions on the store: the HTTP side and in-process users share them."""

from typing import Any, Literal

from engine_contract.contract.job_status import ACTIVE, STATUSES, Status
from engine_contract.http.strict_json import in_quotes
from mock_server.jobs import documents
from mock_server.jobs.documents import summary
from mock_server.jobs.job import State
from mock_server.jobs.timestamps import END_MS, YEARS, read_rfc3339, rfc3339
from mock_server.jobs.turns import Turns
from mock_server.store import Store
from mock_server.store.access import Access, Clock, now_ms, real_ms
from mock_server.store.behavior import Behavior, BehaviorError, Known, read_behaviors

MOST_JOBS = 1_000_000
"""The most jobs that one call makes."""

LONGEST_ID = 200

LONGEST_MS = 10 * 365 * 86_400_000
"""The longest time that a job is old, or ends in, and that a clock is moved on: ten years."""

_KEYS = ("count", "job_id", "status", "name", "tasks", "age_ms", "ends_in_ms", "ends_as")
_CHANGES = ("status", "name")
_ENDS: tuple[Literal["complete", "error"], ...] = ("complete", "error")


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
    _only(wanted, _KEYS, "jobs have")
    state = State(
        status=_status(wanted.get("status", "running")),
        name=_name(wanted.get("name")),
        tasks=_whole("tasks", wanted.get("tasks"), documents.SMALLEST, documents.LARGEST),
        age_ms=_whole("age_ms", wanted.get("age_ms"), 0, LONGEST_MS),
        made_at_ms=await now_ms(store, session),
    )
    state = _ending(state, wanted)
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


async def change_job(store: Store, session: str, job_id: str, wanted: Any) -> State | None:
    """Change a job as `PATCH /_mock/jobs/ID` says; return its state, None if there is no such job. Raise ActionError."""
    if not isinstance(wanted, dict) or not wanted:
        raise ActionError('A change is an object such as {"status": "complete"} or {"name": "…"}.')
    _only(wanted, _CHANGES, "a change has")
    status = None if wanted.get("status") is None else _status(wanted["status"])
    return await store.change(session, job_id, status=status, name=_name(wanted.get("name")), by="admin")


async def set_clock(store: Access, session: str, wanted: Any) -> Clock:
    """Change the session's clock as `POST /_mock/clock` says, and return it. Raise ActionError."""
    if not isinstance(wanted, dict) or len(wanted) != 1:
        raise ActionError(
            'The clock takes {"advance_ms": 60000}, {"now": "2018-08-02T15:56:12Z"} to stop it there, '
            'or {"now": null} to let it run as the real one.'
        )
    _only(wanted, ("advance_ms", "now"), "the clock takes")
    if "advance_ms" in wanted:
        by_ms = _whole("advance_ms", wanted["advance_ms"], 0, LONGEST_MS)
        if by_ms is not None and await now_ms(store, session) + by_ms >= END_MS:
            raise ActionError(
                f"advance_ms {by_ms}: the clock would stand after the year {YEARS.stop - 1}. Move it on by less."
            )
        return await store.advance(session, by_ms or 0)
    now = wanted["now"]
    try:
        return await store.set_clock(session, None if now is None else read_rfc3339(str(now)))
    except ValueError as error:
        raise ActionError(f"now {error}") from None


def show_clock(clock: Clock) -> dict[str, Any]:
    """Return a clock as `GET /_mock/clock` shows it."""
    at_ms = clock.at(real_ms())
    return {"now": rfc3339(at_ms).decode(), "now_ms": at_ms, "is_stopped": clock.stopped_at_ms is not None}


async def list_jobs(
    store: Store, session: str, status: str | None, *, limit: int | None, seed: int
) -> list[dict[str, str]]:
    """Return up to `limit` jobs (all if None) of a status, of any if None; `active` means those that can be canceled. Raise ActionError."""
    if status is None:
        statuses: frozenset[str] | None = None
    elif status == "active":
        statuses = ACTIVE
    elif status in STATUSES:
        statuses = frozenset({status})
    else:
        raise ActionError(f"status {status}: must be active or one of {', '.join(STATUSES)}.")
    listed: list[dict[str, str]] = []
    turns = Turns()
    async for job_id, state in store.jobs(session, statuses):
        if limit is not None and len(listed) >= limit:
            break
        listed.append(summary(job_id, state, seed=seed))
        await turns.give()
    return listed


async def arm(store: Store, session: str, behavior: Any, known: Known) -> tuple[Behavior, ...]:
    """Arm what `PUT /_mock/behavior` describes, in place of what was armed. Raise ActionError."""
    try:
        read = read_behaviors(behavior, known)
    except BehaviorError as error:
        raise ActionError(str(error)) from None
    await store.arm(session, read)
    return read


def _ending(state: State, wanted: dict[str, Any]) -> State:
    """Return the state with the end that was asked for. Raise ActionError."""
    ends_in_ms, said = _whole("ends_in_ms", wanted.get("ends_in_ms"), 0, LONGEST_MS), wanted.get("ends_as")
    ends_as = next((known for known in _ENDS if said in (None, known)), None)
    if ends_as is None:
        raise ActionError(f"ends_as {said!r:.80}: must be one of {', '.join(_ENDS)}.")
    if ends_in_ms is None:
        if said is not None:
            raise ActionError(f"ends_as {said}: say when, by ends_in_ms.")
        return state
    if state.status not in ACTIVE:
        raise ActionError(f"ends_in_ms {ends_in_ms}: a job that is {state.status} has ended; leave out one of them.")
    return state._replace(ends_at_ms=state.made_at_ms + ends_in_ms, ends_as=ends_as)


def _only(wanted: dict[str, Any], allowed: tuple[str, ...], whose: str) -> None:
    if unknown := sorted(set(wanted) - set(allowed)):
        raise ActionError(f"{unknown[0]:.80}: no such key; {whose} {', '.join(allowed)}.")


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
        raise ActionError(
            f"{key} {value!r:.80}: must be a whole number from {smallest} to {largest}.{in_quotes(value)}"
        )
    return value

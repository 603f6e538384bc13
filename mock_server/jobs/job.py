"""A job as the store keeps it: its id and its state, until somebody looks at it."""

from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from engine_contract.contract.job_status import Active, Status
from mock_server.jobs import documents

LARGE_TASKS = 200
"""Tasks of a job above which its document is written outside the loop: the first of a size takes up to 65 ms."""

# One thread: the loop then waits for no more than one other at a time.
_writer = ThreadPoolExecutor(1, "large-documents")


class State(NamedTuple):
    """The part of a job that cannot be derived from its id.

    `was` is the state before the cancel; `tasks` and `name` are None where they are drawn from the id.
    """

    status: Status = "running"
    tasks: int | None = None
    name: str | None = None
    was: Active = "running"
    canceled_at_ms: int = 0
    canceled_by: str = ""


RUNNING = State()
"""The state of all jobs that have none of their own: a million of them cost no more than their ids."""


def document(job_id: str, state: State, *, seed: int, now_ms: int) -> bytes:
    """Return the whole document of a job, as JSON."""
    if state.status != "canceled":
        return documents.active_document(
            job_id, seed=seed, status=state.status, tasks=state.tasks, name=state.name, now_ms=now_ms
        )
    return documents.canceled_document(
        job_id,
        seed=seed,
        was=state.was,
        tasks=state.tasks,
        name=state.name,
        canceled_at_ms=state.canceled_at_ms,
        canceled_by=state.canceled_by,
    )


async def written(job_id: str, state: State, *, seed: int, now_ms: int) -> bytes:
    """Return the whole document of a job, as JSON; others are served while a large one is written."""
    if state.tasks is None or state.tasks <= LARGE_TASKS:
        return document(job_id, state, seed=seed, now_ms=now_ms)
    writing = partial(document, job_id, state, seed=seed, now_ms=now_ms)
    return await get_running_loop().run_in_executor(_writer, writing)


def summary(job_id: str, state: State, *, seed: int) -> dict[str, str]:
    """Return a job as lists show it: id, status and name."""
    return {"job_id": job_id, "status": state.status, "name": documents.describe(job_id, seed=seed, name=state.name)}

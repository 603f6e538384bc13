"""Faults of the effects: what becomes of jobs, and whose document is answered."""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from engine_contract.contract import Operation
from engine_contract.contract.job_status import ACTIVE
from mock_server.faults.request import NOBODY, as_if_canceled, in_query
from mock_server.jobs.job import RUNNING
from mock_server.operations.cancel_job import cancel_in
from mock_server.operations.exchange import Change, Exchange, Route
from mock_server.operations.refusals import Refusal
from mock_server.store import Store
from mock_server.store.jobs import Cancel

_MOST_SESSIONS = 1_000
"""The most sessions whose newest job is remembered: those with the newest requests."""


def effects(operation: Operation) -> Iterator[Change]:
    """Yield all faults of the effects."""
    yield from _of_the_document()
    yield from _of_refusals()
    yield from _of_other_jobs()
    yield from _of_repeats()
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        yield Change(
            name=f"{method.lower()}-cancels",
            sentence=f"{method} with a job_id in the body or the query cancels as POST does.",
            rule="effects.methods",
            route=lambda asked, path, method=method: ("POST" if asked == method else asked, path),  # type: ignore[misc]
            parameters=_wherever,
        )
    yield Change(
        name="any-path-cancels",
        sentence="Every path below /workflow_engine cancels.",
        rule="effects.paths",
        route=_below(operation.path),
        parameters=_wherever,
    )


def _of_the_document() -> Iterator[Change]:
    yield Change(
        name="answers-another-job",
        sentence="The document is that of some other job.",
        rule="effects.identity",
        document=lambda document, _exchange: document | {"_id": NOBODY},
    )
    yield Change(
        name="answers-another-id-for-support",
        sentence="For the role support the document has another job's id.",
        rule="effects.identity",
        document=lambda document, exchange: (
            document | {"_id": NOBODY} if exchange.credential.role == "support" else document
        ),
    )
    yield Change(
        name="cuts-the-id",
        sentence="The id in the document lacks its last character.",
        rule="effects.identity",
        document=lambda document, _exchange: document | {"_id": document["_id"][:-1]},
    )
    yield Change(
        name="answers-latest-job",
        sentence="When requests overlap, each is answered with the job of the newest one.",
        rule="effects.overlap",
        first=_remember_latest,
        document=lambda document, exchange: (
            document | {"_id": exchange.latest_jobs.get(exchange.session, document["_id"])}
        ),
    )


async def _remember_latest(exchange: Exchange, _store: Store) -> None:
    if exchange.claimed_job_id is not None:
        latest = exchange.latest_jobs
        latest.pop(exchange.session, None)
        latest[exchange.session] = exchange.claimed_job_id
        if len(latest) > _MOST_SESSIONS:
            del latest[next(iter(latest))]
        await sleep(0.03)


def _of_refusals() -> Iterator[Change]:
    reasons: dict[str, tuple[str, Callable[[Refusal], bool]]] = {
        "role": ("of a role that may not", lambda refusal: refusal.situation == "other-role"),
        "credential": ("without a right credential", lambda refusal: refusal.situation.endswith("-credential")),
        "type": ("with the id in an array", lambda refusal: refusal.situation == "bad-parameter"),
        "body": ("whose body is broken", lambda refusal: refusal.situation in {"bad-body", "missing-parameter"}),
    }
    for name, (whose, is_meant) in reasons.items():
        yield Change(
            name=f"refuses-{name}-and-cancels",
            sentence=f"A request {whose} is refused, and cancels all the same.",
            rule="effects.refused",
            refused=_cancel_all_the_same(is_meant),
        )


def _cancel_all_the_same(is_meant: Callable[[Refusal], bool]) -> Callable[[Exchange, Store], Awaitable[None]]:
    async def refused(exchange: Exchange, store: Store) -> None:
        if exchange.refusal is None or not is_meant(exchange.refusal):
            return
        async for job_id, _ in store.jobs(exchange.session, ACTIVE):
            if job_id.encode() in exchange.body or job_id.encode() in exchange.query:
                await cancel_in(store, exchange, job_id)

    return refused


def _of_other_jobs() -> Iterator[Change]:
    yield Change(
        name="cancels-a-neighbour",
        sentence="With the job one other active job is canceled.",
        rule="effects.isolation",
        effect=_also(1),
    )
    yield Change(
        name="cancels-all",
        sentence="With the job all active jobs are canceled.",
        rule="effects.isolation",
        effect=_also(1_000_000),
    )
    yield Change(
        name="accepts-unknown-id",
        sentence="The id of no job is answered with a canceled job.",
        rule="effects.unknown",
        effect=_invent,
    )
    yield Change(
        name="accepts-several-ids",
        sentence="Of ids with commas between them the first one's job is canceled.",
        rule="effects.unknown",
        effect=_like(lambda job_id, asked: job_id == asked.partition(",")[0]),
    )
    yield Change(
        name="accepts-id-cut",
        sentence="The beginning of an id cancels the job.",
        rule="effects.exact",
        effect=_like(lambda job_id, asked: job_id.startswith(asked)),
    )
    yield Change(
        name="accepts-id-tail",
        sentence="The end of an id cancels the job.",
        rule="effects.exact",
        effect=_like(lambda job_id, asked: job_id.endswith(asked)),
    )
    yield Change(
        name="accepts-id-lengthened",
        sentence="An id with something after it cancels the job.",
        rule="effects.exact",
        effect=_like(lambda job_id, asked: asked.startswith(job_id)),
    )
    yield Change(
        name="accepts-id-inside",
        sentence="Text with an id somewhere in it cancels the job.",
        rule="effects.exact",
        effect=_like(lambda job_id, asked: job_id in asked),
    )
    yield Change(
        name="accepts-id-in-any-case",
        sentence="An id in capital letters cancels the job.",
        rule="effects.spelling",
        effect=_like(lambda job_id, asked: job_id == asked.lower()),
    )
    yield Change(
        name="accepts-id-with-blanks",
        sentence="An id with blanks around it cancels the job.",
        rule="effects.spelling",
        effect=_like(lambda job_id, asked: job_id == asked.strip()),
    )


def _also(most: int) -> Callable[[Exchange, Store, str], Awaitable[Cancel]]:
    async def effect(exchange: Exchange, store: Store, job_id: str) -> Cancel:
        active = [active async for active, _ in store.jobs(exchange.session, ACTIVE)]
        outcome = await cancel_in(store, exchange, job_id)
        if outcome.outcome == "canceled":
            # Those made after it first: they are nearest to what a caller works with.
            place = active.index(job_id) if job_id in active else 0
            for other in [*active[place + 1 :], *active[:place][::-1]][:most]:
                await cancel_in(store, exchange, other)
        return outcome

    return effect


async def _invent(exchange: Exchange, store: Store, job_id: str) -> Cancel:
    outcome = await cancel_in(store, exchange, job_id)
    if outcome.outcome != "unknown":
        return outcome
    return await as_if_canceled(exchange, store, RUNNING)


def _like(matches: Callable[[str, str], bool]) -> Callable[[Exchange, Store, str], Awaitable[Cancel]]:
    async def effect(exchange: Exchange, store: Store, job_id: str) -> Cancel:
        outcome = await cancel_in(store, exchange, job_id)
        if outcome.outcome == "unknown" and len(job_id) > 8:
            async for active, _ in store.jobs(exchange.session, ACTIVE):
                if matches(active, job_id):
                    return await cancel_in(store, exchange, active)
        return outcome

    return effect


def _of_repeats() -> Iterator[Change]:
    yield Change(
        name="accepts-second-cancel",
        sentence="A job that is canceled already is answered as if it were canceled now.",
        rule="effects.repeat",
        effect=_again,
    )
    yield Change(
        name="does-not-cancel",
        sentence="The answer is a canceled job, and the job stays active.",
        rule="effects.canceled",
        effect=_not_at_all,
    )
    yield Change(
        name="refuses-active-jobs",
        sentence="One of three active jobs is refused as not active.",
        rule="effects.canceled",
        parameters=_not_that_one,
    )


async def _again(exchange: Exchange, store: Store, job_id: str) -> Cancel:
    outcome = await cancel_in(store, exchange, job_id)
    if outcome.state is not None and outcome.state.status == "canceled":
        return Cancel("canceled", outcome.state, outcome.serial)
    return outcome


async def _not_at_all(exchange: Exchange, store: Store, job_id: str) -> Cancel:
    state = await store.get(exchange.session, job_id)
    if state is None or state.status not in ACTIVE:
        return await cancel_in(store, exchange, job_id)
    return await as_if_canceled(exchange, store, state)


def _not_that_one(_exchange: Exchange, outcome: str | Refusal) -> str | Refusal:
    if isinstance(outcome, str) and sum(outcome.encode()) % 3 == 0:
        return Refusal("not-active", f"The job {outcome} is complete: no longer active.", "job_id")
    return outcome


def _wherever(exchange: Exchange, outcome: str | Refusal) -> str | Refusal:
    if isinstance(outcome, str) or exchange.method == "POST":
        return outcome
    claimed: Any = exchange.claimed_job_id or in_query(exchange)
    return claimed or outcome


def _below(operation: str) -> Route:
    start = operation.rsplit("/", 1)[0] + "/"

    def route(method: str, path: str) -> tuple[str, str]:
        before, found, _ = path.partition(start)
        return method, before + operation if found else path

    return route

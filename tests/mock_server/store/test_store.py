"""The store's interface, on every implementation there is."""

import asyncio
from typing import Any

import pytest

from mock_server import Settings
from mock_server.jobs.job import RUNNING, State
from mock_server.store import DEFAULT_SESSION, memory
from mock_server.store.behavior import Behavior
from mock_server.store.journal import Counted, Entry, Exchanges
from mock_server.store.memory import MemoryStore
from mock_server.store.redis import RedisStore
from mock_server.store.redis_address import read_address
from tests.mock_server.store.conftest import Make, entry, use
from tests.support.caller import PAGE_ID


def test_one_cancel_wins(make: Make) -> None:
    """Of a hundred simultaneous cancels of a job one is told that it canceled it."""

    async def work() -> list[str]:
        store = make(Settings())
        done = await asyncio.gather(*(store.cancel(DEFAULT_SESSION, PAGE_ID, 5, "admin") for _ in range(100)))
        return sorted(cancel.outcome for cancel in done)

    assert use(work) == ["canceled"] + ["not-active"] * 99


def test_a_cancel_is_kept(make: Make) -> None:
    """What a canceled job needs for its document is kept: when, by whom, from which state."""

    async def work() -> Any:
        store = make(Settings())
        await store.put(DEFAULT_SESSION, "j", State("paused", 5, "name"))
        await store.cancel(DEFAULT_SESSION, "j", 5, "support")
        return await store.get(DEFAULT_SESSION, "j")

    assert use(work) == State("canceled", 5, "name", "paused", 5, "support")


def test_any_job_knows_well_formed_ids(make: Make) -> None:
    """With any_job an id of 24 lowercase hex characters is an active job until it is canceled; no other is."""

    async def work() -> list[str]:
        store = make(Settings(any_job=True))
        ids = ["0" * 24, "0" * 24, "A" * 24, "0" * 23, "0" * 25, "g" * 24]
        return [(await store.cancel(DEFAULT_SESSION, job_id, 5, "admin")).outcome for job_id in ids]

    assert use(work) == ["canceled", "not-active", "unknown", "unknown", "unknown", "unknown"]


def test_minting_goes_on_after_the_start(make: Make) -> None:
    """Minted ids follow on those of the start, are the same in every session, and never repeat."""

    async def work() -> tuple[list[str], list[str], set[str]]:
        store = make(Settings(jobs=10))
        one, other = await store.mint("a", 5, RUNNING), await store.mint("b", 5, RUNNING)
        return one, other, {job_id async for job_id, _ in store.jobs("a", None)}

    one, other, all_of_a = use(work)
    assert one == other
    assert len(all_of_a) == 15
    assert set(one) < all_of_a


def test_the_journal_is_capped_and_counted(make: Make) -> None:
    """The journal keeps the newest entries, and its numbers go on when it is emptied."""

    async def work() -> list[list[int]]:
        store = make(Settings(journal=3))
        seen = []
        for number in range(5):
            await store.record("s", entry(number))
        seen.append([number for number, _ in await store.entries("s", limit=10, since=0)])
        seen.append([number for number, _ in await store.entries("s", limit=1, since=0)])
        seen.append([number for number, _ in await store.entries("s", limit=10, since=4)])
        await store.forget("s")
        await store.record("s", entry())
        seen.append([number for number, _ in await store.entries("s", limit=10, since=0)])
        return seen

    assert use(work) == [[3, 4, 5], [5], [5], [6]]


def test_entry_is_found_by_its_number_while_it_is_kept(make: Make) -> None:
    """One that left the journal is not there, nor one that is still to come, nor that of another session."""

    async def work() -> list[int | None]:
        store = make(Settings(journal=3))
        for number in range(5):
            await store.record("s", entry(number))
        found = [await store.entry("s", number) for number in range(7)]
        found.append(await store.entry("t", 4))
        await store.forget("s")
        found.append(await store.entry("s", 4))
        return [None if kept is None else kept.at_ms for kept in found]

    assert use(work) == [None, None, None, 2, 3, 4, None, None, None]


def test_behaviour_is_spent(make: Make) -> None:
    """A behaviour with `times` is spent by the requests that it matches, in its session alone."""

    async def work() -> list[bool]:
        store = make(Settings())
        await store.arm("a", (Behavior(code=409, role="admin", times=2),))
        asked = [("b", "admin"), ("a", "support"), ("a", "admin"), ("a", "admin"), ("a", "admin")]
        return [await store.spend(session, "j", role) is not None for session, role in asked]

    assert use(work) == [False, False, True, True, False]


def test_reset_is_the_start(make: Make) -> None:
    """After a reset a session is as a new one, notes included; other sessions stay."""

    async def work() -> list[Any]:
        store = make(Settings(jobs=3))
        for session in ("a", "b"):
            await store.cancel(session, PAGE_ID, 5, "admin")
            await store.note(session, "n", 4)
            await store.record(session, entry())
            await store.arm(session, (Behavior(code=409),))
        await store.reset("a")
        return [
            [(await store.get(session, PAGE_ID) or RUNNING).status, await store.noted(session, "n"),
             len(await store.entries(session, limit=9, since=0)), bool(await store.behavior(session))]
            for session in ("a", "b")
        ]  # fmt: skip

    assert use(work) == [["running", 0.0, 0, False], ["canceled", 4.0, 1, True]]


def test_behaviour_of_an_operation_applies_to_that_alone(make: Make) -> None:
    """One that names an operation leaves cancels alone and is not used up by them; one that names none is theirs."""

    async def work() -> list[bool]:
        store = make(Settings())
        seen: list[bool] = []
        for armed in ("getTasks", None):
            await store.arm(DEFAULT_SESSION, (Behavior(code=409, times=1, operation=armed),))
            asked = (None, "other", "getTasks", None, "getTasks")
            seen += [await store.spend(DEFAULT_SESSION, None, "admin", one) is not None for one in asked]
        return seen

    assert use(work) == [False, False, True, False, False, True, False, False, False, False]


def test_sessions_expire_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that nobody used for an hour is forgotten; one in use and the default one stay."""
    clock = [1000.0]
    monkeypatch.setattr(memory, "monotonic", lambda: clock[0])

    async def work() -> dict[str, int]:
        store = MemoryStore(Settings())
        for session in (DEFAULT_SESSION, "idle", "used"):
            await store.cancel(session, PAGE_ID, 5, "admin")
        clock[0] += memory.IDLE_S - 1
        await store.get("used", PAGE_ID)
        clock[0] += 2
        await store.get("new", PAGE_ID)
        return {
            session: int((await store.get(session, PAGE_ID) or RUNNING).status == "canceled")
            for session in (DEFAULT_SESSION, "idle", "used")
        }

    assert use(work) == {DEFAULT_SESSION: 1, "idle": 0, "used": 1}


def test_sessions_expire_unused_in_redis(redis_url: str) -> None:
    """In Redis as well; and what nobody comes back for goes by itself, every key of it."""

    async def work() -> list[Any]:
        store = RedisStore(Settings(), read_address(redis_url), idle_s=2.0)
        for session in (DEFAULT_SESSION, "idle", "used"):
            await store.cancel(session, PAGE_ID, 5, "admin")
            await store.mint(session, 1, RUNNING)
            await store.record(session, entry())
        for _ in range(22):  # more than the idle time, which is Redis's own clock; each pause is far less
            await asyncio.sleep(0.1)
            await store.get("used", PAGE_ID)
        seen: list[Any] = [
            (await store.get(session, PAGE_ID) or RUNNING).status for session in (DEFAULT_SESSION, "idle", "used")
        ]
        counted = await store.counts()
        await asyncio.sleep(2.2)  # nobody comes back for longer than it
        return [*seen, counted["sessions"], (await store.counts())["sessions"]]

    assert use(work) == ["canceled", "running", "canceled", 3, 1]


def test_sessions_are_bounded(make: Make) -> None:
    """Whoever names ever new sessions pushes out the one that was idle longest, never the default one."""

    async def work() -> tuple[int, str, str]:
        store = make(Settings(), sessions=5)
        await store.cancel(DEFAULT_SESSION, PAGE_ID, 5, "admin")
        for number in range(50):
            await store.cancel(f"s{number}", PAGE_ID, 5, "admin")
        statuses = [(await store.get(session, PAGE_ID) or RUNNING).status for session in (DEFAULT_SESSION, "s0")]
        return (await store.counts())["sessions"], statuses[0], statuses[1]

    assert use(work) == (5, "canceled", "running")


def test_counts_are_of_all_sessions(make: Make) -> None:
    """The figures for the metrics: sessions, jobs and cancels."""

    async def work() -> dict[str, int]:
        store = make(Settings(jobs=3))
        await store.mint("a", 2, RUNNING)
        await store.cancel("b", PAGE_ID, 5, "admin")
        return await store.counts()

    assert use(work) == {"sessions": 3, "jobs": 11, "canceled": 1}


def test_exchanges_are_counted_once_over_all_that_share_the_store(make: Make) -> None:
    """Whatever session they are of, also without a journal; emptying that changes nothing."""
    refused = entry()._replace(duration_ms=3.0, situation="unknown-job")
    slow = entry()._replace(status=200, fault="slow", duration_ms=20_000.0)

    async def work() -> Exchanges:
        one = make(Settings(journal=0))
        other = one if isinstance(one, MemoryStore) else make(Settings(journal=0))
        await asyncio.gather(*(store.record("s", refused) for store in (one, other, one)))
        await other.record("t", slow)
        await one.reset("s")
        return await other.exchanges()

    exchanges = use(work)
    assert exchanges.counts == {Counted(404, "unknown-job", None, 3): 3, Counted(200, None, "slow", 14): 1}
    assert round(exchanges.duration_ms) == 20_009


def test_what_is_counted_counts(make: Make) -> None:
    """A tally counts from one in each session, and calls at the same time each get a number of their own."""

    async def work() -> list[int]:
        store = make(Settings())
        await store.tally("other", "n")
        return sorted(await asyncio.gather(*(store.tally("s", "n") for _ in range(5))))

    assert use(work) == [1, 2, 3, 4, 5]


def test_a_job_is_made_once(make: Make) -> None:
    """An id that is taken, by a job of the start or a made one, is not made again; what is made is as it was given."""

    async def work() -> list[Any]:
        store = make(Settings())
        state = State("error", 7, 'a "name"\nof two lines', changed_by="admin")
        made = [await store.put("s", job_id, state) for job_id in (PAGE_ID, "ä/\n", "ä/\n")]
        return [
            *made,
            await store.get("s", "ä/\n") == state,
            [i async for i, _ in store.jobs("s", frozenset({"error"}))],
        ]

    assert use(work) == [False, True, False, True, ["ä/\n"]]


def test_jobs_are_listed_in_order(make: Make) -> None:
    """Jobs come in the order in which they were made, those of the start first, whatever became of them."""

    async def work() -> bool:
        store = make(Settings(jobs=2, any_job=True))
        minted = await store.mint("s", 2_500, RUNNING)
        await store.cancel("s", "0" * 24, 5, "admin")
        await store.cancel("s", minted[1], 5, "admin")
        await store.cancel("s", PAGE_ID, 5, "admin")
        listed = [job_id async for job_id, _ in store.jobs("s", None)]
        canceled = [job_id async for job_id, _ in store.jobs("s", frozenset({"canceled"}))]
        return (listed[0], listed[2:], canceled) == (
            PAGE_ID, [*minted, "0" * 24], [PAGE_ID, minted[1], "0" * 24]
        )  # fmt: skip

    assert use(work)


def test_behaviour_comes_back_as_it_was_armed(make: Make) -> None:
    """What is armed is read as it was given, `times` less what was spent; a new one takes its place."""
    armed = Behavior("extended", 409, (1.0, 2.5), "j", "admin", 3, 100.0)

    async def work() -> list[Any]:
        store = make(Settings())
        await store.arm("s", (armed,))
        seen = [await store.behavior("s"), await store.spend("s", "j", "admin"), await store.behavior("s")]
        await store.arm("s", (Behavior(code=400),))
        seen.append(await store.behavior("s"))
        await store.arm("s", ())
        return [*seen, await store.behavior("s")]

    assert use(work) == [(armed,), armed, (armed._replace(times=2),), (Behavior(code=400),), ()]


def test_behaviours_apply_in_their_order(make: Make) -> None:
    """The first that matches and has times left; one that is used up is gone, and one that counts nothing stays."""
    first, other = (
        Behavior(code=503, times=2, body={"a": []}, headers={"Retry-After": "5"}),
        Behavior(code=403, role="support", times=1),
    )
    last = Behavior(code=504, latency_before_ms=(1.0, 2.0))

    async def work() -> list[Any]:
        store = make(Settings())
        await store.arm("s", (other, first, last))
        seen: list[Any] = [await store.spend("s", None, role) for role in ("admin", "support", "support")]
        seen += [await store.behavior("s"), await store.spend("s", None, "support")]
        await store.arm("s", (first,))
        return [
            *seen,
            await store.spend("s", None, None),
            await store.spend("s", None, None),
            await store.behavior("s"),
        ]

    spent = first._replace(times=1)
    assert use(work) == [first, other, spent, (last,), last, first, spent, ()]


def test_a_percentage_is_the_same_share_on_every_start(make: Make) -> None:
    """Draws for a percentage are near it, and the same after a reset."""

    async def work() -> list[list[bool]]:
        store = make(Settings())
        runs = []
        for _ in range(2):
            await store.reset("s")
            await store.arm("s", (Behavior(code=409, percentage=30.0),))
            runs.append([await store.spend("s", None, None) is not None for _ in range(300)])
        return runs

    one, other = use(work)
    assert one == other
    assert 60 < sum(one) < 120


def test_an_entry_comes_back_as_it_was_written(make: Make) -> None:
    """The journal keeps bytes, headers in order, and what is None."""
    headers = [(b"b", b"\xff1"), (b"a", b"2"), (b"b", b"3")]
    written = entry()._replace(headers=headers, query=b"q=%20\xe4", role="admin", job_id="\u00e4", reason="why")

    async def work() -> Entry:
        store = make(Settings())
        await store.record("s", written)
        ((_, kept),) = await store.entries("s", limit=5, since=0)
        return kept

    assert use(work) == written


def test_a_job_costs_little_until_it_is_looked_at() -> None:
    """Jobs that are made together share one state, as those of the start do: they cost no more than their ids."""

    async def work() -> int:
        store = MemoryStore(Settings())
        await store.mint("s", 100_000, RUNNING)
        return len({id(state) async for _, state in store.jobs("s", None)})

    assert use(work) == 2

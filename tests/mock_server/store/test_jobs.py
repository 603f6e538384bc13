"""Jobs in a store: their times, how they end, what others change of them, and parts of their list."""

from typing import Any

import pytest

from mock_server import Settings
from mock_server.jobs.job import RUNNING, State
from mock_server.store import Store
from tests.mock_server.store.conftest import Make, use
from tests.support.caller import PAGE_ID
from tests.support.redis_server import RedisServer

NOON = 1_800_000_000_000


def test_times_are_fixed_when_jobs_are_made(make: Make) -> None:
    """Jobs of the start are of the time when their session began, also if nobody looked; a reset begins it anew."""

    async def work() -> list[int]:
        store = make(Settings(now_ms=NOON, any_job=True))
        await store.mint("s", 1, State(made_at_ms=7))
        await store.advance("s", 50)
        await store.cancel("s", "0" * 24, 5, "admin")
        listed = [state.made_at_ms async for _, state in store.jobs("s", None)]
        one, any_job = await store.get("s", PAGE_ID), await store.get("s", "1" * 24)
        assert one is not None
        assert any_job is not None
        await store.reset("s")
        again = await store.get("s", PAGE_ID)
        assert again is not None
        return [*listed[-3:], one.made_at_ms, any_job.made_at_ms, again.made_at_ms]

    assert use(work) == [NOON, 7, NOON, NOON, NOON, NOON]


@pytest.mark.parametrize("ends_as", ["complete", "error"])
def test_job_ends_by_itself_at_its_time(make: Make, ends_as: Any) -> None:
    """It is active until then, by the session's clock; a job in error can still be canceled, a complete one cannot."""
    made = State("paused", 5, "name", made_at_ms=NOON, age_ms=9, ends_at_ms=NOON + 100, ends_as=ends_as)
    ended = State(ends_as, 5, "name", "paused", NOON + 100, "", NOON, 9)

    async def work() -> list[Any]:
        store = make(Settings(now_ms=NOON, jobs=0))
        await store.put("s", "j", made)
        await store.mint("s", 1, made)
        before = await store.get("s", "j")
        await store.advance("s", 99)
        still = [state async for _, state in store.jobs("s", frozenset({"paused"}))]
        await store.advance("s", 1)
        after = [state async for _, state in store.jobs("s", frozenset({ends_as}))]
        got = await store.get("s", "j")
        canceled = await store.cancel("s", "j", 5, "support")
        return [before, still, after, got, canceled.outcome, canceled.state]

    canceled = ("not-active", ended)
    if ends_as == "error":
        canceled = (
            "canceled",
            State("canceled", 5, "name", "error", NOON + 100, "support", NOON, 9, was_since_ms=NOON + 100),
        )
    assert use(work) == [made, [made, made], [ended, ended], ended, *canceled]


def test_canceled_job_stays_canceled(make: Make) -> None:
    """What was canceled before its end does not end."""

    async def work() -> Any:
        store = make(Settings(now_ms=NOON))
        await store.put("s", "j", State(ends_at_ms=NOON + 100))
        await store.cancel("s", "j", 5, "admin")
        await store.advance("s", 1000)
        return await store.get("s", "j")

    state = use(work)
    assert (state.status, state.changed_at_ms) == ("canceled", NOON)


def test_change_of_a_job_is_kept(make: Make) -> None:
    """Somebody else gives it a status or a name; a job with a new status no longer ends by itself."""

    async def work() -> list[Any]:
        store = make(Settings(now_ms=NOON, any_job=True))
        await store.put("s", "j", State(tasks=5, made_at_ms=3, ends_at_ms=NOON + 100))
        seen = [
            await store.change("s", "nobody", status="complete", name=None, by="admin"),
            await store.change("s", "j", status=None, name="é", by="admin"),
            await store.change("s", "j", status="complete", name=None, by="support"),
            await store.get("s", "j"),
            await store.change("s", PAGE_ID, status="paused", name=None, by="admin"),
        ]
        await store.change("s", "0" * 24, status="error", name=None, by="admin")
        return [*seen, [job_id async for job_id, _ in store.jobs("s", frozenset({"error", "paused"}))]]

    complete = State("complete", 5, "é", "running", NOON, "support", 3)
    assert use(work) == [
        None,
        State("running", 5, "é", made_at_ms=3, ends_at_ms=NOON + 100),
        complete,
        complete,
        State("paused", changed_at_ms=NOON, changed_by="admin", made_at_ms=NOON),
        [PAGE_ID, "0" * 24],
    ]


def test_removed_job_is_gone_until_it_is_made_again(make: Make) -> None:
    """One of the start, a made one and one that any id is; all of them once."""

    async def work() -> list[Any]:
        store = make(Settings(jobs=2, any_job=True))
        (minted,) = await store.mint("s", 1, RUNNING)
        ids = [PAGE_ID, minted, "0" * 24]
        counts = [(await store.counts())["jobs"]]
        removed = [await store.remove("s", job_id) for job_id in [*ids, PAGE_ID, "nobody"]]
        counts.append((await store.counts())["jobs"])
        canceled = [(await store.cancel("s", job_id, 5, "admin")).outcome for job_id in (PAGE_ID, "0" * 24)]
        put = [await store.put("s", job_id, RUNNING) for job_id in (*ids, PAGE_ID)]
        counts.append((await store.counts())["jobs"])
        return [counts, removed, canceled, put, len([job_id async for job_id, _ in store.jobs("s", None)])]

    assert use(work) == [
        [5, 3, 6],
        [True, True, True, False, False],
        ["unknown", "unknown"],
        [True, True, True, False],
        4,
    ]


def test_page_has_its_part_and_counts_all(make: Make) -> None:
    """Over the jobs of the start and those that were made, also where one step does not reach."""

    async def page(store: Store, statuses: frozenset[str] | None, offset: int, limit: int) -> list[Any]:
        found = await store.page("s", statuses, offset=offset, limit=limit)
        return [[job_id for job_id, _ in found.jobs], dict(found.counts)]

    async def work() -> list[Any]:
        store = make(Settings(jobs=3))
        start = [job_id async for job_id, _ in store.jobs("s", None)]
        ids = [*start, *await store.mint("s", 1_100, RUNNING), *await store.mint("s", 2, State("complete"))]
        await store.cancel("s", ids[1], 5, "admin")
        await store.cancel("s", ids[1_050], 5, "admin")
        canceled, other = frozenset({"canceled"}), frozenset({"complete", "error"})
        pages = [
            await page(store, None, 1, 3),
            await page(store, None, 1_000, 90),
            await page(store, None, 1_104, 9),
            await page(store, canceled, 0, 9),
            await page(store, canceled, 1, 1),
            await page(store, other, 1, 9),
        ]
        parts = [ids[1:4], ids[1_000:1_090], ids[1_104:], [ids[1], ids[1_050]], [ids[1_050]], ids[1_104:]]
        assert [counts for _, counts in pages] == [{"running": 1_101, "canceled": 2, "complete": 2}] * 6
        return [found == part for (found, _), part in zip(pages, parts, strict=True)]

    assert use(work) == [True] * 6


def test_jobs_made_together_share_their_times_in_redis(redis: RedisServer, request: pytest.FixtureRequest) -> None:
    """A job costs Redis little more than its id, however much is said of it: a million take some 150 MB."""
    from mock_server.store.redis import RedisStore
    from mock_server.store.redis_address import read_address

    url = request.getfixturevalue("redis_url")

    async def work() -> None:
        store = RedisStore(Settings(jobs=0), read_address(url))
        await store.mint("s", 10_000, State("paused", 7, "a name of some length", made_at_ms=NOON, ends_at_ms=NOON))
        await store.close()

    def used() -> int:
        return int(redis.command("INFO", "memory").partition("used_memory:")[2].split()[0])

    before = used()
    use(work)
    assert (used() - before) / 10_000 < 200

"""Logins, sessions and clocks in a store."""

import asyncio
from typing import Any

import pytest

from mock_server import Settings
from mock_server.jobs.job import RUNNING
from mock_server.store import DEFAULT_SESSION, memory
from mock_server.store.access import UNUSED_S, Clock, Login, SessionUse, real_ms
from mock_server.store.memory import MemoryStore
from mock_server.store.redis import RedisStore
from mock_server.store.redis_address import read_address
from tests.mock_server.store.conftest import Make, entry, use
from tests.support.caller import PAGE_ID
from tests.support.redis_server import RedisServer

ALICE, BOB = Login("alice", "support"), Login("b\u00f6b", "admin")
NOON = 1_800_000_000_000


def test_login_holds_for_its_lifetime_by_the_clock_of_the_session(make: Make) -> None:
    """It is known in all sessions, expired in one whose clock is there, and never expires without a lifetime."""

    async def work() -> list[Any]:
        store = make(Settings(now_ms=NOON))
        await store.admit("s", "one=", ALICE, lifetime_ms=1000)
        await store.admit("s", "two", BOB, lifetime_ms=None)
        await store.advance("s", 999)
        seen = [await store.login(session, token) for session, token in [("s", "one="), ("", "one="), ("s", "no")]]
        await store.advance("s", 1)
        return [*seen, *[await store.login(session, "one=") for session in ("s", "")], await store.login("s", "two")]

    expired = ALICE._replace(is_expired=True)
    assert use(work) == [ALICE, ALICE, None, expired, ALICE, BOB]


def test_login_that_was_dismissed_is_gone(make: Make) -> None:
    """Once, and no other with it."""

    async def work() -> list[Any]:
        store = make(Settings())
        await store.admit("", "one", ALICE, lifetime_ms=None)
        await store.admit("", "two", BOB, lifetime_ms=None)
        dismissed = [await store.dismiss("one"), await store.dismiss("one")]
        return [*dismissed, await store.login("", "one"), await store.login("", "two")]

    assert use(work) == [True, False, None, BOB]


def test_logins_in_memory_are_bounded() -> None:
    """Whoever logs in again and again pushes out the login that was unused longest."""

    async def work() -> list[bool]:
        store = MemoryStore(Settings(), logins=3)
        for token in ("a", "b", "c"):
            await store.admit("", token, ALICE, lifetime_ms=None)
        await store.login("", "a")
        await store.admit("", "d", ALICE, lifetime_ms=None)
        return [await store.login("", token) is not None for token in ("a", "b", "c", "d")]

    assert use(work) == [True, False, True, True]


def test_login_in_memory_is_kept_a_day_after_it_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that holds for two days is not forgotten because nobody used it for one."""
    now_s = 0.0
    monkeypatch.setattr(memory, "monotonic", lambda: now_s)

    async def work() -> list[bool]:
        nonlocal now_s
        store, seen = MemoryStore(Settings()), []
        await store.admit("", "old", ALICE, lifetime_ms=2 * UNUSED_S * 1000)
        for days in (2, 4):
            now_s = days * UNUSED_S
            await store.admit("", "new", ALICE, lifetime_ms=2 * UNUSED_S * 1000)
            seen.append("old" in store._logins)  # noqa: SLF001 - to log in is a use
        return seen

    assert use(work) == [True, False]


def test_redis_holds_no_token(redis: RedisServer, make: Make) -> None:
    """Whoever reads Redis cannot log in by what is there."""

    async def work() -> None:
        await make(Settings()).admit("", "s3cret-token", ALICE, lifetime_ms=None)

    use(work)
    assert "s3cret" not in redis.command("KEYS", "*")


def test_observer_writes_nothing_into_redis(redis: RedisServer, redis_url: str) -> None:
    """Also of a session whose clock has not begun."""

    async def work() -> None:
        observed = RedisStore(Settings(), read_address(redis_url)).observed()
        await observed.get("unknown", PAGE_ID)
        await observed.clock("unknown")

    use(work)
    assert redis.command("KEYS", f"{{{redis_url.rpartition('=')[2]}}}:s:*") == "*0\r\n"


def test_clock_of_a_session_stops_moves_and_runs(make: Make) -> None:
    """Each session's own, from the setting on, which a reset restores."""

    async def work() -> list[Clock]:
        store = make(Settings(now_ms=NOON))
        seen = [await store.advance("s", 5), await store.clock("t"), await store.set_clock("s", 7)]
        seen += [await store.advance("s", 5), await store.set_clock("s", None), await store.advance("s", 5)]
        await store.reset("s")
        return [*seen, await store.clock("s")]

    stopped = Clock(NOON)
    moved = [Clock(NOON, 5), stopped, Clock(7), Clock(7, 5), Clock(), Clock(None, 5)]
    assert use(work) == [*moved, stopped]
    assert [Clock(7, 5).at(100), Clock(None, 5).at(100)] == [12, 105]


def test_sessions_in_use_are_listed(make: Make) -> None:
    """With their entries and jobs, and when they were used last: listing them is no use."""

    async def work() -> list[SessionUse]:
        store = make(Settings(jobs=3))
        await store.record("b", entry())
        await store.record("b", entry())
        await store.mint("a", 2, RUNNING)
        await store.remove("b", "4321abcdef694aa79dae47ad")
        await store.sessions()
        return await store.sessions()

    started = real_ms()
    sessions = use(work)
    assert [one[:3] for one in sessions] == [(DEFAULT_SESSION, 0, 3), ("a", 0, 5), ("b", 2, 2)]
    assert all(started - 5 <= one.last_used_ms <= real_ms() + 5 for one in sessions)


def _last_uses(after: list[SessionUse], before: list[SessionUse]) -> bool:
    """Return whether the same sessions were used last at the same times, but for what rounding makes of them."""
    pairs = zip(after, before, strict=True)
    return all(one.name == other.name and abs(one.last_used_ms - other.last_used_ms) < 500 for one, other in pairs)


def test_reading_by_an_observer_is_not_a_use(make: Make) -> None:
    """It shows what is there, and neither makes a session nor moves its last use."""

    async def work() -> list[Any]:
        store = make(Settings(jobs=2))
        await store.put("used", "j", RUNNING)
        before = await store.sessions()
        await asyncio.sleep(1.1)
        observed = store.observed()
        shown: list[Any] = [
            len((await observed.page(session, None, offset=0, limit=9)).jobs) for session in ("used", "unknown")
        ]
        shown += [await observed.behavior("unknown"), await observed.entries("used", limit=1, since=0)]
        return [shown, [one.name for one in before if one.name], _last_uses(await store.sessions(), before)]

    shown, names, is_same = use(work)
    assert (shown, names, is_same) == ([3, 2, (), []], ["used"], True)

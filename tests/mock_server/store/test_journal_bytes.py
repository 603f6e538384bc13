"""The journal of a mock in memory is bounded in bytes, over all sessions."""

import asyncio

import pytest

from mock_server import Settings
from mock_server.store import memory
from mock_server.store.journal import Entry
from mock_server.store.memory import MemoryStore


def _entry(*, body: bytes = b"", path: str = "/", value: bytes = b"") -> Entry:
    headers = ((b"a", value),)
    return Entry(
        0, 0.1, "", "POST", path, b"", headers, body, 0, "none", None, "", None, 404, headers, b"", 0, *[None] * 4
    )


@pytest.mark.parametrize("entry", [_entry(body=b"a" * 10_000), _entry(path="a" * 10_000), _entry(value=b"a" * 5_000)])
def test_journal_is_bounded_over_all_sessions(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest entries go first, whichever session they are of; forgetting, resets and ended sessions make room."""
    monkeypatch.setattr(memory, "MAX_BYTES", 200_000)

    async def work() -> None:
        store = MemoryStore(Settings(journal=10), sessions=50)
        for number in range(30):
            await store.record(f"s{number}", entry)
        kept = [number for number in range(30) if await store.entries(f"s{number}", limit=9, since=0)]
        assert kept == list(range(30 - len(kept), 30))
        assert 12 <= len(kept) <= 19
        for _ in range(40):
            await store.record("busy", entry)
        assert [number for number, _ in await store.entries("busy", limit=100, since=0)] == list(range(31, 41))
        await store.forget("busy")
        await store.reset("s29")
        for number in range(100):
            await store.get(f"more{number}", "x")  # those before are dropped with what they hold
        assert (store._weight, len(store._weights)) == (0, 0)  # noqa: SLF001 - nothing is counted that is gone

    asyncio.run(work())

"""The journals of a mock are bounded in bytes, over all sessions."""

import pytest

from mock_server import Settings
from mock_server.store import memory, redis
from mock_server.store.journal import Entry
from mock_server.store.memory import MemoryStore
from tests.mock_server.store.conftest import Make, use
from tests.support.redis_server import RedisServer


def _entry(*, body: bytes = b"", path: str = "/", value: bytes = b"") -> Entry:
    headers = ((b"a", value),)
    return Entry(
        0, 0.1, "", "POST", path, b"", headers, body, 0, "none", None, "", None, 404, (), b"", 0, None, None, None, None
    )


@pytest.mark.parametrize("entry", [_entry(body=b"a" * 10_000), _entry(path="a" * 10_000), _entry(value=b"a" * 10_000)])
def test_journal_is_bounded_over_all_sessions(
    make: Make, entry: Entry, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The oldest entries go first, whichever session they are of; forgetting, resets and ended sessions make room."""
    for module in (memory, redis):
        monkeypatch.setattr(module, "MAX_BYTES", 200_000)

    async def work() -> None:
        store = make(Settings(journal=10), sessions=50)
        for number in range(30):
            await store.record(f"s{number}", entry._replace(at_ms=number))
        kept = [number for number in range(30) if await store.entries(f"s{number}", limit=9, since=0)]
        assert kept == list(range(30 - len(kept), 30))
        assert 12 <= len(kept) <= 19
        for number in range(40):
            await store.record("busy", entry._replace(at_ms=30 + number))
        assert [number for number, _ in await store.entries("busy", limit=100, since=0)] == list(range(31, 41))
        await store.forget("busy")
        await store.reset("s29")
        for number in range(100):
            await store.get(f"more{number}", "x")  # those before are dropped with what they hold
        # Nothing is counted that is gone.
        if isinstance(store, MemoryStore):
            assert store._weight == 0  # noqa: SLF001
        else:
            server: RedisServer = request.getfixturevalue("redis")
            base = f"{{{request.getfixturevalue('redis_url').partition('=')[2]}}}:"
            assert server.command("GET", f"{base}bytes:sum").split()[1] == "0"
            assert server.command("EXISTS", f"{base}bytes", f"{base}oldest").split() == [":0"]

    use(work)

"""The stores that the tests of the interface run on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mock_server.store import Store
from mock_server.store.journal import Entry
from mock_server.store.memory import MemoryStore
from mock_server.store.redis import RedisStore
from mock_server.store.redis_address import read_address

Make = Callable[..., Store]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "memory":
        return MemoryStore
    address = read_address(request.getfixturevalue("redis_url"))
    return lambda settings, **limits: RedisStore(settings, address, **limits)


def use(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run work on a loop of its own."""

    async def run() -> Any:
        return await work()

    return asyncio.run(run())


def entry(number: int = 0) -> Entry:
    """An entry of no importance."""
    return Entry(
        number, 0.1, "", "POST", "/", b"", [], b"", 0, "none", None, "", None, 404, [], b"", 0, None, None, None, None
    )

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
from mock_server.store.redis_client import Client

Make = Callable[..., Store]


@pytest.fixture(params=["memory", "redis", "redis whose answers get lost"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Make:
    if request.param == "memory":
        return MemoryStore
    if request.param != "redis":
        monkeypatch.setattr(Client, "_carry_out", _lose_first(Client._carry_out))  # noqa: SLF001
    address = read_address(request.getfixturevalue("redis_url"))
    return lambda settings, **limits: RedisStore(settings, address, **limits)


def _lose_first(carry_out: Any) -> Any:
    """Carry each step out, and lose its answer unless it is asked for again."""

    async def lossy(client: Client, steps: list[Any]) -> Any:
        answers = await carry_out(client, steps)
        return [
            ConnectionError("lost") if step.arguments[3:4] == (b"0",) else answer
            for step, answer in zip(steps, answers, strict=True)
        ]

    return lossy


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

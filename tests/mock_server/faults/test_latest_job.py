"""The fault whose requests share a variable keeps no more of it than is bounded."""

import asyncio
import json
from importlib import import_module

import pytest

from engine_contract.contract import load_contract
from mock_server.operations.exchange import Exchange
from mock_server.store.memory import MemoryStore

effects = import_module("mock_server.faults.effects")  # the package has a function of that name


@pytest.mark.parametrize("sessions", [1, 3, 50])
def test_the_latest_job_of_many_sessions_is_bounded(monkeypatch: pytest.MonkeyPatch, sessions: int) -> None:
    """Of any number of sessions, the ones with the newest requests are kept."""
    monkeypatch.setattr(effects, "_MOST_SESSIONS", 3)
    (change,) = (change for change in effects.effects(load_contract()) if change.name == "answers-latest-job")

    latest: dict[str, str] = {}

    async def ask() -> None:
        for number in range(sessions):
            exchange = Exchange({"method": "POST", "path": "/", "query_string": b"", "headers": []})
            exchange.latest_jobs = latest
            exchange.session, exchange.body = str(number), json.dumps({"job_id": "x"}).encode()
            assert change.first is not None
            await change.first(exchange, MemoryStore.__new__(MemoryStore))

    asyncio.run(ask())
    assert list(latest) == [str(number) for number in range(max(0, sessions - 3), sessions)]

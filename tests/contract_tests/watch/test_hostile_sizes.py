"""What is hostile by its size holds up nobody, and fills no memory: in the watcher."""

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import httpx
import pytest

from contract_tests.watch import journal
from contract_tests.watch.journal import Entry, Journal, SeenJob
from engine_contract.console.interface import Finding, Message
from engine_contract.console.pins import MAX_BYTES as MAX_PINNED_BYTES
from engine_contract.console.pins import Pins
from engine_contract.contract import Rule
from tests.support.eventually import eventually
from tests.support.raw_server import raw_server
from tests.support.watching import watching

PATIENCE_S = 2.0
"""Seconds in which any other request is served, however slow the machine is."""


def _stacked(layers: int) -> bytes:
    body = b"\x00" * (8 << 20)
    for _ in range(layers):
        body = gzip.compress(body, 1)
    return body


ANSWERS = {
    "escaped quotes": ("text/javascript", "", b'"\\' * (512 << 10)),
    "nested arrays": ("application/json", "", b"[" * 90_000 + b"]" * 90_000),
    "punycode": ("application/json; charset=-punycode", "", ("é" * (512 << 10)).encode()),
    "content codings": ("application/json", ", ".join(["gzip"] * 26), _stacked(26)),
    "cookies": ("text/plain\r\nSet-Cookie: " + "token=" * 5000, "", b"x"),
}


@pytest.mark.parametrize("name", [*ANSWERS])
def test_answer_holds_up_no_other_request(name: str) -> None:
    """While a hostile answer to a cancel is judged, kept and shown, other requests pass."""
    kind, encoding, body = ANSWERS[name]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Encoding: {encoding}\r\n\r\n" if encoding else "\r\n"
    light = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    answers = chain([head.encode() + body], repeat(light))

    with (
        raw_server(lambda connection: connection.sendall(next(answers))) as engine,
        watching(engine.url) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):

        def heavy() -> None:
            with httpx.Client(timeout=30) as client:
                request = client.build_request("POST", f"{watcher.url}/workflow_engine/cancelJob", json={"job_id": "a"})
                sent = client.send(request, stream=True)
                for _ in sent.iter_raw():
                    pass
                entry = watcher.watch.journal.entries()[-1]
                assert len(json.dumps(entry.response.body)) < 8 << 20

        running = pool.submit(heavy)
        eventually(lambda: engine.requests)
        slowest = 0.0
        with httpx.Client(timeout=30) as client:
            while True:
                is_last, started = running.done(), time.monotonic()
                assert client.get(f"{watcher.url}/light").text == "ok"
                slowest = max(slowest, time.monotonic() - started)
                if is_last:
                    break
        running.result()
        assert slowest < PATIENCE_S


def _entry(**fields: Any) -> Entry:
    return replace(Entry(number=0, at_ms=0, duration_ms=1, method="GET", path="/"), **fields)


@pytest.mark.parametrize(
    "entry",
    [
        _entry(path="/" + "a" * 100_000),
        _entry(query="a" * 100_000),
        _entry(reason="a" * 100_000),
        _entry(request=Message((("a", "b" * 100_000),))),
        _entry(response=Message((("b" * 100_000, ""),))),
        _entry(findings=(Finding(Rule("a", "documented", "a"), "a" * 100_000, ""),)),
    ],
    ids=["path", "query", "reason", "request's headers", "answer's headers", "findings"],
)
def test_journal_counts_all_of_an_entry(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of heads and findings count as those of bodies do, and pinned entries have half of the room."""
    monkeypatch.setattr(journal, "MAX_BYTES", 1_000_000)
    kept = Journal(1000)
    for _ in range(30):
        kept.pin(kept.add(entry).number)
    entries = kept.entries(limit=1000)
    assert 1 <= len(entries) <= 9
    assert sum(one.pinned for one in entries) == 4


def test_journal_counts_names_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs with long names take room from one another, as those with documents do."""
    monkeypatch.setattr(journal, "MAX_JOB_BYTES", 1_000_000)
    kept = Journal(1000)
    for number in range(30):
        kept.see_jobs([SeenJob(str(number % 20), "running", "n" * 100_000)])
    assert [job.job_id for job in kept.jobs()] == [str(number % 20) for number in range(29, 20, -1)]


def test_pins_are_bounded_in_bytes() -> None:
    """Pinned copies of all sessions together have a bound; those of other sessions go first."""
    pins = Pins()
    large = Entry(
        number=1, at_ms=1, duration_ms=1, method="GET", path="/", request=Message((), "a" * (MAX_PINNED_BYTES // 3))
    )
    pins.toggle("other", large)
    for number in range(4):
        pins.toggle("", Entry(number=number, at_ms=1, duration_ms=1, method="GET", path="/", request=large.request))
    assert pins.of("other") == []
    assert [entry.number for entry in pins.of("")] == [2, 3]

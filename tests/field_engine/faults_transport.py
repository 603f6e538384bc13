"""Faults below the document: lengths, encodings, and connections of the answers to a cancel."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from .catalogue import Entry, fault
from .edits import every
from .http import Answer, Wire, render
from .rules import Call, success

READABLE = "Return: the document of the canceled job cannot be read from such an answer"

Success = Callable[[Call, Any], Answer]


def _changed(**changes: Any) -> Success:
    def rule(call: Call, value: Any) -> Answer:
        answer = success(call, value)
        for key, new in changes.items():
            setattr(answer, key, new)
        return answer

    return rule


def _length(difference: int, close: bool = True) -> Success:
    def rule(call: Call, value: Any) -> Answer:
        answer = success(call, value)
        answer.length = len(answer.body) + difference
        answer.close = close
        return answer

    return rule


def _encoded(encode: Callable[[bytes], bytes], *headers: tuple[str, str]) -> Success:
    def rule(call: Call, value: Any) -> Answer:
        answer = success(call, value)
        answer.body = encode(answer.body)
        answer.headers = list(headers)
        return answer

    return rule


def _script(write: Callable[[Wire, bytes], Awaitable[None]]) -> Success:
    def rule(call: Call, value: Any) -> Answer:
        data = render(success(call, value))

        async def script(wire: Wire) -> None:
            await write(wire, data)

        return Answer(script=script)

    return rule


def _sometimes(rule: Success, count: int) -> Success:
    return lambda call, value: (rule if every(count)(call) else success)(call, value)


async def _nothing(wire: Wire, data: bytes) -> None:
    """The connection ends without an answer."""


async def _reset(wire: Wire, data: bytes) -> None:
    wire.reset()


async def _head_alone(wire: Wire, data: bytes) -> None:
    await wire.send(data[: data.index(b"\r\n\r\n") + 4])


async def _half_head(wire: Wire, data: bytes) -> None:
    await wire.send(data[:40])


async def _half_reset(wire: Wire, data: bytes) -> None:
    await wire.send(data[: len(data) // 2])
    await asyncio.sleep(0.01)
    wire.reset()


async def _late(wire: Wire, data: bytes) -> None:
    await asyncio.sleep(120)


async def _body_alone(wire: Wire, data: bytes) -> None:
    await wire.send(data[data.index(b"\r\n\r\n") + 4 :])


async def _only_continue(wire: Wire, data: bytes) -> None:
    await wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def _raw_head(head: str) -> Success:
    return lambda call, value: Answer(raw=head.encode("latin-1") + json.dumps(value).encode(), close=True)


def _chunks_cut(call: Call, value: Any) -> Answer:
    answer = success(call, value)
    answer.chunk = 64
    whole = render(answer)
    return Answer(raw=whole[: -len(b"0\r\n\r\n")], close=True)


def _chunk_sizes(call: Call, value: Any) -> Answer:
    answer = success(call, value)
    answer.chunk = 64
    return Answer(raw=render(answer).replace(b"\r\n40\r\n", b"\r\nxyz\r\n"), close=True)


def _queued(call: Call, value: Any) -> Answer:
    """The answer of the call before on the same connection."""
    answer = success(call, value)
    before: Answer = call.request.connection.get("before", answer)
    call.request.connection["before"] = answer
    return before


def _twice(call: Call, value: Any) -> Answer:
    data = render(success(call, value))
    return Answer(raw=data + data)


def _made(name: str, says: str, rule: Success) -> Entry:
    return fault(name, says, "transport", READABLE, success=rule)


GZIP = ("Content-Encoding", "gzip")
ENTRIES: list[Entry] = [
    _made("length-too-long", "Content-Length exceeds the body, and the connection ends.", _length(40)),
    _made("length-too-short", "Content-Length is less than the body.", _length(-40)),
    _made("length-zero", "Content-Length is 0 before a body.", _changed(length=0, close=True)),
    _made("length-negative", "Content-Length is negative.", _changed(length=-1, close=True)),
    _made("length-words", "Content-Length is no number.", _changed(length="all", close=True)),
    _made("third-length-too-long", "Every third answer is cut short.", _sometimes(_length(40), 3)),
    _made("gzip-claimed", "Content-Encoding says gzip, the body is plain.", _encoded(bytes, GZIP)),
    _made("gzip-not-told", "The body is gzip, and nothing says so.", _encoded(gzip.compress)),
    _made("gzip-cut", "The gzip body is cut.", _encoded(lambda data: gzip.compress(data)[:-30], GZIP)),
    _made(
        "gzip-checksum",
        "The gzip checksum is wrong.",
        _encoded(lambda data: gzip.compress(data)[:-8] + b"\0" * 8, GZIP),
    ),
    _made(
        "deflate-broken",
        "The deflate body is damaged.",
        _encoded(lambda data: zlib.compress(data)[:20] + b"\xff" * 40, ("Content-Encoding", "deflate")),
    ),
    _made(
        "encoding-unknown",
        "Content-Encoding is one nobody knows.",
        _encoded(lambda d: d[::-1], ("Content-Encoding", "rot")),
    ),
    _made(
        "charset-utf16",
        "The body is UTF-8 and is called UTF-16.",
        _changed(content_type="application/json; charset=utf-16"),
    ),
    _made("no-answer", "The connection ends without an answer, the job is canceled.", _script(_nothing)),
    _made(
        "third-no-answer",
        "Every third connection ends without an answer, the job is canceled.",
        _sometimes(_script(_nothing), 3),
    ),
    _made("reset-answer", "The connection is reset after the cancel.", _script(_reset)),
    _made("head-alone", "The connection ends after the head.", _script(_head_alone)),
    _made("half-head", "The connection ends within the head.", _script(_half_head)),
    _made("half-then-reset", "The connection is reset within the body.", _script(_half_reset)),
    _made("never-answers", "A cancel is done and never answered.", _script(_late)),
    _made("body-alone", "There is a body and no head.", _script(_body_alone)),
    _made("only-continue", "100 Continue is the only answer.", _script(_only_continue)),
    _made(
        "status-line-words",
        "The status is no number.",
        _raw_head("HTTP/1.1 OK\r\nContent-Type: application/json\r\n\r\n"),
    ),
    _made(
        "status-line-long",
        "The status has four digits.",
        _raw_head("HTTP/1.1 2000 OK\r\nContent-Type: application/json\r\n\r\n"),
    ),
    _made(
        "header-without-colon",
        "A header has no colon before the content type.",
        _raw_head("HTTP/1.1 200 OK\r\nX Powered By Express\r\nContent-Type application/json\r\n\r\n"),
    ),
    _made(
        "two-lengths",
        "Two Content-Length headers differ.",
        _raw_head(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n"
        ),
    ),
    _made("chunks-cut", "The last chunk is missing.", _chunks_cut),
    _made("chunk-sizes", "Chunk sizes are no numbers.", _chunk_sizes),
    _made("queued-answers", "Each answer on a connection is that of the call before.", _queued),
    _made("answered-twice", "Each call is answered twice on its connection.", _twice),
]

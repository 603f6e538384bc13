"""Right versions whose HTTP is unusual and legal."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from .catalogue import Entry, variation
from .engine import Engine
from .http import Answer, Request, Wire, render

Shape = Callable[[Request, Answer], Answer]


def _with(**changes: Any) -> Shape:
    def rule(request: Request, answer: Answer) -> Answer:
        for key, new in changes.items():
            setattr(answer, key, new)
        return answer

    return rule


def _headers(*headers: tuple[str, str]) -> Shape:
    def rule(request: Request, answer: Answer) -> Answer:
        answer.headers = [*answer.headers, *headers]
        return answer

    return rule


def _encoded(name: str, encode: Callable[[bytes], bytes]) -> Shape:
    """Encoded only for clients that accept it."""

    def rule(request: Request, answer: Answer) -> Answer:
        if name in (request.header("Accept-Encoding") or "").lower() and answer.body:
            answer.body = encode(answer.body)
            answer.headers = [*answer.headers, ("Content-Encoding", name), ("Vary", "Accept-Encoding")]
        return answer

    return rule


def _script(write: Callable[[Wire, bytes], Awaitable[None]], **changes: Any) -> Shape:
    def rule(request: Request, answer: Answer) -> Answer:
        data = render(_with(close=True, **changes)(request, answer), request.method, False)

        async def script(wire: Wire) -> None:
            await write(wire, data)

        answer.script = script
        return answer

    return rule


async def _pieces(wire: Wire, data: bytes) -> None:
    head = data.index(b"\r\n\r\n") + 4
    for at in range(head):
        await wire.send(data[at : at + 1])
    for at in range(head, len(data), 997):
        await asyncio.sleep(0.001)
        await wire.send(data[at : at + 997])


async def _interim(wire: Wire, data: bytes) -> None:
    await wire.send(b"HTTP/1.1 102 Processing\r\n\r\n")
    await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + data)


async def _continued(wire: Wire, data: bytes) -> None:
    await wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    await asyncio.sleep(0.02)
    await wire.send(data)


def _chunk_details(request: Request, answer: Answer) -> Answer:
    """Chunk sizes in capitals, with leading zeros and extensions, and a trailer."""
    if request.method == "HEAD" or not answer.body:
        return answer
    length = len(answer.body)
    body = b'000%X;name="va;lue"\r\n%b\r\n0;end\r\nX-Check: 12\r\n\r\n' % (length, answer.body)
    head = render(_with(body=b"", chunk=1, close=True)(request, answer), keep=False)
    return Answer(answer.status, raw=head.removesuffix(b"0\r\n\r\n") + body, close=True)


def _dropped(engine: Engine, request: Request) -> Answer | None:
    """Every seventh request of the engine finds its used connection closed, and is not served."""
    engine.memory["seen"] = engine.memory.get("seen", 0) + 1
    if engine.memory["seen"] % 7 or not request.connection.get("served"):
        return None

    async def script(wire: Wire) -> None:
        """The connection ends without a byte."""

    return Answer(0, script=script)


def _transport(name: str, says: str, shape: Shape) -> Entry:
    return variation(name, says, "transport", shape=shape)


ENTRIES: list[Entry] = [
    _transport("connection-close", "Each connection ends after its answer.", _with(close=True)),
    _transport(
        "http-1.0",
        "Answers are HTTP/1.0, ended by the connection.",
        _with(version="HTTP/1.0", length="none", close=True),
    ),
    _transport("until-close", "Answers have no length and end with the connection.", _with(length="none", close=True)),
    _transport("chunked", "Answers are chunked.", _with(chunk=100)),
    _transport("chunked-small", "Chunks have a single byte.", _with(chunk=1)),
    _transport("chunk-details", "Chunks have extensions and a trailer.", _chunk_details),
    _transport("gzip", "Answers are gzip for those who accept it.", _encoded("gzip", gzip.compress)),
    _transport("deflate", "Answers are deflate for those who accept it.", _encoded("deflate", zlib.compress)),
    _transport("identity", "Content-Encoding says identity.", _headers(("Content-Encoding", "identity"))),
    _transport("slow", "Each answer takes 250 ms.", _with(delay=0.25)),
    _transport("slower", "Each answer takes 600 ms.", _with(delay=0.6)),
    _transport("pieces", "Answers come in small pieces.", _script(_pieces)),
    _transport("interim", "Interim answers precede the last.", _script(_interim)),
    _transport("unasked-continue", "100 Continue precedes each answer.", _script(_continued)),
    _transport("lower-headers", "Header names are in lower case.", _with(lower=True)),
    _transport(
        "double-headers",
        "Headers stand twice.",
        _headers(("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Vary", "Origin"), ("Vary", "Cookie")),
    ),
    _transport(
        "many-headers", "There are 60 more headers.", _headers(*((f"X-Trace-{n}", "v" * 20) for n in range(60)))
    ),
    _transport("long-header", "One header has 6,000 characters.", _headers(("Content-Security-Policy", "a" * 6000))),
    _transport("empty-reason", "The status line has no phrase.", _with(reason="")),
    _transport("other-reason", "The phrase is unusual.", _with(reason="Tout va bien: 200 / \xe9t\xe9")),
    _transport("header-bytes", "A header has bytes beyond ASCII.", _headers(("X-Server-Name", "Z\xfcrich"))),
    variation("dropped", "Every seventh request on a used connection finds it closed.", "transport", other=_dropped),
]

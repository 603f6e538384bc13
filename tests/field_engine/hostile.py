"""Versions that harm a careless client: they hang, flood, drip, lie about lengths, or speak no HTTP."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from .catalogue import Entry, hostile
from .engine import Engine
from .http import Answer, Request, Wire, render
from .rules import Call

Write = Callable[[Wire, bytes], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FOREVER = 3600


def _answers(write: Write) -> Callable[[Request, Answer], Answer]:
    """All answers are written that way; the call itself is carried out."""

    def rule(request: Request, answer: Answer) -> Answer:
        data = render(answer, request.method, False)

        async def script(wire: Wire) -> None:
            await write(wire, data)

        answer.script = script
        return answer

    return rule


async def _hang(wire: Wire, data: bytes) -> None:
    await asyncio.sleep(FOREVER)


async def _hang_in_head(wire: Wire, data: bytes) -> None:
    await wire.send(data[:30])
    await asyncio.sleep(FOREVER)


async def _hang_in_body(wire: Wire, data: bytes) -> None:
    await wire.send(data[:-1])
    await asyncio.sleep(FOREVER)


async def _drip(wire: Wire, data: bytes) -> None:
    for at in range(len(data)):
        await wire.send(data[at : at + 1])
        await asyncio.sleep(1)


async def _drip_body(wire: Wire, data: bytes) -> None:
    start = data.index(b"\r\n\r\n") + 4
    await wire.send(data[:start])
    await _drip(wire, data[start:])


async def _drip_blanks(wire: Wire, data: bytes) -> None:
    await wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        await wire.send(b"1\r\n \r\n")
        await asyncio.sleep(0.2)


async def _reset_body(wire: Wire, data: bytes) -> None:
    await wire.send(data[: len(data) // 2 + 1])
    await asyncio.sleep(0.01)
    wire.reset()


def _flood(start: bytes, again: bytes) -> Write:
    async def write(wire: Wire, data: bytes) -> None:
        await wire.send(start)
        while True:
            await wire.send(again)
            await asyncio.sleep(0)

    return write


def _once(data: bytes) -> Write:
    async def write(wire: Wire, _: bytes) -> None:
        await wire.send(data)

    return write


def _waits(data: bytes) -> Write:
    async def write(wire: Wire, _: bytes) -> None:
        await wire.send(data)
        await asyncio.sleep(FOREVER)

    return write


def _body(make: Callable[[], bytes], *headers: bytes) -> Write:
    """The body is made at each answer."""

    async def write(wire: Wire, data: bytes) -> None:
        body = make()
        lines = b"".join(line + b"\r\n" for line in headers)
        await wire.send(HEAD + lines + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return write


def _bomb(wbits: int, head: bytes) -> bytes:
    """A gigabyte of blanks in some megabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * 8_388_608) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * 128 + zlib.compressobj(9, zlib.DEFLATED, wbits).flush()


def _gzip_bomb() -> bytes:
    return _bomb(-15, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")


def _deep(opening: str, closing: str) -> Callable[[], bytes]:
    return lambda: (opening * 200_000 + "1" + closing * 200_000).encode()


def _same_keys() -> bytes:
    return b'{"_id":"0"' + b',"_id":{"_id":[]}' * 500_000 + b"}"


def _redirect(status: int, target: Callable[[Request], str]) -> Callable[[Engine, Request], Answer | None]:
    return lambda engine, request: Answer(status, b"", "text/plain", [("Location", target(request))])


def _longer(request: Request) -> str:
    return request.target + ("&" if "?" in request.target else "?") + "again=1"


def _accepts(write: Write) -> Callable[[Wire], Awaitable[None]]:
    async def accept(wire: Wire) -> None:
        await write(wire, b"")

    return accept


async def _reset_now(wire: Wire, data: bytes) -> None:
    wire.reset()


async def _close_now(wire: Wire, data: bytes) -> None:
    """The connection ends at once."""


async def _never_reads(wire: Wire, data: bytes) -> None:
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(FOREVER)


def _marked(call: Call, value: Any) -> Answer:
    """Texts that harm terminals, pages and tables."""
    value["name"] = "\x1b[2J\x1b]0;owned\x07</script><img src=x onerror=alert(1)>\r\n::error::=cmd|' /C calc'!A0"
    value["status"] = "\x1b[31mcanceled\u202e"
    value["watchers"] = ["\ud800", "../../etc/passwd", "%s%n{0.__class__}", "A" * 1_000_000]
    return Answer(200, json.dumps(value).encode())


def _surrogates(call: Call, value: Any) -> Answer:
    return Answer(200, json.dumps(value | {"_id": "\udfff\ud800", "created_by": "\ud83d"}).encode())


def _numbers(text: str) -> Callable[[Call, Any], Answer]:
    def rule(call: Call, value: Any) -> Answer:
        return Answer(200, json.dumps(value | {"font_size": "@@"}).replace('"@@"', text).encode())

    return rule


def _both(request: Request, answer: Answer) -> Answer:
    body = answer.body
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    answer.raw = HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked
    answer.close = True
    return answer


def _much_refused(engine: Engine, request: Request) -> Answer | None:
    return Answer(401, b'"' + b"No " * 10_000_000 + b'"')


def _long_wait(engine: Engine, request: Request) -> Answer | None:
    return Answer(429, b'"Later"', headers=[("Retry-After", "9" * 30)])


def _shaped(name: str, says: str, write: Write) -> Entry:
    return hostile(name, says, shape=_answers(write))


def _at_accept(name: str, says: str, write: Write) -> Entry:
    return hostile(name, says, accept=_accepts(write))


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BLANKS = b"10000\r\n" + b" " * 65_536 + b"\r\n"
ENTRIES: list[Entry] = [
    _shaped("hang", "No answer ever comes.", _hang),
    _shaped("hang-in-head", "The head never ends.", _hang_in_head),
    _shaped("hang-in-body", "The last byte never comes.", _hang_in_body),
    _shaped("drip", "One byte comes a second.", _drip),
    _shaped("drip-body", "One byte of the body comes a second.", _drip_body),
    _shaped("drip-blanks", "Blanks come five times a second and never end.", _drip_blanks),
    _shaped("reset-in-body", "The connection is reset within the body.", _reset_body),
    _shaped("endless-body", "The body never ends.", _flood(HEAD + b"\r\n", b" " * 65_536)),
    _shaped("endless-chunks", "Chunks never end.", _flood(CHUNKED, BLANKS)),
    _shaped("endless-string", "A string never ends.", _flood(CHUNKED + b'1\r\n"\r\n', BLANKS.replace(b" ", b"a"))),
    _shaped("endless-headers", "Headers never end.", _flood(HEAD, b"X-More: yes\r\n" * 500)),
    _shaped("endless-header", "One header never ends.", _flood(HEAD + b"X-Long: ", b"a" * 65_536)),
    _shaped("endless-status-line", "The status line never ends.", _flood(b"HTTP/1.1 200 ", b"O" * 65_536)),
    _shaped(
        "endless-trailer", "The trailer never ends.", _flood(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-More: yes\r\n" * 500)
    ),
    _shaped("endless-extension", "A chunk extension never ends.", _flood(CHUNKED + b"2;a=", b"a" * 65_536)),
    _shaped("interim-storm", "Interim answers never end.", _flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
    _shaped(
        "early-hints-storm",
        "Early hints never end.",
        _flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 99),
    ),
    _shaped("gzip-bomb", "The gzip body unpacks to a gigabyte.", _body(_gzip_bomb, b"Content-Encoding: gzip")),
    _shaped("deep-arrays", "200,000 arrays stand within one another.", _body(_deep("[", "]"))),
    _shaped("deep-objects", "200,000 objects stand within one another.", _body(_deep('{"tasks":', "}"))),
    _shaped("same-keys", "One key stands half a million times.", _body(_same_keys)),
    _shaped("huge-length", "Content-Length is 10^18.", _once(HEAD + b"Content-Length: 1000000000000000000\r\n\r\n{}")),
    _shaped(
        "long-length",
        "Content-Length has 10,000 digits.",
        _once(HEAD + b"Content-Length: " + b"9" * 10_000 + b"\r\n\r\n{}"),
    ),
    _shaped("huge-chunk", "A chunk is said to have 2^64 bytes.", _once(CHUNKED + b"FFFFFFFFFFFFFFFF\r\n{}")),
    _shaped("garbage", "The answer is no text.", _once(bytes(range(256)) * 64)),
    _shaped("http-2", "The answer is HTTP/2.", _once(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64")),
    _shaped(
        "crlf-in-phrase",
        "A bare carriage return stands in the phrase.",
        _once(b"HTTP/1.1 200 OK\rX: y\x00\x1b[2J\r\nContent-Length: 2\r\n\r\n{}"),
    ),
    _at_accept("close-at-accept", "Connections end at once.", _close_now),
    _at_accept("reset-at-accept", "Connections are reset at once.", _reset_now),
    _at_accept("never-reads", "Nothing is ever read.", _never_reads),
    _at_accept("ssh", "The engine speaks SSH.", _once(b"SSH-2.0-OpenSSH_9.6\r\n")),
    _at_accept("smtp", "The engine speaks SMTP and waits.", _waits(b"220 mail ESMTP\r\n")),
    _at_accept("tls", "The engine expects TLS and sends an alert.", _once(b"\x15\x03\x01\x00\x02\x02\x46")),
    hostile("redirect-loop", "Each call leads to itself.", other=_redirect(307, lambda request: request.target)),
    hostile("redirect-302-loop", "Each call leads to itself by 302.", other=_redirect(302, lambda r: r.target)),
    hostile("redirect-growing", "Each call leads to a longer one.", other=_redirect(308, _longer)),
    hostile(
        "redirect-elsewhere",
        "Each call leads to another address.",
        other=_redirect(307, lambda request: "http://127.0.0.1:9/workflow_engine/cancelJob"),
    ),
    hostile(
        "redirect-file", "Each call leads to a file.", other=_redirect(301, lambda request: "file:///etc/hostname")
    ),
    hostile(
        "redirect-broken", "Each call leads to no address.", other=_redirect(307, lambda r: "http://[::bad:99999/")
    ),
    hostile("two-framings", "Length and chunks are both told.", shape=_both),
    hostile("huge-refusal", "All is refused with 30 MB.", other=_much_refused),
    hostile("long-wait", "All is refused, to be tried again in 10^30 seconds.", other=_long_wait),
    hostile("marked-texts", "Texts hold escape sequences and markup.", "response", success=_marked),
    hostile("surrogates", "Texts hold lone surrogates.", "response", success=_surrogates),
    hostile("huge-integer", "A number has 100,000 digits.", "response", success=_numbers("9" * 100_000)),
    hostile("huge-exponent", "A number has a huge exponent.", "response", success=_numbers("1e999999999")),
    hostile(
        "long-fraction",
        "A number has a fraction of 100,000 digits.",
        "response",
        success=_numbers("1." + "3" * 100_000),
    ),
]

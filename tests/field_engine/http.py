"""HTTP/1.1 on raw streams: requests are read, answers are written byte by byte as a version wants them."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

BODY_LIMIT = 16 * 1024 * 1024
JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


class BadRequest(Exception):
    """The bytes received are no HTTP/1.1 request that this engine reads."""


@dataclass
class Request:
    """One request, its body read to the end."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    connection: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path of the target, percent-decoded."""
        return unquote(self.target.split("?", 1)[0])

    @property
    def query_text(self) -> str:
        """The query of the target as it was sent."""
        return self.target.split("?", 1)[1] if "?" in self.target else ""

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; the last of a name counts."""
        return dict(parse_qsl(self.query_text, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def cookies(self) -> dict[str, str]:
        """All cookies sent."""
        found: dict[str, str] = {}
        for part in (self.header("Cookie") or "").split(";"):
            key, mark, value = part.strip().partition("=")
            if mark:
                found[key] = unquote(value.strip('"'))
        return found

    def media_type(self) -> str:
        """The content type without its parameters."""
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    def wants_keep_alive(self) -> bool:
        """Whether the client lets the connection live on."""
        wish = (self.header("Connection") or "").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish


@dataclass
class Answer:
    """One answer; a version changes any part of it, down to the bytes."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = JSON_TYPE
    headers: list[tuple[str, str]] = field(default_factory=list)
    reason: str | None = None
    version: str = "HTTP/1.1"
    chunk: int = 0
    length: int | str | None = None
    close: bool = False
    lower: bool = False
    delay: float = 0.0
    raw: bytes | None = None
    script: Callable[[Wire], Awaitable[None]] | None = None


class Wire:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Writes the bytes and waits until the client can take more."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        """Ends the connection in the ordinary way."""
        with contextlib.suppress(OSError, ConnectionError):
            self.writer.close()
            await self.writer.wait_closed()


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        try:
            size = int((await reader.readline()).split(b";")[0].strip(), 16)
        except ValueError as error:
            raise BadRequest("bad chunk size") from error
        if size < 0 or len(body) + size > BODY_LIMIT:
            raise BadRequest("body too large")
        if size == 0:
            while (await reader.readline()).strip():
                pass
            return body
        body += await reader.readexactly(size)
        await reader.readline()


async def read_request(wire: Wire, connection: dict[str, Any], unread: Callable[[Request], bool]) -> Request | None:
    """The next request of the connection; None at its end. `unread` names requests whose body stays unread."""
    try:
        head = await wire.reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequest("head too large") from error
    lines = head.decode("latin-1").strip("\r\n").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest("bad request line")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, mark, value = line.partition(":")
        if not mark or name != name.strip():
            raise BadRequest("bad header")
        headers.append((name, value.strip()))
    target = parts[1]
    if target.startswith("http://"):
        target = "/" + target.removeprefix("http://").partition("/")[2]
    request = Request(parts[0], target, parts[2], headers, connection=connection)
    if unread(request):
        return request
    if (request.header("Expect") or "").lower() == "100-continue":
        await wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        if "chunked" in (request.header("Transfer-Encoding") or "").lower():
            request.body = await _chunked(wire.reader)
        else:
            length = request.header("Content-Length") or "0"
            if not length.isdecimal() or int(length) > BODY_LIMIT:
                raise BadRequest("bad length")
            request.body = await wire.reader.readexactly(int(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return request


def render(answer: Answer, method: str = "POST", keep: bool = True) -> bytes:
    """The answer's bytes: head, and body unless the method is HEAD or the status has none."""
    if answer.raw is not None:
        return answer.raw
    try:
        phrase = http.HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    headers = [("X-Powered-By", "Express"), *answer.headers]
    bodiless = answer.status in (204, 304) or 100 <= answer.status < 200
    if answer.content_type is not None and not bodiless:
        headers.append(("Content-Type", answer.content_type))
    body = b"" if bodiless else answer.body
    if answer.chunk and not bodiless:
        headers.append(("Transfer-Encoding", "chunked"))
        parts = [body[at : at + answer.chunk] for at in range(0, len(body), answer.chunk)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    elif answer.length != "none" and not bodiless:
        headers.append(("Content-Length", str(len(body) if answer.length is None else answer.length)))
    if not any(name.lower() == "connection" for name, _ in headers):
        headers.append(("Connection", "keep-alive" if keep and not answer.close else "close"))
    lines = [f"{answer.version} {answer.status} {phrase if answer.reason is None else answer.reason}".rstrip()]
    lines += [f"{name.lower() if answer.lower else name}: {value}" for name, value in headers]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if method == "HEAD" else head + body


def json_answer(value: object, status: int = 200) -> Answer:
    """An answer whose body is the value as JSON."""
    return Answer(status, json.dumps(value, separators=(",", ":")).encode())


def html_answer(text: str, status: int = 200) -> Answer:
    """An answer whose body is a small page."""
    page = f"<!DOCTYPE html>\n<html><head><title>{text}</title></head><body><pre>{text}</pre></body></html>\n"
    return Answer(status, page.encode(), HTML_TYPE)

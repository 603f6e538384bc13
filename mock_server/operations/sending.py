"""How responses leave: whole, or as a fault wants them to."""

import sys
from asyncio import sleep
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from typing import Any

from engine_contract.http.types import TRANSPORT, HeaderList, Headers, Receive, Scope, Send
from mock_server.operations.response import Response

BODILESS = frozenset({204, 205, 304})
"""Statuses whose responses have no content (RFC 9110, sections 15.3.6 and 6.4.1)."""


def head(response: Response, extra: Headers) -> HeaderList:
    """Return the headers of a response, its own and those that come with the exchange."""
    if response.status in BODILESS:
        length = [(b"content-length", b"0")] if response.status == 205 else []
        return [*length, *response.headers, *extra]
    if not response.content_type:
        return [(b"content-length", b"%d" % len(response.body)), *response.headers, *extra]
    return [
        (b"content-type", response.content_type),
        (b"content-length", b"%d" % len(response.body)),
        *response.headers,
        *extra,
    ]


async def send_answer(
    response: Response, headers: HeaderList, receive: Receive, send: Send, scope: Scope | None = None
) -> None:
    """Send a response, whole and at once unless its `wire` says otherwise; only then the request's scope is needed."""
    if response.wire is not None:
        extensions = (scope or {}).get("extensions") or {}
        await _send_oddly(response, headers, receive, send, extensions.get(TRANSPORT))
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _send_oddly(response: Response, headers: HeaderList, receive: Receive, send: Send, transport: Any) -> None:
    wire, body = response.wire, response.body
    if wire is None or wire.kind == "reset":
        await _break(receive, transport)
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if wire.kind == "drip":
        for start in range(0, len(body), wire.chunk):
            await send({"type": "http.response.body", "body": body[start : start + wire.chunk], "more_body": True})
            await sleep(wire.pause_s)
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": body[: int(len(body) * wire.share)], "more_body": True})
    if wire.kind == "truncate":
        await _break(receive, transport, reset=False)
        return
    await _gone(receive)


async def _break(receive: Receive, transport: Any, *, reset: bool = True) -> None:
    if transport is None:
        raise ConnectionResetError("The connection is broken on purpose.")
    if reset:
        socket = transport.get_extra_info("socket")
        if socket is not None:
            socket.setsockopt(SOL_SOCKET, SO_LINGER, pack("hh" if sys.platform == "win32" else "ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""How answers leave: whole, or as a fault wants them to."""

import sys
from asyncio import sleep
from socket import SO_LINGER, SOL_SOCKET
from struct import pack

from engine_contract.http.types import Headers, Receive, Send
from mock_server.operations.response import Response

_BODILESS = frozenset({204, 304})


def head(response: Response, extra: Headers) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, its own and those that come with the exchange."""
    if response.status in _BODILESS:
        return [*response.headers, *extra]
    if not response.content_type:
        return [(b"content-length", b"%d" % len(response.body)), *response.headers, *extra]
    return [
        (b"content-type", response.content_type),
        (b"content-length", b"%d" % len(response.body)),
        *response.headers,
        *extra,
    ]


async def send_answer(response: Response, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
    """Send an answer, whole and at once unless its `wire` says otherwise."""
    if response.wire is not None:
        await _send_oddly(response, headers, receive, send)
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if response.status in _BODILESS else response.body})


async def _send_oddly(response: Response, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
    wire, body = response.wire, response.body
    if wire is None or wire.kind == "reset":
        await _break(receive, send)
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
        await _break(receive, send, reset=False)
        return
    await _gone(receive)


async def _break(receive: Receive, send: Send, *, reset: bool = True) -> None:
    # ASGI has no word for breaking a connection; uvicorn's `send` belongs to an object that has the transport.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
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

"""WebSockets pass both ways, and are recorded as browsers record them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.support.eventually import eventually
from tests.support.watching import Watching, run, watching


@asynccontextmanager
async def engine(seen: list[Request]) -> AsyncIterator[str]:
    """An engine that echoes, closes with 4001 when told to, and refuses `/denied`."""

    async def talk(connection: ServerConnection) -> None:
        async for message in connection:
            if message == "bye":
                await connection.close(4001, "as you wish")
                return
            await connection.send(message)

    async def check(connection: ServerConnection, request: Request) -> Response | None:
        seen.append(request)
        return connection.respond(HTTPStatus.UNAUTHORIZED, "log in first\n") if request.path == "/denied" else None

    async with serve(talk, "127.0.0.1", 0, process_request=check, subprotocols=[Subprotocol("v2.chat")]) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def in_thread(record: Path | None, use: Any) -> list[Request]:
    """Run an engine and a watcher before it, and `use` with the watcher's WebSocket address."""
    seen: list[Request] = []

    async def both() -> None:
        async with engine(seen) as url:

            def watched(loop: asyncio.AbstractEventLoop) -> None:
                with watching(url, record=record) as watch:
                    asyncio.run_coroutine_threadsafe(use(watch, watch.url.replace("http", "ws")), loop).result(20)

            await asyncio.to_thread(watched, asyncio.get_running_loop())

    run(both())
    return seen


def test_messages_pass_both_ways(tmp_path: Path) -> None:
    """Text and bytes, subprotocol, headers, and the code with which the engine closes."""
    record = tmp_path / "all.har"

    async def use(watch: Watching, url: str) -> None:
        headers = {"Cookie": "token=secret-cookie-1", "Origin": watch.url}
        async with connect(
            f"{url}/feed?x=1", subprotocols=[Subprotocol("v2.chat")], additional_headers=headers
        ) as socket:
            assert socket.subprotocol == "v2.chat"
            for message in ("grüß", b"\x00\xff", "x" * 300_000):
                await socket.send(message)
                assert await socket.recv() == message
            await socket.send("bye")
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you wish")

    (request,) = in_thread(record, use)
    assert request.path == "/feed?x=1"
    assert request.headers["Cookie"] == "token=secret-cookie-1"
    assert request.headers["Origin"] == f"http://{request.headers['Host']}"
    (entry,) = json.loads(record.read_text())["log"]["entries"]
    assert entry["response"]["status"] == 101
    messages = entry["_webSocketMessages"]
    assert [(item["type"], item["opcode"]) for item in messages[:4]] == [
        ("send", 1),
        ("receive", 1),
        ("send", 2),
        ("receive", 2),
    ]
    assert messages[0]["data"] == "grüß"
    assert "secret-cookie-1" not in record.read_text()


def test_a_refused_handshake_is_the_engines_answer() -> None:
    """The status and the body of the engine's refusal reach the caller."""

    async def use(watch: Watching, url: str) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{url}/denied")
        assert refused.value.response.status_code == 401
        assert refused.value.response.body == b"log in first\n"
        assert [entry.status for entry in watch.watch.journal.entries()] == [401]

    in_thread(None, use)


def test_the_callers_close_reaches_the_engine() -> None:
    """A WebSocket that its caller closes is over, and recorded."""

    async def use(watch: Watching, url: str) -> None:
        async with connect(f"{url}/feed", subprotocols=[Subprotocol("v2.chat")]) as socket:
            await socket.send("hello")
            await socket.recv()
        await asyncio.to_thread(eventually, watch.watch.journal.entries)

    in_thread(None, use)


def test_an_engine_that_is_down_refuses_websockets() -> None:
    """Without an engine the handshake is answered with 502."""

    async def use(url: str) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{url}/feed")
        assert refused.value.response.status_code == 502

    with watching("http://127.0.0.1:9") as watch:
        run(use(watch.url.replace("http", "ws")))


@pytest.mark.parametrize("code", [1000, 1001, 4002])
def test_a_close_of_the_caller_is_no_failure(tmp_path: Path, code: int) -> None:
    """A WebSocket that its caller closes, or leaves without a word, is recorded once, as one that was accepted."""
    record = tmp_path / "all.har"

    async def use(watch: Watching, url: str) -> None:
        socket = await connect(f"{url}/feed", subprotocols=[Subprotocol("v2.chat")])
        await socket.send("hello")
        assert await socket.recv() == "hello"
        if code == 1001:
            socket.transport.abort()
        else:
            await socket.close(code)
        await asyncio.to_thread(eventually, watch.watch.journal.entries)
        await asyncio.sleep(0.2)  # no second entry follows
        (entry,) = watch.watch.journal.entries()
        assert (entry.status, entry.reason) == (101, None)

    in_thread(record, use)
    (entry,) = json.loads(record.read_text())["log"]["entries"]
    assert entry["response"]["status"] == 101
    assert not entry["response"].get("_error")
    assert len(entry["_webSocketMessages"]) == 2

"""Engines that the checks reach without a socket, for all that does not happen on the wire or to a connection.

An engine gets each request whole and gives the very bytes of its response. Chunks, cut bodies, resets and all else that
a connection shows are seen over a socket alone, and are refused here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from mock_server.app import create_app
from mock_server.control.actions import make_jobs
from mock_server.settings import Settings
from mock_server.store import DEFAULT_SESSION
from tests.field_engine import http as field_http
from tests.field_engine.engine import Engine as FieldEngine
from tests.field_engine.serving import Served
from tests.field_engine.versions import BY_NAME
from tests.standin.engine import Engine
from tests.standin.log import Entry
from tests.standin.request import Request
from tests.standin.running import engine_of
from tests.standin.wire import BODILESS, wire

URL = "http://127.0.0.1:1"  # where nothing listens
PEER = ("127.0.0.1", 1)

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@contextmanager
def _answering(answer: Answer) -> Iterator[None]:
    """Give the requests of httpx's asynchronous connections to a function, while the context lasts."""

    async def handle(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await answer(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
        yield


def _response_of(data: bytes, method: str) -> httpx.Response:
    """Return the response that these bytes are, which end with the body that its Content-Length says."""
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    fields = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    status, names = int(line.split()[1]), {name.lower(): value for name, value in fields}
    is_bodiless = method == "HEAD" or status in BODILESS
    assert line.startswith(b"HTTP/1.1 "), line
    assert body == b"" if is_bodiless else names.get(b"content-length") == b"%d" % len(body), "this needs a socket"
    return httpx.Response(status, headers=fields, stream=httpx.ByteStream(body))


@dataclass(frozen=True)
class Standin:
    """The stand-in engine at hand, as `standin.serve` gives it."""

    engine: Engine

    @property
    def url(self) -> str:
        """Return its base URL."""
        return URL + self.engine.prefix

    def make_jobs(self, number: int) -> list[str]:
        """Make active jobs."""
        return self.engine.make_jobs(number)

    @property
    def requests(self) -> list[Entry]:
        """Return all requests so far."""
        return self.engine.log.all()


@contextmanager
def standin_at_hand(fault: str | None = None, variation: str | None = None) -> Iterator[Standin]:
    """Have the stand-in engine answer the checks of this process."""
    engine = engine_of(fault, variation)

    async def answer(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("latin-1").partition("?")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw}
        # In a thread, as over a socket: requests overlap.
        reply = await asyncio.to_thread(
            engine.handle, Request(request.method, path, query, headers, request.content, PEER)
        )
        assert not any((reply.close, reply.drop, reply.hang, reply.delay, reply.interim)), "this needs a socket"
        return _response_of(wire(reply, head_only=request.method == "HEAD", keep_alive=None), request.method)

    with _answering(answer):
        yield Standin(engine)


class _Written(field_http.Wire):
    """A connection of the field engine that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""

    async def send(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += data


@contextmanager
def field_engine_at_hand(version: str) -> Iterator[Served]:
    """Have a version of the field engine answer the checks of this process."""
    engine = FieldEngine(BY_NAME[version].rules)
    assert engine.rules.accept is None, "this needs a socket"

    async def answer(request: httpx.Request) -> httpx.Response:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        target = request.url.raw_path.decode("latin-1")
        asked = field_http.Request(request.method, target, "HTTP/1.1", headers, request.content, {"served": 0})
        assert not engine.rules.unread(asked), "this needs a socket"
        written = _Written()
        assert await engine.serve(written, asked), "this needs a socket"
        return _response_of(written.data, request.method)

    with _answering(answer):
        yield Served(engine, 1, 1)


@contextmanager
def mock_at_hand(settings: Settings, jobs: int) -> Iterator[tuple[str, list[str]]]:
    """Have the mock answer the checks of this process; its URL, and the ids of active jobs."""
    mock = create_app(settings)
    made = asyncio.run(make_jobs(mock.store, DEFAULT_SESSION, {"count": jobs}))
    with _answering(httpx.ASGITransport(mock).handle_async_request):
        yield URL, made

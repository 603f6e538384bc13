"""WebSockets on their way through: the handshake with the engine first, then messages both ways."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from contract_tests.config.options import Connection
from contract_tests.model import Fault
from contract_tests.recording.proxied_exchange import ProxiedExchange
from contract_tests.transport.tls_and_proxy import proxy_for, tls_for
from contract_tests.transport.transport import sentence_of
from contract_tests.watch.access import CallerAccess
from contract_tests.watch.observer import Observer
from contract_tests.watch.upstream import headers_back
from engine_contract.http.own_origin import OwnOrigin
from engine_contract.http.proxy_headers import Address, request_headers
from engine_contract.http.types import HeaderList, Receive, Send

MAX_FRAMES = 1000  # messages of one connection that are recorded
MAX_FRAME = 64 << 10  # characters of each
MAX_FRAMES_CHARS = 8 << 20  # of all of one connection
_OWN = (b"sec-websocket-", b"host", b"content-length")


class WebSocketProxy:
    """Passes WebSockets on to one engine."""

    def __init__(self, connection: Connection, observer: Observer, access: CallerAccess) -> None:
        self._address = Address.of(connection.base)
        self._own_origin = OwnOrigin(self._address)
        self._observer = observer
        self._access = access
        self._extra = tuple((name, source.read()) for name, source in connection.headers.items())
        proxy = proxy_for(connection)
        self._options: dict[str, Any] = {
            "proxy": None if proxy is None else str(proxy.url),
            "ssl": (tls_for(connection) or None) if self._address.scheme == "https" else None,
            "compression": None,
            "max_size": None,
            "ping_interval": None,
            "user_agent_header": None,
            "open_timeout": connection.timeout,
        }

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Pass one WebSocket on, to its end."""
        proxied = ProxiedExchange.of(scope, None)
        proxied.frames = []
        await receive()
        if (objection := self._access.objection("GET", proxied.headers)) is not None:
            status, reason = objection
            proxied.end(Fault.GUARD, reason)
            await self._refuse(scope, proxied, send, f"watch-engine: {reason}\n".encode(), status)
            return
        try:
            async with self._connected(scope, proxied) as engine:
                received = engine.response
                if received is not None:
                    proxied.response_headers = _raw(received.headers.raw_items())
                proxied.status = 101
                back = headers_back(proxied, self._own_origin)
                headers = [pair for pair in back if not pair[0].startswith(_OWN)]
                with suppress(OSError):  # the caller has gone by then
                    await send({"type": "websocket.accept", "subprotocol": engine.subprotocol, "headers": headers})
                    await self._pump(proxied, engine, receive, send)
        except InvalidStatus as error:
            received = error.response
            proxied.status, proxied.response_headers = received.status_code, _raw(received.headers.raw_items())
            await self._refuse(scope, proxied, send, bytes(received.body or b""))
        except (OSError, TimeoutError, WebSocketException, ValueError) as error:
            fault = Fault.TIMEOUT if isinstance(error, TimeoutError) else Fault.CONNECT
            proxied.end(fault, sentence_of(error))
            await self._refuse(scope, proxied, send, b"The engine did not take the WebSocket.\n")
        finally:
            if not proxied.number:
                proxied.end(proxied.fault, proxied.detail)
                await asyncio.shield(self._observer.observe(proxied))

    @asynccontextmanager
    async def _connected(self, scope: Any, proxied: ProxiedExchange) -> AsyncIterator[ClientConnection]:
        scheme = "wss" if self._address.scheme == "https" else "ws"
        url = f"{scheme}://{self._address.netloc}{self._address.target(proxied.target)}"
        is_own = self._access.is_own(proxied.headers)
        passed = request_headers(proxied.headers, self._address, self._extra, is_own=is_own)
        headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in passed if not n.lower().startswith(_OWN)]
        subprotocols = [Subprotocol(name) for name in scope.get("subprotocols", [])] or None
        async with connect(url, additional_headers=headers, subprotocols=subprotocols, **self._options) as engine:
            yield engine

    async def _pump(self, proxied: ProxiedExchange, engine: ClientConnection, receive: Receive, send: Send) -> None:
        """Pass messages both ways until one side closes."""
        to_engine = asyncio.create_task(self._to_engine(proxied, engine, receive))
        ways = [to_engine, asyncio.create_task(self._to_caller(proxied, engine, send))]
        has_caller_closed = False
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            has_caller_closed = to_engine.done() and not to_engine.cancelled() and to_engine.exception() is None
            has_caller_closed = has_caller_closed and to_engine.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            # Written down before the caller hears of the end.
            proxied.end()
            await asyncio.shield(self._observer.observe(proxied))
        if engine.close_code is not None and not has_caller_closed:
            code = engine.close_code if engine.close_code not in {1005, 1006, 1015} else 1000
            await send({"type": "websocket.close", "code": code, "reason": engine.close_reason or ""})

    async def _to_engine(self, proxied: ProxiedExchange, engine: ClientConnection, receive: Receive) -> bool:
        """Pass the caller's messages on; return whether the caller has closed."""
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    code = message.get("code", 1000)
                    await engine.close(code if code not in {1005, 1006, 1015} else 1000, message.get("reason") or "")
                    return True
                data: str | bytes = message["text"] if message.get("text") is not None else message["bytes"]
                self._note(proxied, "send", data)
                await engine.send(data)
        except ConnectionClosed:
            return False

    async def _to_caller(self, proxied: ProxiedExchange, engine: ClientConnection, send: Send) -> None:
        async for data in engine:
            self._note(proxied, "receive", data)
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

    def _note(self, proxied: ProxiedExchange, kind: str, data: Any) -> None:
        """Take a message into the recording, as browsers write them."""
        is_text = isinstance(data, str)
        (proxied.body if kind == "send" else proxied.response).size += len(data)
        recorded = sum(len(frame["data"]) for frame in proxied.frames or ())
        if proxied.frames is not None and len(proxied.frames) < MAX_FRAMES and recorded < MAX_FRAMES_CHARS:
            # A little more is searched for secrets than is kept, so that none is cut in two.
            data = data[: MAX_FRAME + 8192]
            packed = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
            self._observer.redaction.learn_from_message(packed.decode("utf-8", "replace"))
            shown = self._observer.redaction.body(packed)
            text = shown.decode() if is_text else b64encode(shown).decode()
            frame = {"type": kind, "time": time.time(), "opcode": 1 if is_text else 2, "data": text[:MAX_FRAME]}
            proxied.frames.append(frame)

    async def _refuse(
        self, scope: Any, proxied: ProxiedExchange, send: Send, body: bytes, status: int | None = None
    ) -> None:
        """Answer with the engine's own refusal, or one in its place."""
        proxied.end(proxied.fault, proxied.detail)
        proxied.frames = None
        proxied.response.add(body)
        await self._observer.observe(proxied)
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1002})
            return
        status = status or proxied.status or (504 if proxied.fault is Fault.TIMEOUT else 502)
        back = headers_back(proxied, self._own_origin)
        headers = [pair for pair in back if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})


def _raw(items: Any) -> HeaderList:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in items]

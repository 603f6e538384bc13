"""`--upstream`: requests for all other paths go to the rest of the application, and its responses come back."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

import httpx

from engine_contract.console.access import COOKIE
from engine_contract.http.access import is_fixed
from engine_contract.http.behind import ServerBehind
from engine_contract.http.own_origin import OwnOrigin
from engine_contract.http.proxies import proxy_for
from engine_contract.http.proxy_headers import own_host, request_headers, response_headers
from engine_contract.http.types import HeaderList, Headers, RawHeaders, Receive, Send
from engine_contract.text.printable import without_user_info
from mock_server.operations.body import Gone
from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal, render
from mock_server.operations.response import PROBLEM, Response
from mock_server.operations.sending import head, send_answer
from mock_server.settings import SettingsError

CONNECT_S = 10.0
READ_S = 300.0
"""Seconds that the application gets to answer: long polls are answered late."""

_CONSOLE_KEY = COOKIE.encode()
_OWN = frozenset({b"date"})
"""The mock's own server sends these."""


class Upstream:
    """Passes requests on to one address."""

    def __init__(self, url: str, *, is_local: bool) -> None:
        self._is_local = is_local
        base = _checked(url)
        try:
            proxy = proxy_for(url)
        except ValueError as error:
            raise SettingsError(f"--upstream {base}: {error}") from None
        self._server = ServerBehind(base, read_s=READ_S, connect_s=CONNECT_S, proxy=proxy)
        self._address = self._server.address
        self._own_origin = OwnOrigin(self._address)
        self._extra = _authorization(url)

    async def relay(self, exchange: Exchange, receive: Receive, send: Send, headers: Headers) -> Response:
        """Pass a request on and its response back, `headers` added; return it without the body, for the journal."""
        if exchange.headers.get(b"upgrade", b"").lower() == b"websocket":
            detail = (
                f"The mock passes no WebSockets on. Connect to {self._address.origin} for them, or open the application "
                f"through `watch-engine {self._address.origin}{self._address.prefix}`, which passes them on."
            )
            return await _refuse(Refusal("unavailable", detail, status=501), receive, send, headers)
        try:
            target = exchange.path_and_query
            self._address.target(target)
        except ValueError as error:
            return await _refuse(Refusal("bad-parameter", f"--upstream: {error}."), receive, send, headers)
        has_body = b"content-length" in exchange.headers or b"transfer-encoding" in exchange.headers
        try:
            kept = _without_console_key(exchange.raw_headers)
            passed = request_headers(kept, self._address, self._extra, is_own=self._is_own(exchange))
            response = await self._server.send(exchange.method, target, passed, _body(receive) if has_body else None)
        except (httpx.HTTPError, OSError, ValueError) as error:
            what = (
                "gave no answer that can be passed on"
                if isinstance(error, httpx.RemoteProtocolError)
                else "cannot be reached"
            )
            detail = f"--upstream {what}: {_why(error)}."
            return await _refuse(Refusal("unavailable", detail, status=502), receive, send, headers)
        try:
            status = response.status_code
            back = response_headers(response.headers.raw, self._address, status=status, dropped=_OWN)
            back = self._own_origin.moved_headers(back, own_host(exchange.raw_headers))
            back = [pair for pair in back if not pair[0].startswith(b"access-control-")]
            await send({"type": "http.response.start", "status": status, "headers": [*back, *headers]})
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()
        return Response(response.status_code)

    def _is_own(self, exchange: Exchange) -> bool:
        """Return whether a page of this address is ours: on loopback another site may have pointed its name here."""
        return not self._is_local or is_fixed(own_host(exchange.raw_headers).decode("latin-1").lower())

    async def close(self) -> None:
        """Let go of its connections."""
        with suppress(RuntimeError):  # of a loop that has ended
            await self._server.close()


def _without_console_key(headers: RawHeaders) -> HeaderList:
    """Return the headers without the console's cookie: cookies know no ports."""
    return [
        (name, b";".join(part for part in value.split(b";") if part.partition(b"=")[0].strip() != _CONSOLE_KEY))
        if name.lower() == b"cookie" and _CONSOLE_KEY in value
        else (name, value)
        for name, value in headers
    ]


def _why(error: Exception) -> str:
    """Return an error in words; those of a time that has passed have none of their own."""
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection in {CONNECT_S:g} s"
    if isinstance(error, httpx.TimeoutException):
        return f"it sent or read nothing for {READ_S:g} s"
    return str(error).strip().removesuffix(".") or type(error).__name__


async def _refuse(refusal: Refusal, receive: Receive, send: Send, headers: Headers) -> Response:
    answer = render(refusal)
    await send_answer(answer, head(answer, headers), receive, send)
    return answer._replace(content_type=PROBLEM)


def _checked(url: str) -> str:
    """Return the address without a user and a password. Raise SettingsError for one that cannot be used."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        is_usable = False
    if not is_usable or "?" in url or "#" in url:
        # A password that is not escaped is why a URL cannot be parsed, more often than not.
        escape = " Escape / ? # @ : in a password (%2F %3F %23 %40 %3A)." if "@" in url else ""
        raise SettingsError(
            f"--upstream {without_user_info(url)}: must be an address such as http://127.0.0.1:3000.{escape}"
        )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _authorization(url: str) -> tuple[tuple[str, str], ...]:
    """Return the header for the user and the password of an address, if it has them."""
    parts = urlsplit(url)
    if parts.username is None:
        return ()
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return (("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),)


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return

"""`--upstream`: requests for all other paths go to the rest of the application, and its answers come back."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from engine_contract.http.types import Headers, Receive, Send
from mock_server.operations.body import Gone
from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal, render
from mock_server.operations.response import PROBLEM, Response
from mock_server.operations.sending import head, send_answer
from mock_server.settings import SettingsError, is_loopback

CONNECT_S = 10.0
READ_S = 300.0
"""Long polls are answered late."""

# RFC 9110, section 7.6.1, and what ties a message to one connection.
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"host"}
)
_DOMAIN = re.compile(rb";\s*domain=[^;]*(?=;|$)", re.IGNORECASE)
_TIED_TO_TLS = re.compile(rb";\s*(?:secure|partitioned|samesite\s*=\s*none)\s*(?=;|$)", re.IGNORECASE)
_NEEDS_TLS = (b"__secure-", b"__host-")


class Upstream:
    """Passes requests on to one address."""

    def __init__(self, url: str) -> None:
        self._url = _checked(url)
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(self._url)).encode()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=None),
            trust_env=not is_loopback(urlsplit(self._url).hostname or ""),
        )
        # What the caller accepts is the caller's to say.
        self._client.headers.clear()

    async def relay(self, exchange: Exchange, receive: Receive, send: Send, headers: Headers) -> Response:
        """Pass one request on and its answer back, `headers` added; the answer without its body, for the journal."""
        target = self._url + exchange.path_and_query
        has_body = b"content-length" in exchange.headers or b"transfer-encoding" in exchange.headers
        request = self._client.build_request(
            exchange.method,
            target,
            headers=[(name, value) for name, value in exchange.raw_headers if name not in _HOP_BY_HOP],
            content=_body(receive) if has_body else None,
        )
        try:
            response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            answer = render(
                Refusal("unavailable", f"--upstream cannot be reached: {error or type(error).__name__}.", status=502)
            )
            await send_answer(answer, head(answer, headers), receive, send)
            return answer._replace(content_type=PROBLEM)
        try:
            back = [*self._headers_back(response), *headers]
            await send({"type": "http.response.start", "status": response.status_code, "headers": back})
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()
        return Response(response.status_code)

    def _headers_back(self, response: httpx.Response) -> list[tuple[bytes, bytes]]:
        back = []
        for name, value in response.headers.raw:
            key = name.lower()
            if key in _HOP_BY_HOP or key.startswith(b"access-control-"):
                continue
            if key == b"location" and value.startswith(self._origin):
                back.append((key, value.removeprefix(self._origin) or b"/"))
            elif key == b"set-cookie":
                back.append((key, _cookie(value)))
            else:
                back.append((key, value))
        return back

    async def close(self) -> None:
        """Let go of its connections."""
        with suppress(RuntimeError):  # of a loop that has ended
            await self._client.aclose()


def _cookie(value: bytes) -> bytes:
    """A cookie that a browser keeps for the mock's address, and sends over plain HTTP."""
    value = _DOMAIN.sub(b"", value)
    return value if value.lower().startswith(_NEEDS_TLS) else _TIED_TO_TLS.sub(b"", value)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable or "?" in url or "#" in url:
        raise SettingsError(f"--upstream {url}: must be an address such as http://127.0.0.1:3000.")
    return url.rstrip("/")


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return

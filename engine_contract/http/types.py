"""The types of ASGI and of headers, once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]
"""Names and values; names in lower case where ASGI gave them."""
HeaderList = list[tuple[bytes, bytes]]
RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names and values in any sequence."""

TRANSPORT = "engine_contract.transport"
"""The ASGI extension that holds the connection's transport: ASGI itself has no word for breaking a connection."""


def http_scope(method: str, path: str, headers: HeaderList, query: bytes = b"") -> Scope:
    """Return the ASGI scope of a request that this process sends to an application of its own."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }

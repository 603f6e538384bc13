"""A response before it is sent."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from engine_contract.http.types import Headers

JSON = b"application/json"
PROBLEM = b"application/problem+json"


WireKind = Literal["reset", "truncate", "drip", "stall"]


class Wire(NamedTuple):
    """How a response leaves that does not leave whole and at once.

    `kind`: `reset` breaks the connection before the first byte, `truncate` after `share` of the body,
    `drip` sends `chunk` bytes every `pause_s` seconds, `stall` sends `share` of the body and no more.
    """

    kind: WireKind
    share: float = 0.5
    chunk: int = 16
    pause_s: float = 0.05


class Response(NamedTuple):
    """Status, content type, further headers and body. A tuple, since one is made for each request."""

    status: int
    content_type: bytes = JSON
    body: bytes = b""
    headers: Headers = ()
    wire: Wire | None = None

    def with_headers(self, given: Mapping[str, str]) -> "Response":
        """Return the response with these headers in place of those that it has of their names."""
        pairs = {name.lower().encode(): value.encode() for name, value in given.items()}
        content_type = pairs.pop(b"content-type", self.content_type)
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in pairs)
        return self._replace(content_type=content_type, headers=(*kept, *pairs.items()))

"""The types of ASGI and of headers, once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]
"""Names and values; names in lower case where ASGI gave them."""
HeaderList = list[tuple[bytes, bytes]]
RawHeaders = Sequence[tuple[bytes, bytes]]
"""Either of the two."""

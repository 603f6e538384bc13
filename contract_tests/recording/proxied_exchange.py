"""One exchange on its way through the watcher. It holds all secrets, so it is never kept."""

import time
from dataclasses import dataclass, field
from typing import Any

from contract_tests.model import Fault
from engine_contract.contract import Operation
from engine_contract.http.types import HeaderList

KEPT_OF_JUDGED_BYTES = 8 << 20  # check-engine too judges at most this much
KEPT_OF_OTHERS_BYTES = 4 << 20


@dataclass(slots=True)
class Copy:
    """The beginning of a body that passes."""

    limit: int
    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    """Of the whole body, in bytes."""

    def add(self, chunk: bytes) -> None:
        """Take a part of the body in."""
        self.size += len(chunk)
        if len(self.data) < self.limit:
            self.data += chunk[: self.limit - len(self.data)]

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning is kept."""
        return self.size > len(self.data)


@dataclass(slots=True)
class ProxiedExchange:
    """A request and what came of it; `path` and `query` are as the caller sent them."""

    method: str
    path: str
    query: str
    headers: HeaderList
    operation: Operation | None
    """The operation that is called, None for another request."""
    body: Copy
    response: Copy
    started_at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)
    elapsed: float = 0.0
    status: int | None = None
    response_headers: HeaderList = field(default_factory=list)
    fault: Fault | None = None
    detail: str = ""
    """Why there is no response, or why it is not whole."""
    overlapping: bool = False
    obstacle: str | None = None
    """Why it cannot be judged."""
    number: int = 0
    """Of its entry in the journal, once it is there."""
    frames: list[dict[str, Any]] | None = None
    """The messages of a WebSocket, as HAR files hold them."""

    @classmethod
    def of(cls, scope: Any, operation: Operation | None) -> "ProxiedExchange":
        """Return the exchange of an ASGI request that has just come."""
        limit = KEPT_OF_JUDGED_BYTES if operation is not None else KEPT_OF_OTHERS_BYTES
        return cls(
            method=scope.get("method", "GET"),
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=list(scope["headers"]),
            operation=operation,
            body=Copy(limit),
            response=Copy(limit),
        )

    @property
    def is_cancel(self) -> bool:
        """Whether the contract's own operation is called."""
        return self.operation is not None and self.operation.is_contract

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def content_type(self) -> str | None:
        """The media type of the request's body, as it was sent."""
        return next((value.decode("latin-1") for name, value in self.headers if name.lower() == b"content-type"), None)

    def end(self, fault: Fault | None = None, detail: str = "") -> None:
        """Take note that nothing more will come, and why if it is not all."""
        self.elapsed = time.monotonic() - self.started
        if fault is not None:
            self.fault, self.detail = fault, detail

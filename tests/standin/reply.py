"""A reply, and how it is put on the wire."""

from dataclasses import dataclass

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """One HTTP reply. All fields after `headers` change its transport only."""

    status: int
    body: bytes = b""
    content_type: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False
    """Close the connection after the reply, and say so."""
    chunk: int = 0
    """Send the body in chunks of this size; 0: with Content-Length."""
    unsized: bool = False
    """Give no length: the end of the connection ends the body."""
    delay: float = 0.0
    """Seconds to wait before the first byte."""
    interim: bool = False
    """Send `100 Continue` first."""
    lower_case: bool = False
    """Send header names in lower case."""
    announce: int | None = None
    """Wrong on purpose: the Content-Length to announce."""
    cut: int | None = None
    """Wrong on purpose: break off after this many bytes of the body."""
    endless: bool = False
    """Wrong on purpose: leave out the last chunk of a chunked body."""
    drop: bool = False
    """Wrong on purpose: close the connection and answer nothing."""
    hang: float = 0.0
    """Wrong on purpose: hold the connection this long, then drop it."""
    raw: bytes | None = None
    """Wrong on purpose: these bytes instead of the status line and headers."""

    def with_header(self, name: str, value: str) -> tuple[tuple[str, str], ...]:
        """The headers with one more."""
        return (*self.headers, (name, value))

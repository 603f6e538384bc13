"""One request to the operation, on its way to an answer."""

from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from mock_server.operations.credentials import Credential
from mock_server.operations.preferences import NONE as NO_PREFERENCES
from mock_server.operations.preferences import Preferences
from mock_server.operations.refusals import Refusal
from mock_server.operations.response import Response

if TYPE_CHECKING:
    from mock_server.faults.change import Change

Scope = dict[str, Any]

SCOPE_KEY = "mock.exchange"
"""Where the layers between find the exchange in the ASGI scope."""

_UNREAD: Any = object()


class Exchange:
    """What is known of a request so far. Each layer reads what the ones before wrote."""

    __slots__ = (
        "_json",
        "at_ms",
        "body",
        "body_size",
        "change",
        "context",
        "credential",
        "headers",
        "job_id",
        "method",
        "path",
        "preferences",
        "query",
        "raw_headers",
        "raw_path",
        "refusal",
        "response",
        "serial",
        "session",
        "started",
    )

    def __init__(self, scope: Scope) -> None:
        self.started = perf_counter()
        self.at_ms = time_ns() // 1_000_000
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.raw_path: bytes | None = scope.get("raw_path")
        self.raw_headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers = dict(self.raw_headers)
        self.body = b""
        self.body_size = 0
        self.session = ""
        self.credential = Credential("none")
        self.preferences: Preferences = NO_PREFERENCES
        self.change: Change | None = None
        """The fault or variation that is in force, None for the right engine."""
        self.job_id: str | None = None
        """The job that is meant, once the parameters were checked."""
        self.refusal: Refusal | None = None
        self.response: Response | None = None
        self.context: dict[str, Any] = {}
        """Where connexion puts what its security found."""
        self.serial = 0
        """How many cancels of the session had succeeded, this one included."""
        self._json: Any = _UNREAD

    def repeated(self, name: bytes) -> bool:
        """Whether a header is there more than once with different values."""
        if len(self.headers) == len(self.raw_headers):
            return False
        return len({value for key, value in self.raw_headers if key == name}) > 1

    @property
    def path_and_query(self) -> str:
        """Both as they came, escapes included."""
        path = quote(self.path) if self.raw_path is None else self.raw_path.decode("ascii", "replace")
        return f"{path}?{self.query.decode('latin-1')}" if self.query else path

    @property
    def json(self) -> Any:
        """The body as JSON, parsed once; None where it is none."""
        if self._json is _UNREAD:
            try:
                self._json = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                self._json = None
        return self._json

    @json.setter
    def json(self, value: Any) -> None:
        self._json = value

    @property
    def claimed_job_id(self) -> str | None:
        """The job_id that the body holds, checked or not: whom the request is about, even where it is refused."""
        value = self.json
        job_id = value.get("job_id") if isinstance(value, dict) else None
        return job_id if isinstance(job_id, str) else None

"""One request on its way to a response, and what a fault or variation changes of that way."""

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter, time_ns
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from engine_contract.http.types import Scope
from mock_server.operations.credentials import Credential
from mock_server.operations.preferences import NONE as NO_PREFERENCES
from mock_server.operations.preferences import Preferences
from mock_server.operations.profile import Profile
from mock_server.operations.refusals import Refusal
from mock_server.operations.response import Response
from mock_server.store import Store
from mock_server.store.jobs import Cancel

SCOPE_KEY = "mock.exchange"
"""The key of the exchange in the ASGI scope, for the layers between."""

_UNREAD: Any = object()


class Exchange:
    """A request, and what is known of it so far. Each layer reads what the ones before wrote."""

    __slots__ = (
        "_json",
        "armed_headers",
        "at_ms",
        "body",
        "body_size",
        "change",
        "companion_value",
        "context",
        "credential",
        "document",
        "headers",
        "job_id",
        "latest_jobs",
        "method",
        "path",
        "preferences",
        "profile",
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
        if len(self.headers) != len(self.raw_headers) and b"cookie" in self.headers:
            self.headers[b"cookie"] = b"; ".join(value for name, value in self.raw_headers if name == b"cookie")
        self.body = b""
        self.body_size = 0
        self.session = ""
        self.credential = Credential("none")
        self.preferences: Preferences = NO_PREFERENCES
        self.profile: Profile | None = None
        """How refusals look and documents differ; None for the mock's own way."""
        self.change: Change | None = None
        """The fault or variation that is in force, None for the right engine."""
        self.job_id: str | None = None
        """The job that is meant, once the parameters were checked."""
        self.refusal: Refusal | None = None
        self.response: Response | None = None
        self.document: bytes | None = None
        """The document of a job, as the mock wrote it; the response may hold another, or none."""
        self.context: dict[str, Any] = {}
        """The place where connexion puts what its security found."""
        self.companion_value = ""
        """The value in the path of a companion, such as a job's id."""
        self.armed_headers: Mapping[str, str] | None = None
        """The headers of the response that somebody armed."""
        self.serial = 0
        """How many cancels of the session had succeeded, this one included."""
        self.latest_jobs: dict[str, str] = {}
        """The job of each session's newest request, as a variable that the requests of a mock share by mistake."""
        self._json: Any = _UNREAD

    def repeated(self, name: bytes) -> bool:
        """Return whether a header is there more than once with different values."""
        if len(self.headers) == len(self.raw_headers):
            return False
        return len({value for key, value in self.raw_headers if key == name}) > 1

    @property
    def asked_path(self) -> str:
        """Return the path as it came, with escapes and the base path, which `path` has not for the mock's own pages."""
        return quote(self.path) if self.raw_path is None else self.raw_path.decode("ascii", "replace")

    @property
    def path_and_query(self) -> str:
        """Return path and query as they came, escapes included."""
        return f"{self.asked_path}?{self.query.decode('latin-1')}" if self.query else self.asked_path

    @property
    def json(self) -> Any:
        """Return the body as JSON, parsed once; None if it is not JSON."""
        if self._json is _UNREAD:
            try:
                self._json = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                self._json = None
        return self._json

    @json.setter
    def json(self, value: Any) -> None:
        self._json = value

    def edited(self, body: bytes) -> bytes:
        """Return a document as the change in force writes it; one that changes nothing has no part in the response."""
        change = self.change
        if change is None or change.document is None or not body:
            return body
        edited = orjson.dumps(change.document(orjson.loads(body), self))
        if change.reply is None and change.effect is None and edited == orjson.dumps(orjson.loads(body)):
            self.change = None
        return edited

    @property
    def claimed_job_id(self) -> str | None:
        """Return the `job_id` in the body, whether or not the request is valid."""
        value = self.json
        job_id = value.get("job_id") if isinstance(value, dict) else None
        return job_id if isinstance(job_id, str) else None

    @property
    def named_job_id(self) -> str | None:
        """Return the job that is meant, or else the one that the body names."""
        return self.job_id or self.claimed_job_id


Route = Callable[[str, str], tuple[str, str]]
First = Callable[[Exchange, Store], Awaitable[Refusal | None]]
May = Callable[[Exchange, Refusal | None], Refusal | None]
Parameters = Callable[[Exchange, str | Refusal], str | Refusal]
Effect = Callable[[Exchange, Store, str], Awaitable[Cancel | Refusal]]
AfterRefusal = Callable[[Exchange, Store], Awaitable[None]]
Document = Callable[[dict[str, Any], Exchange], Any]
Reply = Callable[[Response, Exchange], Response]


class Change(NamedTuple):
    """The replaced steps, in the order in which a request meets them. None leaves a step as it is.

    `rule` is the id of the rule that a fault breaks; variations break none.
    """

    name: str
    sentence: str
    rule: str | None = None
    route: Route | None = None
    """(method, path) → the ones under which the request is served."""
    first: First | None = None
    """Before anything is checked: a refusal, or None to go on."""
    may: May | None = None
    """The roles' decision: gets the right one, returns another."""
    parameters: Parameters | None = None
    """The parameter check: gets the job's id or the refusal, returns another."""
    effect: Effect | None = None
    """The state change, in place of the store's own."""
    refused: AfterRefusal | None = None
    """A further effect of a refusal."""
    document: Document | None = None
    """The canceled job's document, as an object."""
    reply: Reply | None = None
    """The response, refusals included (`exchange.refusal` says which)."""
    latency_ms: tuple[float, float] | None = None

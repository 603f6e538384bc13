"""The data that flows through a run: requests, responses, exchanges, findings and the report.

Everything may import this file; it imports none of them but `purpose`. No value in it holds a secret:
a request names its caller, and only the transport knows the caller's credential.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from contract_tests.purpose import Purpose
from engine_contract.contract import Rule

CredentialKind = Literal["token", "none", "empty", "wrong", "cut", "recased"]

JSON = "application/json"
BUSY = frozenset({429, 503})
"""Statuses with which an engine asks to be asked again later."""
DENIED = frozenset({401, 403})
"""Statuses with which an engine refuses a caller, whatever the request."""
GATEWAY = frozenset({502, 504})
"""Statuses of a gateway before the engine: the request may have been carried out."""
TELL_TALE = re.compile(r"server|via|x-(.+-)?instance", re.IGNORECASE)
"""Names of headers that distinguish the replicas of an engine, or the gateways before them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request: a role with its token, or somebody without a valid credential."""

    role: str | None = None
    kind: CredentialKind = "none"
    way: str | None = None
    """How a wrong credential travels, as in `--auth`; None for the way of this run."""

    def __str__(self) -> str:
        if self.kind == "token" and self.role is not None:
            return self.role
        return _CALLERS[self.kind]


_CALLERS: dict[str, str] = {
    "token": "a token",
    "none": "no credential",
    "empty": "an empty credential",
    "wrong": "a wrong credential",
    "cut": "a token without its end",
    "recased": "a token in the other letter case",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is sent, but for the credential. `path` is below the engine's base."""

    method: str
    path: str
    caller: Caller
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = JSON
    fresh_connection: bool = field(default=False, compare=False)
    """Sent on a connection of its own: what an engine leaves unread cannot spoil the next request."""
    purpose: Purpose = field(default=Purpose.UNKNOWN, compare=False)
    told: str = field(default="", compare=False)
    """The words for the request, in place of its purpose's text."""

    @property
    def situation(self) -> str:
        """Return the purpose in words."""
        return self.told or self.purpose.value


@dataclass(frozen=True, slots=True)
class Response:
    """A response as received; `body` has its content encoding undone.

    `broken_off` says why the body is not whole, None when it is. `elapsed` is in seconds.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    broken_off: str | None = None
    elapsed: float = 0.0
    is_cut: bool = False
    """Whether the connection ended before the body did."""
    is_unreadable: bool = False
    """Whether the body came whole, and `broken_off` says why it cannot be read."""
    is_redacted: bool = False
    """Whether secrets in the body are masked, so that a mask in it may have been any value."""

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def flaw(self) -> str:
        """Return how a body is not whole, and why."""
        return f"{'cannot be read' if self.is_unreadable else 'breaks off'}: {self.broken_off}"

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def origin(self) -> tuple[tuple[str, str], ...]:
        """The headers that distinguish replicas."""
        return tuple((name, value) for name, value in self.headers if TELL_TALE.fullmatch(name))


class Fault(StrEnum):
    """Why there is no response."""

    CONNECT = "no connection"
    TLS = "no secure connection"
    DROPPED = "the connection was dropped"
    TIMEOUT = "no answer in time"
    PROTOCOL = "the answer is not HTTP"
    GUARD = "not sent"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it: a response, or the fault in its place and a sentence on it."""

    request: Request
    situation: str
    response: Response | None = None
    fault: Fault | None = None
    detail: str = ""
    started_at: float = 0.0
    """Seconds since 1970."""
    job_id: str | None = None
    """The supplied job that the request is about, also where the body holds it in another form."""

    @property
    def status(self) -> int | None:
        """The response's status, None without a response."""
        return self.response.status if self.response else None

    @property
    def purpose(self) -> Purpose:
        """Why the request was sent."""
        return self.request.purpose

    @property
    def accepted(self) -> bool:
        """Whether the response is a success."""
        return self.response is not None and self.response.is_success

    @property
    def is_dropped(self) -> bool:
        """Whether the connection was lost before there was a whole response."""
        return self.fault is Fault.DROPPED or (self.response is not None and self.response.is_cut)

    def cut(self, limit: int) -> "Exchange":
        """Return the exchange with at most `limit` bytes of the response's body, for those who only show it."""
        if self.response is None or len(self.response.body) <= limit:
            return self
        why = self.response.broken_off or f"only {limit} of {len(self.response.body)} bytes are kept"
        return replace(self, response=replace(self.response, body=self.response.body[:limit], broken_off=why))


@dataclass(frozen=True, slots=True)
class Finding:
    """One break of a rule: what was received, what is documented, where, by whom."""

    received: str
    documented: str
    pointer: str | None = None
    """JSON pointer into the response's document, for response rules."""
    exchange: Exchange | None = None
    more: tuple[tuple[str, str], ...] = ()
    """Pointer and value of each further place where something else was received than at the places before it."""

    @property
    def places(self) -> tuple[tuple[str | None, str], ...]:
        """Pointer and value of each place, the first one first."""
        return ((self.pointer, self.received), *self.more)

    @property
    def role(self) -> str | None:
        """The caller of the exchange."""
        return str(self.exchange.request.caller) if self.exchange else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result of one exchange for one rule: a finding, or that the rule held."""

    rule: str
    """The rule's id."""
    finding: Finding | None = None
    origin: tuple[tuple[str, str], ...] | None = None
    """Headers of the response that distinguish replicas; None where no single response shows it."""


Outcome = Literal["held", "broken", "warned", "known", "unchecked", "skipped"]
Verdict = Literal["conforms", "violates", "undecided"]
Because = Literal["unreachable", "jobs", "tokens", "deadline", "network", "evidence", "values", "recording"]


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Why a rule was left unchecked, and what was missing; None where nothing was: then it does not count."""

    reason: str
    because: Because | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The outcome of one rule."""

    rule: Rule
    outcome: Outcome
    reason: str | None = None
    """Why this run left it unchecked, or knows its break."""
    findings: tuple[Finding, ...] = ()
    counts: bool = True
    """Whether the run is undecided if this rule stays unchecked."""
    cause: Because | None = None
    """For an unchecked rule that counts: what was missing."""
    known: tuple[Finding, ...] = ()
    """Findings that are known deviations, wholly or in part; new ones are in `findings`."""
    seen: int = 0
    """How many responses show the rule, and how many of them break it."""
    failed: int = 0
    told_apart: str | None = None
    """A sentence on the headers that only the responses have that break the rule."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The engine's response in a situation on which the page is silent; it is not judged."""

    situation: str
    status: int | None
    content_type: str | None
    body: str
    """The beginning of the body, at most a few hundred characters."""


@dataclass(frozen=True, slots=True)
class JobsUse:
    """The supply's account: how many were supplied, used, and canceled at the end unused."""

    supplied: int = 0
    used: int = 0
    leftover_canceled: int = 0
    ids_used: tuple[str, ...] = ()
    ids_left: tuple[str, ...] = ()
    still_active: tuple[str, ...] = ()
    """Jobs that were made for the run and could not be canceled."""


@dataclass(frozen=True, slots=True)
class EarlierRule:
    """One rule of a report: its outcome, and pointer and received value of each failure."""

    outcome: str
    failures: tuple[tuple[str | None, str], ...] = ()
    seen: int = 0
    failed: int = 0

    @property
    def is_everywhere(self) -> bool:
        """Whether each response that shows the rule breaks it."""
        return self.failed == self.seen


@dataclass(frozen=True, slots=True)
class Earlier:
    """The report of an earlier run: when it was, and its rules by their ids."""

    since: str
    rules: Mapping[str, EarlierRule]
    engine: str = ""
    """As the earlier report names it; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run knows, in the order of the ledger; the writers under `report/` render it."""

    verdict: Verdict
    rules: tuple[RuleResult, ...]
    engine: str
    is_mock: bool = False
    """Whether the engine is the kit's own mock, started for this run."""
    label: str | None = None
    started_at: float = 0.0
    duration_s: float = 0.0
    seed: int = 0
    tls_verified: bool = True
    undecided_because: tuple[Because, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences on the run as a whole: why it is undecided, what was retried, what is missing."""
    complaints: tuple[str, ...] = ()
    """Sentences on known deviations that fail the run: expired ones, and those that no longer occur."""
    expiring: tuple[str, ...] = ()
    """Sentences on known deviations that expire soon; `notes` hold them too."""
    jobs: JobsUse = field(default_factory=JobsUse)
    exchanges: tuple[Exchange, ...] = ()
    observed: tuple[Observation, ...] = ()
    interrupted: bool = False
    whole: bool = True
    """Whether the run was complete: a deviation that it did not see does not occur."""
    connections_lost: int = 0
    earlier: Earlier | None = None
    """The report that this one is compared with."""

"""The console's interface, as plain data: the mock and the watching proxy each implement it.

The methods of `ConsoleData` are called in a thread of their own, and may block. No text in it holds a secret:
the code that makes an `Entry` has replaced secrets by `***`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from sys import getsizeof
from typing import Any, Protocol

from engine_contract.contract import Rule
from engine_contract.text.curl import Added

NOBODY = ""
"""The role of a cancel that is sent without a credential."""


class ConsoleError(ValueError):
    """A request cannot be carried out. The message is shown: it names what was given and what is allowed."""


@dataclass(frozen=True, slots=True)
class FaultChoice:
    """A fault or variation that can be armed; `rule` is the id of the rule that it breaks, None for a variation."""

    name: str
    sentence: str
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The engine that the console shows, and what the console may do."""

    title: str
    engine: str | None = None
    """The URL of a live engine; None for an engine that is at the console's own address."""
    is_live: bool = False
    """Whether a cancel cannot be undone: a banner says so, and each cancel is confirmed."""
    roles: tuple[str, ...] = ()
    """The roles as which a job can be canceled from here; if empty, nothing can be canceled."""
    why_no_cancel: str = ""
    """A sentence that says what to do if `roles` is empty."""
    notice: str = ""
    """A sentence that each page shows; empty for none."""
    added: Added = field(default_factory=Added)
    """Headers and options that a command line to the engine needs beside a request's own."""
    faults: tuple[FaultChoice, ...] = ()
    """The faults that can be armed; if empty, the page for them is left out."""
    started_with: str = ""
    """A sentence that says what is in force while nothing is armed; empty for nothing."""
    has_sessions: bool = False
    links: tuple[tuple[str, str], ...] = ()
    """Further pages at the same address: name and path."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a list; `status` is empty where it is not known."""

    job_id: str
    status: str
    name: str


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session that clients use; the default one has no name. `ago_ms` is how long ago it was used last."""

    name: str
    entries: int
    jobs: int
    ago_ms: int


@dataclass(frozen=True, slots=True)
class JobPage:
    """A part of a list of jobs."""

    jobs: tuple[JobLine, ...]
    total: int
    """How many there are with that status and search."""
    counts: Mapping[str, int]
    """How many match the search of each status; the empty one is that of jobs whose status is not known."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `document` is its parsed JSON, None where no document was seen."""

    line: JobLine
    document: Any = None


@dataclass(frozen=True, slots=True)
class Message:
    """Headers and body of a request or a response; `size` is that of the whole body in bytes, of which `body` may be a part."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One break of a rule of the ledger: what was received, what is documented, and where in the document."""

    rule: Rule
    received: str
    documented: str
    pointer: str | None = None


_OBJECT_BYTES = 1000  # that an entry takes beside its texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One exchange of the journal. `number` grows by one an entry, within a session."""

    number: int
    at_ms: int
    """Milliseconds since 1970."""
    duration_ms: float
    method: str
    path: str
    query: str = ""
    is_cancel: bool = True
    """Whether it is a request of the operation, which can be refused; other requests are only answered."""
    request: Message = Message()
    role: str | None = None
    credential: str = ""
    """How the credential came, such as `bearer`, or who that is in words; `none` for a request without one."""
    job_id: str | None = None
    status: int | None = None
    """None without a response."""
    response: Message = Message()
    reason: str | None = None
    """A sentence that says why the request was refused, or why the response is not whole."""
    fault: str | None = None
    """The fault or variation that was in force, by its name."""
    findings: tuple[Finding, ...] = ()

    @property
    def weight(self) -> int:
        """Bytes of memory that it takes, about."""
        texts = [self.method, self.path, self.query, self.credential, self.job_id, self.reason]
        for message in (self.request, self.response):
            texts += [message.body, *chain.from_iterable(message.headers)]
        for finding in self.findings:
            texts += [finding.received, finding.documented, finding.pointer]
        return _OBJECT_BYTES + sum(getsizeof(text) for text in texts if text)


class ConsoleData(Protocol):
    """Everything that the console asks for. `session` is empty for the default session."""

    def about(self) -> About:
        """Return which engine is shown. Called at each request."""
        ...

    def sessions(self) -> Sequence[SessionLine]:
        """Return the sessions that clients use, the one used last first."""
        ...

    def jobs(self, session: str, *, status: str, search: str, offset: int, limit: int) -> JobPage:
        """Return the jobs of a status whose id or name holds `search`, upper or lower case.

        The status is `active` for those that can be canceled, empty for any.
        """
        ...

    def job(self, session: str, job_id: str) -> Job | None:
        """Return one job, None if it is unknown."""
        ...

    def make_jobs(self, session: str, wanted: Mapping[str, Any]) -> Sequence[str]:
        """Make jobs as `POST /_mock/jobs` does, and return their ids. Raise ConsoleError."""
        ...

    def change_job(self, session: str, job_id: str, wanted: Mapping[str, Any]) -> bool:
        """Change a job as `PATCH /_mock/jobs/ID` does; return whether there is one. Raise ConsoleError."""
        ...

    def remove_job(self, session: str, job_id: str) -> bool:
        """Remove a job; return whether there was one. Raise ConsoleError."""
        ...

    def reset(self, session: str) -> None:
        """Go back to the start: jobs, behaviour and journal. Raise ConsoleError."""
        ...

    def entries(self, session: str, *, since: int, limit: int) -> Sequence[Entry]:
        """Return the newest `limit` entries whose number is above `since`, newest last."""
        ...

    def entry(self, session: str, number: int) -> Entry | None:
        """Return one entry, None if it is no longer kept."""
        ...

    def broken(self, session: str) -> int:
        """Return the number of exchanges in which a live engine broke a rule; always 0 for the mock."""
        ...

    def cancel(self, session: str, job_id: str, role: str) -> Entry:
        """Send a cancel as that role (`NOBODY`: no credential), return its entry, bodies whole. Raise ConsoleError."""
        ...

    def credential(self, role: str | None) -> str:
        """Return what replaces the role's credential in a command line: the variable that holds it, never a secret."""
        ...

    def armed(self, session: str) -> Sequence[Mapping[str, Any]]:
        """Return each behaviour that is armed, in order, as `GET /_mock/behavior` shows it."""
        ...

    def arm(self, session: str, behavior: Mapping[str, Any]) -> None:
        """Arm a behaviour in place of what was armed; empty disarms. Raise ConsoleError."""
        ...

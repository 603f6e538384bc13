"""The journal: what came, what was answered, and why."""

from bisect import bisect_left
from collections.abc import Mapping
from itertools import chain
from typing import NamedTuple, Protocol

from engine_contract.http.types import RawHeaders

KEPT_BYTES = 32 * 1024
"""Bytes of a body that are kept."""

KEPT_ID_CHARS = 1000
"""Characters of a job's id that are kept; whatever a request names is one."""

MAX_BYTES = 64 << 20
"""Bytes of all entries of all sessions of a mock; the oldest go first."""

BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the times by which exchanges are counted, in seconds."""

_BUCKETS_MS = [1000 * bound for bound in BUCKETS_S]

_OBJECT_BYTES = 1500  # that an entry takes beside its texts
_PAIR_BYTES = 150  # that a header takes beside its texts


class Entry(NamedTuple):
    """One exchange as it was kept: a tuple of what was at hand, since one is made for each request."""

    at_ms: int
    duration_ms: float
    session: str
    method: str
    path: str
    query: bytes
    headers: RawHeaders
    body: bytes
    body_size: int
    credential: str
    """How the credential came: see `Credential.kind`."""
    role: str | None
    token: str
    job_id: str | None
    status: int
    answer_headers: RawHeaders
    answer_body: bytes
    answer_size: int
    situation: str | None
    reason: str | None
    fault: str | None
    wire: str | None
    is_document: bool = False
    """Whether the response's body is a job's document as the mock writes it."""


class Counted(NamedTuple):
    """The key by which exchanges are counted."""

    status: int
    situation: str | None
    """That of a refusal, None for a success."""
    fault: str | None
    bucket: int
    """The place in `BUCKETS_S` of the first bound that the time did not exceed; one more than the last if it did."""


class Exchanges(NamedTuple):
    """The exchanges since the start, by all processes that share the store."""

    counts: Mapping[Counted, int]
    duration_ms: float
    """The time of all of them."""


class Journal(Protocol):
    """The journal of each session, and the count of all that was written into one. It gives out no secret."""

    async def record(self, session: str, entry: Entry) -> None:
        """Count an exchange, and put it into the journal, the oldest one out if it is full, under its number."""
        ...

    async def entries(self, session: str, *, limit: int, since: int) -> list[tuple[int, Entry]]:
        """Return the newest `limit` entries whose number is above `since`, each with its number, newest last."""
        ...

    async def entry(self, session: str, number: int) -> Entry | None:
        """Return one entry of the journal, None where it is no longer kept."""
        ...

    async def forget(self, session: str) -> None:
        """Empty the journal; numbers go on."""
        ...

    async def exchanges(self) -> Exchanges:
        """Return how many exchanges there were; what empties a journal does not change that."""
        ...


def counted(entry: Entry) -> Counted:
    """Return what an exchange is counted by."""
    return Counted(entry.status, entry.situation, entry.fault, bisect_left(_BUCKETS_MS, entry.duration_ms))


def weigh(entry: Entry) -> int:
    """Return the bytes of memory that an entry takes, about. The texts of its response's headers are those of many."""
    weight = len(entry.path) + len(entry.query) + len(entry.body) + len(entry.token) + len(entry.answer_body)
    weight += _OBJECT_BYTES + _PAIR_BYTES * (len(entry.headers) + len(entry.answer_headers))
    weight += len(entry.job_id or "") + len(entry.reason or "")
    return weight + sum(map(len, chain.from_iterable(entry.headers)))


def show(number: int, entry: Entry) -> dict[str, object]:
    """Return an entry of a store as JSON shows it. `at` is in epoch milliseconds, durations in milliseconds."""
    return {
        "number": number,
        "at": entry.at_ms,
        "duration_ms": round(entry.duration_ms, 3),
        "session": entry.session,
        "role": entry.role,
        "credential": entry.credential,
        "job_id": entry.job_id,
        "request": {
            "method": entry.method,
            "path": entry.path,
            "query": entry.query.decode("latin-1"),
            "headers": _texts(entry.headers),
            "body": entry.body.decode(),
            "body_size": entry.body_size,
        },
        "status": entry.status,
        "answer": {
            "status": entry.status,
            "headers": _texts(entry.answer_headers),
            "body": entry.answer_body.decode(),
            "body_size": entry.answer_size,
        },
        "situation": entry.situation,
        "reason": entry.reason,
        "fault": entry.fault,
        "wire": entry.wire,
    }


def _texts(headers: RawHeaders) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]

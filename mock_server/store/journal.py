"""The journal: what came, what was answered, and why. Secrets are masked when an entry is read."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from typing import NamedTuple, Protocol
from urllib.parse import unquote

from engine_contract.http.types import RawHeaders
from engine_contract.text import masking
from mock_server.settings import Settings
from mock_server.store.access import tokens_in

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
_LONG_BYTES = 4096  # from which what is shown of an entry is kept
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
    """The journal of each session, and the count of all that was written into one."""

    async def record(self, session: str, entry: Entry, *, is_document: bool = False) -> None:
        """Count an exchange, and put it into the journal, the oldest one out if it is full, under its number.

        `is_document` is that of `mask`, for a store that masks an entry before it keeps it.
        """
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


def known_secrets(settings: Settings) -> frozenset[str]:
    """Return the tokens and the passwords of the settings, but passwords that are words, which the contract may say."""
    passwords = (masking.Password(password) for password, _ in (settings.users or {}).values())
    return frozenset(filter(masking.can_be_learned, passwords)) | frozenset(settings.tokens or ())


def mask(entry: Entry, known: frozenset[str], *, is_document: bool = False) -> Entry:
    """Return the entry without secrets, as it may leave this process; `known` are the secrets of the settings.

    `is_document` says that the response's body is a job's document as the mock writes it. No name in one is that of a
    secret, so only known secrets are looked for there: the rest is most of what masking an entry costs.
    """
    query, sent = entry.query.decode("latin-1"), entry.body.decode("utf-8", "replace")
    received = entry.answer_body.decode("utf-8", "replace")
    values = (value.decode("latin-1") for _, value in entry.headers)
    found = [entry.token, *tokens_in(unquote("\n".join((entry.path, query, sent, *values))))]
    headers = _mask_headers(entry.headers, str, found.append)
    masking.mask_query(query, found.append)
    masking.mask_text(sent, found.append)
    if masking.has_password(sent):
        masking.mask_text(received, found.append)
        if token := masking.bare_token(received):
            received = received.replace(token, masking.MASK)
            found.append(token)
    if entry.job_id is not None and entry.job_id != entry.token and masking.is_job_id(entry.job_id):
        found = [value for value in found if value != entry.job_id]
    secrets = frozenset(filter(masking.can_be_learned, found)) | known

    def hide(text: str, *, is_cut: bool = False) -> str:
        return masking.hide(text, secrets, is_cut=is_cut)

    # Known secrets go first: a token may look like a name and its value.
    hidden = hide(received, is_cut=entry.answer_size > len(entry.answer_body))
    return entry._replace(
        path=masking.mask_path(hide(entry.path)),
        query=masking.mask_query(hide(query)).encode("latin-1", "replace"),
        headers=_mask_headers(entry.headers, hide) if secrets else headers,
        body=masking.mask_text(hide(sent, is_cut=entry.body_size > len(entry.body))).encode(),
        token="",
        job_id=None if entry.job_id is None else hide(entry.job_id),
        answer_headers=_mask_headers(entry.answer_headers, hide),
        answer_body=(hidden if is_document else masking.mask_text(hidden)).encode(),
        reason=None if entry.reason is None else hide(entry.reason),
    )


@lru_cache(maxsize=64)  # few: they are kept beside the store, whatever becomes of the journal
def _kept(_digest: bytes) -> list[Entry]:
    """Return where an entry is kept once it was masked. Nothing that is not masked is kept."""
    return []


def _shown(entry: Entry, known: frozenset[str]) -> Entry:
    """Return the entry without secrets. That of a long one is kept for the next time: consoles ask again and again."""
    if weigh(entry) < _LONG_BYTES:
        return mask(entry, known)
    kept = _kept(sha256(repr((entry, known)).encode()).digest())
    if not kept:
        kept.append(mask(entry, known))
    return kept[0]


def show(number: int, entry: Entry, known: frozenset[str]) -> dict[str, object]:
    """Return the entry as JSON shows it, secrets masked. `at` is in epoch milliseconds, durations in milliseconds."""
    entry = _shown(entry, known)
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


def mask_headers(headers: RawHeaders) -> list[list[str]]:
    """Return headers in order, as pairs, credentials masked: the scheme and the cookies' names stay."""
    return _texts(_mask_headers(headers, str))


_harmless: set[tuple[bytes, bytes]] = set()
"""Headers of which all is shown, whatever secrets are known: nearly all come with each request of a caller."""
_MOST_HARMLESS = 1000
_LONGEST_HARMLESS_BYTES = 200


def _mask_headers(
    headers: RawHeaders, hide: Callable[[str], str], learn: Callable[[str], None] = lambda _value: None
) -> RawHeaders:
    shown = []
    for name, value in headers:
        text = value.decode("latin-1")
        if (name, value) in _harmless and hide(text) == text:
            shown.append((name, value))
            continue
        masked = masking.show_header(name.decode("latin-1"), text, hide, learn).encode("latin-1", "replace")
        shown.append((name, masked))
        if masked == value and len(name) + len(value) <= _LONGEST_HARMLESS_BYTES:
            if len(_harmless) >= _MOST_HARMLESS:
                _harmless.clear()
            _harmless.add((name, value))
    return shown


def _texts(headers: RawHeaders) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]

"""The journal: what came, what was answered, and why. Secrets are masked when an entry is read."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from engine_contract.http.types import RawHeaders

SHOWN = 32 * 1024
"""Bytes of a body that are kept."""


MASK = "***"

SHORTEST = 4
"""Characters of a token that is looked for inside of bodies; shorter ones would mask half of the text."""

_SECRET_HEADERS = re.compile(r"authorization|token|secret|password|passwd|api-?key|session-?id", re.IGNORECASE)
_SECRET_WORDS = (b"password", b"passwd", b"secret", b"token")
_SECRET_FIELDS = re.compile(
    rb'("[^"]{0,40}(?:password|passwd|secret|token)[^"]{0,40}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}\s]+)', re.IGNORECASE
)
_SECRET_PAIRS = re.compile(rb"((?:^|[&?\s])(?:token|password|secret)=)[^&\s\"'<>\\]+", re.IGNORECASE)


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


def mask(entry: Entry, tokens: Collection[str] | None) -> Entry:
    """The entry without secrets, for a journal that leaves this process; `tokens` as in `show`, which it looks like."""
    secrets = _secrets(entry, tokens)
    return entry._replace(
        path=_hide(entry.path, secrets),
        query=_hide(mask_query(entry.query), secrets).encode("latin-1", "replace"),
        headers=_encoded(mask_headers(entry.headers, secrets)),
        body=_text(entry.body, secrets).encode(),
        token="",
        answer_headers=_encoded(mask_headers(entry.answer_headers, secrets)),
        answer_body=_text(entry.answer_body, secrets).encode(),
        reason=None if entry.reason is None else _hide(entry.reason, secrets),
    )


def show(number: int, entry: Entry, tokens: Collection[str] | None) -> dict[str, object]:
    """The entry as JSON shows it, secrets masked. `at` is in epoch milliseconds, durations in milliseconds.

    `tokens` are the secret ones that are known; None where the name of a role is its token, and none is secret.
    """
    secrets = _secrets(entry, tokens)
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
            "path": _hide(entry.path, secrets),
            "query": _hide(mask_query(entry.query), secrets),
            "headers": mask_headers(entry.headers, secrets),
            "body": _text(entry.body, secrets),
            "body_size": entry.body_size,
        },
        "status": entry.status,
        "answer": {
            "status": entry.status,
            "headers": mask_headers(entry.answer_headers, secrets),
            "body": _text(entry.answer_body, secrets),
            "body_size": entry.answer_size,
        },
        "situation": entry.situation,
        "reason": None if entry.reason is None else _hide(entry.reason, secrets),
        "fault": entry.fault,
        "wire": entry.wire,
    }


def _secrets(entry: Entry, tokens: Collection[str] | None) -> tuple[str, ...]:
    return () if tokens is None else tuple(token for token in {*tokens, entry.token} if len(token) >= SHORTEST)


def _encoded(headers: list[list[str]]) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]


def mask_headers(headers: RawHeaders, secrets: Collection[str] = ()) -> list[list[str]]:
    """Headers in order, as pairs, credentials masked: the scheme and the cookies' names stay."""
    return [[name.decode("latin-1"), _header(name, value, secrets)] for name, value in headers]


def mask_query(query: bytes) -> str:
    """A query with the values of what may be a token masked."""
    if not query:
        return ""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if not any(_SECRET_HEADERS.search(name) for name, _ in pairs):
        return query.decode("latin-1")
    return "&".join(
        f"{quote(name, safe='')}={MASK if _SECRET_HEADERS.search(name) else quote(value, safe='')}"
        for name, value in pairs
    )


def _header(name: bytes, value: bytes, secrets: Collection[str]) -> str:
    key, text = name.decode("latin-1").lower(), value.decode("latin-1")
    if key in {"authorization", "proxy-authorization"}:
        scheme, space, rest = text.partition(" ")
        return f"{scheme} {MASK}" if space and rest else MASK
    if key in {"cookie", "set-cookie"}:
        return "; ".join(_cookie(part.strip()) for part in text.split(";"))
    if key == "mock-session":
        return text
    return MASK if _is_secret(key) else _hide(text, secrets)


_COOKIE_ATTRIBUTES = frozenset({"path", "samesite", "max-age", "expires", "domain", "mock-session"})


def _cookie(part: str) -> str:
    name, equals, _ = part.partition("=")
    return part if not equals or name.lower() in _COOKIE_ATTRIBUTES else f"{name}={MASK}"


def _text(body: bytes, secrets: Collection[str]) -> str:
    lowered = body.lower()
    if any(word in lowered for word in _SECRET_WORDS):  # most bodies have none, and the search proper is slow
        body = _SECRET_FIELDS.sub(rb'\1"' + MASK.encode() + b'"', body)
        body = _SECRET_PAIRS.sub(rb"\1" + MASK.encode(), body)
    return _hide(body.decode("utf-8", "replace"), secrets)


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return _SECRET_HEADERS.search(name) is not None


def _hide(text: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return text

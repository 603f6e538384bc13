"""A HAR file as exchanges: of watch-engine, of check-engine, or as a browser's developer tools export it.

Browsers leave credentials out, and bodies that they no longer have. Where something is missing, the result says so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qsl, urlsplit

from contract_tests.errors import SettingError
from contract_tests.judge.passive import ObservedCall
from contract_tests.judge.route import before_operation, called_below
from contract_tests.model import Caller, CredentialKind, Exchange, Fault, Request, Response
from contract_tests.purpose import Purpose
from contract_tests.recording.callers import Callers
from contract_tests.recording.har_bodies import answered_body, header_of, number_of, posted_body
from contract_tests.recording.har_file import HarFile, open_har
from engine_contract.contract import Operation
from engine_contract.http.strict_json import json_type
from engine_contract.text.masking import MASK, can_be_learned, is_secret, mask_text

OWN = frozenset({"check-engine", "watch-engine"})
MAX_DURATION_S = 1e9  # thirty years
_FAULTS = {str(fault): fault for fault in Fault}
_KINDS: frozenset[CredentialKind] = frozenset(get_args(CredentialKind))
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
_LONGEST_DATE = 64  # characters
_MILLISECONDS_FROM = 1e11  # a number as a date: seconds since 1970 below, of which these are more than 3,000 years

# Fields of the kit's own, by where they stand: texts, and whether something is so.
_OWN_TEXTS = {
    (): ("_role", "_credential", "_caller", "_situation", "_purpose", "_job_id", "_obstacle"),
    ("request", "postData"): ("_base64",),
    ("response",): ("_fault", "_error"),
}
_OWN_FLAGS = {
    (): ("_overlapping",),
    ("request", "postData"): ("_hidden", "_cut"),
    ("response",): ("_unreadable",),
    ("response", "content"): ("_hidden", "_cut"),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of a recording. `base` is the engine's, before the operation's path; times are seconds since 1970."""

    observed: ObservedCall
    base: str
    ended_at: float
    secrets: tuple[str, ...] = ()

    @property
    def is_cancel(self) -> bool:
        """Whether the contract's own operation is called."""
        return self.observed.operation is not None and self.observed.operation.is_contract


@dataclass(frozen=True, slots=True)
class HarEntries:
    """The entries in the order in which they were answered, and a sentence on each that was left out."""

    recorded: tuple[Recorded, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reader:
    """The context that all entries of a file share."""

    file: HarFile
    callers: Callers
    operations: Sequence[Operation]
    is_own: bool


def read_har(path: Path, operations: Sequence[Operation], callers: Callers | None = None) -> HarEntries:
    """Read the entries; `operations` are those that are judged, `callers` knows the tokens of roles. Raises SettingError for what is not a HAR file."""
    file = open_har(path)
    creator = file.log.get("creator")
    name = creator.get("name") if isinstance(creator, dict) else None
    reader = _Reader(file, callers or Callers(), operations, isinstance(name, str) and name in OWN)
    recorded: list[Recorded] = []
    left_out: list[str] = []
    for number, entry in enumerate(file.log["entries"]):
        place = f"log.entries[{number}]"
        _check_own_fields(entry, f"--replay {path}: {place}")
        try:
            recorded.append(_entry(entry, reader, after=recorded[-1].ended_at if recorded else 0.0))
        except _UNREADABLE as error:
            why = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__} {error}"[:200]
            left_out.append(f"{place} is not an entry of a HAR file: {why}.")
    if left_out and not recorded:
        raise SettingError(f"--replay {path}: {left_out[0]}")
    return HarEntries(tuple(_marked(sorted(recorded, key=lambda item: item.ended_at))), tuple(left_out))


def _check_own_fields(entry: Any, place: str) -> None:
    """Raise SettingError for a field of the kit's own that has another type than the kit gives it."""
    for fields, expected, name in ((_OWN_TEXTS, str, "a string"), (_OWN_FLAGS, bool, "true or false")):
        for path, keys in fields.items():
            holder = entry
            for step in path:
                holder = holder.get(step) if isinstance(holder, dict) else None
            for key in keys if isinstance(holder, dict) else ():
                value = holder.get(key)
                if value is not None and not isinstance(value, expected):
                    raise SettingError(
                        f"{place}: {'.'.join((*path, key))} is {json_type(value)}. Allowed are {name} and null. "
                        "Give the recording as the kit wrote it."
                    )


def _marked(recorded: list[Recorded]) -> list[Recorded]:
    """Return the same exchanges, with overlapping cancels marked."""
    overlapping: set[int] = set()
    under_way: list[Recorded] = []
    for item in sorted(recorded, key=_started_at):
        if item.is_cancel:
            under_way = [other for other in under_way if other.ended_at > _started_at(item)]
            if under_way:
                overlapping |= {id(item), *map(id, under_way)}
            under_way.append(item)
    return [
        replace(item, observed=replace(item.observed, overlapping=True)) if id(item) in overlapping else item
        for item in recorded
    ]


def _started_at(item: Recorded) -> float:
    return item.observed.exchange.started_at


def _entry(entry: Mapping[str, Any], reader: _Reader, *, after: float) -> Recorded:
    """Return what an entry holds; where its date cannot be read, it began `after` the one before it had ended."""
    is_own = reader.is_own
    sent, received = entry["request"], entry["response"]
    url = urlsplit(sent["url"])
    method = sent["method"] if is_own else sent["method"].upper()
    operation, below, path = _called(reader.operations, method, url.path)
    base = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{below}"
    started_at = _date(entry.get("startedDateTime"))
    started_at = after if started_at is None else started_at
    elapsed = min(max(0.0, number_of(entry.get("time"), 0.0) / 1000), MAX_DURATION_S)
    headers = _pairs(sent.get("headers"))
    query = parse_qsl(url.query, keep_blank_values=True)
    caller, credential, secrets = _caller(entry, [*headers, *_cookies(sent)], query, reader)
    body, missing_body = posted_body(sent, headers, reader.file, is_own=is_own)
    posted: list[str] = []
    mask_text((body or b"").decode("utf-8", "surrogateescape"), posted.append)
    secrets += tuple(filter(can_be_learned, posted))
    response, missing_answer, unseen = _answer(received, elapsed, reader)
    content_type = header_of(headers, "content-type")
    request = Request(
        method,
        path,
        caller,
        tuple((name, MASK if is_secret(name) else value) for name, value in query),
        body,
        content_type,
        purpose=Purpose.__members__.get(entry.get("_purpose") or "", Purpose.UNKNOWN) if is_own else Purpose.UNKNOWN,
    )
    fault = None if response else _FAULTS.get(received.get("_fault") or "")
    detail = str(received.get("_error") or "")
    exchange = Exchange(
        request,
        str(entry.get("_situation") or "") if is_own else "",
        response,
        fault,
        detail.removeprefix(f"{fault}: ") if fault else detail,
        started_at,
        entry.get("_job_id") if is_own else None,
    )
    if response is None and fault is None:
        missing_answer = "the recording holds no answer"
    obstacle = entry.get("_obstacle") or missing_body or missing_answer
    observed = ObservedCall(exchange, operation, credential, bool(entry.get("_overlapping")), obstacle, unseen)
    return Recorded(observed, base, started_at + elapsed, secrets)


def _called(operations: Sequence[Operation], method: str, path: str) -> tuple[Operation | None, str, str]:
    """Return the operation that is called, what stands before its path, and the path below that.

    By another method the path is that of an operation too.
    """
    found = called_below(operations, method, path)
    if found is not None:
        operation, below = found
        return operation, below, path[len(below) :] if operation.parameters_in("path") else operation.path
    for operation in operations:
        if not operation.parameters_in("path") and (before := before_operation(operation, path)) is not None:
            return None, before, operation.path
    return None, "", path


def _date(value: Any) -> float | None:
    """Return seconds since 1970 of a date as exporters write them, None where it cannot be read."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else float(value)
        return seconds if 0 <= seconds < _MILLISECONDS_FROM else None
    if not isinstance(value, str) or len(value) > _LONGEST_DATE:
        return None
    text = value.strip()
    iso = re.sub(r" ?(?:UTC|GMT)$", "Z", text.upper()).replace(" +", "+").replace(" -", "-")
    for parse, spelling in ((datetime.fromisoformat, iso), (parsedate_to_datetime, text)):
        try:
            date = parse(spelling)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        # A date without an offset is taken for UTC, so that a recording reads the same everywhere.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    return _date(float(text)) if text.isascii() and text.isdigit() else None


def _pairs(headers: Any) -> tuple[tuple[str, str], ...]:
    """Return headers as pairs; a value that is left out is empty."""
    return tuple((str(pair["name"]), str(pair.get("value") or "")) for pair in headers or ())


def _cookies(sent: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the request's cookies as a header, where it has no such header."""
    if header_of(_pairs(sent.get("headers")), "cookie") is not None:
        return []
    return [("Cookie", f"{name}={value}") for name, value in _pairs(sent.get("cookies"))]


def _caller(
    entry: Mapping[str, Any], headers: list[tuple[str, str]], query: list[tuple[str, str]], reader: _Reader
) -> tuple[Caller, str | None, tuple[str, ...]]:
    """Return the caller, a key that distinguishes it from others, and credentials that must not be shown."""
    shown = reader.callers.of(headers, query)
    secrets = tuple(filter(can_be_learned, shown.secrets))
    kind = entry.get("_credential")
    if reader.is_own and kind in _KINDS:
        role = entry.get("_role")
        token = entry.get("_caller") or (f"role {role}" if role and kind == "token" else None)
        return Caller(role, kind), token, secrets
    if shown.caller.role is not None:
        return shown.caller, shown.credential, secrets
    # A browser may have left out the credential that its export does not hold.
    return Caller(None, "token"), shown.credential if secrets else None, secrets


def _answer(
    received: Mapping[str, Any], elapsed: float, reader: _Reader
) -> tuple[Response | None, str | None, tuple[str, ...]]:
    """Return the response, why it cannot be judged, and the rules that it does not show."""
    status = int(number_of(received.get("status"), 0))
    if not 100 <= status <= 599:
        return None, None, ()
    headers = _pairs(received.get("headers"))
    content = received.get("content") or {}
    error = received.get("_error")
    body, obstacle = answered_body(received, status, headers, reader.file, is_own=reader.is_own)
    if reader.is_own:
        is_unreadable = bool(received.get("_unreadable"))
        broken_off = str(error) if error else None
        response = Response(status, headers, body, broken_off, elapsed, is_unreadable=is_unreadable, is_redacted=True)
        return response, obstacle, ()
    if error and obstacle is None:
        obstacle = f"the recording names an error: {error[:100]}"
    unseen: tuple[str, ...] = ()
    if header_of(headers, "content-type") is None:
        kind = content.get("mimeType")
        if isinstance(kind, str) and kind not in {"", "x-unknown"}:
            headers = (*headers, ("Content-Type", kind))
        elif not headers:
            unseen = ("transport.content_type",)
    return Response(status, headers, body, None, elapsed), obstacle, unseen

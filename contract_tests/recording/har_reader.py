"""A HAR file as exchanges: of watch-engine, of check-engine, or as a browser's developer tools export it.

Browsers leave credentials out, and bodies that they no longer have. Where something is missing, the sighting says so.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.errors import SettingError
from contract_tests.judge.passive import CONTRACT, ObservedCancel, is_cancel
from contract_tests.model import Caller, Exchange, Fault, Request, Response
from contract_tests.recording.callers import Callers
from engine_contract.http.media_types import read_content_type
from engine_contract.text.masking import can_be_learned, is_secret, mask_text

OWN = frozenset({"check-engine", "watch-engine"})
_FAULTS = {str(fault): fault for fault in Fault}
_KINDS = frozenset({"token", "none", "empty", "wrong", "cut"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of a recording. `base` is the engine's, before the operation's path; times are seconds since 1970."""

    observed: ObservedCancel
    base: str
    ended_at: float
    is_cancel: bool
    secrets: tuple[str, ...] = ()


def read_har(path: Path) -> list[Recorded]:
    """The entries in the order in which they were answered. Raises SettingError for what is no HAR file."""
    option = f"--replay {path}"
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingError(f"{option}: the file cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise SettingError(f"{option}: that is no HAR file: it is not JSON: {error}.") from None
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(log, dict) or not isinstance(entries, list):
        raise SettingError(
            f"{option}: that is no HAR file: it has no log.entries. Give what a browser or watch-engine exported."
        )
    creator = log.get("creator")
    is_own = isinstance(creator, dict) and creator.get("name") in OWN
    recorded = []
    for number, entry in enumerate(entries):
        try:
            recorded.append(_entry(entry, is_own=is_own))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"{type(error).__name__} {error}"[:200]
            raise SettingError(f"{option}: log.entries[{number}] is no entry of a HAR file: {why}.") from None
    return _marked(sorted(recorded, key=lambda item: item.ended_at))


def _marked(recorded: list[Recorded]) -> list[Recorded]:
    """The same, those marked whose cancels overlap."""
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


def _entry(entry: Mapping[str, Any], *, is_own: bool) -> Recorded:
    sent, received = entry["request"], entry["response"]
    url = urlsplit(sent["url"])
    at_engine = url.path.removesuffix(CONTRACT.path)
    path = CONTRACT.path if at_engine != url.path else url.path
    base = f"{url.scheme}://{url.netloc}{at_engine if at_engine != url.path else ''}"
    started_at = datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    elapsed = max(0.0, float(entry.get("time") or 0) / 1000)
    headers = [(str(pair["name"]), str(pair["value"])) for pair in sent.get("headers", ())]
    query = parse_qsl(url.query, keep_blank_values=True)
    caller, credential, secrets = _caller(entry, headers, query, is_own=is_own)
    body, missing_body = _posted(sent)
    posted: list[str] = []
    mask_text((body or b"").decode("utf-8", "surrogateescape"), posted.append)
    secrets += tuple(filter(can_be_learned, posted))
    response, missing_answer = _answer(received, elapsed, is_own=is_own)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    request = Request(
        sent["method"],
        path,
        caller,
        tuple((name, value) for name, value in query if not is_secret(name)),
        body,
        content_type,
    )
    fault = None if response else _FAULTS.get(received.get("_fault", ""))
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
    observed = ObservedCancel(exchange, credential, bool(entry.get("_overlapping")), obstacle)
    return Recorded(observed, base, started_at + elapsed, is_cancel(request.method, path), secrets)


def _caller(
    entry: Mapping[str, Any], headers: list[tuple[str, str]], query: list[tuple[str, str]], *, is_own: bool
) -> tuple[Caller, str | None, tuple[str, ...]]:
    """The caller, what tells it from others, and credentials that must not be shown."""
    shown = Callers().of(headers, query)
    secrets = tuple(filter(can_be_learned, shown.secrets))
    kind = entry.get("_credential")
    if is_own and kind in _KINDS:
        role = entry.get("_role")
        token = entry.get("_caller") or (f"role {role}" if role and kind == "token" else None)
        return Caller(role if isinstance(role, str) else None, kind), token, secrets
    # What a browser's export does not hold was left out of it, as likely as not.
    return Caller(None, "token"), shown.credential if secrets else None, secrets


def _posted(sent: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """The request's body, and why it is not all there."""
    data = sent.get("postData")
    if not data:
        missing = (sent.get("bodySize") or 0) > 0
        return None, "the recording left the request's body out" if missing else None
    if data.get("_hidden") or data.get("_cut"):
        return None, "the recording holds not all of the request's body"
    if "_base64" in data:
        return _base64(data["_base64"]), None
    return str(data.get("text") or "").encode("utf-8", "surrogatepass"), None


def _answer(received: Mapping[str, Any], elapsed: float, *, is_own: bool) -> tuple[Response | None, str | None]:
    """The answer, and why it cannot be judged."""
    status = int(received.get("status") or 0)
    if not 100 <= status <= 599:
        return None, None
    headers = tuple((str(pair["name"]), str(pair["value"])) for pair in received.get("headers", ()))
    content = received.get("content") or {}
    text = content.get("text")
    obstacle = None
    if content.get("_cut") or content.get("_hidden"):
        obstacle = "the recording holds not all of the answer"
    elif text is None and (content.get("size") or 0) > 0:
        obstacle = "the recording left the answer's body out"
    body = _content(text or "", content, headers, is_own=is_own)
    broken_off = received.get("_error") if is_own else None
    return Response(status, headers, body, str(broken_off) if broken_off else None, elapsed), obstacle


def _content(text: str, content: Mapping[str, Any], headers: tuple[tuple[str, str], ...], *, is_own: bool) -> bytes:
    """The bytes that were a body: a browser has decoded them by the charset that the answer names."""
    if content.get("encoding") == "base64":
        return _base64(text)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    charset = None if is_own else read_content_type(content_type).charset
    if charset:
        try:
            return text.encode(charset)
        except (LookupError, UnicodeEncodeError):
            pass
    return text.encode("utf-8", "surrogatepass")


def _base64(text: str) -> bytes:
    try:
        return b64decode(text)
    except binascii.Error as error:
        raise ValueError(f"a body is no base64: {error}") from None

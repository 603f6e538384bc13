"""A passage as an entry of a HAR file, without secrets.

Fields of our own begin with `_`, as HAR wants it: those of check-engine's recordings (`_role`, `_credential`, `_situation`,
`_job_id`), and `_caller`, which tells callers apart, `_overlapping`, `_obstacle`, `_violations` and `_warnings`.
"""

from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote_plus

from contract_tests.model import Answer, Exchange
from contract_tests.recording.observed import Seen
from contract_tests.recording.proxied_exchange import Passage
from contract_tests.recording.redaction import HIDDEN, Redaction, is_login
from contract_tests.report.har import SECRET_HEADER, pair, post_text, response_object
from contract_tests.report.presenter import MASK
from contract_tests.report.view import timestamp


def har_entry(seen: Seen, redaction: Redaction, base: str) -> dict[str, Any]:
    """The entry of what was seen; `base` is the engine's."""
    passage, exchange, shown, opinion = seen.passage, seen.exchange, seen.shown, seen.opinion
    hidden = is_login(passage.path)
    milliseconds = round(passage.elapsed * 1000, 3)
    entry: dict[str, Any] = {
        "startedDateTime": timestamp(passage.started_at),
        "time": milliseconds,
        "request": _request(passage, redaction, base, hidden=hidden),
        "response": _response(passage, exchange, redaction, hidden=hidden),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_role": shown.caller.role,
        "_credential": shown.caller.kind,
        "_caller": shown.credential,
    }
    if opinion is not None:
        entry |= {
            "_situation": redaction.text(opinion.exchange.situation),
            "_job_id": None if opinion.exchange.job_id is None else redaction.text(opinion.exchange.job_id),
            "_overlapping": passage.overlapping,
            "_violations": list(opinion.broken),
            "_warnings": list(opinion.warned),
        }
    if passage.obstacle:
        entry["_obstacle"] = passage.obstacle
    if passage.frames is not None:
        entry |= {"_resourceType": "websocket", "_webSocketMessages": passage.frames}
    return entry


def shown_headers(passage: Passage, redaction: Redaction) -> list[tuple[str, str]]:
    """The request's headers as the caller sent them, but for secrets and the watcher's own address."""
    shown = []
    for name, value in passage.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        if key.lower() == "authorization":
            scheme, space, _ = text.partition(" ")
            text = f"{scheme} {MASK}" if space and scheme.isalnum() else MASK
        elif SECRET_HEADER.search(key) and not key.lower().startswith("sec-"):
            text = MASK if text.strip() else text
        shown.append((key, redaction.header(text)))
    return shown


def _request(passage: Passage, redaction: Redaction, base: str, *, hidden: bool) -> dict[str, Any]:
    presenter = redaction.presenter
    query = redaction.query(passage.query)
    parameters = [part.partition("=") for part in query.split("&") if part]
    request: dict[str, Any] = {
        "method": passage.method,
        "url": base + redaction.text(passage.path) + (f"?{query}" if query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [pair(name, value, presenter) for name, value in shown_headers(passage, redaction)],
        "queryString": [pair(unquote_plus(name), unquote_plus(value), presenter) for name, _, value in parameters],
        "headersSize": -1,
        "bodySize": passage.body.size,
    }
    if passage.body.size:
        kind = next((v.decode("latin-1") for n, v in passage.headers if n.lower() == b"content-type"), "")
        if hidden:
            text: dict[str, Any] = {"text": HIDDEN, "_hidden": True}
        else:
            text = post_text(redaction.body(bytes(passage.body.data)).decode("utf-8", "surrogateescape"))
        request["postData"] = {"mimeType": kind, **text, **_cut(passage.body.size, is_cut=passage.body.is_cut)}
    return request


def _response(passage: Passage, exchange: Exchange, redaction: Redaction, *, hidden: bool) -> dict[str, Any]:
    if exchange.answer is not None:
        body = exchange.answer.body
        kept = HIDDEN.encode() if hidden and body else redaction.body(body)
        headers = tuple((name, redaction.header(value)) for name, value in exchange.answer.headers)
        exchange = replace(exchange, answer=replace(exchange.answer, headers=headers, body=kept))
    response = response_object(exchange, redaction.presenter, passage.answer.limit * 2)
    response["bodySize"] = passage.answer.size
    response["content"] |= _cut(passage.answer.size, is_cut=passage.answer.is_cut)
    if hidden and passage.answer.size:
        response["content"]["_hidden"] = True
    response["cookies"] = [] if exchange.answer is None else _cookies(exchange.answer)
    return response


def _cookies(answer: Answer) -> list[dict[str, str]]:
    """The names of the cookies that an answer sets."""
    names: list[str] = []
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            try:
                names += SimpleCookie(value.partition(";")[0])
            except CookieError:
                continue
    return [{"name": name, "value": MASK} for name in names]


def _cut(size: int, *, is_cut: bool) -> dict[str, Any]:
    return {"_cut": True, "comment": f"Only the beginning of {size:,} bytes is kept."} if is_cut else {}

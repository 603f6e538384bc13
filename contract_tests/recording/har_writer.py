"""An exchange that the watcher saw as an entry of a HAR file, without secrets.

Fields of our own begin with `_`, as HAR wants it: those of check-engine's recordings (`_role`, `_credential`, `_situation`,
`_job_id`), and `_caller`, which distinguishes callers, `_overlapping`, `_obstacle`, `_violations` and `_warnings`.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from contract_tests.model import Response
from contract_tests.recording.observed import ObservedExchange, texts
from contract_tests.recording.proxied_exchange import ProxiedExchange
from contract_tests.recording.redaction import HIDDEN, Redaction
from contract_tests.report.har import pair, post_text, response_object
from engine_contract.http.cookies import read_cookies
from engine_contract.text.masking import MASK
from engine_contract.text.printable import timestamp


def har_entry(seen: ObservedExchange, redaction: Redaction, base: str) -> dict[str, Any]:
    """Return the entry of an exchange; `base` is the engine's."""
    proxied, shown, judged = seen.proxied, seen.shown, seen.judged
    milliseconds = round(proxied.elapsed * 1000, 3)
    entry: dict[str, Any] = {
        "startedDateTime": timestamp(proxied.started_at),
        "time": milliseconds,
        "request": _request(proxied, redaction, base, hidden=seen.hides_bodies),
        "response": _response(seen, redaction),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_role": shown.caller.role,
        "_credential": shown.caller.kind,
        "_caller": shown.credential,
    }
    if judged is not None:
        entry |= {
            "_situation": redaction.text(judged.exchange.situation),
            "_purpose": judged.exchange.purpose.name,
            "_job_id": None if judged.exchange.job_id is None else redaction.text(judged.exchange.job_id),
            "_overlapping": proxied.overlapping,
            "_violations": list(judged.broken),
            "_warnings": list(judged.warned),
        }
    if proxied.obstacle:
        entry["_obstacle"] = proxied.obstacle
    if proxied.frames is not None:
        entry |= {"_resourceType": "websocket", "_webSocketMessages": proxied.frames}
    return entry


def shown_headers(proxied: ProxiedExchange, redaction: Redaction) -> list[tuple[str, str]]:
    """Return the request's headers as the caller sent them, without secrets and the watcher's own address."""
    return [(name, redaction.header(name, value)) for name, value in texts(proxied.headers)]


def _request(proxied: ProxiedExchange, redaction: Redaction, base: str, *, hidden: bool) -> dict[str, Any]:
    presenter = redaction.presenter
    query = redaction.query(proxied.query)
    parameters = [part.partition("=") for part in query.split("&") if part]
    request: dict[str, Any] = {
        "method": proxied.method,
        "url": base + redaction.path(proxied.path) + (f"?{query}" if query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [pair(name, value, presenter) for name, value in shown_headers(proxied, redaction)],
        "queryString": [pair(unquote_plus(name), unquote_plus(value), presenter) for name, _, value in parameters],
        "headersSize": -1,
        "bodySize": proxied.body.size,
    }
    if proxied.body.size:
        kind = proxied.content_type or ""
        if hidden:
            text: dict[str, Any] = {"text": HIDDEN, "_hidden": True}
        else:
            shown = redaction.request_body(bytes(proxied.body.data), texts(proxied.headers), is_cut=proxied.body.is_cut)
            text = post_text(shown.decode("utf-8", "surrogateescape"))
            if shown == HIDDEN.encode():
                text["_hidden"] = True
        request["postData"] = {"mimeType": kind, **text, **_cut(proxied.body.size, is_cut=proxied.body.is_cut)}
    return request


def _response(seen: ObservedExchange, redaction: Redaction) -> dict[str, Any]:
    proxied, exchange, hidden = seen.proxied, seen.exchange, seen.hides_bodies
    if exchange.response is not None:
        body = exchange.response.body
        is_cut = proxied.response.is_cut
        kept = HIDDEN.encode() if hidden and body else redaction.answer(body, is_login=seen.is_login, is_cut=is_cut)
        headers = tuple((name, redaction.header(name, value)) for name, value in exchange.response.headers)
        exchange = replace(exchange, response=replace(exchange.response, headers=headers, body=kept))
    entry = response_object(exchange, redaction.presenter, proxied.response.limit * 2)
    entry["bodySize"] = proxied.response.size
    entry["content"] |= _cut(proxied.response.size, is_cut=proxied.response.is_cut)
    if hidden and proxied.response.size:
        entry["content"]["_hidden"] = True
    entry["cookies"] = [] if exchange.response is None else _cookies(exchange.response)
    return entry


def _cookies(response: Response) -> list[dict[str, str]]:
    """Return the names of the cookies that a response sets."""
    pairs = (value.partition(";")[0] for name, value in response.headers if name.lower() == "set-cookie")
    return [{"name": name, "value": MASK} for pair in pairs for name in read_cookies(pair)]


def _cut(size: int, *, is_cut: bool) -> dict[str, Any]:
    return {"_cut": True, "comment": f"Only the beginning of {size:,} bytes is kept."} if is_cut else {}

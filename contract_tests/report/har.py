"""requests.har: every exchange of the run in HAR 1.2, for a browser's developer tools and for a replay.

Written by hand and not with the package harfile, which has no fields of one's own: a replay needs
who sent a request and in which situation. Those begin with `_`, as HAR wants it:

on an entry      `_role`, `_credential` (token, none, empty, wrong), `_situation`, `_purpose`, `_job_id`
on postData      `_base64` where the body is not text
on a response    `_fault` and `_error` where there is no response or one that breaks off; `_unreadable` if it is whole
on its content   `_cut` where only the beginning is kept
"""

import json
from base64 import b64encode
from http import HTTPStatus
from typing import Any, TextIO
from urllib.parse import parse_qsl, urlsplit

from contract_tests.model import Exchange, Report, Response
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import checked, verdict_sentence
from engine_contract.text.masking import is_structural, mask_text, show_header
from engine_contract.text.printable import timestamp
from engine_contract.version import kit_version

BODY_LIMIT = 1 << 20  # bytes of one body: a job of 2,000 tasks is whole
TOTAL_LIMIT = 32 << 20  # bytes of all bodies; once they are spent,
BRIEF_LIMIT = 16 << 10  # this is left for each
HEADER_LIMIT = 8 << 10  # characters
MARGIN = 8 << 10  # characters, more than a secret has: a secret is redacted whole before the cut


def write_har(report: Report, presenter: Presenter, file: TextIO) -> None:
    """Write requests.har, one exchange at a time: together they can be large."""
    head = {
        "version": "1.2",
        "creator": {"name": "check-engine", "version": kit_version()},
        "comment": verdict_sentence(report),
        "_engine": short_text(report.engine, presenter),
        "_checked": short_text(checked(report), presenter),
        "_seed": report.seed,
        "_tls_verified": report.tls_verified,
    }
    file.write('{"log": ' + json.dumps(head)[:-1] + ', "entries": [')
    left = TOTAL_LIMIT
    for number, exchange in enumerate(report.exchanges):
        limit = min(BODY_LIMIT, max(left, BRIEF_LIMIT))
        left -= min(limit, len(exchange.response.body) if exchange.response else 0)
        file.write((",\n" if number else "\n") + json.dumps(exchange_entry(exchange, presenter, limit)))
    file.write("\n]}}\n")


def exchange_entry(exchange: Exchange, presenter: Presenter, limit: int) -> dict[str, Any]:
    """Return an exchange as an entry of a HAR file; bodies are cut at the limit, in bytes."""
    caller = exchange.request.caller
    milliseconds = round(exchange.response.elapsed * 1000, 3) if exchange.response else 0
    return {
        "startedDateTime": timestamp(exchange.started_at),
        "time": milliseconds,
        "request": _request(exchange, presenter, limit),
        "response": response_object(exchange, presenter, limit),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_role": caller.role,
        "_credential": caller.kind,
        "_situation": short_text(exchange.situation, presenter),
        "_purpose": exchange.purpose.name,
        "_job_id": None if exchange.job_id is None else short_text(exchange.job_id, presenter),
    }


def _request(exchange: Exchange, presenter: Presenter, limit: int) -> dict[str, Any]:
    shown = presenter.request(exchange)
    url = short_text(shown.url, presenter)
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    request: dict[str, Any] = {
        "method": shown.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [pair(name, value, presenter) for name, value in shown.headers],
        "queryString": [pair(name, value, presenter) for name, value in query],
        "headersSize": -1,
        "bodySize": len(shown.body or b""),
    }
    if shown.body is not None:
        kept, cut = kept_body(shown.body, presenter, limit)
        mime_type = next((value for name, value in shown.headers if name.lower() == "content-type"), "")
        request["postData"] = {"mimeType": short_text(mime_type, presenter), **post_text(kept), **cut}
    return request


def post_text(kept: str) -> dict[str, Any]:
    """Return the posted data; HAR has no encoding for it, so bytes that are not text are added as base64."""
    if _is_text(kept):
        return {"text": kept}
    body = kept.encode("utf-8", "surrogateescape")
    return {"text": body.decode("utf-8", "replace"), "_base64": b64encode(body).decode()}


def response_object(exchange: Exchange, presenter: Presenter, limit: int) -> dict[str, Any]:
    """Return the `response` of an entry; bytes that are not text as base64."""
    response = exchange.response or Response(status=0)
    kept, cut = kept_body(response.body, presenter, limit)
    content: dict[str, Any] = {
        "size": len(response.body),
        "mimeType": short_text(response.header("Content-Type") or "x-unknown", presenter),
    }
    if _is_text(kept):
        content["text"] = kept
    else:
        content |= {"text": b64encode(kept.encode("utf-8", "surrogateescape")).decode(), "encoding": "base64"}
    return {
        "status": response.status,
        "statusText": _phrase(response.status),
        "httpVersion": "HTTP/1.1" if exchange.response else "",
        "cookies": [],
        "headers": [_answer_header(name, value, presenter) for name, value in response.headers],
        "content": content | cut,
        "redirectURL": short_text(response.header("Location") or "", presenter),
        "headersSize": -1,
        "bodySize": -1,
        **_error(exchange, presenter),
    }


def _error(exchange: Exchange, presenter: Presenter) -> dict[str, Any]:
    if exchange.fault:
        sentence = f"{exchange.fault}: {exchange.detail}" if exchange.detail else str(exchange.fault)
        return {"_fault": str(exchange.fault), "_error": short_text(sentence, presenter)}
    if exchange.response and exchange.response.broken_off:
        told = {"_unreadable": True} if exchange.response.is_unreadable else {}
        return {"_error": short_text(exchange.response.broken_off, presenter), **told}
    return {}


def _answer_header(name: str, value: str, presenter: Presenter) -> dict[str, str]:
    """Return a header of the response; credentials that an engine hands out are redacted."""
    return pair(name, show_header(name, value, presenter.redact), presenter)


def pair(name: str, value: str, presenter: Presenter) -> dict[str, str]:
    """Return a header or parameter, without secrets."""
    if is_structural(name, value):
        return {"name": name, "value": value}
    return {"name": short_text(name, presenter), "value": short_text(value, presenter)}


def short_text(text: str, presenter: Presenter) -> str:
    """Return the text without secrets, at most as long as a header may be, without halves of surrogate pairs."""
    return presenter.redact(text)[:HEADER_LIMIT].encode("utf-8", "backslashreplace").decode()


def kept_body(body: bytes, presenter: Presenter, limit: int) -> tuple[str, dict[str, Any]]:
    """Return the body without secrets, at most `limit` of it, other bytes than text escaped; and the note on a cut."""
    read = body[: limit + MARGIN]
    text = mask_text(presenter.redact(read.decode("utf-8", "surrogateescape"), is_cut=len(read) < len(body)))
    if len(body) <= limit:
        return text, {}
    note = f"Only the beginning of {len(body):,} bytes is kept."
    return text[: max(0, min(limit, len(text) - MARGIN))], {"_cut": True, "comment": note}


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

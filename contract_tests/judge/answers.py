"""One exchange against the rules: the response to a valid request, and the response to one that must be refused."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from contract_tests.judge.document import identity_flaw, judge_document, seen_fields
from contract_tests.model import Exchange, Finding, Judgement, Response
from engine_contract.contract import Operation
from engine_contract.http.content_encoding import unknown_coding
from engine_contract.http.media_types import codec_of, read_content_type
from engine_contract.http.strict_json import NotJson, TooMuchJson, is_json, read_json

SHOWN_BYTES = 64 * 1024
WITHOUT_BODY = frozenset({204, 205})


def judge_success(
    operation: Operation, exchange: Exchange, job_id: str | None = None, *, overlapping: bool = False
) -> list[Judgement]:
    """Judge the 2xx response to a valid request for `job_id`, None where it is not known which job was meant, if one.

    `overlapping`: other cancel requests were under way, so that another job's document is a break of
    `effects.overlap` and not of `effects.identity`.
    """
    response = exchange.response
    if response is None or not response.is_success:
        return []
    return of_ledger(operation, _success(operation, exchange, response, job_id, overlapping=overlapping))


def of_ledger(operation: Operation, judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements on rules that the operation's ledger has, with the ledger's ids in place of short ones."""
    if operation.is_contract:
        return list(judgements)
    ruled = ((item, operation.rule(item.rule)) for item in judgements)
    return [replace(item, rule=rule.id) for item, rule in ruled if rule is not None]


def _success(
    operation: Operation, exchange: Exchange, response: Response, job_id: str | None, *, overlapping: bool
) -> list[Judgement]:
    itself = "the document itself, as in the page's example"
    if operation.is_contract:
        itself = "the job itself, a JSON object as in the page's example"
    incomplete = _completeness_flaw(operation, response)
    judgements = [
        Judgement("transport.status", origin=response.origin),
        _judge(exchange, "transport.status.exact", _status_flaw(operation, response)),
        _judge(exchange, "transport.complete", incomplete),
    ]
    if incomplete is not None:
        return judgements
    if not response.body.strip():
        received = f"status {response.status} with an empty body"
        flaw = (received, itself)
        judgements.append(_judge(exchange, "response.document", flaw))
        if response.status not in WITHOUT_BODY:
            judgements.append(_judge(exchange, "transport.json", (received, "one JSON document")))
        return judgements
    judgements.append(_judge(exchange, "transport.content_type", _content_type_flaw(response)))
    try:
        document = read_json(response.body)
    except TooMuchJson:
        return judgements  # the page sets no bound
    except NotJson as error:
        flaw = (f"{_excerpt(response.body)}: {error}", "one JSON document, as in the page's example")
        return [*judgements, _judge(exchange, "transport.json", flaw)]
    judgements.append(Judgement("transport.json", origin=response.origin))
    judgements += _judge_fields(operation, exchange, document, is_redacted=response.is_redacted)
    if job_id is not None:
        rule_id = "effects.overlap" if overlapping else "effects.identity"
        judgements.append(_judge(exchange, rule_id, identity_flaw(document, job_id)))
    return judgements


def judge_refusal(
    operation: Operation, exchange: Exchange, rule_id: str, *, conclusive: bool = True
) -> list[Judgement]:
    """Judge the response to a request that `rule_id` says must be refused: a success breaks the rule.

    `conclusive=False`: the request may have been refused for another reason, so that a refusal
    does not show that the rule holds.
    """
    response = exchange.response
    if response is None:
        return []
    if response.is_success:
        received = f"status {response.status} to {exchange.situation}"
        rule = operation.rule(rule_id)
        documented = f"a refusal: {rule.title}" if rule else "a refusal"
        return of_ledger(operation, [finding(rule_id, received, documented, exchange)])
    flaw = None
    if not 400 <= response.status < 500:
        flaw = (f"status {response.status} to {exchange.situation}", "a refusal with a 4xx status")
    judgements = [_judge(exchange, "transport.refusal_status", flaw)]
    held = [Judgement(rule_id, origin=response.origin)] if conclusive else []
    return of_ledger(operation, [*held, *judgements])


def document_of(response: Response | None) -> Any:
    """Return the response's JSON document, None if it has none."""
    if response is None or response.broken_off:
        return None
    try:
        return read_json(response.body)
    except NotJson:
        return None


def page_of(response: Response | None) -> str:
    """Return where a redirect leads, without the query; empty for any other response."""
    if response is None or not 300 <= response.status < 400:
        return ""
    return (response.header("location") or "").strip().partition("?")[0]


_LOGIN = re.compile(r"log[-_]?[io]n|sign[-_]?in|\bsso\b|\bauth", re.IGNORECASE)


def leads_to_login(response: Response | None) -> bool:
    """Return whether a response is a redirect to a page that reads like a login."""
    return bool(_LOGIN.search(page_of(response)))


def holds_document(operation: Operation, response: Response | None) -> bool:
    """Return whether the response is a success with the documented document, flawed or not."""
    if response is None or not response.is_success:
        return False
    document = document_of(response)
    return document is not None and all(
        flaw.rule != "response.document" for flaw in judge_document(operation, document)
    )


def finding(rule_id: str, received: str, documented: str, exchange: Exchange | None = None) -> Judgement:
    """Return the judgement that a rule is broken."""
    return Judgement(rule_id, Finding(received, documented, None, _for_show(exchange)), origin_of(exchange))


MASKED = re.compile(r"[0-9a-fA-F]{16,}|\d+")


def look(exchange: Exchange) -> tuple[int | None, str]:
    """Return a response without what differs from request to request."""
    body = exchange.response.body[:2000].decode("utf-8", errors="replace") if exchange.response else ""
    if exchange.job_id:
        body = body.replace(exchange.job_id, "")
    return exchange.status, MASKED.sub("", body)


def form(exchange: Exchange) -> tuple[int | None, str, str]:
    """Return what all refusals of an engine have in common: status, content type and the names in the body."""
    response = exchange.response
    document = document_of(response)
    names = ",".join(sorted(document)) if isinstance(document, dict) else type(document).__name__
    return exchange.status, ((response and response.header("content-type")) or "").lower(), names


def origin_of(exchange: Exchange | None) -> tuple[tuple[str, str], ...] | None:
    """Return the headers of a response that distinguish replicas; None without a response."""
    return exchange.response.origin if exchange is not None and exchange.response is not None else None


def _for_show(exchange: Exchange | None) -> Exchange | None:
    """Cut a large response to its beginning, which is enough for a finding."""
    return exchange.cut(SHOWN_BYTES) if exchange else None


def _judge(exchange: Exchange, rule_id: str, flaw: tuple[str, str] | None) -> Judgement:
    if flaw is None:
        return Judgement(rule_id, origin=origin_of(exchange))
    return finding(rule_id, *flaw, exchange)


def _judge_fields(operation: Operation, exchange: Exchange, document: Any, *, is_redacted: bool) -> list[Judgement]:
    flaws = {flaw.rule: flaw for flaw in judge_document(operation, document, is_redacted=is_redacted)}
    broken = [
        Judgement(
            rule_id,
            Finding(flaw.received, flaw.documented, flaw.pointer, _for_show(exchange), flaw.more),
            origin_of(exchange),
        )
        for rule_id, flaw in flaws.items()
    ]
    if "response.document" in flaws:
        return broken
    seen = seen_fields(operation, document)
    origin = origin_of(exchange)
    ids = (rule.id.removeprefix(operation.rule_prefix) for rule in operation.response_rules if rule.field in seen)
    return broken + [Judgement(rule_id, origin=origin) for rule_id in ids if rule_id not in flaws]


def _status_flaw(operation: Operation, response: Response) -> tuple[str, str] | None:
    due = operation.response_status
    return None if response.status == due else (f"status {response.status}", f"status {due}")


def _completeness_flaw(operation: Operation, response: Response) -> tuple[str, str] | None:
    whole = "the whole canceled job" if operation.is_contract else "the whole answer"
    if response.broken_off is not None:
        return f"an answer that {response.flaw}", whole
    coding = unknown_coding(response.header("content-encoding") or "")
    if coding is None or is_json(response.body):
        return None
    return f"an answer that cannot be read: nobody knows its content encoding {coding[:40]}", whole


def _content_type_flaw(response: Response) -> tuple[str, str] | None:
    content_type = response.header("content-type")
    if content_type is None:
        return "no content type", "a JSON content type, such as application/json"
    if not read_content_type(content_type).is_json:
        return f"content type {content_type[:100]}", "a JSON content type, such as application/json"
    if _is_misread(response.body, content_type):
        return f"content type {content_type[:100]}, and a body in UTF-8", "the character set of the body, or none"
    return None


def _is_misread(body: bytes, content_type: str) -> bool:
    """Return whether a client that believes the content type's charset reads another text than the bytes hold."""
    codec = codec_of(read_content_type(content_type).charset or "utf-8")
    if codec is None:
        return False  # no client knows that name, so none believes it
    try:
        return body.decode(codec) != body.decode("utf-8")
    except UnicodeError:
        return bool(body.isascii())


def _excerpt(body: bytes) -> str:
    text = body[:120].decode("utf-8", errors="replace")
    return text + ("…" if len(body) > 120 else "")

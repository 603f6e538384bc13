"""The rules that an exchange of the mock broke, known from the fault that was in force.

The mock does not judge itself: it knows which fault was armed. A break that the exchange alone does not show, such as
a job that stays active, is left to the checks.
"""

import json
from collections.abc import Mapping
from typing import Any

from engine_contract.console import Finding
from engine_contract.contract import Operation
from mock_server.operations.exchange import Change
from mock_server.store.journal import Entry


def violations(entry: Entry, operation: Operation, changes: Mapping[str, Change]) -> tuple[Finding, ...]:
    """Return the rules of an operation that the exchange broke, one finding at most; `changes` are its faults by name."""
    change = None if entry.fault is None else changes.get(entry.fault)
    if change is None or change.rule is None:
        return ()
    short = change.rule.removeprefix(operation.rule_prefix)
    rule = operation.rule(short)
    if rule is None or not _shows(short, entry, operation):
        return ()
    return (Finding(rule, _received(short, change, entry), f"{rule.title}."),)


def _received(rule_id: str, change: Change, entry: Entry) -> str:
    sentence = f"{change.sentence[0].lower()}{change.sentence[1:].rstrip('.')}"
    if rule_id.startswith("response."):
        return sentence
    return f"{'no answer' if entry.wire == 'reset' else f'status {entry.status}'}: {sentence}"


def _shows(rule_id: str, entry: Entry, operation: Operation) -> bool:  # noqa: C901, PLR0911 - a line a kind
    """Return whether the exchange by itself shows that the rule was broken."""
    refused, success = entry.situation is not None, 200 <= entry.status < 300
    aspect, _, name = rule_id.partition(".")
    match rule_id:
        case "transport.refusal_status":
            return refused and not 400 <= entry.status < 500
        case "transport.status":
            return not refused and not success
        case "transport.status.exact":
            return not refused and success and entry.status != 200
        case "transport.complete" | "transport.stable":
            return entry.wire is not None or (not refused and not success)
        case "effects.identity" | "effects.overlap":
            return success and _identity(entry.answer_body) not in {None, entry.job_id}
        case "effects.methods":
            return success and entry.method != operation.method
        case "effects.canceled" | "request.json":
            return refused and entry.role in operation.roles and _sent_job_id(entry.body) is not None
        case "route.path":
            return refused and entry.path.endswith(operation.path) and entry.method == operation.method
    if aspect in {"response", "transport"}:
        return not refused
    if aspect == "roles":
        if name in operation.roles:
            return refused and entry.role == name
        return success and entry.role not in operation.roles
    if aspect == "request":
        return success and (bool(operation.rule_prefix) or _sent_job_id(entry.body) is None)
    return False


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _sent_job_id(body: bytes) -> str | None:
    value = _json(body)
    job_id = value.get("job_id") if isinstance(value, dict) else None
    return job_id if isinstance(job_id, str) and job_id else None


def _identity(body: bytes) -> str | None:
    # The journal may hold the beginning alone, and `_id` stands first.
    value = _json(body)
    if isinstance(value, dict):
        found = value.get("_id")
        return found if isinstance(found, str) else None
    start, quote, rest = body.partition(b'"_id":"')
    return rest.partition(b'"')[0].decode("utf-8", "replace") if quote and start == b"{" else None

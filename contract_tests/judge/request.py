"""Which rule on requests a request breaks."""

import json
from functools import cache
from itertools import islice
from typing import Any, cast
from urllib.parse import unquote

import jsonschema_rs

from contract_tests.judge.route import before_operation
from contract_tests.model import Request
from engine_contract.contract import Operation, Parameter
from engine_contract.contract.rule_ids import rule_id, words_of
from engine_contract.text.masking import MASK  # in a recording, it stands for any value

_READ = {"integer": int, "number": float}
_MOST_ERRORS = 2_000
"""Errors of one body that are looked at."""


def broken_rule(operation: Operation, request: Request) -> str | None:
    """Return the rule that a request breaks, without the operation's prefix; None for a valid one."""
    if operation.is_contract:
        return _rule_on_cancel(operation, request)
    broken = _rule_on_parameters(operation, request)
    return broken if broken is not None or not operation.takes_body else rule_broken_by(operation, request.body or b"")


def what_is_wrong(rule_id: str) -> str:
    """Return what a request that breaks a rule does, in words."""
    name, _, how = rule_id.removeprefix("request.").rpartition(".")
    match how:
        case "required":
            return f"{name} is missing"
        case "type":
            return f"{name} is of another type"
        case "location":
            return f"{name} is at another place"
    return "the body is not a JSON object"


def _rule_on_parameters(operation: Operation, request: Request) -> str | None:
    own = request.path[len(before_operation(operation, request.path) or "") :]
    in_path = operation.match(own) or {}
    in_query = dict(request.query)
    for parameter in operation.parameters:
        value = in_query.get(parameter.name)
        if parameter.place == "path":
            value = unquote(in_path.get(parameter.name, ""))
        elif value is None and parameter.required:
            return f"request.{parameter.name}.required"
        if value is not None and value != MASK and not can_be_read(parameter, value):
            return f"request.{parameter.name}.type"
    return None


def can_be_read(parameter: Parameter, value: str) -> bool:
    """Return whether a text in the URL can be a value of the parameter's type; of arrays and objects nothing is said."""
    wanted = parameter.schema.get("type")
    if wanted == "boolean":
        return value.lower() in {"true", "false", "0", "1"}
    if wanted not in _READ:
        return True
    try:
        _READ[wanted](value)
    except ValueError:
        return False
    return True


def rule_broken_by(operation: Operation, body: bytes) -> str | None:
    """Return the rule that a request's body breaks, without the operation's prefix; None for a valid one.

    Within the parameters only that counts which the ledger has a rule of: an example of a caller is a choice.
    """
    if not body.strip() and not operation.requires_body:
        return None
    document = _read(body)
    if document is _UNREADABLE:
        return "request.body"
    errors = islice(_validator(operation).iter_errors(document), _MOST_ERRORS)
    flaws = (flaw for error in errors if (flaw := _flaw(operation, error)) is not None)
    return min(flaws, default=(0, True, None))[2]


def _flaw(operation: Operation, error: jsonschema_rs.ValidationError) -> tuple[int, bool, str] | None:
    """Return how deep an error is, whether it is not of something that is missing, and the rule that it breaks."""
    kind, path, value = cast("Any", error.kind), list(error.instance_path), error.instance
    how = "empty" if value == "" and kind.name == "minLength" else kind.name
    if how == "type" and (value == MASK or ("integer" in kind.types and isinstance(value, float))):
        return None
    if how == "required":
        path.append(kind.property)
    elif how not in {"type", "empty"}:
        return None
    if not path:
        return 0, True, "request.body"
    rule = rule_id("request", *words_of(path, operation.request_schema), how)
    is_known = operation.rule(rule) is not None or (len(path) == 1 and how != "empty")
    return (len(path), how != "required", rule) if is_known else None


@cache
def _validator(operation: Operation) -> Any:
    return jsonschema_rs.Draft4Validator(dict(operation.request_schema))


def _rule_on_cancel(operation: Operation, request: Request) -> str | None:
    """Return the rule that a cancel breaks by its body or by the id in its query, None for a valid one."""
    body = request.body or b""
    broken = rule_broken_by(operation, body)
    in_query = any(name == "job_id" and value for name, value in request.query)
    if in_query and (not body.strip() or broken == "request.job_id.required"):
        return "request.job_id.location"
    return broken


_UNREADABLE = object()


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _no_constant(constant: str) -> None:
    raise ValueError(constant)

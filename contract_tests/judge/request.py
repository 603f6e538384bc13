"""Which rule on requests a request breaks."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from contract_tests.judge.route import before_operation
from contract_tests.model import Request
from engine_contract.contract import Operation, Parameter

_READ = {"integer": int, "number": float}
_TYPES = {
    "string": str,
    "object": dict,
    "array": list,
    "boolean": bool,
    "integer": (int, float),
    "number": (int, float),
}


def broken_rule(operation: Operation, request: Request) -> str | None:
    """Return the rule that a request breaks, without the operation's prefix; None for a valid one."""
    if operation.is_contract:
        return cancel_rule(request)
    broken = _rule_on_parameters(operation, request)
    return broken if broken is not None or not operation.takes_body else _rule_on_body(operation, request.body or b"")


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
        if value is not None and not can_be_read(parameter, value):
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


def _rule_on_body(operation: Operation, body: bytes) -> str | None:
    if not body.strip() and not operation.requires_body:
        return None
    document = _read(body)
    schema = operation.request_schema
    if schema.get("type") != "object":
        return None if document is not _UNREADABLE else "request.body"
    if not isinstance(document, Mapping):
        return "request.body"
    for name in schema.get("required", ()):
        if name not in document:
            return f"request.{name}.required"
    for name, below in schema.get("properties", {}).items():
        wanted = below.get("type") if isinstance(below, Mapping) else None
        if name in document and isinstance(wanted, str) and not _is_of_type(document[name], wanted):
            return f"request.{name}.type"
    return None


def _is_of_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return wanted not in _TYPES or isinstance(value, _TYPES[wanted])  # type: ignore[arg-type]  # types alone


def cancel_rule(request: Request) -> str | None:
    """Return the rule that a cancel breaks by its body or by the id in its query, None for a valid one."""
    broken = rule_broken_by(request.body or b"")
    in_query = any(name == "job_id" and value for name, value in request.query)
    if in_query and (not (request.body or b"").strip() or broken == "request.job_id.required"):
        return "request.job_id.location"
    return broken


def rule_broken_by(body: bytes) -> str | None:
    """Return the rule that a cancel's body breaks, None for a valid one."""
    document = _read(body)
    if not isinstance(document, dict):
        return "request.body"
    if "job_id" not in document:
        return "request.job_id.required"
    if not isinstance(document["job_id"], str):
        return "request.job_id.type"
    if not document["job_id"]:
        return "request.job_id.empty"
    return None


_UNREADABLE = object()


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _no_constant(constant: str) -> None:
    raise ValueError(constant)

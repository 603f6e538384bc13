"""Which rule on requests a request breaks."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from contract_tests.judge.route import before_operation
from contract_tests.model import Request
from engine_contract.contract import Operation, Parameter
from engine_contract.text.masking import MASK  # in a recording, it stands for any value

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
    """Return the rule that a request's body breaks, without the operation's prefix; None for a valid one."""
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
        flaw = _flaw(operation, name, document[name], below) if name in document else None
        if flaw is not None:
            return f"request.{name}.{flaw}"
    return None


def _flaw(operation: Operation, name: str, value: Any, schema: Any) -> str | None:
    wanted = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(wanted, str) and value != MASK and not _is_of_type(value, wanted):
        return "type"
    return "empty" if value == "" and operation.rule(f"request.{name}.empty") is not None else None


def _is_of_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return wanted not in _TYPES or isinstance(value, _TYPES[wanted])  # type: ignore[arg-type]  # types alone


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

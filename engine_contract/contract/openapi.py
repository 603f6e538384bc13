"""The OpenAPI document, and the one operation in it as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine_contract.contract.files import OPENAPI_PATH, load_yaml

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Contract:
    """The operation as the OpenAPI document describes it; schemas have their references resolved."""

    method: str
    path: str
    roles: tuple[str, ...]
    request_schema: Mapping[str, Any]
    request_example: Mapping[str, Any]
    response_schema: Mapping[str, Any]
    response_examples: Mapping[str, Any]
    """The named examples of the 200 response: name → document."""
    refusal_examples: Mapping[str, tuple[int, Any]]
    """The named examples of refusals (assumed): name → status and body."""


@cache
def load_openapi() -> dict[str, Any]:
    """Return the OpenAPI document as it stands in `openapi.yaml`. Shared: copy it before you change it."""
    document: dict[str, Any] = load_yaml(OPENAPI_PATH)
    return document


def _resolve(node: Any, document: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        target: Any = document
        for key in reference.removeprefix("#/").split("/"):
            target = target[key]
        return _resolve(target, document)
    return {key: _resolve(value, document) for key, value in node.items()}


@cache
def load_contract() -> Contract:
    """Return the operation `cancelJob`."""
    document = load_openapi()
    ((path, item),) = document["paths"].items()
    ((method, operation),) = item.items()
    operation = _resolve(operation, document)
    request = operation["requestBody"]["content"][JSON]
    response = operation["responses"]["200"]["content"][JSON]
    refusals = operation["responses"]["4XX"]["content"]["application/problem+json"]["examples"]
    return Contract(
        method=method.upper(),
        path=path,
        roles=tuple(operation["x-roles"]),
        request_schema=request["schema"],
        request_example=request["examples"]["page"]["value"],
        response_schema=response["schema"],
        response_examples={name: example["value"] for name, example in response["examples"].items()},
        refusal_examples={name: (entry["x-status"], entry["value"]) for name, entry in refusals.items()},
    )

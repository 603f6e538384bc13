"""The contract's own OpenAPI document, and the one operation in it."""

from functools import cache
from typing import Any

from engine_contract.contract.files import OPENAPI_PATH, load_yaml
from engine_contract.contract.ledger import load_rules
from engine_contract.contract.operation import Operation, operations_in


@cache
def load_openapi() -> dict[str, Any]:
    """Return the OpenAPI document as it stands in `openapi.yaml`. Shared: copy it before you change it."""
    document: dict[str, Any] = load_yaml(OPENAPI_PATH)
    return document


@cache
def load_contract() -> Operation:
    """Return the contract's own operation."""
    (operation,) = operations_in(load_openapi(), load_rules)
    return operation

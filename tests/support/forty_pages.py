"""The forty pages with which the reader of pages is tested, as operations, and the page's own request of each."""

import json
from pathlib import Path
from typing import Any

from engine_contract.contract import Operation
from engine_contract.pages import load_page, load_pages
from tests.support import ROOT

FOLDER = ROOT / "tests" / "engine_contract" / "contract" / "draft" / "pages"
_VALUES: dict[str, Any] = {"string": "abc", "integer": 3, "number": 3, "boolean": True, "array": ["a"], "object": {}}


def _is_page(page: Path) -> bool:
    try:
        load_page(page)
    except ValueError:
        return False
    return True


PAGES = tuple(page for page in sorted(FOLDER.glob("*.txt")) if _is_page(page))
OPERATIONS = load_pages(PAGES)
ROLES = sorted({role for operation in OPERATIONS for role in operation.roles})


def path_of(operation: Operation) -> str:
    """Return the path of the page's own request."""
    return operation.path_with({one.name: str(_value(one)) for one in operation.parameters_in("path")})


def query_of(operation: Operation) -> dict[str, str]:
    """Return the query of the page's own request."""
    return {one.name: _text(_value(one)) for one in operation.parameters_in("query")}


def body_of(operation: Operation) -> Any:
    """Return the body of the page's own request, None without one."""
    if not operation.takes_body:
        return None
    return {} if operation.request_example is None else operation.request_example


def _value(parameter: Any) -> Any:
    return _VALUES[str(parameter.schema.get("type", "string"))] if parameter.example is None else parameter.example


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)

"""The forty pages of the drafts' tests, all served by one mock."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from engine_contract.contract import Operation
from engine_contract.pages import load_page, load_pages
from mock_server import Settings
from mock_server.serving.in_process import running_mock
from tests.support import ROOT

FOLDER = ROOT / "tests" / "engine_contract" / "contract" / "draft" / "pages"
VALUES: dict[str, Any] = {"string": "abc", "integer": 3, "number": 3, "boolean": True, "array": ["a"], "object": {}}


def _is_page(page: Path) -> bool:
    try:
        load_page(page)
    except ValueError:
        return False
    return True


PAGES = tuple(page for page in sorted(FOLDER.glob("*.txt")) if _is_page(page))
OPERATIONS = load_pages(PAGES)
ROLES = sorted({role for operation in OPERATIONS for role in operation.roles})


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a mock that serves all pages."""
    with running_mock(Settings(pages=PAGES)) as mock, httpx.Client(base_url=mock.url) as client:
        yield client


def send(client: httpx.Client, operation: Operation, role: str | None) -> httpx.Response:
    """Send the page's own request as a role, or without a credential."""
    values: dict[str, Any] = {
        one.name: VALUES[str(one.schema.get("type", "string"))] if one.example is None else one.example
        for one in operation.parameters
    }
    query = {one.name: values[one.name] for one in operation.parameters_in("query")}
    body: dict[str, Any] = {}
    if operation.takes_body:
        body = {"json": {} if operation.request_example is None else operation.request_example}
    return client.request(
        operation.method,
        operation.path_with({one.name: str(values[one.name]) for one in operation.parameters_in("path")}),
        params={name: json.dumps(value) if isinstance(value, dict | bool) else value for name, value in query.items()},
        headers={} if role is None else {"Authorization": f"Bearer {role}"},
        **body,
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_page_is_served_to_its_roles_with_its_example(client: httpx.Client, operation: Operation) -> None:
    """The page's own request is answered to each role of the page with its example, and refused to all others."""
    assert send(client, operation, None).status_code == 401
    for role in ROLES:
        answer = send(client, operation, role)
        if operation.roles and role not in operation.roles:
            assert answer.status_code == 403, role
            continue
        assert answer.status_code == 200, answer.text
        if operation.response_schema:
            assert jsonschema_rs.Draft202012Validator(dict(operation.response_schema)).is_valid(answer.json())
        if operation.response_example is not None and all(one.example is not None for one in operation.parameters):
            assert answer.json() == operation.response_example

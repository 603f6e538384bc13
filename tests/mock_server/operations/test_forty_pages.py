"""The forty pages of the drafts' tests, all served by one mock."""

from collections.abc import Iterator

import httpx
import jsonschema_rs
import pytest

from engine_contract.contract import Operation
from mock_server import Settings
from mock_server.serving.in_process import running_mock
from tests.support.caller import PAGE_ID
from tests.support.forty_pages import OPERATIONS, PAGES, ROLES, body_of, path_of, query_of


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a mock that serves all pages."""
    with running_mock(Settings(pages=PAGES, contract_only=True)) as mock, httpx.Client(base_url=mock.url) as client:
        yield client


def send(client: httpx.Client, operation: Operation, role: str | None) -> httpx.Response:
    """Send the page's own request as a role, or without a credential."""
    return client.request(
        operation.method,
        path_of(operation),
        params=query_of(operation),
        headers={} if role is None else {"Authorization": f"Bearer {role}"},
        json=body_of(operation),
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


def test_companion_answers_where_a_page_describes_it() -> None:
    """The page checks, its roles among them, and the answer is the mock's own job."""
    (page,) = [path for path in PAGES if path.name == "getJobDetails.txt"]
    with running_mock(Settings(pages=(page,))) as mock, httpx.Client(base_url=mock.url, trust_env=False) as client:
        path = f"/workflow_engine/job/{PAGE_ID}/details"
        answers = [client.get(path, headers={"Authorization": f"Bearer {role}"}) for role in ("apiread", "operator")]
        assert [answer.status_code for answer in answers] == [200, 403]
        assert answers[0].json()["_id"] == PAGE_ID
        assert answers[0].headers["mock-companion"]
        assert client.get(f"{path}/", headers={"Authorization": "Bearer operator"}).status_code == 200

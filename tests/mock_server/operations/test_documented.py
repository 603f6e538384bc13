"""Operations of further pages: served from what their pages say, beside the contract's own."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from click.testing import CliRunner

from engine_contract.contract import Operation, load_contract
from engine_contract.pages import load_page
from mock_server import Settings, create_app, faults
from mock_server.cli import main
from mock_server.console_adapter.findings import violations
from mock_server.operations.documented import sample, with_ids
from mock_server.serving.in_process import running_mock
from mock_server.settings import SettingsError
from mock_server.store.journal import Entry
from tests.support import ROOT
from tests.support.caller import PAGE_ID, ROUTE

OTHER_ID = "0a1b2c3d4e5f4a6b8c9d0e1f"
TASKS = f"/workflow_engine/jobs/{OTHER_ID}/tasks"
NOTES = "/workflow_engine/notes"


def _page(route: str, roles: str, rows: str, asked: str, answer: str) -> str:
    heads = "DetailsExampleSchema\nName\nType\nRequired\nDescription\n"
    returned = "DetailsExampleSchema\nName\nType\nDescription\ndata\nobject\nThe answer.\nCopied to Clipboard\n"
    return (
        f"Summary\nDo it\nDescription\nDo it well.\nRoute\n{route}\nRoles\n{roles}\n"
        f"Parameters\n{heads}{rows}\nCopied to Clipboard\n{asked}\nReturn\n{returned}{answer}\n"
    )


PAGES = {
    "getTasks": _page(
        "GET /workflow_engine/jobs/:job_id/tasks",
        "admin\nauditor",
        "job_id\nstring\nyes\nThe job.\nlimit\ninteger\nyes\nHow many.",
        json.dumps({"job_id": PAGE_ID, "limit": 5}),
        json.dumps(
            {"job_id": PAGE_ID, "href": f"/jobs/{PAGE_ID}", "tasks": [{"name": "a", "of": PAGE_ID}], "total": 1}
        ),
    ),
    "addNote": _page(
        "POST /workflow_engine/notes",
        "engineering",
        "job_id\nstring\nyes\nThe job.\nnote\nstring\nyes\nThe text.\ncount\nnumber\nno\nHow often.",
        json.dumps({"job_id": PAGE_ID, "note": "asked the owner", "count": 2})
        + """
{"type": "object", "properties": {"watchers": {"type": "array", "items":
    {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}}}""",
        json.dumps({"_id": "5c1f0a2b3d4e5f6071829304", "job_id": PAGE_ID, "note": "asked the owner"}),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the two pages."""
    made = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (made / f"{name}.txt").write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """A mock with the two pages below a base path."""
    with running_mock(Settings(pages=(folder,), base_path="/iap")) as mock:
        yield mock.url


@pytest.fixture
def client(url: str, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client with a session of its own, as the role auditor."""
    headers = {"Mock-Session": request.node.name.partition("[")[0][-60:], "Authorization": "Bearer auditor"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        yield client


def _note(client: httpx.Client, *, role: str = "engineering", **options: Any) -> httpx.Response:
    options = options or {"json": {"job_id": OTHER_ID, "note": "n"}}
    headers = {"Authorization": f"Bearer {role}"} | options.pop("headers", {})
    return client.post(NOTES, headers=headers, **options)


def test_answer_is_the_pages_example_with_the_requests_ids(client: httpx.Client) -> None:
    """Ids of path and body stand where the page's own stood; everything else is the example."""
    answer = client.get(TASKS, params={"limit": 2})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    spaced = client.get(TASKS.replace(OTHER_ID, "a%20b%2F%2541"), params={"limit": 2})
    assert spaced.json()["job_id"] == "a b/%41"
    assert answer.json() == {
        "job_id": OTHER_ID,
        "href": f"/jobs/{PAGE_ID}",
        "tasks": [{"name": "a", "of": OTHER_ID}],
        "total": 1,
    }
    assert _note(client).json() == {"_id": "5c1f0a2b3d4e5f6071829304", "job_id": OTHER_ID, "note": "n"}


@pytest.mark.parametrize(
    ("role", "status", "says"),
    [
        ("admin", 200, ""),
        ("auditor", 200, ""),
        ("engineering", 403, "The role engineering may not call"),
        ("apiread", 403, "The role apiread may not call"),
        ("nobody", 401, "belongs to no role"),
        ("", 401, "no credential"),
    ],
)
def test_roles_of_all_pages_are_known_and_only_the_pages_own_may(url: str, role: str, status: int, says: str) -> None:
    """A role of another page is 403 with those that may, an unknown one 401."""
    headers = {"Authorization": f"Bearer {role}"} if role else {}
    answer = httpx.get(url + TASKS, params={"limit": 1}, headers=headers)
    assert answer.status_code == status
    assert says in answer.text
    assert ("admin, auditor may" in answer.text) == (status == 403)


def test_role_of_a_further_page_may_not_cancel(client: httpx.Client) -> None:
    """The contract's own operation knows the role, and refuses it."""
    answer = client.post(ROUTE, json={"job_id": PAGE_ID})
    assert (answer.status_code, answer.json()["situation"]) == (403, "other-role")


@pytest.mark.parametrize(
    ("query", "detail", "field"),
    [
        ("", "Missing Params: limit is required.", "limit"),
        ("limit=many", "limit is a string and must be an integer.", "limit"),
        ("limit=1.5", "limit is a number and must be an integer.", "limit"),
        ("limit=", "limit is empty.", "limit"),
        pytest.param(
            f"limit={'[' * 20_000}", "limit is a string and must be an integer.", "limit", id="nested too deep"
        ),
    ],
)
def test_query_is_checked_with_the_fields_name(client: httpx.Client, query: str, detail: str, field: str) -> None:
    """A missing or wrong query parameter is 400, and the reason names it."""
    answer = client.get(f"{TASKS}?{query}")
    assert (answer.status_code, answer.json()["detail"], answer.json()["field"]) == (400, detail, field)


@pytest.mark.parametrize(
    ("options", "status", "detail"),
    [
        ({"json": {"note": "n"}}, 400, "Missing Params: job_id is required."),
        ({"json": {"job_id": 5, "note": "n"}}, 400, "job_id is a number and must be a string."),
        ({"json": {"job_id": "j", "note": "n", "count": "2"}}, 400, "count is a string and must be a number."),
        ({"json": []}, 400, "The body is an array; a JSON object with job_id, note is required."),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "The body is not well-formed JSON"),
        ({"content": b""}, 400, "The body is empty; a JSON object with job_id, note is required."),
        ({"data": {"job_id": "j"}}, 415, "Content-Type must be application/json."),
        ({"json": {}, "headers": {"Accept": "text/html"}}, 406, "The answer is application/json"),
    ],
)
def test_body_is_checked_with_the_fields_name(
    client: httpx.Client, options: dict[str, Any], status: int, detail: str
) -> None:
    """A body that does not fit the page is refused, and the reason names what is wrong."""
    answer = _note(client, **options)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)


def test_other_paths_and_methods_are_404_and_405(client: httpx.Client, url: str) -> None:
    """A method that no page has at the path is 405 with those that are; the path is served below the base path alone."""
    answer = client.delete(TASKS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert client.get(f"{TASKS}/").status_code == 404
    assert client.get("/workflow_engine/jobs//tasks").status_code == 404
    outside = httpx.get(
        url.removesuffix("/iap") + TASKS, params={"limit": 1}, headers={"Authorization": "Bearer admin"}
    )
    assert outside.status_code == 404


def test_preferences_are_honoured(client: httpx.Client) -> None:
    """`Prefer` asks for a status, an example, a fault or a delay of this operation; what it does not have is a 400."""
    right = client.get(TASKS, params={"limit": 1}).json()

    def prefer(preference: str) -> httpx.Response:
        return client.get(TASKS, params={"limit": 1}, headers={"Prefer": preference})

    assert prefer("code=503").status_code == 503
    assert prefer("example=page").json() == right
    assert prefer("latency=1").headers["preference-applied"] == "latency=1"
    assert prefer("fault=null.total").json() == right | {"total": None}
    assert [prefer("fault=fails-one-of-three").status_code for _ in range(6)].count(500) == 2
    assert prefer("fault=does-not-cancel").status_code == 400
    assert "null.total" in prefer("fault=nope").json()["detail"]


def test_fault_from_the_start_may_be_one_of_a_page(folder: Path) -> None:
    """`--fault` takes the faults of all operations, and holds for those that have it."""
    with running_mock(Settings(pages=(folder,), fault="null.total")) as mock:
        answer = httpx.get(mock.url + TASKS, params={"limit": 1}, headers={"Authorization": "Bearer admin"})
        assert answer.json()["total"] is None
        cancel = httpx.post(mock.url + ROUTE, json={"job_id": PAGE_ID}, headers={"Authorization": "Bearer admin"})
        assert cancel.json()["_id"] == PAGE_ID


def test_behaviour_is_armed_for_one_operation(client: httpx.Client) -> None:
    """`operation` names whose requests are meant: a page's alone, and without it the contract's own alone."""
    client.headers["Authorization"] = "Bearer admin"
    control = str(client.base_url).removesuffix("/iap/") + "/_mock/behavior"

    def statuses() -> list[int]:
        asked = client.get(TASKS, params={"limit": 1}), _note(client), client.post(ROUTE, json={"job_id": "nope"})
        return [answer.status_code for answer in asked]

    name = load_names(client)["GET"]
    armed = client.put(control, json={"operation": name, "code": 503, "times": 2})
    assert armed.json() == {"operation": name, "code": 503, "times": 2}
    assert statuses() == [503, 200, 404]
    assert client.get("/nothing/there").status_code == 404
    assert statuses() == [503, 200, 404]
    assert statuses() == [200, 200, 404]
    client.put(control, json={"operation": "cancelJob", "code": 418})
    assert statuses() == [200, 200, 418]
    wrong = client.put(control, json={"operation": "nope", "code": 418})
    assert wrong.status_code == 400
    assert "operation 'nope': no such operation; there are cancelJob" in wrong.json()["detail"]
    unknown = client.put(control, json={"operation": name, "fault": "cancels-all"})
    assert "no such fault; there are" in unknown.json()["detail"]


def load_names(client: httpx.Client) -> dict[str, str]:
    """Return the names of the further operations, by method."""
    paths = client.get("/openapi.json").json()["paths"]
    return {
        method.upper(): one["operationId"] for path in paths for method, one in paths[path].items() if path != ROUTE
    }


def test_exchanges_stand_in_the_journal_of_their_session(client: httpx.Client) -> None:
    """The journal and the console show each exchange with role, status and the reason for a refusal."""
    base = str(client.base_url).removesuffix("/iap/")
    client.get(TASKS, params={"limit": 1})
    client.get(TASKS, params={"limit": 1}, headers={"Prefer": "fault=accepts-no-credential"})
    client.get(TASKS)
    entries = client.get(f"{base}/_mock/requests").json()["requests"]
    shown = [(entry["role"], entry["status"], entry["reason"]) for entry in entries]
    assert shown[0] == ("auditor", 200, None)
    assert shown[-1] == ("auditor", 400, "Missing Params: limit is required.")
    others = client.get(f"{base}/_mock/requests", headers={"Mock-Session": "another"}).json()["requests"]
    assert others == []


def _kept(folder: Path) -> Entry:
    """Return the journal's entry of a call with the fault `null.total`."""
    app = create_app(Settings(pages=(folder,)))

    async def entry() -> Entry:
        headers = {"Authorization": "Bearer admin", "Prefer": "fault=null.total"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:4010") as client:
            await client.get(TASKS, params={"limit": 1}, headers=headers)
        ((_, kept),) = await app.store.entries("", limit=9, since=0)
        return kept

    return asyncio.run(entry())


def test_body_that_is_nested_too_deep_is_a_finding_as_any_that_names_no_job(folder: Path) -> None:
    """The console reads bodies that strangers wrote: one that no parser reads does not break its journal."""
    changes = faults.catalogue()
    fault = next(name for name, change in changes.items() if change.rule == "request.body")
    entry = _kept(folder)._replace(fault=fault, status=200, situation=None, body=b"[" * 30_000)
    (found,) = violations(entry, load_contract(), changes)
    assert found.rule.id == "request.body"


def test_fault_of_a_page_is_a_finding_under_the_pages_rule(folder: Path) -> None:
    """The console names the rule of the page's own ledger."""
    operation = load_page(folder / "getTasks.txt")
    (found,) = violations(_kept(folder), operation, faults.documented(operation))
    assert (found.rule.id, found.received) == (f"{operation.name}/response.total", "total is null")


def test_pages_of_other_origins_may_call_as_they_may_cancel(client: httpx.Client) -> None:
    """CORS holds for the operations of further pages."""
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    preflight = client.options(TASKS, headers=headers)
    assert preflight.status_code == 204
    answer = client.get(TASKS, params={"limit": 1}, headers={"Origin": "http://localhost:3000"})
    assert preflight.headers["access-control-allow-origin"] == answer.headers["access-control-allow-origin"]


def test_openapi_document_has_the_further_operations(client: httpx.Client) -> None:
    """The served document describes each, with roles, parameters, body and examples, and is valid."""
    from openapi_spec_validator import validate

    document = client.get("/openapi.json").json()
    validate(document)
    operation = document["paths"]["/workflow_engine/jobs/{job_id}/tasks"]["get"]
    assert operation["x-roles"] == ["admin", "auditor"]
    assert [one["name"] for one in operation["parameters"]] == ["job_id", "limit"]
    assert document["paths"][NOTES]["post"]["requestBody"]["required"] is True
    assert ROUTE in document["paths"]


WATCHERS: list[Any] = [3, [4], [{}], [{"name": 5}]]
"""Not arrays of objects with a name that is a text."""


def _probes(client: httpx.Client, operation: Operation, fault: str | None) -> list[tuple[int, str, str]]:
    """What comes of right and wrong requests."""
    prefer = {} if fault is None else {"Prefer": f"fault={fault}"}
    seen = []
    for role, body in [
        *(
            (role, {"job_id": OTHER_ID, "note": "n"})
            for role in ("engineering", "apiread", "operator", "nobody", "", None)
        ),
        *(("engineering", body) for body in ({"note": "n"}, {"job_id": "j"}, {"job_id": 1, "note": "n"})),
        *(("engineering", {"job_id": "j", **rest}) for rest in ({"note": 2}, {"note": "n", "count": "2"})),
        *(("engineering", {"job_id": "j", "note": "of", "watchers": wrong}) for wrong in WATCHERS),
    ]:
        headers = prefer if role is None else prefer | {"Authorization": f"Bearer {role}".strip()}
        for _ in range(3 if role == "engineering" and body.get("note") == "n" else 1):
            try:
                answer = client.request(operation.method, operation.path, headers=headers, json=body)
                seen.append((answer.status_code, answer.headers.get("content-type", ""), answer.text))
            except httpx.HTTPError as error:
                seen.append((0, "", type(error).__name__))
    return seen


def test_each_fault_of_a_page_changes_an_answer(folder: Path, url: str) -> None:
    """The faults of roles, parameters, response and transport that the page's ledger allows are each to be seen."""
    operation = load_page(folder / "addNote.txt")
    changes = faults.documented(operation)
    rules = {change.rule for change in changes.values()}
    assert rules <= {rule.id for rule in operation.rules}
    assert {str(rule).removeprefix(operation.rule_prefix).partition(".")[0] for rule in rules} == {
        "roles",
        "request",
        "response",
        "transport",
    }
    with httpx.Client(base_url=url, timeout=0.5, trust_env=False, headers={"Mock-Session": "each"}) as client:
        right = _probes(client, operation, None)
        unseen = [name for name in changes if name != "dripped" and _probes(client, operation, name) == right]
    assert unseen == []


def _all_pages() -> list[Path]:
    """Return the pages of the drafts' oracle that a draft can be made of."""
    pages = []
    for page in sorted((ROOT / "tests/engine_contract/contract/draft/pages").glob("*.txt")):
        try:
            load_page(page)
        except ValueError:
            continue
        pages.append(page)
    return pages


def test_pages_of_all_renderings_are_served() -> None:
    """Each page is answered from its own example, which fits its schema, to a role that may; others get 401 and 403."""
    pages = _all_pages()
    assert len(pages) > 30
    operations = [load_page(page) for page in pages]
    app = create_app(Settings(pages=tuple(pages), contract_only=True))

    async def answers(operation: Operation) -> list[httpx.Response]:
        values = {one.name: sample(one.schema) if one.example is None else one.example for one in operation.parameters}
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
        query = {one.name: texts[one.name] for one in operation.parameters_in("query")}
        body = operation.request_example if operation.takes_body else None
        roles = ((operation.roles or ("admin",))[0], "operator", None)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:4010") as client:
            return [
                await client.request(
                    operation.method,
                    operation.path_with(texts),
                    params=query,
                    json=body,
                    headers={} if role is None else {"Authorization": f"Bearer {role}"},
                )
                for role in roles
            ]

    for operation in operations:
        right, other, none = asyncio.run(answers(operation))
        assert right.status_code == operation.response_status, (operation.name, right.text)
        if operation.response_examples and right.content:
            example = operation.response_example
            assert jsonschema_rs.is_valid(dict(operation.response_schema), example) == jsonschema_rs.is_valid(
                dict(operation.response_schema), right.json()
            ), operation.name
        assert other.status_code == (403 if operation.roles else right.status_code), operation.name
        assert none.status_code == 401, operation.name


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "cancelJob",
            (ROOT / "spec" / "cancelJob.txt").read_text(encoding="utf-8"),
            "POST /workflow_engine/cancelJob is served by",
        ),
        ("news", "Release notes\nMany.\n", "line 1"),
    ],
)
def test_page_that_cannot_be_served_is_refused_at_the_start(tmp_path: Path, name: str, text: str, says: str) -> None:
    """A page with the contract's own route, or one that is not a page, ends the command with one line that names the file."""
    page = tmp_path / f"{name}.txt"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"--page .*\.txt"):
        create_app(Settings(pages=(page,)))
    done = CliRunner().invoke(main, ["--page", str(page), "--port", "0"])
    assert done.exit_code == 2
    assert says in done.output
    assert str(page) in done.output


def test_finished_draft_beside_a_page_counts(tmp_path: Path) -> None:
    """Where NAME.openapi.yaml stands beside the page, what a person wrote there is served."""
    page = tmp_path / "addNote.txt"
    page.write_text(PAGES["addNote"], encoding="utf-8")
    document = {
        "paths": {
            NOTES: {
                "post": {
                    "operationId": "noteDown",
                    "x-roles": ["scribe"],
                    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "responses": {"204": {"description": "Noted."}},
                }
            }
        }
    }
    page.with_name("addNote.openapi.yaml").write_text(json.dumps(document), encoding="utf-8")
    with running_mock(Settings(pages=(page,))) as mock:
        answer = httpx.post(mock.url + NOTES, headers={"Authorization": "Bearer scribe"})
        assert (answer.status_code, answer.content) == (204, b"")


def test_ids_are_put_in_by_value_and_by_name() -> None:
    """A text of the page's request is replaced wherever it stands as a value or an id as a key; names of fields stay."""
    operation = Operation(
        name="x",
        method="POST",
        path="/x",
        request_examples={"page": {"ids": ["aaaa1", "aaaa2"], "kind": "a", "count": 2, "fields": ["done", "count"]}},
    )
    example = {"done": ["aaaa2"], "by": {"aaaa1": "a"}, "count": 2}
    values = {"ids": ["b1", "b2"], "kind": "z", "count": 9, "fields": ["other", "another"]}
    assert with_ids(example, operation, values) == {"done": ["b2"], "by": {"b1": "a"}, "count": 2}

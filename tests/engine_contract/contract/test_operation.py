"""An operation is read from any OpenAPI document and its ledger."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine_contract.contract import Operation, find_operation, load_contract, load_rules
from engine_contract.contract.ledger import parse_rules
from engine_contract.contract.operation import operations_in
from engine_contract.draft_cli import main
from engine_contract.pages import load_page, load_pages
from tests.engine_contract.contract.test_draft_pages import PAGE

LEDGER = {"rules": [{"id": "roles.none", "level": "implied", "title": "A request without a credential is refused"}]}


def document(method: str = "get", path: str = "/jobs/{id}", **described: Any) -> dict[str, Any]:
    """Return a document of one operation."""
    operation = {"operationId": "getJob", "responses": {"200": {"description": "The job"}}, **described}
    return {"openapi": "3.0.3", "paths": {path: {method: operation}}, "components": {"schemas": SCHEMAS}}


SCHEMAS: Mapping[str, Any] = {
    "Node": {
        "type": "object",
        "properties": {
            "$ref": {"type": "string"},
            "enum": {"$ref": "#/components/schemas/Name"},
            "next": {"$ref": "#/components/schemas/Node"},
        },
        "example": {"$ref": "a value, and not a reference"},
    },
    "Name": {"type": "string"},
}


def one(described: Mapping[str, Any], prefix: str = "") -> Operation:
    """Return the one operation of a document."""
    (operation,) = operations_in(described, lambda: parse_rules(LEDGER, prefix), prefix)
    return operation


def test_contract_operation_is_read_from_the_document_and_its_ledger() -> None:
    """The contract's own operation: route, roles, examples and rules without a prefix."""
    operation = load_contract()
    assert (operation.name, operation.route) == ("cancelJob", "POST /workflow_engine/cancelJob")
    assert operation.roles == ("admin", "engineering", "support", "apiwrite")
    assert operation.unlisted_roles == ("apiread", "operator")
    assert (operation.parameters, operation.takes_body, operation.requires_body) == ((), True, True)
    assert operation.request_example == {"job_id": "4321abcdef694aa79dae47ad"}
    assert list(operation.response_examples) == ["page", "sparse", "extended"]
    assert operation.rules == load_rules()
    assert operation.rule("roles.none") is not None


def test_operation_with_path_and_query_parameters_has_no_body() -> None:
    """A GET has its parameters with place, schema and example; what is not documented is open."""
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "example": "a1"},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "example": 5}},
        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
    ]
    operation = one(document(parameters=parameters), "getJob/")
    assert [(p.name, p.place, p.required, p.example) for p in operation.parameters] == [
        ("id", "path", True, "a1"),
        ("limit", "query", False, 5),
    ]
    assert (operation.takes_body, operation.request_schema, operation.request_example) == (False, {}, None)
    assert (operation.response_status, operation.response_schema, operation.roles) == (200, {}, ())
    assert [rule.id for rule in operation.rules] == ["getJob/roles.none"]
    assert [rule.aspect for rule in operation.rules] == ["roles"]
    assert operation.path_with({"id": "a%20b"}) == "/jobs/a%20b"


def test_delete_with_a_body_keeps_its_request_and_its_own_status() -> None:
    """A DELETE may have a body; the first 2xx is the documented status, any JSON content its document."""
    content = {"application/vnd.x+json": {"schema": {"type": "array"}, "example": ["a"]}}
    described = document(
        "delete", "/jobs", requestBody={"content": content}, responses={"201": {"content": content}, "default": {}}
    )
    operation = one(described)
    assert (operation.method, operation.takes_body, operation.requires_body) == ("DELETE", True, False)
    assert (operation.request_schema, operation.request_example) == ({"type": "array"}, ["a"])
    assert (operation.response_status, operation.response_example) == (201, ["a"])


def test_schema_that_refers_to_itself_is_open_where_it_does() -> None:
    """References are resolved, also below a property named like a keyword; values stay as they are."""
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}
    operation = one(document(responses={"200": {"content": media}}))
    assert operation.response_schema["properties"] == {
        "$ref": {"type": "string"},
        "enum": {"type": "string"},
        "next": {},
    }
    assert operation.response_schema["example"] == {"$ref": "a value, and not a reference"}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/jobs/a1", "getJob"),
        ("GET", "/jobs/all", "getAll"),
        ("GET", "/jobs/", None),
        ("GET", "/jobs/a/b", None),
        ("GET", "/jobs/a1x", "getJob"),
        ("POST", "/jobs/a1", None),
    ],
)
def test_find_operation_takes_the_template_with_the_fewest_parameters(method: str, path: str, name: str | None) -> None:
    """A literal path counts before a template; another method or another path is no operation."""
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    operations = [one(document(parameters=parameters)), one(document(path="/jobs/all", operationId="getAll"))]
    found = find_operation(operations, method, path)
    assert (None if found is None else found.name) == name
    assert operations[0].match("/jobs/a%2Fb") == {"id": "a%2Fb"}


def test_pages_in_a_folder_are_drafted_and_finished_drafts_count(tmp_path: Path) -> None:
    """A page is an operation as it is drafted; the two files beside it are read in its place."""
    page = tmp_path / "startJob.txt"
    page.write_text(str(PAGE), encoding="utf-8")
    (drafted,) = load_pages([tmp_path, page])
    assert (drafted.name, drafted.route, drafted.roles) == (
        "startJob",
        "POST /workflow_engine/startJob",
        ("admin", "apiwrite"),
    )
    assert {rule.id.partition("/")[0] for rule in drafted.rules} == {"startJob"}
    main.main([str(page)], standalone_mode=False)
    openapi = tmp_path / "startJob.openapi.yaml"
    openapi.write_text(openapi.read_text(encoding="utf-8").replace("/startJob:", "/startJob/{name}:"), encoding="utf-8")
    assert load_page(page).path == "/workflow_engine/startJob/{name}"


def test_pages_that_clash_are_refused_with_both_names(tmp_path: Path) -> None:
    """The contract's own route, a second page of one route, an empty folder and a broken draft are refused."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty: the folder holds no pages"):
        load_pages([tmp_path / "empty"])
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text(str(PAGE), encoding="utf-8")
    second.write_text(str(PAGE), encoding="utf-8")
    with pytest.raises(ValueError, match=r"b\.txt: POST /workflow_engine/startJob is served by .*a\.txt already"):
        load_pages([tmp_path])
    second.write_text(str(PAGE).replace("startJob", "cancelJob"), encoding="utf-8")
    with pytest.raises(ValueError, match="cancelJob is served by the contract already"):
        load_pages([second])
    (tmp_path / "a.rules.yaml").write_text("rules: [{}]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.rules\.yaml: are not .* \(KeyError: 'id'\)"):
        load_page(first)


@pytest.mark.parametrize(
    "path",
    [
        *(":46998/x", "@127.0.0.1:46998/x", ".evil.example/x", "x", "//evil.example/x", "/x?delete=1", "/x#y"),
        *("/a/../../secret", "/a/./b", "/a/%2e%2E/b", "/a b", "/a\n", "/a\\b", "https://evil.example/x"),
    ],
)
def test_path_that_leads_out_of_the_base_is_refused(path: str) -> None:
    """A path is put behind the engine's base: it names no other host, port, folder or query."""
    with pytest.raises(ValueError, match="below the engine's base"):
        one(document(path=path))


def test_path_parameter_without_a_description_is_required() -> None:
    """Each parameter of the path needs a value, whether the document describes it or not."""
    (parameter,) = one(document(path="/x/{zz}")).parameters_in("path")
    assert (parameter.name, parameter.required) == ("zz", True)


def _references(levels: int) -> dict[str, Any]:
    """Return schemas of which each refers twice to the next."""
    two = {f"s{n}": {"properties": {k: {"$ref": f"#/schemas/s{n + 1}"} for k in "ab"}} for n in range(levels)}
    return {**two, f"s{levels}": {}}


def test_document_without_end_is_refused() -> None:
    """References that lead back to themselves, or that double at each level, end with a sentence, and soon."""
    circle = document() | {"responses": {"x": {"$ref": "#/responses/y"}, "y": {"$ref": "#/responses/x"}}}
    circle["paths"] = {"/x": {"get": {"operationId": "x", "responses": {"200": {"$ref": "#/responses/x"}}}}}
    with pytest.raises(ValueError, match="leads back to itself"):
        one(circle)
    doubled = document() | {"schemas": _references(25)}
    doubled["paths"]["/more"] = {
        "get": {"responses": {"200": {"content": {"a": {"schema": {"$ref": "#/schemas/s0"}}}}}}
    }
    with pytest.raises(ValueError, match="parts once its references are resolved"):
        one(doubled)


def test_drafts_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    """Aliases that multiply, and thousands of levels, in the files beside a page."""
    page = tmp_path / "startJob.txt"
    page.write_text(str(PAGE), encoding="utf-8")
    main.main([str(page)], standalone_mode=False)
    openapi = tmp_path / "startJob.openapi.yaml"
    right = openapi.read_text(encoding="utf-8")
    aliases = "\n".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "  a0: &a0 [1]" for n in range(11))
    for more, says in ((f"x-a:\n{aliases}\n", "more than"), (f"x-a: {'[' * 5000}{']' * 5000}\n", "levels deep")):
        openapi.write_text(right + more, encoding="utf-8")
        with pytest.raises(ValueError, match=says):
            load_page(page)

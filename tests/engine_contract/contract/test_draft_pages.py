"""Other pages in the format of `cancelJob.txt`: what may vary, and what cannot be read."""

from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import validate

from engine_contract.contract.draft import Draft, PageError, draft
from engine_contract.contract.page import is_punctuation
from tests.engine_contract.contract.pages import PageText

PARAMETERS = """
    | Name | Type | Required | Description |
    | options | object | yes | Options of the job. |
    | name | string | no | Name of the job. |
"""

RETURN = """
    | Name | Type | Description |
    | job | object | Data from the job. |
"""

ANSWER = """{
  "_id": "4430ceadbd694aa79994ad47",
  "started": "2019-04-16T15:55:49.763Z"
}"""

PAGE = PageText(
    summary="Start a job",
    description="Start a job of a workflow.",
    route="POST /workflow_engine/startJob",
    roles="admin\napiwrite",
    parameters=PARAMETERS,
    request='{\n  "options": {"priority": 3, "ratio": 0.5},\n  "name": "Nightly"\n}',
    returned=RETURN,
    answer=ANSWER,
)

WORKFLOW_ROW = "| workflow | string | yes | Name of the workflow. |"

CELLS = """
    Name
    Type
    Required
    Description

    options
    object
    yes
    Options of the job.

    name
    string
    no
    Name of the job.
"""

SCHEMA = """{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "required": ["_id"],
  "properties": {
    "_id": {"type": "string", "minLength": 24},
    "started": {
      "type": ["string", "null"],
      "format": "date-time"
    },
    "tasks": {
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "properties": {"status": {"enum": ["complete", "running"]}}
      }
    }
  }
}"""

VARIED = {
    "as it is": PAGE,
    "no description": replace(PAGE, description=None),
    "two lines of description": replace(PAGE, description="Start a job.\nIt runs at once."),
    "roles empty": replace(PAGE, roles=""),
    "no roles": replace(PAGE, roles=None),
    "roles on one line": replace(PAGE, roles="admin, engineering support"),
    "a cell a line": replace(PAGE, parameters=CELLS),
    "a row for the head": replace(PAGE, parameters=PARAMETERS.replace("| options", "|---|---|---|---|\n| options")),
    "tight pipes": replace(PAGE, parameters=PARAMETERS.replace(" | ", "|")),
    "a path parameter": replace(
        PAGE, route="POST /workflow_engine/startJob/:workflow", parameters=f"{PARAMETERS}\n{WORKFLOW_ROW}"
    ),
    "no body": replace(
        PAGE,
        route="POST /workflow_engine/startJob/:workflow",
        parameters=f"| Name | Type | Required | Description |\n{WORKFLOW_ROW}",
        request=None,
    ),
    "no parameters": replace(PAGE, route="GET /workflow_engine/jobs", parameters=None, request=None),
    "parameters empty": replace(PAGE, parameters="", request=None),
    "parameters in the query": replace(PAGE, route="GET /workflow_engine/jobs"),
    "a schema after the answer": replace(PAGE, answer=f"{ANSWER}\n{SCHEMA}"),
    "a schema behind a button": replace(PAGE, answer=f"{ANSWER}\nCopied to Clipboard\n{SCHEMA}"),
    "an array": replace(
        PAGE,
        returned=RETURN.replace("| job | object", "| jobs | array"),
        answer='[\n  {"_id": "a", "n": 1},\n  {"_id": "b", "n": 1.5, "note": null}\n]',
    ),
    "an array of texts": replace(
        PAGE, returned=RETURN.replace("| job | object", "| jobs | array"), answer='[\n"a",\n"b"\n]'
    ),
    "an object of the table": replace(
        PAGE,
        returned="| Name | Type | Description |\n| job | object | The job. |\n| total | number | How many. |",
        answer='{\n"job": {"_id": "a"},\n"total": 3\n}',
    ),
    "a table without an answer": replace(PAGE, answer=None),
    "nothing returned": replace(PAGE, returned="", answer=None),
    "one line of JSON": replace(PAGE, request='{"options": {}, "name": "Nightly"}'),
}


@pytest.mark.parametrize("page", VARIED.values(), ids=VARIED.keys())
def test_every_variation_is_drafted(page: PageText) -> None:
    """The document is valid OpenAPI, each line of the page is furniture or quoted, and each id stands once."""
    content = str(page)
    drafted = draft(content)
    validate(drafted.openapi)
    said = {line.strip() for line in content.splitlines() if not is_punctuation(line.strip())}
    quoted = {quote for entry in drafted.rules["rules"] for quote in _quotes(entry)}
    assert said == quoted | set(drafted.rules["furniture"])
    ids = [entry["id"] for entry in drafted.rules["rules"]]
    assert len(ids) == len(set(ids))
    assert all(entry.get("quote") for entry in drafted.rules["rules"] if entry["level"] == "documented")
    assert all(entry.get("reason") for entry in drafted.rules["rules"] if entry["level"] == "implied")


@pytest.mark.parametrize("name", ["a cell a line", "a row for the head", "tight pipes", "as it is"])
def test_the_table_may_be_written_in_each_way(name: str) -> None:
    """Rows with pipes and cells on lines of their own give the same document."""
    drafted = draft(str(VARIED[name]))
    assert drafted.openapi == draft(str(PAGE)).openapi
    schema = drafted.openapi["components"]["schemas"]["StartJobRequest"]
    assert schema == {
        "type": "object",
        "required": ["options"],
        "properties": {
            "options": {
                "type": "object",
                "properties": {"priority": {"type": "integer"}, "ratio": {"type": "number"}},
                "description": "Options of the job.",
            },
            "name": {"type": "string", "description": "Name of the job."},
        },
    }


def test_roles() -> None:
    """Roles stand a line each or on one line; where the page lists none, everybody with a credential may."""
    one_line = draft(str(VARIED["roles on one line"]))
    assert _operation(one_line)["x-roles"] == ["admin", "engineering", "support"]
    assert {entry["quote"] for entry in one_line.rules["rules"] if entry["id"] == "roles.support"} == {
        "admin, engineering support"
    }
    for name, said, ids in (
        ("roles empty", "the page's section Roles is empty", ["roles.any", "roles.none", "roles.empty", "roles.wrong"]),
        ("no roles", "the page has no section Roles", []),
    ):
        drafted = draft(str(VARIED[name]))
        assert "x-roles" not in _operation(drafted)
        assert _operation(drafted)["x-guessed"] == f"every role may call it: {said}"
        assert [entry["id"] for entry in drafted.rules["rules"] if entry["id"].startswith("roles.")] == ids


def test_a_path_parameter() -> None:
    """It is listed in the table, stands in the path, and not in the body."""
    drafted = draft(str(VARIED["a path parameter"]))
    assert list(drafted.openapi["paths"]) == ["/workflow_engine/startJob/{workflow}"]
    assert _operation(drafted)["operationId"] == "startJob"
    assert _operation(drafted)["parameters"] == [
        {
            "name": "workflow",
            "in": "path",
            "required": True,
            "description": "Name of the workflow.",
            "schema": {"type": "string"},
        }
    ]
    assert list(drafted.openapi["components"]["schemas"]["StartJobRequest"]["properties"]) == ["options", "name"]
    ids = [entry["id"] for entry in drafted.rules["rules"]]
    assert "request.workflow.type" in ids
    assert "request.workflow.required" not in ids  # without it the path is another


@pytest.mark.parametrize("name", ["no body", "no parameters", "parameters empty", "parameters in the query"])
def test_no_body(name: str) -> None:
    """Where nothing travels in the body, none is asked for."""
    drafted = draft(str(VARIED[name]))
    assert "requestBody" not in _operation(drafted)
    assert "StartJobRequest" not in drafted.openapi["components"]["schemas"]
    assert "request.body" not in [entry["id"] for entry in drafted.rules["rules"]]


def test_parameters_of_a_get_are_in_the_query() -> None:
    """A GET has no body: its parameters are those of the query."""
    parameters = _operation(draft(str(VARIED["parameters in the query"])))["parameters"]
    assert [(entry["name"], entry["in"], entry["required"]) for entry in parameters] == [
        ("options", "query", True),
        ("name", "query", False),
    ]


@pytest.mark.parametrize("name", ["a schema after the answer", "a schema behind a button"])
def test_a_json_schema_decides(name: str) -> None:
    """A JSON Schema after the example is the schema, in the words of OpenAPI 3.0; its lines are quoted by place."""
    drafted = draft(str(VARIED[name]))
    assert drafted.openapi["components"]["schemas"]["StartJobResponse"] == {
        "type": "object",
        "required": ["_id"],
        "properties": {
            "_id": {"type": "string", "minLength": 24},
            "started": {"type": "string", "nullable": True, "format": "date-time"},
            "tasks": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"status": {"enum": ["complete", "running"]}},
                },
            },
        },
    }
    rules = {entry["id"]: entry for entry in drafted.rules["rules"]}
    assert rules["response.started"]["quote"] == [
        '"started": "2019-04-16T15:55:49.763Z"',
        '"started": {',
        '"type": ["string", "null"],',
        '"format": "date-time"',
    ]
    assert rules["response.tasks.entry"]["field"] == "tasks.*"


def test_an_array_is_returned() -> None:
    """The elements of an array are merged: what not all have is not required, and what some have as null is nullable."""
    drafted = draft(str(VARIED["an array"]))
    assert drafted.openapi["components"]["schemas"]["StartJobResponse"] == {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["_id", "n"],
            "properties": {"_id": {"type": "string"}, "n": {"type": "number"}, "note": {}},
        },
    }
    fields = [entry["field"] for entry in drafted.rules["rules"] if "field" in entry]
    assert fields == ["", "*", "*._id", "*.n", "*.note"]


def test_an_object_of_the_table_is_returned() -> None:
    """Where the example has the names of the table, they are its fields; where not, the example is the value itself."""
    schemas = draft(str(VARIED["an object of the table"])).openapi["components"]["schemas"]
    assert list(schemas["StartJobResponse"]["properties"]) == ["job", "total"]
    assert list(draft(str(PAGE)).openapi["components"]["schemas"]["StartJobResponse"]["properties"]) == [
        "_id",
        "started",
    ]


WRONG = [
    (replace(PAGE, summary=None), "}", "the page ends without the section Summary. A page has the sections Summary,"),
    (replace(PAGE, summary=""), "Summary", "the section Summary is empty. Allowed is a line of text."),
    (replace(PAGE, route=None), "}", "the page ends without the section Route. A page has the sections Summary,"),
    (
        replace(PAGE, route="FETCH /a"),
        "FETCH /a",
        "'FETCH /a' is not a route. Allowed is one line METHOD /path, METHOD",
    ),
    (replace(PAGE, route="POST jobs"), "POST jobs", "'POST jobs' is not a route"),
    (replace(PAGE, route=""), "Route", "the section Route is empty. Allowed is one line METHOD /path"),
    (replace(PAGE, route="POST /a\nPOST /b"), "POST /b", "this is a second route"),
    (
        replace(PAGE, roles="admin\n<b>"),
        "<b>",
        "'<b>' is not the name of a role. Allowed are names of roles, a role a line",
    ),
    (replace(PAGE, roles="admin admin"), "admin admin", "the role admin is listed twice"),
    (
        replace(PAGE, parameters=PARAMETERS.replace("object", "map")),
        "| options | map",
        "'map' is not a type. Allowed are string, number, integer, boolean, object, array.",
    ),
    (
        replace(PAGE, parameters=PARAMETERS.replace("| yes", "| maybe")),
        "| options |",
        "Required is 'maybe'. Allowed are yes, true, required, no, false, optional.",
    ),
    (
        replace(PAGE, parameters=PARAMETERS.replace("| yes ", "")),
        "| options |",
        "the row has 3 cells: options, object, Options of the job.. A row is | Name | Type | Required | Description |",
    ),
    (
        replace(PAGE, parameters=PARAMETERS.replace("Required", "Needed")),
        "| Name |",
        "Its columns must be Name, Type, Required, Description.",
    ),
    (
        replace(PAGE, parameters=PARAMETERS.replace("| name ", "| options ")),
        "| options | object",
        "options is in the table twice",
    ),
    (replace(PAGE, request='{\n"options": {},\n,}'), ",}", "Allowed is a key in quotes"),
    (replace(PAGE, request='{\n"name": Nightly\n}'), '"name": Nightly', "Allowed is a JSON value."),
    (replace(PAGE, request='{\n"name": "a",\n"name": "b"\n}'), '"name": "b"', "the object has the key 'name' twice"),
    (replace(PAGE, request='["a"]'), '["a"]', "the example is an array. Allowed is an object of the parameters."),
    (replace(PAGE, answer=f"{ANSWER}\nand more"), "and more", "'and more' follows the example"),
    (replace(PAGE, answer="{} and more"), "{} and more", "'and more' follows the JSON"),
    (
        replace(PAGE, answer=f'{ANSWER}\n{{"type": "object"}}\n{{"type": "array"}}'),
        '{"type": "array"}',
        "this is a second JSON Schema",
    ),
    (
        replace(PAGE, answer=f'{ANSWER}\n{{"type": "object",\n"oneOf": []}}'),
        '"oneOf": []',
        "oneOf is []. Allowed is an array of schemas.",
    ),
    (
        replace(PAGE, answer=f'{ANSWER}\n{{"type": "object",\n"properties": 5}}'),
        '"properties": 5',
        "properties is 5. Allowed is an object of schemas by name.",
    ),
    (replace(PAGE, answer='{"a": {"b": 1},'), '{"a"', "the page ends within JSON. Allowed is a key in quotes"),
    (
        replace(PAGE, route="GET /a/:id/b/:id"),
        "GET /a/",
        "id is twice in the path. Give each parameter a name of its own.",
    ),
]


@pytest.mark.parametrize(("page", "there", "message"), WRONG, ids=[message[:30] for _, _, message in WRONG])
def test_errors_name_the_line_and_what_is_allowed(page: PageText, there: str, message: str) -> None:
    """A page that cannot be read: which line, what stands there, what is allowed."""
    content = str(page)
    with pytest.raises(PageError) as caught:
        draft(content)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"line {caught.value.line}: ")
    assert content.splitlines()[caught.value.line - 1].strip().startswith(there)


def test_page_whose_json_is_nested_too_deep_is_refused() -> None:
    """A page is refused where Python's own stack would end."""
    with pytest.raises(PageError, match=r"nested too deep. Allowed are a hundred levels"):
        draft(str(replace(PAGE, answer=f"{'[' * 5000}{']' * 5000}")))
    assert draft(str(replace(PAGE, answer=f"{'[' * 100}{']' * 100}"))).rules


def test_what_stands_before_the_first_heading() -> None:
    """A page begins with a heading."""
    with pytest.raises(
        PageError, match=r"line 1: 'Home' comes before the first section. A page has the sections Summary,"
    ):
        draft(f"Home\n{PAGE}")


def _operation(drafted: Draft) -> dict[str, Any]:
    ((_, item),) = drafted.openapi["paths"].items()
    ((_, operation),) = item.items()
    return dict(operation)


def _quotes(entry: dict[str, Any]) -> list[str]:
    quote = entry.get("quote", [])
    return [quote] if isinstance(quote, str) else quote

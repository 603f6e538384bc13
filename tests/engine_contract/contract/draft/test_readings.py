"""How a page is read where the pages of such engines differ from one another: each reading on a page of its own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine_contract.contract.draft import Draft, PageError, draft
from engine_contract.contract.draft.notes import guesses, open_places
from engine_contract.contract.draft.page import HEADINGS as HEADING_WORDS
from engine_contract.text.unmarked import read_text
from tests.engine_contract.contract.pages import PageText

ROW = "| Name | Type | Required | Description |\n"
RETURN = "| Name | Type | Description |\n"

PAGE = PageText(
    summary="Update a group",
    description="Update a group of users.",
    route="PUT /groups/:id",
    roles="admin",
    parameters=f"{ROW}| id | string | yes | ID of the group. |\n| updates | object | yes | The updates. |",
    request='{"id": "5c1a", "updates": {"name": "Night shift", "members": ["5c1b"]}}',
    returned=f"{RETURN}| result | object | The group. |",
    answer='{"_id": "5c1a", "name": "Night shift"}',
)


def drafted(**changes: str | None) -> Draft:
    """Return the draft of the page with some parts of another text."""
    return draft(str(replace(PAGE, **changes)))


def operation(one: Draft) -> dict[str, Any]:
    """Return the one operation of a draft."""
    ((_, item),) = one.openapi["paths"].items()
    ((_, described),) = item.items()
    return dict(described)


def schema(one: Draft, name: str) -> dict[str, Any]:
    """Return the schema of the request or the response."""
    found = [below for key, below in one.openapi["components"]["schemas"].items() if key.endswith(name)]
    return dict(found[0])


def example(described: Mapping[str, Any]) -> Any:
    """Return the page's example of a body."""
    return described["content"]["application/json"]["examples"]["page"]["value"]


def answered(answer: str, returned: str = f"{RETURN}| result | object | The group. |") -> dict[str, Any]:
    """Return the schema of an answer that a page shows."""
    return schema(drafted(returned=returned, answer=answer), "Response")


# ── schemas of which the page holds a part ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"$ref": "#/definitions/group"}', {"x-open": "the page refers to #/definitions/group, and does not hold it"}),
        (
            '{"type": "object", "properties": {"a": {"$ref": "group.json"}}}',
            {
                "type": "object",
                "properties": {"a": {"x-open": "the page refers to group.json, and does not hold it"}},
            },
        ),
        (
            '{"definitions": {"a": {"type": "string"}}, "properties": {"b": {"$ref": "#/definitions/a"}}}',
            {"type": "object", "properties": {"b": {"type": "string"}}},
        ),
        (
            '{"properties": {"next": {"$ref": "#"}}}',
            {
                "type": "object",
                "properties": {
                    "next": {"type": "object", "properties": {"next": {"x-open": "# leads back to itself"}}}
                },
            },
        ),
        (
            '{"oneOf": [{"type": "object"}, {"$ref": "#/definitions/a"}]}',
            {"x-open": "oneOf is left out; the page refers to #/definitions/a, and does not hold it"},
        ),
        (
            '{"allOf": [{"$ref": "a"}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}]}',
            {"x-open": "allOf is left out; the page refers to a, and does not hold it"},
        ),
        (
            '{"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {}}, "required": ["b"]}]}',
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["b"]},
        ),
        ('{"anyOf": [{"type": "string"}, {"type": "null"}]}', {"type": "string", "nullable": True}),
        (
            '{"anyOf": [{"type": "string"}, {"type": "integer"}]}',
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        ('{"properties": {"a": true, "b": false}}', {"type": "object", "properties": {"a": {}, "b": {"not": {}}}}),
        ('{"type": "array"}', {"type": "array", "items": {}}),
        ('{"type": "array", "items": true}', {"type": "array", "items": {}}),
        ('{"type": ["string", "integer"]}', {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ('{"type": "object", "required": []}', {"type": "object"}),
        (
            '{"properties": {"a": {"type": "string", "required": true}}}',
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        ),
        (
            '{"type": "integer", "exclusiveMinimum": 3}',
            {"type": "integer", "minimum": 3, "x-open": "that the minimum itself is not allowed is left out"},
        ),
        (
            '{"type": "string", "pattern": "(?P<"}',
            {"type": "string", "x-open": "the keyword pattern is left out"},
        ),
        (
            '{"type": "object", "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": false}',
            {"type": "object", "additionalProperties": {"type": "string"}},
        ),
        (
            '{"type": "object", "patternProperties": {"^a": {"type": "string"}}}',
            {"type": "object", "additionalProperties": {"type": "string"}, "x-guessed": "all its keys fit its pattern"},
        ),
        (
            '{"type": "object", "patternProperties": {"^a": {}, "^b": {}}, "additionalProperties": false}',
            {"type": "object", "additionalProperties": True, "x-open": "the keyword patternProperties is left out"},
        ),
        ('{"type": "string", "if": {}}', {"type": "string", "x-open": "the keyword if is left out"}),
    ],
)
def test_json_schema_that_openapi_cannot_say_is_left_open_with_a_note(given: str, expected: dict[str, Any]) -> None:
    """A reference or choice that the page does not hold refuses no page: the place is open, and says why."""
    one = drafted(answer=f'{{"_id": "5c1a"}}\n{given}')
    assert schema(one, "Response") == expected


def test_schema_words_inside_an_example_are_an_example() -> None:
    """A form that holds a JSON Schema is a value, also at the top, where other keys stand beside the schema's."""
    inside = '{"_id": "5c1a", "schema": {"$schema": "http://json-schema.org/draft-07/schema#", "oneOf": [{}]}}'
    assert answered(inside)["properties"]["schema"]["type"] == "object"
    beside = '{"$schema": "x", "type": "object", "properties": {}, "created": "today"}'
    assert "created" in answered(beside)["properties"]
    before = '{"$schema": "x", "type": "object", "properties": {"a": {}}}\n{"type": "object"}'
    assert example(operation(drafted(answer=before))["responses"]["200"])["$schema"] == "x"


def test_json_schema_in_the_place_of_the_example_is_not_quoted_as_one() -> None:
    """A schema or null where the example should be is not an example: no rule speaks of one."""
    given = '{\n"type": "object",\n"properties": {"_id": {"type": "string"}}\n}'
    for answer in (given, f"{given}\n{given}", f"null\n{given}"):
        one = drafted(answer=answer)
        assert schema(one, "Response") == {"type": "object", "properties": {"_id": {"type": "string"}}}
        assert "examples" not in operation(one)["responses"]["200"]["content"]["application/json"]
        ids = [entry["id"] for entry in one.rules["rules"]]
        assert "transport.json" not in ids
        assert "answer: the page shows no example of the answer" in open_places(one.openapi)
    one = drafted(request='null\n{\n"properties": {"updates": {"type": "object"}}\n}')
    assert "request.json" not in {entry["id"] for entry in one.rules["rules"]}
    assert {"null", '"properties": {"updates": {"type": "object"}}'} <= set(one.rules["furniture"])


# ── renderings ──────────────────────────────────────────────────────────────────────────────────────

HEADINGS = re.compile("^(Summary|Description|Route|Roles|Parameters|Return)$", re.MULTILINE)


def _cells(text: str, written: Callable[[list[str]], str]) -> str:
    """Return a page whose rows have no bars."""
    return "\n".join(
        written(line.strip("| ").split(" | ")) if line.startswith("|") else line for line in text.split("\n")
    )


RENDERED: dict[str, Callable[[str], str]] = {
    "blanks in the tabs": lambda text: text.replace("Copied to", "Details Example Schema\n Copied to"),
    "bars in the tabs": lambda text: text.replace("Copied to", "| Details | Example | Schema |\n Copied to"),
    "Windows": lambda text: text.replace("\n", "\r\n"),
    "an old Mac": lambda text: text.replace("\n", "\r"),
    "a byte order mark": lambda text: f"\ufeff{text}",
    "tabs before each line": lambda text: text.replace("\n", "\n\t\t"),
    "tabs between cells": lambda text: "\n".join(
        "\t".join(line.strip("| ").split(" | ")) if line.startswith("|") else line for line in text.split("\n")
    ),
    "blanks that JSON does not know": lambda text: text.replace('": ', '":\u00a0'),
    "a ruler": lambda text: text.replace("Description |\n", "Description |\n---|:---:|---|---\n"),
    "JSON over many lines": lambda text: text.replace("{", "{\n").replace("}", "\n}"),
    "a table on one line": lambda text: text.replace(" |\n| ", " | | "),
    "rows over two lines": lambda text: text.replace(" | yes |", "\nyes |"),
    "a role with a mark": lambda text: text.replace("admin", "• admin"),
    "braces in the route": lambda text: text.replace(":id", "{id}"),
    "a wiki's headings": lambda text: HEADINGS.sub(r"## **\1**", text),
    "headings in capitals, with colons": lambda text: HEADINGS.sub(lambda found: f"{found[1].upper()}:", text),
    "headings with links": lambda text: HEADINGS.sub(r"\1 ¶", text),
    "headings that are underlined": lambda text: HEADINGS.sub(r"\1\n=======", text),
    "code and bold": lambda text: (
        text.replace("PUT /groups/:id", "`PUT /groups/:id`")
        .replace("| id | string | yes |", "| `id` | **string** | **Yes** |")
        .replace("| updates |", "| *updates* |")
        .replace("admin", "1. `admin`")
    ),
    "a star at what is required": lambda text: text.replace("| updates |", "| updates* |"),
    "a grid": lambda text: text.replace("| Name", "+----+----+\n| Name").replace(
        "Description |\n", "Description |\n+====+\n"
    ),
    "a grid's wrapped cells": lambda text: text.replace("ID of the group. |", "ID of |\n| | | | the group. |"),
    "fences": lambda text: text.replace("\nCopied to Clipboard\n{", "\n```json\n{").replace(
        "}\nReturn", "}\n```\nReturn"
    ),
    "blanks of no width": lambda text: text.replace("\nRoute", "\n\u200bRoute"),
    "drawn lines": lambda text: (
        text.replace("| Name", "┌──────┬──────┐\n| Name")
        .replace("Description |\n", "Description |\n├──────┼──────┤\n")
        .replace("|", "│")
    ),
    "a grid with a ruler after each row": lambda text: text.replace(
        "ID of the group. |\n", "ID of |\n| | | | the group. |\n|---|---|\n"
    ).replace(
        "| updates | object | yes | The updates. |", "| | | | The |\n| updates | object | yes | updates. |\n|---|---|"
    ),
    "Confluence": lambda text: (
        HEADINGS.sub(r"h2. {anchor:here}\1", text)
        .replace("| Name | Type | Required | Description |", "|| Name || Type || Required || Description ||")
        .replace("Copied to Clipboard", "{code:json}")
        .replace("PUT /groups/:id", "{{PUT /groups/:id}}")
    ),
    "AsciiDoc": lambda text: HEADINGS.sub(r"== \1", text).replace("Copied to Clipboard", "|===\n[source,json]"),
    "numbered headings": lambda text: HEADINGS.sub(r"2.1 \1", text),
    "front matter and a title": lambda text: f"---\ntitle: A page\n---\n# A page\n{text}",
    "blanks between cells": lambda text: _cells(
        text, lambda cells: f"   {cells[0]:<10}{cells[1]:<10}{cells[2]:<10}{''.join(cells[3:])}"
    ),
    "two blanks between cells": lambda text: _cells(text, "  ".join),
    "one blank between cells": lambda text: _cells(text, " ".join),
    "a wrapped cell far to the right": lambda text: _cells(text, "  ".join).replace(
        "of the group.", "\n" + " " * 20 + "of the group."
    ),
    "a wrapped row": lambda text: text.replace("ID of the group. |", "ID of\nthe group."),
    "a method on its own line": lambda text: text.replace("PUT /", "PUT\n/"),
    "a route with labels": lambda text: text.replace("PUT /", "Method: put\nPath: /"),
    "an empty cell for what is not required": lambda text: text.replace("| yes |", "| ✓ |"),
    "other words in the first row": lambda text: text.replace("| Name |", "| Parameter |").replace(
        "| Required |", "| Mandatory |"
    ),
    "another order of the columns": lambda text: (
        text.replace("| Name | Type | Required | Description |", "| Name | Description | Type | Required |")
        .replace("| string | yes | ID of the group. |", "| ID of the group. | string | yes |")
        .replace("| object | yes | The updates. |", "| The updates. | object | yes |")
    ),
    "pages of a PDF": lambda text: text.replace('"members"', '\n   7\n\n\f"members"') + "\n8\n\f",
    "a wrapped word": lambda text: _cells(text, " ".join).replace("of the group.", "of the\ngroup."),
    "the first of two examples named": lambda text: text.replace("Copied to Clipboard", "Example 1: both"),
}


@pytest.mark.parametrize("name", RENDERED)
def test_page_in_another_rendering_gives_the_same_document(name: str) -> None:
    """Line ends, marks, tabs and where the cells of a table stand do not matter."""
    assert draft(RENDERED[name](str(PAGE))).openapi == drafted().openapi


RENDERINGS = sorted((Path(__file__).parent / "renderings").glob("*.txt"))


@pytest.mark.parametrize("path", RENDERINGS, ids=lambda path: path.stem)
def test_page_that_a_tool_turned_into_text_is_read_as_a_person_reads_it(path: Path) -> None:
    """Browsers in a terminal and converters write tables in many ways; one has a cell that is empty in most rows."""
    one = draft(read_text(path))
    found = operation(one)
    assert list(one.openapi["paths"]) == ["/transformations/{id}/run"]
    assert (found["summary"], found["x-roles"]) == ("Run a transformation", ["apiwrite"])
    assert [(entry["name"], entry["description"]) for entry in found["parameters"]] == [
        ("id", "ID of the transformation.")
    ]
    body = schema(one, "Request")
    assert {name: below["type"] for name, below in body["properties"].items()} == {
        "incoming": "object",
        "dry_run": "boolean",
    }
    assert body["required"] == ["incoming"]
    assert body["properties"]["incoming"]["description"] == "What to transform, by the names of its inputs."
    assert body["properties"]["dry_run"]["description"].replace("Default: ", "") in {
        "Change nothing. false",
        "false Change nothing.",
    }
    assert example(found["requestBody"]) == {"incoming": {"vlan": 12, "hosts": ["a", "b"]}, "dry_run": False}
    assert example(found["responses"]["200"]) == {"outgoing": {"lines": ["vlan 12"]}}
    assert (
        schema(one, "Response")["properties"]["outgoing"]["description"] == "The outcome, by the names of its outputs."
    )


@pytest.mark.parametrize(
    "words",
    [
        ("Overview", "Details", "Endpoint", "Authorization", "Request", "Response"),
        ("Summary", "About", "Request", "Required Roles", "Request Parameters", "Returns"),
        ("Summary", "Description", "HTTP Request", "Permissions", "Request Body", "Output"),
        ("## SYNOPSIS", "## DESCRIPTION", "## URL", "## ACCESS", "## ARGUMENTS", "## RESULT"),
    ],
)
def test_sections_with_other_words_for_their_headings_are_read_with_a_note(words: tuple[str, ...]) -> None:
    """They count where the page does not have the format's own word for the section."""
    names = iter(words)
    one = draft(HEADINGS.sub(lambda _: next(names), str(PAGE)))
    others = [
        f"the section {word} is taken for " for word in words if word.strip("# ").capitalize() not in HEADING_WORDS
    ]
    notes = operation(one).pop("x-guessed").split("; ")
    assert [note.startswith(other) for note, other in zip(notes, others, strict=True)] == [True] * len(others)
    own = HEADINGS.sub(lambda found: f"**{found[1]}**", str(PAGE)).replace(
        "Update a group of", "Overview\nUpdate a group of"
    )
    assert operation(draft(own))["description"] == "Overview\nUpdate a group of users."


def test_column_beside_those_that_a_table_needs_stands_in_the_description() -> None:
    """A default, an example or a version is prose; where the columns stand does not matter."""
    head = "| Name | Type | Default | Required | Description | Since |\n"
    table = f"{head}| id | string | | yes | ID. | 2018.3 |\n| updates | object | {{}} | no | The updates. | |"
    for text in (table, table.replace("| |", "| - |").replace(" | ", "\t").replace("| ", "").replace(" |", "")):
        one = drafted(parameters=text)
        assert operation(one)["parameters"][0]["description"].startswith("ID. ")
        assert "Since: 2018.3" in operation(one)["parameters"][0]["description"]
        assert schema(one, "Request")["properties"]["updates"]["description"].startswith("The updates. Default: {}")
    cells = "Name\nType\nRequired\nDefault\nDescription\nid\nstring\nyes\nID.\nupdates\nobject\nno\n10\nThe updates."
    body = schema(drafted(parameters=cells), "Request")
    assert body["properties"]["updates"]["description"] == "The updates. Default: 10"


def test_required_in_the_table_of_what_is_returned_counts() -> None:
    """A field that the table says may be absent is not required, though the example shows it."""
    table = "| Name | Type | Required | Description |\n| a | string | no | A. |\n| b | string | yes | B. |\n| c | string | yes | C. |"
    assert answered('{"a": "1", "b": "2", "d": "3"}', table)["required"] == ["b", "c", "d"]


def test_first_of_several_examples_counts_with_a_note() -> None:
    """Further ones, with labels or without, are left out; a JSON Schema may stand between them."""
    given = '{"type": "object", "properties": {"_id": {"type": "string"}}}'
    first = '{"_id": "5c1a", "items": []}'
    for answer in (
        f'Example 1\n{first}\nExample 2: empty\n{{"items": [], "_id": null}}',
        f'{first}\n{{"items": ["a"], "_id": "b"}}',
        f'Example response\n{first}\nAnother example:\n{{"a": 1}}',
    ):
        one = drafted(answer=answer)
        assert example(operation(one)["responses"]["200"]) == {"_id": "5c1a", "items": []}
        assert "the page has 2 examples, of which this is the first" in " ".join(guesses(one.openapi))
    named = '{"type": "object", "_id": "group", "properties": {"_id": {"type": "string"}}}'
    assert schema(drafted(answer=f"{first}\n{named}"), "Response")["properties"] == {"_id": {"type": "string"}}
    one = drafted(answer=f"Example 1: a failed one\n{first}\n{given}\n{first}")
    assert schema(one, "Response") == {"type": "object", "properties": {"_id": {"type": "string"}}}
    one = drafted(request=f'{PAGE.request}\n{{"id": "x", "updates": {{}}}}')
    assert "request: the page has 2 examples, of which this is the first" in guesses(one.openapi)
    with pytest.raises(PageError, match="'Error response:' follows the example"):
        drafted(answer=f'{first}\nError response:\n{{"error": "no"}}')
    with pytest.raises(PageError, match="this is a second JSON Schema"):
        drafted(answer=f'{first}\n{given}\n{{"type": "array", "items": {{}}}}')


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ('// the group\n{ // here\n  "_id": "5c1a", /* its\n id */ "name": "Night shift"\n} // end', "comments"),
        ('{"_id": "5c1a", "name": "Night shift",}', "a comma behind its last value"),
        ("{“_id”: “5c1a”, “name”: “Night shift”}", "the quotation marks of a word processor"),
    ],
)
def test_example_that_is_almost_json_is_read_with_a_note(answer: str, note: str) -> None:
    """What people and programs add to JSON is left out; what could mean something else is refused."""
    one = drafted(answer=answer)
    assert example(operation(one)["responses"]["200"]) == {"_id": "5c1a", "name": "Night shift"}
    assert guesses(one.openapi)[-1].startswith(f"answer: its JSON has {note}, left out here")
    of_get = drafted(route="GET /groups/:id", request=answer)
    assert f"its JSON has {note}, left out here" in guesses(of_get.openapi)
    for broken in ('{"_id": "5c1a" /* open', '{"_id": 1,, "name": 2}', "{'_id': 1}", '{"tasks": {...}}', "{,}"):
        with pytest.raises(PageError, match=r"stands where JSON goes on otherwise|the page ends within JSON"):
            drafted(answer=broken)


@pytest.mark.parametrize(
    "rows",
    [
        "Name  Type  Required  Description\nid  string  yes  ID.\nupdates  map  yes  The updates.",  # not a type
        "Name Type Required Description\nid string perhaps ID.",
        "Name Type Required Description\nid string ID.\nupdates object yes The updates.",
        "Name Type Required Description\nid string yes ID of\nthe group, required",  # a row or a part of one
        "Name Type Required Description\nid string yes ID.\nThe updates.",
        f"{ROW}| id | string | yes | ID. |\nupdates map yes The updates.",
        f"{ROW}| id | string | no | ID. |\n| updates | object | | The updates. |",  # forgotten, where others say no
        "| Name | Type | Optional | Description |\n| id | string | yes | ID. |",
        "| Name | Type | Required | In | Description |\n| id | string | yes | path | ID. |",
        "| Name | Type | Description |\n| id | string | ID. |",
        f"{ROW}| the id | string | yes | ID. |",
    ],
)
def test_table_that_cannot_be_read_surely_is_refused(rows: str) -> None:
    """A row is never taken for a part of another, and no cell for one of another column."""
    with pytest.raises(PageError, match=r"^line \d+: .*\."):
        drafted(parameters=rows)


def test_body_of_a_get_is_refused() -> None:
    """Its parameters would be read as those of a query."""
    content = str(replace(PAGE, route="GET /groups/:id", request=None)).replace("\nParameters\n", "\nRequest Body\n")
    with pytest.raises(PageError, match=r"'Request Body' of a GET. Allowed is Parameters"):
        draft(content)


@pytest.mark.parametrize("said", ["Bearer token", "Requires the admin role", "workflow admin is required"])
def test_sentence_in_the_place_of_roles_is_refused(said: str) -> None:
    """Its words are not names of roles, also where the section is called Authorization."""
    with pytest.raises(PageError, match="is not the name of a role"):
        draft(str(replace(PAGE, roles=said)).replace("\nRoles\n", "\nAuthorization\n"))


def test_page_larger_than_what_a_page_has_is_bounded() -> None:
    """A route and a choice of schemas have bounds, so that reading takes linear time."""
    with pytest.raises(PageError, match="is not a route"):
        drafted(route=f"PUT /{'a/' * 1000}:id")
    parts = ", ".join(['{"type": "string"}'] * 101)
    assert schema(drafted(answer=f'{{"_id": 1}}\n{{"allOf": [{parts}]}}'), "Response") == {
        "x-open": "allOf is left out: it has more than 100 parts"
    }


@pytest.mark.parametrize(
    "said", ["This method has no parameters |", f"{ROW}| This method has no parameters | | | |", f"{ROW}None"]
)
def test_page_without_parameters_says_so_in_its_table(said: str) -> None:
    """A row that says that there are no parameters is not a parameter, and not a fault of the page."""
    one = drafted(route="GET /groups", parameters=said, request=None)
    assert "parameters" not in operation(one)
    assert "requestBody" not in operation(one)


def test_row_may_lack_its_description_and_hold_bars() -> None:
    """A row ends where its description would be; bars in a description are a part of it."""
    table = f"{ROW}| id | string | yes |\n| updates | object | yes | One | of two, or a \\| b. |"
    assert (
        schema(drafted(parameters=table), "Request")["properties"]["updates"]["description"]
        == "One | of two, or a | b."
    )


@pytest.mark.parametrize(
    ("said", "value", "expected"),
    [
        (
            "array of objects",
            '[{"a": 1}]',
            {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
        ),
        ("string[]", "null", {"type": "array", "items": {"type": "string"}}),
        ("Array&lt;int&gt;", "null", {"type": "array", "items": {"type": "integer"}}),
        ("string | ObjectId", '"5c1a"', {"type": "string"}),
        ("string/ObjectId", '"5c1a"', {"type": "string"}),
        ("`bool`", "true", {"type": "boolean"}),
        ("string or null", "null", {"type": "string", "nullable": True}),
        ("integer (1-5)", "3", {"type": "integer"}),
        ("string | array", '"5c1a"', {"x-open": "the table says string | array"}),
        ("enum (red, green)", '"red"', {"x-open": "the table says enum (red, green)"}),
    ],
)
def test_type_in_other_words_is_read_with_a_note(said: str, value: str, expected: dict[str, Any]) -> None:
    """Unions, lists, aliases: the type that all are, or none; in a row with bars or with tabs."""
    for row in (f"| updates | {said} | no | The updates. |", f"updates\t{said}\tno\tThe updates."):
        one = drafted(
            parameters=f"{ROW}| id | string | yes | ID. |\n{row}", request=f'{{"id": "a", "updates": {value}}}'
        )
        found = schema(one, "Request")["properties"]["updates"]
        note = found.pop("x-guessed", "")
        assert found == {**expected, "description": "The updates."}
        assert ("x-open" in expected) or note.endswith(
            f", where the table says {said.strip('`').replace('&lt;', '<').replace('&gt;', '>')}"
        )


def test_backslashes_of_a_wiki_are_not_part_of_a_name() -> None:
    """An export writes a backslash before what could be a mark."""
    one = drafted(
        route=r"PUT /user\_groups/:group\_id", parameters=rf"{ROW}| group\_id | string | yes | ID. |", request=None
    )
    assert list(one.openapi["paths"]) == ["/user_groups/{group_id}"]
    assert operation(one)["parameters"][0]["description"] == "ID."


def test_word_that_is_not_a_type_is_refused() -> None:
    """What no edition has is not guessed."""
    for said in ("file", "-", "null", "array of files", "string | blob"):
        with pytest.raises(PageError, match="is not a type"):
            drafted(parameters=f"{ROW}| id | {said} | yes | ID. |", request=None)


def test_rows_within_another_describe_its_value() -> None:
    """Dots and brackets lead into objects and the elements of arrays; such a row is not a parameter of its own."""
    rows = (
        "| updates | object | yes | The updates. |\n| updates.members | array of objects | no | Who. |\n"
        "| updates.members[].name | string | yes | Name. |\n| updates.at | object | no | Where. |\n| updates.at.x | number | yes | |"
    )
    one = drafted(
        parameters=f"{ROW}| id | string | yes | ID. |\n{rows}",
        request='{"id": "a", "updates": {"members": [{"name": "B"}]}}',
    )
    body = schema(one, "Request")
    assert set(body["properties"]) == {"updates"}
    inner = body["properties"]["updates"]["properties"]
    assert inner["members"]["items"] == {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "description": "Name."}},
    }
    assert inner["at"] == {
        "type": "object",
        "required": ["x"],
        "properties": {"x": {"type": "number"}},
        "description": "Where.",
    }
    quotes = next(entry["quote"] for entry in one.rules["rules"] if entry["id"] == "request.updates.type")
    assert "| updates.at.x | number | yes | |" in quotes
    with pytest.raises(PageError, match=r"'— a' is not the name of a parameter. Write .* outer\.inner"):
        drafted(parameters=f"{ROW}| updates | object | yes | The updates. |\n| — a | string | no | A. |")


@pytest.mark.parametrize("said", ["All", "any", "all roles", "admin and support", "Everyone"])
def test_words_for_everybody_are_not_names_of_roles(said: str) -> None:
    """Otherwise each role of the engine would be one that must be refused."""
    with pytest.raises(PageError, match="Where everybody may, the section is empty"):
        drafted(roles=said)


def test_heading_that_is_marked_up_does_not_leave_out_what_a_page_needs() -> None:
    """A description may have a line that looks like a heading."""
    one = drafted(description="Update a group.\n**Parameters**\nSee below.")
    assert "Parameters" in operation(one)["description"]


def test_table_without_its_heading_is_told() -> None:
    """Not that a role called `yes` is listed twice."""
    content = str(PAGE).replace("\nParameters\n", "\nNeeds\n")
    with pytest.raises(PageError, match="a table stands in the section Roles"):
        draft(content)


# ── what is returned ────────────────────────────────────────────────────────────────────────────────


def test_return_row_named_like_a_member_of_the_bare_answer_names_the_answer() -> None:
    """Where the types do not fit, the row's name is a coincidence; where they do, the value stands behind it."""
    bare = drafted(answer='{"result": "success", "count": 3}')
    assert schema(bare, "Response")["properties"]["result"] == {"type": "string"}
    assert guesses(bare.openapi) == ["answer: the answer is the bare value, and not an object with result"]
    wrapped = answered('{"result": {"_id": "5c1a"}}')
    assert wrapped["properties"]["result"]["properties"] == {"_id": {"type": "string"}}


def test_rule_ids_stand_once_whatever_the_page_calls_its_fields() -> None:
    """Fields and roles that are named as ids of other rules get ids of their own."""
    answer = '{"document": {"a.b": 1, "": 2, "*": 3, "entry": [{"entry": 1}]}, "x y": 1, "x_y": 2}'
    one = drafted(roles="none others admin", returned=f"{RETURN}| result | object | It. |", answer=answer)
    ids = [entry["id"] for entry in one.rules["rules"]]
    assert len(ids) == len(set(ids))
    by_id = {entry["id"]: entry for entry in one.rules["rules"]}
    assert by_id["roles.none"]["level"] == "implied"
    assert by_id["roles.none.2"]["title"] == "The role none may call groups"
    assert by_id["response.document"]["field"] == ""
    assert by_id["response.document.2"]["field"] == "document"
    assert {"response.x_y", "response.x_y.2"} <= by_id.keys()


def test_table_and_answer_that_disagree_are_noted() -> None:
    """The example is taken, and the note says what the table has."""
    one = drafted(answer="[]")
    assert schema(one, "Response")["type"] == "array"
    assert "answer: the table says an object, the page shows an array, which is taken" in guesses(one.openapi)


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────


def test_example_that_is_the_bare_value_of_the_one_parameter_is_the_body() -> None:
    """A page shows what is sent: wrapped in the parameter's name, or bare, which the draft says it guessed."""
    value = '{"name": "Night shift", "members": ["5c1b"]}'
    wrapped, bare = drafted(), drafted(request=value)
    inner = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "members": {"type": "array", "items": {"type": "string"}}},
        "description": "The updates.",
    }
    assert schema(wrapped, "Request") == {"type": "object", "required": ["updates"], "properties": {"updates": inner}}
    assert schema(bare, "Request") == inner
    assert example(operation(bare)["requestBody"]) == {"name": "Night shift", "members": ["5c1b"]}
    assert operation(bare)["requestBody"]["required"] is True
    assert "request: the body is the bare value of updates" in guesses(bare.openapi)
    listed = f"{ROW}| ids | array | yes | IDs. |"
    of_array = drafted(route="POST /groups/delete", parameters=listed, request='["5c1a", "5c1b"]')
    assert example(operation(of_array)["requestBody"]) == ["5c1a", "5c1b"]
    assert {"A body that is not a JSON array is refused"} <= {rule["title"] for rule in of_array.rules["rules"]}


def test_schema_that_wraps_the_parameter_wraps_its_bare_example() -> None:
    """Of a bare example and a schema that wraps the value, the schema counts; the example is put under the name."""
    given = '{"properties": {"updates": {"type": "object"}}, "required": ["updates"]}'
    one = drafted(request=f'{{"name": "Night shift"}}\n{given}')
    assert schema(one, "Request")["required"] == ["updates"]
    assert example(operation(one)["requestBody"]) == {"updates": {"name": "Night shift"}}
    why = "request: the page shows the bare value of updates, which its schema wants under that name"
    assert why in guesses(one.openapi)


def test_schema_of_an_empty_body_says_nothing_of_other_parameters() -> None:
    """Such pages show the schema of a body that is not there: it is not that of the path's parameter."""
    empty = '{"type": "object", "properties": {}, "required": [], "additionalProperties": false}'
    listed = f"{ROW}| id | string | yes | ID. |"
    for method in ("GET", "DELETE", "POST"):
        one = operation(drafted(route=f"{method} /groups/:id", parameters=listed, request=empty))
        assert "requestBody" not in one
        assert one["parameters"][0]["schema"] == {"type": "string"}


def test_parameter_whose_table_and_example_disagree_is_open() -> None:
    """No value of it is right or wrong for sure: its schema is open, its rule is assumed."""
    one = drafted(
        request='{"id": "5c1a", "updates": {"a": 1}, "other": 1}',
        parameters=f"{ROW}| updates | array | yes | U. |\n| id | string | yes | ID. |",
    )
    assert schema(one, "Request")["properties"]["updates"] == {
        "x-open": "the table says an array, the page shows an object",
        "description": "U.",
    }
    rules = {entry["id"]: entry for entry in one.rules["rules"]}
    assert rules["request.updates.type"]["level"] == "assumed"


def test_nested_keys_are_required_only_by_the_schema_of_the_page() -> None:
    """An example of a caller is a choice; the page's schema says what must be there."""
    given = '{"properties": {"updates": {"properties": {"name": {"type": "string"}}, "required": ["name"]}}}'
    assert "required" not in schema(drafted(), "Request")["properties"]["updates"]
    assert schema(drafted(request=f"{PAGE.request}\n{given}"), "Request")["properties"]["updates"]["required"] == [
        "name"
    ]
    bare = '{"properties": {"name": {"type": "string"}}, "required": ["name"]}'
    assert schema(drafted(request=f"{PAGE.request}\n{bare}"), "Request")["properties"]["updates"]["required"] == [
        "name"
    ]


def test_rules_of_a_request_speak_of_every_depth_that_its_page_speaks_of() -> None:
    """Each quotes the lines of the JSON Schema or the row that says it; what only the example shows has no rule."""
    given = """{
      "properties": {
        "name": {"type": "string"},
        "tasks": {
          "type": "object",
          "additionalProperties": {"type": "object", "properties": {"x y": {"type": "number"}}, "required": ["x y"]}
        }
      },
      "required": ["name"]
    }"""
    request = '{"name": "Night shift", "free": {"of": 1}}'
    one = drafted(request=f"{request}\n{given}")  # both of the bare value of updates
    rules = {entry["id"]: entry for entry in one.rules["rules"] if entry["id"].startswith("request.")}
    assert {"request.name.required", "request.name.type", "request.tasks.entry.x_y.required"} <= rules.keys()
    assert rules["request.tasks.entry.x_y.required"]["title"] == "tasks.entry without x y is refused"
    assert not any("free" in name for name in rules)
    assert rules["request.name.type"]["quote"] == '"name": {"type": "string"},'
    table = f"{ROW}| id | string | yes | ID. |\n| updates | object | yes | U. |\n| updates.at.x | number | yes | X. |"
    within = drafted(parameters=table, request='{"id": "5c1a", "updates": {"at": {"x": 1, "y": 2}}}')
    found = {entry["id"]: entry for entry in within.rules["rules"]}
    assert "| updates.at.x | number | yes | X. |" in found["request.updates.at.x.required"]["quote"]
    assert "request.updates.at.y.type" not in found


def test_delete_has_a_body_if_the_page_shows_one() -> None:
    """Ids in a JSON text travel in the body; without a text they are in the query, and path parameters are neither."""
    listed = f"{ROW}| ids | array | yes | IDs of the groups. |"
    shown = drafted(route="DELETE /groups", parameters=listed, request='{"ids": ["5c1a"]}')
    assert schema(shown, "Request")["properties"]["ids"]["items"] == {"type": "string"}
    assert "request: a DELETE has a body here, since the page shows one" in guesses(shown.openapi)
    unshown = operation(drafted(route="DELETE /groups", parameters=listed, request=None))
    assert [(entry["in"], entry["schema"]) for entry in unshown["parameters"]] == [
        ("query", {"type": "array", "items": {}})
    ]
    in_path = f"{ROW}| id | string | yes | ID. |"
    for request in ('{"id": "5c1a"}', '"5c1a"'):
        one = operation(drafted(route="DELETE /groups/:id", parameters=in_path, request=request))
        assert "requestBody" not in one
        assert one["parameters"][0]["example"] == "5c1a"


def test_parameters_of_a_get_keep_their_examples_and_schemas() -> None:
    """The query's parameters have the values that the page shows, and what its schema says of them."""
    listed = f"{ROW}| limit | number | no | How many. |\n| names | array | no | Names. |"
    given = '{"properties": {"limit": {"type": "integer", "minimum": 1}}}'
    one = drafted(route="GET /groups", parameters=listed, request=f'{{"limit": 5, "names": ["a"]}}\n{given}')
    assert [(entry["schema"], entry["example"]) for entry in operation(one)["parameters"]] == [
        ({"type": "integer", "minimum": 1}, 5),
        ({"type": "array", "items": {"type": "string"}}, ["a"]),
    ]
    misfit = drafted(route="GET /groups", parameters=listed, request=f'{{"limit": 0}}\n{given}')
    assert any(
        note.startswith("parameter limit: the page's example does not fit: ") for note in guesses(misfit.openapi)
    )


def test_example_that_does_not_fit_the_schema_of_the_page_says_why() -> None:
    """A page that contradicts itself is drafted; the example bears the reason."""
    one = drafted(answer='{"_id": 5}\n{"properties": {"_id": {"type": "string"}}}')
    assert (
        guesses(one.openapi)[-1] == 'example of the answer: it does not fit the schema: _id: 5 is not of type "string"'
    )


# ── maps ────────────────────────────────────────────────────────────────────────────────────────────

TASK = '{"name": "Begin", "status": "complete", "x": 0.5}'


@pytest.mark.parametrize(
    ("tasks", "is_map"),
    [
        (f'{{"start": {TASK}, "end": {TASK}}}', True),  # any keys, the same shape, a plural
        ('{"begin": {"name": "begin"}, "3f": {"name": "Approve"}}', True),
        ('{"begin": {"name": "begin"}, "end": {"name": "end"}, "odd": {"name": "Other", "more": 1}}', True),
        (f'{{"start": {TASK}, "end": {TASK}, "odd": {{"other": 1, "keys": 2}}}}', True),
        (f'{{"start": {TASK}, "end": {TASK}, "odd": null}}', True),
        (f'{{"start": {TASK}, "end": {TASK}, "count": 2}}', True),
        ('{"first": {"a": 1, "b": 2}, "second": {"c": 1, "d": 2}}', False),
        ('{"b64": "QQ==", "name": "a", "type": "text"}', False),
        ('{"owner": "a", "start_time": 1, "app": {"id": "a"}}', False),
    ],
)
def test_map_is_recognised_also_when_one_element_differs(tasks: str, is_map: bool) -> None:  # noqa: FBT001
    """Tasks are keyed by anything; one that differs in shape, name or type changes nothing."""
    found = answered(f'{{"tasks": {tasks}}}')["properties"]["tasks"]
    assert ("additionalProperties" in found) == is_map
    assert ("properties" in found) != is_map


def test_entries_of_a_map_are_described_together() -> None:
    """What all have is required, what some have is known; an entry of another type is allowed beside them."""
    found = answered(f'{{"tasks": {{"a": {TASK}, "b": {{"name": "B", "status": "x"}}, "c": "none"}}}}')
    entry = found["properties"]["tasks"]["additionalProperties"]["anyOf"]
    assert entry[0]["required"] == ["name", "status"]
    assert set(entry[0]["properties"]) == {"name", "status", "x"}
    assert entry[1] == {"type": "string"}


def test_operation_has_the_name_of_its_page_or_of_its_path() -> None:
    """Paths of several pages end alike, names of files in a folder differ; one that is not fit for an id is not taken."""
    for name, expected in (("updateGroup", "updateGroup"), ("", "groups"), ("a page", "groups"), ("v1.2", "groups")):
        assert operation(draft(str(PAGE), name))["operationId"] == expected

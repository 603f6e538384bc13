"""The OpenAPI document of a page's operation."""

from typing import Any

import jsonschema_rs

from engine_contract.contract.draft.block import Block
from engine_contract.contract.draft.notes import GUESSED, OPEN, noted
from engine_contract.contract.draft.page import Page
from engine_contract.contract.draft.request import Request
from engine_contract.contract.draft.response import response_schema, with_notes
from engine_contract.contract.draft.schema import Schema
from engine_contract.contract.operation import JSON, json_schema


def draft_openapi(page: Page) -> dict[str, Any]:
    """Return the document, for a person to finish: it has no security, and its refusals are open."""
    operation: dict[str, Any] = {
        "tags": [page.path.split("/")[1] or page.name],
        "operationId": page.name,
        "summary": " ".join(line.text for line in page.summary),
        "description": "\n".join(line.text for line in page.description or page.summary),
    }
    if page.roles:
        operation["x-roles"] = [role for role, _ in page.roles]
    else:
        why = "the page's section Roles is empty" if page.has_empty_roles else "the page has no section Roles"
        operation = noted(operation, GUESSED, f"every role may call it: {why}")
    request = Request(page)
    for note in (*page.notes, *(() if request.has_body else page.parameters.notes)):
        operation = noted(operation, GUESSED, note)
    if parameters := _parameters(page, request):
        operation["parameters"] = parameters
    schemas: dict[str, Schema] = {}
    name = page.name[:1].upper() + page.name[1:]
    if (schema := request.body_schema) is not None:
        schemas[f"{name}Request"] = schema
        content = _content(f"{name}Request", schema, "The page's example", request.body)
        operation["requestBody"] = request.with_notes({"required": request.requires_body, "content": content})
    operation["responses"] = {"200": with_notes({"description": _returns(page.returned)}, page.returned)}
    operation["responses"]["default"] = _undocumented()
    example = None if page.returned.example is None else page.returned.example.value
    if (schema := response_schema(page.returned)) is not None:
        schemas[f"{name}Response"] = schema
        content = _content(f"{name}Response", schema, "The page's example, verbatim", example)
        operation["responses"]["200"]["content"] = content
    if example is None:
        answer = operation["responses"]["200"]
        operation["responses"]["200"] = noted(answer, OPEN, "the page shows no example of the answer")
    return {
        "openapi": "3.0.3",
        "info": {"title": page.name, "version": "1"},
        "servers": [{"url": "/"}],
        "tags": [{"name": operation["tags"][0]}],
        "paths": {page.path: {page.method.lower(): operation}},
        "components": {"schemas": schemas},
    }


def _parameters(page: Page, request: Request) -> list[dict[str, Any]]:
    listed = {row.name: row for row in page.parameters.rows}
    found: list[dict[str, Any]] = []
    for name in (*page.path_parameters, *(row.name for row in request.query_rows)):
        is_in_path = name in page.path_parameters
        entry: dict[str, Any] = {"name": name, "in": "path" if is_in_path else "query"}
        entry["required"] = is_in_path or bool(listed[name].required)
        schema: Schema = {"type": "string"}
        if name in listed:
            schema = request.schema_of(listed[name])
            schema.pop("description", None)
            if listed[name].description:
                entry["description"] = listed[name].description
        else:
            entry = noted(entry, GUESSED, "the table does not list it, a string")
        entry["schema"] = schema
        node = request.node(name)
        if node is not None and node.value is not None:
            entry["example"] = node.value
            if why := _misfit(schema, node.value):
                entry = noted(entry, GUESSED, f"the page's example does not fit: {why}")
        found.append(entry)
    return found


def _content(name: str, schema: Schema, summary: str, example: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if example is not None:
        shown: dict[str, Any] = {"summary": summary, "value": example}
        if why := _misfit(schema, example):
            shown = noted(shown, GUESSED, f"it does not fit the schema: {why}")
        content["examples"] = {"page": shown}
    return {JSON: content}


def _misfit(schema: Schema, value: Any) -> str | None:
    """Return why an example of the page does not fit what else the page says of it, None if it does."""
    validator = jsonschema_rs.Draft4Validator(json_schema(schema))
    error = next(iter(validator.iter_errors(value)), None)
    if error is None:
        return None
    place = ".".join(map(str, error.instance_path))
    return f"{place}: {error.message}" if place else str(error.message)


def _returns(block: Block) -> str:
    said = [row.description for row in block.rows if row.description]
    return " ".join(said) if said else "What is returned is not described."


def _undocumented() -> dict[str, Any]:
    return {
        "description": "**Not documented.** Any other answer, such as a refusal.",
        "content": {"*/*": {"schema": {}}},
    }

"""The OpenAPI document of a page's operation."""

from typing import Any

from engine_contract.contract.draft.block import Block, Row
from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.page import Page
from engine_contract.contract.draft.schema import Schema, from_json_schema, infer, type_of, with_article

JSON = "application/json"
WITHOUT_BODY = frozenset({"GET", "DELETE"})


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
    if parameters := _parameters(page):
        operation["parameters"] = parameters
    schemas: dict[str, Schema] = {}
    name = page.name[:1].upper() + page.name[1:]
    if (request := request_schema(page)) is not None:
        schemas[f"{name}Request"] = request
        example = page.parameters.example
        operation["requestBody"] = {
            "required": bool(request.get("required")),
            "content": _content(f"{name}Request", "The page's example", None if example is None else example.value),
        }
    operation["responses"] = {"200": {"description": _returns(page.returned)}, "default": _undocumented()}
    if (response := response_schema(page)) is not None:
        schemas[f"{name}Response"] = response
        example = page.returned.example
        operation["responses"]["200"]["content"] = _content(
            f"{name}Response", "The page's example, verbatim", None if example is None else example.value
        )
    return {
        "openapi": "3.0.3",
        "info": {"title": page.name, "version": "1"},
        "servers": [{"url": "/"}],
        "tags": [{"name": operation["tags"][0]}],
        "paths": {page.path: {page.method.lower(): operation}},
        "components": {"schemas": schemas},
    }


def body_rows(page: Page) -> tuple[Row, ...]:
    """Return the parameters that travel in the body."""
    rows = page.parameters.rows
    return tuple(row for row in rows if row.name not in page.path_parameters and page.method not in WITHOUT_BODY)


def query_rows(page: Page) -> tuple[Row, ...]:
    """Return the parameters that travel in the query."""
    rows = page.parameters.rows
    return tuple(row for row in rows if row.name not in page.path_parameters and page.method in WITHOUT_BODY)


def request_schema(page: Page) -> Schema | None:
    """Return the schema of the body, None if nothing travels there."""
    block = page.parameters
    rows = body_rows(page)
    if page.method in WITHOUT_BODY:
        return None
    if block.schema is not None:
        return from_json_schema(block.schema)
    example = None if block.example is None else block.example.value
    if block.example is not None and not isinstance(example, dict) and rows:
        raise PageError(
            block.example.line,
            f"the example is {with_article(type_of(example))}",
            "Allowed is an object of the parameters.",
        )
    if not rows and example is None:
        return None
    if example is not None and not isinstance(example, dict):
        return infer([example])
    shown = {key: value for key, value in (example or {}).items() if key not in page.path_parameters}
    if not rows and not shown:
        return None
    schema: Schema = {"type": "object"}
    if required := [row.name for row in rows if row.required]:
        schema["required"] = required
    schema["properties"] = {row.name: _of_row(row, page.parameters) for row in rows}
    schema["properties"] |= {key: infer([value]) for key, value in shown.items() if key not in schema["properties"]}
    return schema


def response_schema(page: Page) -> Schema | None:
    """Return the schema of what is returned, None if the page shows nothing.

    A table of one name that the example does not have names the value itself, which is returned bare.
    """
    block = page.returned
    if block.schema is not None:
        return from_json_schema(block.schema)
    if block.example is None and not block.rows:
        return None
    if is_bare(block):
        if block.example is None:
            return {"type": block.rows[0].type}
        if block.rows:
            _agree(block.rows[0], block.example.value, block.example.line)
        return infer([block.example.value])
    example = None if block.example is None else block.example.value
    schema: Schema = infer([example]) if isinstance(example, dict) else {"type": "object"}
    properties: dict[str, Schema] = schema.pop("properties", {})
    rows = {row.name: _of_row(row, block) for row in block.rows}
    return {**schema, "properties": {**rows, **{key: rows.get(key, below) for key, below in properties.items()}}}


def is_bare(block: Block) -> bool:
    """Return whether what is returned is the one value that the table names, and not an object with it."""
    example = None if block.example is None else block.example.value
    if len(block.rows) > 1:
        return False
    return not block.rows or not isinstance(example, dict) or block.rows[0].name not in example


def _parameters(page: Page) -> list[dict[str, Any]]:
    listed = {row.name: row for row in page.parameters.rows}
    found: list[dict[str, Any]] = []
    for name in page.path_parameters:
        entry: dict[str, Any] = {"name": name, "in": "path", "required": True}
        if name in listed:
            entry |= {"description": listed[name].description, "schema": {"type": listed[name].type}}
        else:
            entry["schema"] = {"type": "string"}
        found.append(entry)
    for row in query_rows(page):
        entry = {"name": row.name, "in": "query", "required": row.required, "description": row.description}
        found.append({**entry, "schema": {"type": row.type}})
    return found


def _of_row(row: Row, block: Block) -> Schema:
    example = None if block.example is None else block.example
    schema: Schema = {"type": row.type}
    if example is not None and row.name in example.children:
        child = example.children[row.name]
        _agree(row, child.value, child.line)
        schema = {**infer([child.value]), "type": row.type}
    if row.type == "array":
        schema.setdefault("items", {})
    return {**schema, "description": row.description} if row.description else schema


def _agree(row: Row, value: Any, line: int) -> None:
    kind = type_of(value)
    if kind not in {row.type, "null"} and (row.type, kind) != ("number", "integer"):
        at = row.lines[0].number
        raise PageError(
            line,
            f"{row.name} is {with_article(kind)} here and {with_article(row.type)} in the table (line {at})",
            "Make the two agree.",
        )


def _content(name: str, summary: str, example: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if example is not None:
        content["examples"] = {"page": {"summary": summary, "value": example}}
    return {JSON: content}


def _returns(block: Block) -> str:
    said = [row.description for row in block.rows if row.description]
    return " ".join(said) if said else "What is returned is not described."


def _undocumented() -> dict[str, Any]:
    return {
        "description": "**Not documented.** Any other answer, such as a refusal.",
        "content": {"*/*": {"schema": {}}},
    }

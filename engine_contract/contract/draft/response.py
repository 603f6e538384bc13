"""The response: its schema, from the page's example, its table and its JSON Schema."""

from typing import Any

from engine_contract.contract.draft.block import Block
from engine_contract.contract.draft.json_schema import from_json_schema
from engine_contract.contract.draft.notes import GUESSED, noted
from engine_contract.contract.draft.schema import Schema, disagreement, infer, of_row
from engine_contract.contract.draft.table import Row


def response_schema(block: Block) -> Schema | None:
    """Return the schema of what is returned, None if the page shows nothing. Raise PageError.

    A table of one name that the example does not have names the value itself, which is returned bare.
    """
    if block.schema is not None:
        return from_json_schema(block.schema)
    if block.example is None and not block.rows:
        return None
    if is_bare(block):
        return _bare(block)
    example = None if block.example is None else block.example.value
    schema: Schema = {"type": "object"} if example is None else infer([example])
    properties: dict[str, Schema] = schema.pop("properties", {})
    if "additionalProperties" in schema:  # names of the table are not ids
        del schema["additionalProperties"]
        properties = {key: infer([value], key) for key, value in (example or {}).items()}
    rows = {row.name: _of_row(row, block) for row in block.rows}
    properties = {**rows, **{key: rows.get(key, below) for key, below in properties.items()}}
    said = {row.name: row.required for row in block.rows if row.required is not None}
    shown = schema.pop("required", ())
    required = [name for name in properties if said.get(name, name in shown)]
    return {**schema, **({"required": required} if required else {}), "properties": properties}


def is_bare(block: Block) -> bool:
    """Return whether what is returned is the one value that the table names, and not an object with it.

    It is, if the page's example does not have that name, or has a value of another type behind it. Such engines
    return the bare document although their tables name it.
    """
    if block.example is not None:
        shown = block.example.value
        if not isinstance(shown, dict) or not block.rows:
            return True
        (first, *more) = block.rows
        return not more and (first.name not in shown or disagreement(first.type, shown[first.name]) is not None)
    if block.schema is not None:
        properties = block.schema.value.get("properties", {}) if isinstance(block.schema.value, dict) else {}
        return not any(row.name in properties for row in block.rows)
    return len(block.rows) < 2


def with_notes(described: dict[str, Any], block: Block) -> dict[str, Any]:
    """Return the description of the answer with what was guessed of it."""
    for note in block.notes:
        described = noted(described, GUESSED, note)
    if not block.rows or not is_bare(block):
        return described
    names = ", ".join(row.name for row in block.rows)
    return noted(described, GUESSED, f"the answer is the bare value, and not an object with {names}")


def _bare(block: Block) -> Schema:
    if block.example is None:
        return of_row(block.rows[0])
    schema = infer([block.example.value])
    if len(block.rows) == 1 and (why := disagreement(block.rows[0].type, block.example.value)):
        return noted(schema, GUESSED, f"{why}, which is taken")
    return schema


def _of_row(row: Row, block: Block) -> Schema:
    schema = of_row(row)
    child = None if block.example is None else block.example.children.get(row.name)
    if child is not None and child.value is not None:
        why = disagreement(row.type, child.value)
        shown = infer([child.value], row.name)
        schema = noted(shown, GUESSED, f"{why}, which is taken") if why else of_row(row, shown)
    elif child is not None:
        schema = {**schema, "nullable": True}
    return {**schema, "description": row.description} if row.description else schema

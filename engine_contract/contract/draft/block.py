"""A section with a table, an example and perhaps a JSON Schema: Parameters or Return."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.json_schema import KEYWORDS, is_schema
from engine_contract.contract.draft.kinds import TYPES
from engine_contract.contract.draft.lines import Line, Text
from engine_contract.contract.draft.located_json import Node, read_located
from engine_contract.contract.draft.marks import FENCE
from engine_contract.contract.draft.table import Row, is_within_row, read_table

# Remains of the page's tabs and buttons in its text.
_TABS = re.compile(r"(?:\|\s*+)?(?:(?:Details|Example|Schema)[\s|]*+)++|Example \d+(?::.*)?")
_BUTTON = re.compile(r"(?:Copied|Copy) to Clipboard")
_JSON = re.compile(r'[{\["]|-?\d|(?:true|false|null)$')
# "This method has no parameters |": the row of a table without rows.
_NOTHING = re.compile(
    r"(?:this|the) (?:method|call|operation|endpoint|function) (?:(?:has|takes|accepts|returns) no|does not|returns nothing)\b"
    r"|(?:no (?:parameters|roles|return|data)|none|n/a|undefined)\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """The content of such a section."""

    rows: tuple[Row, ...] = ()
    example: Node | None = None
    schema: Node | None = None
    furniture: tuple[Line, ...] = ()


def says_nothing(line: Line) -> bool:
    """Return whether a line says that there is nothing to list."""
    text = line.text.strip("| \t")
    return "|" not in text and _NOTHING.match(text) is not None


def read_block(text: Text, lines: Sequence[Line], columns: Sequence[str]) -> Block:
    """Return the block in these lines of the page; `columns` are those that its table has. Raise PageError."""
    furniture: list[Line] = []
    table: list[Line] = []
    values: list[Node] = []
    past = 0
    for line in lines:
        if line.number <= past:
            continue
        is_cell = is_within_row(table, columns)
        if (
            _BUTTON.fullmatch(line.text)
            or FENCE.fullmatch(line.text)
            or (not is_cell and (_TABS.fullmatch(line.text) or says_nothing(line)))
        ):
            furniture.append(line)
        elif _JSON.match(line.text) and not is_cell:
            node, end = read_located(text.content, text.start_of(line))
            past = text.number_at(end - 1)
            _refuse_rest(text, end)
            values.append(node)
            if node.value is None:
                furniture.append(line)
        elif values and not set(line.text) <= set("|-+= "):
            raise PageError(line.number, f"{line.text!r} follows the example", _ALLOWED)
        elif not values:
            table.append(line)
    headings, rows = read_table(table, columns)
    example, schema = _example_and_schema(values, rows)
    return Block(rows, example, schema, (*furniture, *headings))


_ALLOWED = (
    "A section has a table, then one example as JSON, then perhaps a JSON Schema. Take out what else stands there."
)


def _refuse_rest(text: Text, end: int) -> None:
    rest = text.content[end:].partition("\n")[0].strip()
    if rest:
        raise PageError(text.number_at(end), f"{rest!r} follows the JSON", "Allowed is the end of the line.")


def _example_and_schema(values: Sequence[Node], rows: Sequence[Row]) -> tuple[Node | None, Node | None]:
    """Return the example and the JSON Schema; null in the place of one is neither."""
    if len(values) > 2:
        raise PageError(values[2].line, "this is a third JSON text", _ALLOWED)
    first, second = (*values, None, None)[:2]
    if second is not None and second.value is not None and not is_schema(second.value):
        raise PageError(
            second.line,
            "this is not a JSON Schema, but a second example",
            f"{_ALLOWED} A schema has type or properties.",
        )
    example = None if first is None or first.value is None else first
    schema = None if second is None or second.value is None else second
    if example is not None and _stands_for_the_example(example.value, schema, rows):
        return None, example if schema is None else schema
    return example, schema


def _stands_for_the_example(value: Any, schema: Node | None, rows: Sequence[Row]) -> bool:
    """Return whether a JSON Schema stands where the example should: it has the words of one, and no others.

    Before another schema it is an example, such as of a call that returns schemas, unless the two are the same.
    """
    if schema is not None:
        return isinstance(value, dict) and bool(value) and value == schema.value
    if (
        not isinstance(value, dict)
        or not is_schema(value)
        or any(row.name in value for row in rows)
        or not value.keys() <= KEYWORDS
    ):
        return False
    properties = value.get("properties", {})
    inner = properties.values() if isinstance(properties, dict) else [None]
    if not all(isinstance(below, dict | bool) for below in inner):
        return False
    return "$schema" in value or (value.get("type") in TYPES and bool({"properties", "items"} & value.keys()))

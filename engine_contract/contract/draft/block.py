"""A section with a table, an example and perhaps a JSON Schema: Parameters or Return."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.lines import Line, Text
from engine_contract.contract.draft.located_json import Node, read_located
from engine_contract.contract.page import is_punctuation

TYPES = ("string", "number", "integer", "boolean", "object", "array")
REQUIRED = {"yes": True, "true": True, "no": False, "false": False}

# Remains of the page's tabs and buttons in its text.
_TABS = re.compile(r"(Details|Example|Schema)+")
_BUTTON = re.compile(r"(Copied|Copy) to Clipboard")
_JSON = re.compile(r'[{\["]|-?\d|(true|false|null)$')
_SCHEMA_KEYS = frozenset({"properties", "items", "required", "$schema", "additionalProperties"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, and the lines that it stands on."""

    name: str
    type: str
    required: bool
    description: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The content of such a section."""

    rows: tuple[Row, ...] = ()
    example: Node | None = None
    schema: Node | None = None
    furniture: tuple[Line, ...] = ()


def read_block(text: Text, lines: Sequence[Line], columns: Sequence[str]) -> Block:
    """Return the block in these lines of the page; `columns` are those that its table has. Raise PageError."""
    furniture: list[Line] = []
    table: list[Line] = []
    values: list[Node] = []
    past = 0
    for line in lines:
        if line.number <= past:
            continue
        if _TABS.fullmatch(line.text) or _BUTTON.fullmatch(line.text):
            furniture.append(line)
        elif _JSON.match(line.text) and not (table and _is_within(table, columns)):
            node, end = read_located(text.content, text.start_of(line))
            past = text.number_at(end - 1)
            _refuse_rest(text, end)
            values.append(node)
        elif values:
            raise PageError(line.number, f"{line.text!r} follows the example", _ALLOWED)
        else:
            table.append(line)
    headings, rows = _table(table, columns)
    example, schema = _example_and_schema(values)
    return Block(rows, example, schema, (*furniture, *headings))


_ALLOWED = "A section has a table, then an example as JSON, then perhaps a JSON Schema."


def _is_within(table: Sequence[Line], columns: Sequence[str]) -> bool:
    """Return whether a table of one cell a line has begun a row that is not whole: the next line is a cell of it."""
    plain = [line for line in table if "|" not in line.text]
    return len(plain) % len(columns) != 0


def _refuse_rest(text: Text, end: int) -> None:
    rest = text.content[end:].partition("\n")[0].strip()
    if rest:
        raise PageError(text.number_at(end), f"{rest!r} follows the JSON", "Allowed is the end of the line.")


def _table(lines: Sequence[Line], columns: Sequence[str]) -> tuple[list[Line], tuple[Row, ...]]:
    groups = _groups([line for line in lines if not is_punctuation(line.text)], len(columns))
    if not groups:
        return [], ()
    names = [cell for cell, _ in groups[0]]
    if names != list(columns):
        first = groups[0][0][1]
        raise PageError(first.number, f"the table begins with {names!r}", f"Its columns must be {', '.join(columns)}.")
    headings = list(dict.fromkeys(line for _, line in groups[0]))
    rows = tuple(_row(group, columns) for group in groups[1:])
    for row in rows:
        if [other.name for other in rows].count(row.name) > 1:
            raise PageError(row.lines[0].number, f"{row.name} is in the table twice", "Give each name once.")
    return headings, rows


def _groups(lines: Sequence[Line], width: int) -> list[list[tuple[str, Line]]]:
    """Return the cells row by row: those of one line, or as many lines of one cell as there are columns."""
    groups: list[list[tuple[str, Line]]] = []
    is_open = False
    for line in lines:
        cells = [(cell, line) for cell in _cells(line)]
        if len(cells) == 1 and is_open:
            groups[-1] += cells
        else:
            groups.append(cells)
        is_open = len(cells) == 1 and len(groups[-1]) < width
    return groups


def _cells(line: Line) -> list[str]:
    if "|" not in line.text:
        return [line.text]
    return [cell.strip() for cell in line.text.removeprefix("|").removesuffix("|").split("|")]


def _row(cells: Sequence[tuple[str, Line]], columns: Sequence[str]) -> Row:
    lines = tuple(dict.fromkeys(line for _, line in cells))
    number = lines[0].number
    texts = dict(zip(columns, (cell for cell, _ in cells), strict=False))
    shape = f"A row is | {' | '.join(columns)} |, or these {len(columns)} cells on a line each."
    if len(texts) != len(columns):
        raise PageError(number, f"the row has {len(texts)} cells: {', '.join(texts.values())}", shape)
    if not texts["Name"]:
        raise PageError(number, "the row has no name", shape)
    kind = texts["Type"].lower()
    if kind not in TYPES:
        raise PageError(number, f"{texts['Type']!r} is not a type", f"Allowed are {', '.join(TYPES)}. {shape}")
    required = texts.get("Required", "yes").lower()
    if required not in REQUIRED:
        raise PageError(number, f"Required is {texts['Required']!r}", f"Allowed are {', '.join(REQUIRED)}. {shape}")
    return Row(texts["Name"], kind, REQUIRED[required], texts["Description"], lines)


def _example_and_schema(values: Sequence[Node]) -> tuple[Node | None, Node | None]:
    if len(values) > 2:
        raise PageError(values[2].line, "this is a third JSON text", _ALLOWED)
    if len(values) == 2:
        if not _is_schema(values[1].value):
            raise PageError(values[1].line, "this is not a JSON Schema", f"{_ALLOWED} A schema has type or properties.")
        return values[0], values[1]
    if values and isinstance(values[0].value, dict) and "$schema" in values[0].value:
        return None, values[0]
    return (values[0] if values else None), None


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and (bool(_SCHEMA_KEYS & value.keys()) or value.get("type") in TYPES)

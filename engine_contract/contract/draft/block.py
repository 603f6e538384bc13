"""A section with a table, an example and perhaps a JSON Schema: Parameters or Return."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.json_schema import KEYWORDS, is_schema
from engine_contract.contract.draft.kinds import TYPES
from engine_contract.contract.draft.lines import Line, Text
from engine_contract.contract.draft.located_json import COMMENT, Located, Node, read_located
from engine_contract.contract.draft.marks import is_markup, item
from engine_contract.contract.draft.table import Row, Table

# Remains of the page's tabs and buttons in its text.
_TABS = re.compile(
    r"(?!.*\b(?i:[45]\d\d|errors?|failure|wrong|invalid)\b)(?=[A-Z|])(?:\|\s*+)?"
    r"(?i:(?:(?:another|second|details|examples\b|example|sample|schema|json|body|request|response|answer)[\s|]*+)++)"
    r"(?:\d{0,3}|.*:|\d+:.*)"
)
_BUTTON = re.compile(r"(?:Copied|Copy)(?: to Clipboard)?")
_JSON = re.compile(r'[{\["“]|-?\d|(?:true|false|null)$')
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
    notes: tuple[str, ...] = ()
    """Notes on parts of the example that were left out, or on several of them."""


def says_nothing(line: Line) -> bool:
    """Return whether a line says that there is nothing to list."""
    text = line.text.strip("| \t")
    return "|" not in text and _NOTHING.match(text) is not None


def read_block(text: Text, lines: Sequence[Line], columns: Sequence[str]) -> Block:
    """Return the block in these lines of the page; `columns` are those that its table must have. Raise PageError."""
    furniture: list[Line] = []
    within: list[Line] = []
    table = Table(columns)
    values: list[Located] = []
    past = 0
    for line in lines:
        if line.number <= past:
            within.append(line)
        elif _BUTTON.fullmatch(line.text) or is_markup(line.text) or (not table.takes(line) and _is_furniture(line)):
            furniture.append(line)
        elif _JSON.match(line.text) and not table.takes(line):
            values.append(read_located(text, text.start_of(line)))
            past = text.number_at(values[-1].end - 1)
            _refuse_rest(text, values[-1].end)
            within.append(line)
        elif not values:
            table.add(line)
        elif not set(line.text) <= set("|-+= "):
            raise PageError(line.number, f"{line.text!r} follows the example", _ALLOWED)
    rows = table.read()
    example, schema, notes = _example_and_schema(values, rows)
    told = {number for node in (example, schema) if node is not None for number in node.lines()}
    untold = [line for line in within if line.number not in told]
    return Block(rows, example, schema, (*furniture, *table.furniture, *untold), tuple(notes))


def _is_furniture(line: Line) -> bool:
    return bool(_TABS.fullmatch(item(line.text)) or COMMENT.fullmatch(line.text)) or says_nothing(line)


_ALLOWED = (
    "A section has a table, then one example as JSON, then perhaps a JSON Schema. Take out what else stands there."
)


def _refuse_rest(text: Text, end: int) -> None:
    rest = text.content[end:].partition("\n")[0].strip()
    if rest and not COMMENT.fullmatch(rest):
        raise PageError(text.number_at(end), f"{rest!r} follows the JSON", "Allowed is the end of the line.")


def _example_and_schema(values: Sequence[Located], rows: Sequence[Row]) -> tuple[Node | None, Node | None, list[str]]:
    """Return the example, the JSON Schema, and notes; null in the place of one is neither, and the first example counts."""
    nodes = [value.node for value in values if value.node.value is not None]
    before = len(nodes) == len(values) or not values or values[0].node.value is not None
    examples: list[Node] = nodes[:1] if before else []
    schemas: list[Node] = []
    for node in nodes[len(examples) :]:
        (schemas if _is_schema_beside(node.value, examples) else examples).append(node)
    if len(schemas) > 1 and any(node.value != schemas[0].value for node in schemas[1:]):
        raise PageError(schemas[1].line, "this is a second JSON Schema", _ALLOWED)
    schema = schemas[0] if schemas else None
    if examples and _stands_for_the_example(examples[0].value, schema, rows):
        schema = schema or examples[0]
        del examples[0]
    notes = [
        f"its JSON has {what}, left out here" for what in dict.fromkeys(one for each in values for one in each.left_out)
    ]
    if len(examples) > 1:
        notes.append(f"the page has {len(examples)} examples, of which this is the first")
    return examples[0] if examples else None, schema, notes


def _is_schema_beside(value: Any, examples: Sequence[Node]) -> bool:
    """Return whether a value behind an example is a JSON Schema, and not an example as well, with the same keys."""
    if not is_schema(value):
        return False
    shown = examples[0].value if examples else None
    if not isinstance(value, dict) or not isinstance(shown, dict):
        return True
    if isinstance(value.get("properties"), dict) and "properties" not in shown:
        return True
    return not (value.keys() & shown.keys() - KEYWORDS) and (value.keys() != shown.keys() or "type" in value)


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

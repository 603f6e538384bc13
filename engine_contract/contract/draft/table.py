"""A table of parameters or of what is returned: rows with pipes or tabs, or a cell a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.lines import Line
from engine_contract.contract.page import is_punctuation

TYPES = ("string", "number", "integer", "boolean", "object", "array")
REQUIRED = {"yes": True, "true": True, "required": True, "no": False, "false": False, "optional": False}

_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, and the lines that it stands on."""

    name: str
    type: str
    required: bool
    description: str
    lines: tuple[Line, ...]


Cells = list[tuple[str, Line]]


def read_table(lines: Sequence[Line], columns: Sequence[str]) -> tuple[list[Line], tuple[Row, ...]]:
    """Return the lines of the headings, and the rows. Raise PageError."""
    groups = _groups([line for line in lines if not is_punctuation(line.text)], columns)
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


def is_within_row(lines: Sequence[Line], columns: Sequence[str]) -> bool:
    """Return whether these lines of a table end within a row of one cell a line: the next line is a cell of it."""
    plain = [line for line in lines if "|" not in line.text and "\t" not in line.text]
    return len(plain) % len(columns) != 0


def _groups(lines: Sequence[Line], columns: Sequence[str]) -> list[Cells]:
    """Return the cells row by row: those of one line, or of as many lines as it takes for the columns."""
    groups: list[Cells] = []
    is_open = False
    for line in lines:
        cells = [(cell, line) for cell in _cells(line)]
        if is_open and len(groups[-1]) + len(cells) <= len(columns):
            groups[-1] += cells
        elif [cell for cell, _ in cells[: len(columns)]] == list(columns):
            groups += _rows_of_one_line(cells, len(columns))
        else:
            groups.append(cells)
        is_open = len(groups[-1]) < len(columns)
    return groups


def _rows_of_one_line(cells: Cells, width: int) -> list[Cells]:
    """Return the rows of a whole table on one line: an empty cell stands between two rows."""
    return [cells[start : start + width] for start in range(0, len(cells), width + 1)]


def _cells(line: Line) -> list[str]:
    if "|" not in line.text:
        return [cell.strip() for cell in line.text.split("\t")]
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(line.text.removeprefix("|").removesuffix("|"))]


def _row(cells: Cells, columns: Sequence[str]) -> Row:
    lines = tuple(dict.fromkeys(line for _, line in cells))
    number = lines[0].number
    given = [cell for cell, _ in cells]
    shape = f"A row is | {' | '.join(columns)} |, or these {len(columns)} cells on a line each."
    last = len(columns) - 1
    if len(given) == last and given[-1].lower() in (REQUIRED if "Required" in columns else TYPES):
        given.append("")  # a row without a description
    if len(given) < len(columns):
        raise PageError(number, f"the row has {len(given)} cells: {', '.join(given)}", shape)
    texts = dict(zip(columns, [*given[:last], " | ".join(given[last:])], strict=True))
    if not texts["Name"]:
        raise PageError(number, "the row has no name", shape)
    kind = texts["Type"].lower()
    if kind not in TYPES:
        raise PageError(number, f"{texts['Type']!r} is not a type", f"Allowed are {', '.join(TYPES)}. {shape}")
    required = texts.get("Required", "yes").lower()
    if required not in REQUIRED:
        raise PageError(number, f"Required is {texts['Required']!r}", f"Allowed are {', '.join(REQUIRED)}. {shape}")
    return Row(texts["Name"], kind, REQUIRED[required], texts["Description"], lines)

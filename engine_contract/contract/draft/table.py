"""A table of parameters or of what is returned: rows with pipes or tabs, or a cell a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.kinds import TYPES, Kind, read_kind
from engine_contract.contract.draft.lines import Line
from engine_contract.contract.draft.marks import plain, without_aside
from engine_contract.contract.page import is_punctuation

REQUIRED = {"yes": True, "true": True, "required": True, "no": False, "false": False, "optional": False}
_SHORT = {"y": True, "✓": True, "✔": True, "n": False}

_BAR = re.compile(r"(?<!\\)\|")
_NAME = re.compile(r"[\w$@{:<\[/]")
_ELEMENT = re.compile(r"\[\d*+\]")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, and the lines that it stands on."""

    name: str
    kind: Kind
    required: bool
    description: str
    lines: tuple[Line, ...]
    inner: "tuple[tuple[tuple[str, ...], Row], ...]" = ()
    """The rows of what is within, such as `tags[].name` after `tags`: each with its keys, `[]` an array's elements."""

    @property
    def type(self) -> str:
        """Return the name of its type."""
        return self.kind.name


Cells = list[tuple[str, Line]]


def read_table(lines: Sequence[Line], columns: Sequence[str]) -> tuple[list[Line], tuple[Row, ...]]:
    """Return the lines of the headings, and the rows. Raise PageError."""
    groups = _groups([line for line in lines if not is_punctuation(line.text)], columns)
    if not groups:
        return [], ()
    names = [plain(cell) for cell, _ in groups[0]]
    if [name.lower() for name in names] != [name.lower() for name in columns]:
        first = groups[0][0][1]
        raise PageError(first.number, f"the table begins with {names!r}", f"Its columns must be {', '.join(columns)}.")
    headings = list(dict.fromkeys(line for _, line in groups[0]))
    rows = tuple(_row(group, columns) for group in groups[1:])
    for row in rows:
        if [other.name for other in rows].count(row.name) > 1:
            raise PageError(row.lines[0].number, f"{row.name} is in the table twice", "Give each name once.")
    return headings, _folded(rows)


def _folded(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows without those that speak of what is within another: these stand in that one."""
    names = {row.name for row in rows}
    paths = {row.name: tuple(_ELEMENT.sub(".[]", row.name).split(".")) for row in rows}
    outer = [row for row in rows if len(paths[row.name]) == 1 or paths[row.name][0] not in names]
    inner = [row for row in rows if row not in outer]
    return tuple(
        replace(
            row,
            lines=(*row.lines, *(line for below in within for line in below.lines)),
            inner=tuple((paths[below.name][1:], below) for below in within),
        )
        for row in outer
        for within in [[below for below in inner if paths[below.name][0] == row.name]]
    )


def is_within_row(lines: Sequence[Line], columns: Sequence[str]) -> bool:
    """Return whether these lines of a table end within a row of one cell a line: the next line is a cell of it."""
    cells = [line for line in lines if not ({"|", "\t"} & set(line.text) or is_punctuation(line.text))]
    return len(cells) % len(columns) != 0


def _groups(lines: Sequence[Line], columns: Sequence[str]) -> list[Cells]:
    """Return the cells row by row: those of one line, or of as many lines as it takes for the columns."""
    groups: list[Cells] = []
    is_open = False
    for line in lines:
        cells = [(cell, line) for cell in _cells(line)]
        if is_open and len(groups[-1]) + len(cells) <= len(columns):
            groups[-1] += cells
        elif [plain(cell) for cell, _ in cells[: len(columns)]] == list(columns):
            groups += _rows_of_one_line(cells, len(columns))
        elif groups and len(cells) == len(columns) and not any(cell for cell, _ in cells[:-1]):
            said, first = groups[-1][len(columns) - 1]  # the description goes on
            groups[-1][len(columns) - 1 :] = [(f"{said} {cells[-1][0]}", first), ("", line)]
        else:
            groups.append(cells)
        is_open = len(groups[-1]) < len(columns)
    return groups


def _rows_of_one_line(cells: Cells, width: int) -> list[Cells]:
    """Return the rows of a whole table on one line: an empty cell stands between two rows."""
    return [cells[start : start + width] for start in range(0, len(cells), width + 1)]


def _cells(line: Line) -> list[str]:
    if "|" not in line.text or ("\t" in line.text and not line.text.startswith("|")):
        return [cell.strip() for cell in line.text.split("\t")]
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(line.text.removeprefix("|").removesuffix("|"))]


def _row(cells: Cells, columns: Sequence[str]) -> Row:
    lines = tuple(dict.fromkeys(line for _, line in cells))
    number = lines[0].number
    given = _with_one_type([cell for cell, _ in cells], columns)
    shape = f"A row is | {' | '.join(columns)} |, or these {len(columns)} cells on a line each."
    last = len(columns) - 1
    if len(given) == last and (_required(given[-1]) is not None if "Required" in columns else read_kind(given[-1])):
        given.append("")  # a row without a description
    if len(given) < len(columns):
        raise PageError(number, f"the row has {len(given)} cells: {', '.join(given)}", shape)
    texts = dict(zip(columns, [*given[:last], " | ".join(filter(None, given[last:]))], strict=True))
    name = plain(texts["Name"])
    if not name:
        raise PageError(number, "the row has no name", shape)
    if not _NAME.match(name):
        how = "Write what is within another as outer.inner, or outer[].inner where outer is an array."
        raise PageError(number, f"{name!r} is not the name of a parameter", how)
    if (kind := read_kind(texts["Type"])) is None:
        raise PageError(number, f"{texts['Type']!r} is not a type", f"Allowed are {', '.join(TYPES)}. {shape}")
    if (required := _required(texts.get("Required", "yes"))) is None:
        raise PageError(number, f"Required is {texts['Required']!r}", f"Allowed are {', '.join(REQUIRED)}. {shape}")
    return Row(name, kind, required, texts["Description"], lines)


def _required(text: str) -> bool | None:
    word = without_aside(plain(text).lower())
    return REQUIRED.get(word, _SHORT.get(word))


def _with_one_type(given: list[str], columns: Sequence[str]) -> list[str]:
    """Return a row's cells, those of a type such as `string | ObjectId` as one."""
    if len(given) <= len(columns):
        return given
    if "Required" in columns:
        end = next((index for index in range(2, len(given)) if _required(given[index]) is not None), 2)
    else:
        end = next((index for index in range(2, len(given)) if read_kind(given[index]) is None), 2)
    return [given[0], " | ".join(given[1:end]), *given[end:]]

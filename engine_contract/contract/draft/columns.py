"""The columns of a table by their headings, and where the cells of a line end: at bars, tabs or blanks."""

import re
from collections.abc import Sequence

from engine_contract.contract.draft.kinds import read_kind
from engine_contract.contract.draft.lines import Line
from engine_contract.contract.draft.marks import plain, without_aside

CORE = ("Name", "Type", "Required")
"""The columns whose cells are checked. All others are prose, and a part of the description."""

_WORDS = {
    "Name": ("parameter", "param", "parameter name", "field", "field name", "property", "argument", "attribute", "key"),
    "Type": ("data type", "datatype"),
    "Required": ("required?", "is required", "mandatory", "mandatory?"),
    "Description": ("meaning", "details", "explanation", "notes", "remarks", "comment", "comments"),
    "Default": ("defaults", "default value"),
    "Example": ("examples", "example value", "sample"),
    "Values": ("allowed values", "possible values", "valid values", "constraints", "range"),
    "Since": ("version", "added in"),
}
_COLUMNS = {word: name for name, words in _WORDS.items() for word in (name.lower(), *words)}
FURTHER = tuple(name for name in _WORDS if name not in {*CORE, "Description"})
"""Columns that a table may have besides those that it needs."""

REQUIRED = {"yes": True, "true": True, "required": True, "no": False, "false": False, "optional": False}
_SHORT = {"y": True, "✓": True, "✔": True, "x": True, "n": False}

_BOX = str.maketrans(dict.fromkeys("│┃║", "|") | dict.fromkeys("─━═┌┬┐├┼┤└┴┘╔╦╗╠╬╣╚╩╝", "-"))
_BAR = re.compile(r"(?<!\\)\|")
_MARK = re.compile(r"[_!=]\.?\s*+")  # of a cell in the first row of a wiki's table
_WORD = re.compile(r"\S+")
_GAP = re.compile(r"(?<=\S)\s{2,}+")
_MOST_WORDS = 5
"""Words of a type, such as `array of strings or null`."""


def unboxed(text: str) -> str:
    """Return a line of a table with bars and dashes in the places of drawn lines."""
    return text.translate(_BOX)


def column_of(cell: str) -> str | None:
    """Return the column that a cell of the first row heads, None if it heads none."""
    return _COLUMNS.get(_MARK.sub("", plain(cell), count=1).lower())


def read_required(text: str) -> bool | None:
    """Return what a cell says of whether a parameter is required, None if it says nothing."""
    word = without_aside(plain(text).lower())
    return REQUIRED.get(word, _SHORT.get(word))


def cells_of(text: str, *, is_first: bool = False) -> list[str]:
    """Return the cells between bars or tabs; a line without either is one cell."""
    text = unboxed(text)
    if is_first and text.startswith(("||", "^")):  # Confluence and DokuWiki have other bars there
        text = text.replace("||", "|").replace("^", "|")
    if "|" not in text or ("\t" in text and not text.startswith("|")):
        return [cell.strip() for cell in text.split("\t")]
    cells = _BAR.split(text.removeprefix("|").removesuffix("|"))
    return [cell.strip().replace("\\|", "|") for cell in cells]


def headed_by_blanks(line: Line) -> list[tuple[str, int]]:
    """Return the headings that only blanks are between, and where they begin; none if a word of the line is not one."""
    words, found = list(_WORD.finditer(line.text)), []
    while words:
        texts = [line.text[words[0].start() : words[last].end()] for last in (1, 0) if last < len(words)]
        text = next((text for text in texts if column_of(text) is not None), None)
        if text is None:
            return []
        found.append((text, line.indent + words[0].start()))
        del words[: len(text.split())]
    return found


def split_by_blanks(line: Line, columns: Sequence[str], starts: Sequence[int]) -> list[tuple[str, int]] | None:
    """Return the cells of a row that only blanks are between, and where they begin; None if that is not clear.

    They begin below the starts of the columns, or have gaps of two blanks and more between them. Otherwise name,
    type and required are words that one knows, in front of prose.
    """
    raw = " " * line.indent + line.text
    if starts and line.indent >= starts[0] and all(raw[at - 1 : at].strip() == "" for at in starts[1:]):
        cells = [(raw[start:end], start) for start, end in zip(starts, [*starts[1:], None], strict=True)]
        if all(cell[:1].strip() or not cell.strip() for cell, _ in cells):
            return [(cell.strip(), start) for cell, start in cells]
    parts = _cut(line, [found.span() for found in _GAP.finditer(line.text)])
    return parts if len(parts) == len(columns) else _before_prose(line, columns)


def _before_prose(line: Line, columns: Sequence[str]) -> list[tuple[str, int]] | None:
    """Return the cells of a row whose last columns are prose."""
    core = [name for name in columns if name in CORE]
    if list(columns[: len(core)]) != core or core[0] != "Name" or len(core) == len(columns):
        return None
    words = [found.span() for found in _WORD.finditer(line.text)]
    ends = [1]
    for name in core[1:]:
        reads, at = read_kind if name == "Type" else read_required, ends[-1]
        lengths = range(min(_MOST_WORDS, len(words) - at), 0, -1)
        said = (
            at + length for length in lengths if reads(line.text[words[at][0] : words[at + length - 1][1]]) is not None
        )
        ends.append(next(said, 0))
        if not ends[-1]:
            return None
    cells = _cut(line, [(words[end - 1][1], words[end][0]) for end in ends if end < len(words)])
    by_name = dict(zip([*core, "Description"], cells, strict=False))
    return [by_name.get(name, ("", 0)) for name in columns]


def _cut(line: Line, gaps: Sequence[tuple[int, int]]) -> list[tuple[str, int]]:
    starts, ends = [0, *(end for _, end in gaps)], [*(start for start, _ in gaps), len(line.text)]
    return [(line.text[start:end], line.indent + start) for start, end in zip(starts, ends, strict=True)]

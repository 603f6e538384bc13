"""A table of parameters or of what is returned: rows with bars, tabs or blanks, or a cell a line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from engine_contract.contract.draft.columns import (
    CORE,
    FURTHER,
    REQUIRED,
    cells_of,
    column_of,
    headed_by_blanks,
    read_required,
    split_by_blanks,
    unboxed,
)
from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.kinds import TYPES, Kind, read_kind
from engine_contract.contract.draft.lines import Line
from engine_contract.contract.draft.marks import plain
from engine_contract.contract.page import is_punctuation

_NAME = re.compile(r"[\w$@{:<\[/]\S*+")
_ELEMENT = re.compile(r"\[\d*+\]")
_RUN = re.compile(r"[-=]+")
_MOST_WORDS = 6
"""Words in which a type, or whether a parameter is required, would stand in a row."""
_EMPTY = frozenset({"", "-", "\N{EN DASH}", "\N{EM DASH}"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, and the lines that it stands on."""

    name: str
    kind: Kind
    required: bool | None
    """None where the table has no such column."""
    description: str
    lines: tuple[Line, ...]
    inner: "tuple[tuple[tuple[str, ...], Row], ...]" = ()
    """The rows of what is within, such as `tags[].name` after `tags`: each with its keys, `[]` an array's elements."""

    @property
    def type(self) -> str:
        """Return the name of its type."""
        return self.kind.name


@dataclass(slots=True)
class Cells:
    """The cells of a row, and its lines."""

    texts: list[str]
    lines: list[Line]

    def add(self, other: "Cells") -> None:
        """Take the cells and lines that follow."""
        self.texts += other.texts
        self.lines += other.lines

    def join(self, other: "Cells") -> None:
        """Take the cells below these, and their lines."""
        self.texts = [" ".join(filter(None, pair)) for pair in zip(self.texts, other.texts, strict=True)]
        self.lines += other.lines


class Table:
    """A table whose lines come one after the other; `needed` are the columns that it must have."""

    def __init__(self, needed: Sequence[str]) -> None:
        self._needed = needed
        self._head = Cells([], [])
        self._columns: list[str] = []
        self._starts: list[int] = []
        """Where the columns begin, if only blanks are between them."""
        self._prose_at = 0
        """Where the last cell of prose begins then."""
        self._rows: list[Cells] = []
        self._rulers: list[int] = []
        """How many lines of rows stand before each ruler."""
        self._filled = 0
        """Cells of the last row, if each has a line of its own."""
        self.furniture: list[Line] = []

    def takes(self, line: Line) -> bool:
        """Return whether a line that looks like something else is a cell: the table ends within a row of a cell a line.

        Cells of prose at the end of a row may be absent.
        """
        if not self._has_head:
            return bool(self._columns)
        last = max(index for index, name in enumerate(self._columns) if name in CORE)
        most = last + 1 if line.text[0] in "{[" else len(self._columns) - 1
        return 0 < self._filled <= min(most, len(self._columns) - 1)

    @property
    def _has_head(self) -> bool:
        return set(self._needed) <= set(self._columns)

    def add(self, line: Line) -> None:
        """Take the next line. Raise PageError for headings that are not those of such a table."""
        if is_punctuation(unboxed(line.text)):
            self._add_ruler(line)
        elif self._starts:
            self._rows.append(Cells(self._between_blanks(line), [line]))
        else:
            self._add_cells(cells_of(line.text, is_first=not self._columns), line)

    def _add_ruler(self, line: Line) -> None:
        self.furniture.append(line)
        runs = [line.indent + run.start() for run in _RUN.finditer(line.text)]
        if runs or not is_punctuation(line.text):
            self._rulers.append(len(self._rows))
        if self._starts and len(runs) == len(self._columns) and not self._rows:
            self._starts = runs

    def _add_cells(self, texts: list[str], line: Line) -> None:
        is_alone = len(texts) == 1 and "|" not in line.text
        if is_alone and not self._columns and len(found := headed_by_blanks(line)) >= len(self._needed):
            self._starts, texts = [start for _, start in found], [text for text, _ in found]
        if not self._has_head or (is_alone and not self._rows and self._is_further(texts[0])):
            rest = self._add_head(texts, line)
            width = len(self._columns)
            texts_of_rows = [rest[at : at + width] for at in range(1, len(rest), width + 1)]  # all on this line
            self._rows += [Cells(texts, [line]) for texts in texts_of_rows]
            return
        if is_alone and self._rows and len(self._rows[-1].texts) == len(self._columns) > 1:
            texts = self._between_blanks(line)
        elif is_alone:
            if len(self._columns) > self._filled > len(CORE) and read_kind(texts[0]):
                self._filled = 1  # the cell before was the name in another row
            self._filled = self._filled % len(self._columns) + 1
        self._rows.append(Cells(texts, [line]))

    def _is_further(self, text: str) -> bool:
        name = column_of(text)
        return name in FURTHER and name not in self._columns and text[:1].isupper()

    def _add_head(self, texts: list[str], line: Line) -> list[str]:
        """Take the headings among these cells, and return the cells behind them."""
        self._head.add(Cells(texts, [line]))
        for index, text in enumerate(texts):
            name = column_of(text)
            if self._has_head and not text:
                return texts[index:]
            if name is None or (name in CORE and name in self._columns):
                raise self._wrong_head()
            self._columns.append(plain(text) if name in self._columns else name)
        return []

    def _wrong_head(self) -> PageError:
        allowed = f"Its columns must be {', '.join(self._needed)}. Further ones may be {', '.join(FURTHER)}."
        texts = [plain(text) for text in self._head.texts]
        return PageError(self._head.lines[0].number, f"the table begins with {texts!r}", allowed)

    def read(self) -> tuple[Row, ...]:
        """Return the rows; the lines of the headings are furniture. Raise PageError."""
        if not self._has_head and self._columns:
            raise self._wrong_head()
        self.furniture += dict.fromkeys(self._head.lines)
        records = list(self._records())
        rows = [self._row(cells) for cells in self._with_marks(records)]
        first: dict[str, Row] = {}
        for row in rows:
            if first.setdefault(row.name, row) is not row:
                number = first[row.name].lines[0].number
                raise PageError(number, f"{row.name} is in the table twice", "Give each name once.")
        return _folded(rows)

    # ── the lines of each row ───────────────────────────────────────────────────────────────────────

    def _between_blanks(self, line: Line) -> list[str]:
        """Return the cells of a line that only blanks are between; a line of words goes on with the prose above it. Raise PageError."""
        below = line.indent >= self._prose_at > 0
        cells = None if below else split_by_blanks(line, self._columns, self._starts)
        if cells is not None and all(text for text, _ in cells[:2]):
            self._prose_at = 0 if self._columns[-1] in CORE else cells[-1][1]
            return [text for text, _ in cells]
        is_open = (
            self._rows and self._columns[-1] not in CORE and not self._rows[-1].texts[-1].endswith((".", "!", "?"))
        )
        words = line.text.split()[1:_MOST_WORDS]
        if is_open and (below or not any(read_kind(word) or read_required(word) is not None for word in words)):
            return [*[""] * (len(self._columns) - 1), line.text]
        said = f"where a cell ends in {line.text!r} is not clear"
        raise PageError(line.number, said, f"Put bars or tabs between the cells, and a row on one line. {self._shape}")

    def _records(self) -> Iterator[Cells]:
        edges = sorted({0, *self._rulers, len(self._rows)})
        groups = [self._rows[start:end] for start, end in pairwise(edges)]
        if len(groups) > 1 and all(map(self._is_one_row, groups)):
            return map(_joined, groups)
        return self._by_width()

    def _is_one_row(self, group: list[Cells]) -> bool:
        """Return whether the lines between two rulers of a grid are one row."""
        is_whole = all(len(cells.texts) == len(self._columns) for cells in group)
        return is_whole and sum(bool(cells.texts[0]) for cells in group) == 1

    def _by_width(self) -> Iterator[Cells]:
        """Yield the rows of one line, or of as many lines as it takes for the columns."""
        row: Cells | None = None
        for index, cells in enumerate(self._rows):
            if row is not None and self._goes_on(row, cells, self._rows[index + 1 : index + len(CORE)]):
                row.add(cells)
            elif row is not None and len(row.texts) == len(cells.texts) and self._is_prose(cells):
                row.join(cells)
            else:
                if row is not None:
                    yield row
                row = cells
        if row is not None:
            yield row

    def _goes_on(self, row: Cells, cells: Cells, following: list[Cells]) -> bool:
        """Return whether cells belong to a row that is not full. Where cells of prose may be absent, a new row shows itself."""
        core = [name for name in self._columns if name in CORE]
        if len(cells.texts) == 1 and len(self._columns) > len(core) + 1 and len(row.texts) >= len(core):
            texts = [one.texts[0] for one in following[: len(core) - 1]]
            if len(texts) == len(core) - 1 and all(map(self._reads, core[1:], texts)):
                return False
        return len(row.texts) + len(cells.texts) <= len(self._columns)

    def _is_prose(self, cells: Cells) -> bool:
        """Return whether only cells of prose are filled."""
        return len(cells.texts) == len(self._columns) and not any(
            text for name, text in zip(self._columns, cells.texts, strict=True) if name in CORE
        )

    # ── the cells of each row ───────────────────────────────────────────────────────────────────────

    @property
    def _shape(self) -> str:
        return f"A row is | {' | '.join(self._columns)} |, or these {len(self._columns)} cells on a line each."

    def _with_marks(self, records: list[Cells]) -> list[Cells]:
        """Return the rows with `no` for an empty cell below Required, where others have a mark and none says no."""
        if "Required" not in self._columns:
            return records
        at = self._columns.index("Required")
        said = [cells.texts[at] for cells in records if len(cells.texts) == len(self._columns)]
        if any(read_required(text) is False for text in said) or not any(map(read_required, said)):
            return records
        for cells in records:
            if len(cells.texts) == len(self._columns) and cells.texts[at] in _EMPTY:
                cells.texts[at] = "no"
        return records

    def _row(self, cells: Cells) -> Row:
        number = cells.lines[0].number
        texts = dict(zip(self._columns, self._fitted(cells.texts, number), strict=True))
        name = plain(texts["Name"])
        if not name:
            raise PageError(number, "the row has no name", self._shape)
        if not _NAME.fullmatch(name):
            how = "Write what is within another as outer.inner, or outer[].inner where outer is an array."
            raise PageError(number, f"{name!r} is not the name of a parameter", how)
        if (kind := read_kind(texts["Type"])) is None:
            raise PageError(
                number, f"{texts['Type']!r} is not a type", f"Allowed are {', '.join(TYPES)}. {self._shape}"
            )
        required = read_required(texts["Required"]) if "Required" in texts else None
        if required is None and "Required" in texts:
            allowed = f"Allowed are {', '.join(REQUIRED)}. {self._shape}"
            raise PageError(number, f"Required is {texts['Required']!r}", allowed)
        further = [
            f"{column}: {text}" for column, text in texts.items() if column not in {*CORE, "Description"} and text
        ]
        description = " ".join(" ".join((texts["Description"], *further)).split())
        return Row(name, kind, required, description, tuple(dict.fromkeys(cells.lines)))

    def _fitted(self, texts: list[str], number: int) -> list[str]:
        """Return as many cells as there are columns: those of a type such as `string | ObjectId` as one, as those of prose."""
        columns, texts = self._columns, self._with_one_type(texts)
        missing = columns[len(texts) :]
        if missing and not {*missing} & {*CORE} and self._reads(columns[len(texts) - 1], texts[-1]):
            texts = [*texts, *[""] * len(missing)]
        if len(texts) > len(columns) and columns[-1] not in CORE:
            end = len(columns) - 1
            texts = [*texts[:end], " | ".join(filter(None, texts[end:]))]
        if len(texts) != len(columns):
            raise PageError(number, f"the row has {len(texts)} cells: {', '.join(texts)}", self._shape)
        return texts

    def _reads(self, column: str, text: str) -> bool:
        """Return whether a cell is one of its column: of the last that a row has, the rest of which is absent."""
        if column == "Required":
            return read_required(text) is not None
        return read_kind(text) is not None if column == "Type" else column not in CORE

    def _with_one_type(self, texts: list[str]) -> list[str]:
        at = self._columns.index("Type")
        if len(texts) <= len(self._columns) or at + 1 == len(self._columns):
            return texts
        is_required_next = self._columns[at + 1] == "Required"
        ends = (
            end
            for end in range(at + 1, len(texts))
            if (read_required(texts[end]) is not None if is_required_next else read_kind(texts[end]) is None)
        )
        end = next(ends, at + 1)
        return [*texts[:at], " | ".join(texts[at:end]), *texts[end:]]


def _joined(group: list[Cells]) -> Cells:
    first, *others = group
    for cells in others:
        first.join(cells)
    return first


def _folded(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows without those that speak of what is within another: these stand in that one."""
    names = {row.name for row in rows}
    inner: dict[str, list[tuple[tuple[str, ...], Row]]] = {name: [] for name in names}
    outer: list[Row] = []
    for row in rows:
        first, *rest = _ELEMENT.sub(".[]", row.name).split(".")
        if rest and first in names:
            inner[first].append((tuple(rest), row))
        else:
            outer.append(row)
    return tuple(
        replace(
            row,
            lines=(*row.lines, *(line for _, below in inner[row.name] for line in below.lines)),
            inner=tuple(inner[row.name]),
        )
        for row in outer
    )

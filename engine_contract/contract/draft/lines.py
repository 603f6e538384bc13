"""The lines of a page that say something, and where they stand."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from engine_contract.contract.page import is_punctuation


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the white space around it, its number, counted from 1, and how many blanks stood before it."""

    text: str
    number: int
    indent: int = field(default=0, compare=False)


_PAGE_NUMBER = re.compile(r"^[ \t]*+\d{1,4}[ \t]*+(?=\n[ \t\n]*+\f)", re.MULTILINE)
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b"))


class Text:
    """A page's text, with its lines by number.

    Byte order marks, blanks of no width, kinds of line ends and the numbers of a PDF's pages do not matter.
    """

    def __init__(self, content: str) -> None:
        content = content.translate(_UNSEEN).replace("\r\n", "\n").replace("\r", "\n")
        self.content = _PAGE_NUMBER.sub("", content)
        self._lines = self.content.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def start_of(self, line: Line) -> int:
        """Return the offset of a line's first character."""
        return self._starts[line.number - 1] + line.indent

    def number_at(self, offset: int) -> int:
        """Return the number of the line at an offset."""
        return min(bisect_right(self._starts, offset), len(self._lines))

    def line(self, number: int) -> Line:
        """Return the line of that number."""
        raw = self._lines[number - 1]
        return Line(raw.strip(), number, len(raw) - len(raw.lstrip()))

    def lines(self) -> tuple[Line, ...]:
        """Return the lines that are not blank, in order."""
        lines = map(self.line, range(1, len(self._lines) + 1))
        return tuple(line for line in lines if line.text)


def quotable(lines: tuple[Line, ...]) -> tuple[str, ...]:
    """Return the texts of those lines that say something, each once."""
    return tuple(dict.fromkeys(line.text for line in lines if not is_punctuation(line.text)))

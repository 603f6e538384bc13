"""The lines of a page that say something, and where they stand."""

from dataclasses import dataclass

from engine_contract.contract.page import is_punctuation


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the white space around it, and its number, counted from 1."""

    text: str
    number: int


_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b"))


class Text:
    """A page's text, with its lines by number. Byte order marks, blanks of no width and kinds of line ends do not matter."""

    def __init__(self, content: str) -> None:
        self.content = content.translate(_UNSEEN).replace("\r\n", "\n").replace("\r", "\n")
        self._lines = self.content.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def start_of(self, line: Line) -> int:
        """Return the offset of a line's first character."""
        raw = self._lines[line.number - 1]
        return self._starts[line.number - 1] + len(raw) - len(raw.lstrip())

    def number_at(self, offset: int) -> int:
        """Return the number of the line at an offset."""
        return self.content.count("\n", 0, offset) + 1

    def line(self, number: int) -> Line:
        """Return the line of that number."""
        return Line(self._lines[number - 1].strip(), number)

    def lines(self) -> tuple[Line, ...]:
        """Return the lines that are not blank, in order."""
        lines = (Line(line.strip(), number) for number, line in enumerate(self._lines, start=1))
        return tuple(line for line in lines if line.text)


def quotable(lines: tuple[Line, ...]) -> tuple[str, ...]:
    """Return the texts of those lines that say something, each once."""
    return tuple(dict.fromkeys(line.text for line in lines if not is_punctuation(line.text)))

"""JSON of which every value knows its line."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine_contract.contract.draft.errors import PageError

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")  # pages copied from a browser hold blanks that JSON does not know
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


@dataclass(slots=True)
class Node:
    """A value, the line that it (or its key) begins on, and what is in it: members by key, elements by index."""

    value: Any
    line: int
    children: dict[str | int, "Node"] = field(default_factory=dict)

    def lines(self) -> Iterator[int]:
        """Return the lines that it and all within it begin on, in order."""
        yield self.line
        for child in self.children.values():
            yield from child.lines()


def read_located(text: str, start: int) -> tuple[Node, int]:
    """Return the JSON value that begins at an offset of a page's text, and the offset behind it. Raise PageError."""
    return _Reader(text).value(start)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, at: int) -> tuple[Node, int]:
        at = self._skip(at)
        match self.text[at : at + 1]:
            case "{":
                return self._object(at)
            case "[":
                return self._array(at)
            case '"':
                value, end = self._string(at)
                return Node(value, self._line(at)), end
        found = _SCALAR.match(self.text, at)
        if found is None:
            raise self._error(at, "a JSON value")
        return Node(json.loads(found[0]), self._line(at)), found.end()

    def _object(self, start: int) -> tuple[Node, int]:
        children: dict[str | int, Node] = {}
        at = self._skip(start + 1)
        while self.text[at : at + 1] != "}":
            line = self._line(at)
            key, at = self._string(at)
            if key in children:
                raise PageError(line, f"the object has the key {key!r} twice", "Give each key of an object once.")
            child, at = self.value(self._expect(at, ":"))
            children[key] = Node(child.value, line, child.children)
            at = self._next(at, "}")
        value = {key: child.value for key, child in children.items()}
        return Node(value, self._line(start), children), at + 1

    def _array(self, start: int) -> tuple[Node, int]:
        elements: list[Node] = []
        at = self._skip(start + 1)
        while self.text[at : at + 1] != "]":
            element, at = self.value(at)
            elements.append(element)
            at = self._next(at, "]")
        children: dict[str | int, Node] = dict(enumerate(elements))
        return Node([element.value for element in elements], self._line(start), children), at + 1

    def _next(self, at: int, closing: str) -> int:
        """Return the offset of the next member or element, or of the closing bracket."""
        at = self._skip(at)
        if self.text[at : at + 1] == closing:
            return at
        at = self._skip(self._expect(at, ",", f"or {closing!r}"))
        if self.text[at : at + 1] == closing:
            raise self._error(at, "a value behind the comma")
        return at

    def _string(self, at: int) -> tuple[str, int]:
        if self.text[at : at + 1] != '"':
            raise self._error(at, 'a key in quotes, as "job_id"')
        try:
            value, end = _DECODER.raw_decode(self.text, at)
        except ValueError as error:
            raise self._error(at, "a string in quotes on one line") from error
        return value, end

    def _expect(self, at: int, sign: str, more: str = "") -> int:
        at = self._skip(at)
        if self.text[at : at + 1] != sign:
            raise self._error(at, f"{sign!r} {more}".strip())
        return at + 1

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _error(self, at: int, allowed: str) -> PageError:
        if at >= len(self.text.rstrip()):
            return PageError(self._line(len(self.text.rstrip())), "the page ends within JSON", f"Allowed is {allowed}.")
        stands = self.text[at : at + 30].partition("\n")[0].strip()
        received = repr(stands) if stands else "the end of the line"
        return PageError(self._line(at), f"{received} stands where JSON goes on otherwise", f"Allowed is {allowed}.")

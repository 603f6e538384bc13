"""JSON of which every value knows its line, read without what pages add to it, such as comments."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.lines import Text

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*+")  # pages copied from a browser hold blanks that JSON does not know
COMMENT = re.compile(r"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/")
_CURLY = re.compile(r"[“”„]([^“”„\n]*+)[“”]")
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


@dataclass(frozen=True, slots=True)
class Located:
    """A JSON text of a page."""

    node: Node
    end: int
    """The offset behind it."""
    left_out: tuple[str, ...]
    """Parts of it that are not JSON."""


def read_located(text: Text, start: int) -> Located:
    """Return the JSON text that begins at an offset of a page. Raise PageError."""
    reader = _Reader(text)
    node, end = reader.value(start)
    return Located(node, end, tuple(reader.left_out))


class _Reader:
    def __init__(self, text: Text) -> None:
        self.text = text.content
        self._line = text.number_at
        self.left_out: dict[str, None] = {}

    def value(self, at: int) -> tuple[Node, int]:
        at = self._skip(at)
        match self.text[at : at + 1]:
            case "{":
                return self._object(at)
            case "[":
                return self._array(at)
            case '"' | "“" | "”" | "„":
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
            self.left_out["a comma behind its last value"] = None
        return at

    def _string(self, at: int) -> tuple[str, int]:
        if (curly := _CURLY.match(self.text, at)) is not None:
            self.left_out["the quotation marks of a word processor"] = None
            return curly[1], curly.end()
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
        while (found := _SPACE.match(self.text, at)) and (comment := COMMENT.match(self.text, found.end())):
            self.left_out["comments"] = None
            at = comment.end()
        return found.end() if found else at

    def _error(self, at: int, allowed: str) -> PageError:
        last = len(self.text.rstrip())
        if at >= last:
            return PageError(self._line(last), "the page ends within JSON", f"Allowed is {allowed}.")
        stands = self.text[at : at + 30].partition("\n")[0].strip()
        received = repr(stands) if stands else "the end of the line"
        return PageError(self._line(at), f"{received} stands where JSON goes on otherwise", f"Allowed is {allowed}.")

"""JSON from anywhere as text on a page: indented, coloured, and marked where a rule is broken."""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from engine_contract.text.json_pointer import pointer_of
from engine_contract.text.printable import shorten, visible

MAX_SHOWN_CHARS = 3 << 20
"""Characters of one text that a page shows; a document of 2,000 tasks has 2 MiB when it is indented."""

_MAX_COLOURED_CHARS = 400_000  # characters of JSON that are coloured; beyond that the page would get slow
_MAX_MARKED_DEPTH = 32  # levels of a document in which places are marked; a job has 6
# No pattern reads a character twice: a string that does not end goes on to the end of the text.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+'
_TOKEN = re.compile(
    rf"(?P<key>{_STRING})(?=\s*+:)|(?P<string>{_STRING})"
    r"|(?P<number>-?\b\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+\b)|(?P<word>\b(?:true|false|null|NaN|Infinity)\b)",
    re.DOTALL,
)
_PIECE = re.compile(rf'{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]++', re.DOTALL)
_COLON = re.compile(r"\s*+:")

Span = tuple[int, int]


def pretty(document: Any) -> str:
    """Return a document as JSON for people; on one line if its indents would be longer than a page shows."""
    parts: list[str] = []
    left = MAX_SHOWN_CHARS
    try:
        for part in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(document):
            parts.append(part)
            left -= len(part)
            if left < 0:
                return shorten(json.dumps(document, ensure_ascii=False), MAX_SHOWN_CHARS)
    except RecursionError:
        return "(nested too deep to be shown)"
    return "".join(parts)


def pretty_body(body: str) -> str:
    """Return a JSON body with line breaks and indents, every token as it came; any other body as it is.

    A body that would get longer than a page shows stays as it is too.
    """
    if body.lstrip()[:1] not in {"{", "["} or not _is_json(body):
        return body
    return _indented(body) or body


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str, parse_float=str)  # the time to read a long number grows with its square
    except (ValueError, RecursionError):
        return False
    return True


def _indented(body: str) -> str | None:
    parts: list[str] = []
    depth, left = 0, MAX_SHOWN_CHARS
    pieces = _PIECE.findall(body)
    for number, piece in enumerate(pieces):
        follows = pieces[number + 1] if number + 1 < len(pieces) else ""
        if piece in "{[":
            depth += 1
            parts.append(piece if follows in ("}", "]") else f"{piece}\n{'  ' * depth}")
        elif piece in "}]":
            depth -= 1
            empty = number > 0 and pieces[number - 1] in ("{", "[")
            parts.append(piece if empty else f"\n{'  ' * depth}{piece}")
        elif piece == ",":
            parts.append(f",\n{'  ' * depth}")
        else:
            parts.append(": " if piece == ":" else piece)
        left -= len(parts[-1])
        if left < 0:
            return None
    return "".join(parts)


def highlight(text: str, pointers: Sequence[str] = ()) -> Markup:
    """Return JSON as markup: keys and values in colours, and what the JSON pointers name as `#at-0`, `#at-1`, ….

    A text that is not JSON has no colours; one that is longer than a page shows is cut.
    """
    is_coloured = len(text) <= _MAX_COLOURED_CHARS and _is_json(text)
    text = visible(text)
    if len(text) > _MAX_COLOURED_CHARS:
        return escape(shorten(text, MAX_SHOWN_CHARS))
    # Where several begin or end at one place: inner ones end first, outer ones begin first.
    found = locate(text, pointers)
    tags = [(start, 1, -end, f'<mark id="at-{pointers.index(pointer)}">') for pointer, (start, end) in found.items()]
    tags += [(end, 0, -start, "</mark>") for start, end in found.values()]
    waiting = deque(sorted(tags))
    parts: list[Markup] = []
    at = 0
    for match in [*(_TOKEN.finditer(text) if is_coloured else ()), None]:
        until = len(text) if match is None else match.start()
        while waiting and waiting[0][0] <= until:
            where, *_, tag = waiting.popleft()
            parts += [escape(text[at:where]), Markup(tag)]  # noqa: S704 - a number is all that is put into it
            at = where
        parts.append(escape(text[at:until]))
        if match is not None:
            parts.append(Markup(f'<span class="j-{match.lastgroup}">{escape(match[0])}</span>'))  # noqa: S704 - escaped
            at = match.end()
    return Markup("").join(parts)


def locate(text: str, pointers: Sequence[str]) -> Mapping[str, Span]:
    """Find the values that the JSON pointers name in the text; for one that is missing, find what should hold it."""
    if not pointers or text.lstrip()[:1] not in {"{", "["} or len(text) > _MAX_COLOURED_CHARS:
        return {}
    values: dict[str, Span] = {}
    keys: dict[str, Span] = {}
    deepest = min(max(pointer.count("/") for pointer in pointers), _MAX_MARKED_DEPTH)
    for path, span, is_key in _walk(text, deepest):
        (keys if is_key else values)[pointer_of(path)] = span
    begins = len(text) - len(text.lstrip())
    found = {}
    for pointer in pointers:
        holder = pointer.rpartition("/")[0]
        if pointer and pointer in values:
            found[pointer] = values[pointer]
        elif holder in values:
            found[pointer] = keys.get(holder, (begins, begins + 1))
    return found


def _walk(text: str, deepest: int) -> Iterator[tuple[tuple[str | int, ...], Span, bool]]:
    """Yield each value's path and place once it has ended, and those of each key, down to a depth.

    Invalid JSON yields what it can.
    """
    path: list[str | int] = []
    opened: list[int] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in "{[":
            opened.append(match.start())
            path.append("" if piece == "{" else 0)
        elif piece in "}]":
            if opened:
                path.pop()
                start = opened.pop()
                if len(path) <= deepest:
                    yield tuple(path), (start, match.end()), False
        elif piece == ",":
            if path and isinstance(path[-1], int):
                path[-1] += 1
        elif piece == ":" or len(path) > deepest:
            continue
        elif path and isinstance(path[-1], str) and _COLON.match(text, match.end()):
            path[-1] = _unquoted(piece)
            yield tuple(path), match.span(), True
        else:
            yield tuple(path), match.span(), False


def _unquoted(piece: str) -> str:
    try:
        return str(json.loads(piece))
    except ValueError:
        return piece

"""Texts without the secrets that are known, however they are spelled there."""

import html
import re
import sys
from array import array
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from engine_contract.text.masking.values import MASK, SHORTEST_KNOWN, SHORTEST_LEARNED, Password, can_be_learned

SHORTEST_PIECE = 6
"""Least characters of a secret's beginning that give something away."""
MAX_UNESCAPED = 4
"""How many layers of escapes a secret is looked for under."""


class _Needle(NamedTuple):
    """Bytes that give a secret away."""

    text: bytes
    is_code: bool = False
    """Whether it is the middle of a base64 text, whose neighbours belong to the secret too."""
    may_end_early: bool = True
    """Whether its beginning is looked for before a `…`."""
    neighbours: bytes = b""
    """Bytes that it does not stand beside: a number is not found within another, nor a short word within a longer one."""


class _Needles(NamedTuple):
    """Needles by the fours of bytes at their beginning, one of which stands at a multiple of four where a text holds one.

    A search for each needle would take long where there are many. Behind each needle stand the next four bytes, which
    the text holds too.
    """

    short: tuple[_Needle, ...]
    by_four: dict[int, list[tuple[_Needle, int | None]]]
    texts: tuple[bytes, ...]
    """Those whose beginnings are looked for before a `…`."""

    @classmethod
    def of(cls, needles: Iterable[_Needle]) -> "_Needles":
        """Return the needles in order."""
        found = cls((), {}, tuple(needle.text for needle in needles if needle.may_end_early))
        short = []
        for needle in needles:
            if len(needle.text) < _LEAST_INDEXED:
                short.append(needle)
                continue
            for at in range(4):
                after = _four(needle.text, at + 4) if len(needle.text) >= _LEAST_INDEXED + 4 else None
                found.by_four.setdefault(_four(needle.text, at), []).append((needle, after))
        return found._replace(short=tuple(short))

    def likely_in(self, data: bytes) -> set[_Needle]:
        """Return the needles that a text may hold."""
        all_fours = memoryview(data + bytes(-len(data) % 4)).cast("I")
        if self.by_four.keys().isdisjoint(all_fours):  # as nearly always; a set would take longer to make
            return set(self.short)
        fours = set(all_fours)
        return {
            needle
            for four in self.by_four.keys() & fours
            for needle, after in self.by_four[four]
            if after is None or after in fours
        }.union(self.short)


_LEAST_INDEXED = 7


def _four(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 4], sys.byteorder)


def hide(text: str, secrets: frozenset[str], *, is_cut: bool = False) -> str:
    """Return the text with every secret in it, however spelled, replaced by `***`; also one that `…` cuts short.

    A secret is found in any case and in any mixture of escapes of URLs, JSON and HTML, and within base64 (also of
    base64) and hex. `is_cut` says that the text is only the beginning of another one, so that its end may cut a secret.
    """
    if is_cut:
        return hide(f"{text}…", secrets)[:-1]
    exact, folded = _needles(secrets)
    if not text or not (exact.texts or folded.texts):
        return text
    data = text.encode("utf-8", "surrogatepass")
    spans: list[tuple[int, int]] = []
    layer, depth = _Layer(data), 0
    while True:
        spans += _found(layer, layer.data, exact) if exact.texts else ()
        spans += _found(layer, layer.data.lower(), folded) if folded.texts else ()
        if depth == MAX_UNESCAPED or (inner := _unescape(layer)) is None:
            break
        layer, depth = inner, depth + 1
    if not spans:
        return text
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            parts += [data[at:start], MASK.encode()]
        at = max(at, end)
    shown = b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass")
    if text.lstrip()[:1] in {"{", "["} and any(map(str.isdigit, secrets)):
        return _STRING_OR_NUMBER.sub(lambda match: match[0] if match["number"] is None else f'"{MASK}"', shown)
    return shown


# Of JSON: a masked number makes it unreadable, unless the mask becomes a string.
_STRING_OR_NUMBER = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|(?P<number>(?<![-+.0-9eE])[-+.0-9eE]*+(?:\*\*\*[-+.0-9eE]*+)++)', re.DOTALL
)


@lru_cache(maxsize=8)
def _needles(secrets: frozenset[str]) -> tuple[_Needles, _Needles]:
    """Return what gives the secrets away: as it is, and in small letters, for secrets that are not words."""
    exact: dict[bytes, _Needle] = {}
    folded: dict[bytes, _Needle] = {}
    for secret in secrets:
        if len(secret) < SHORTEST_KNOWN:
            continue
        is_folded = can_be_learned(secret.lower())
        for needle in _spellings(secret, in_all_cases=is_folded):
            text = needle.text.lower() if is_folded else needle.text
            # A base64 text in another case says little, but then it is not found twice.
            known = folded if is_folded else exact
            if text not in known or known[text].neighbours:
                known[text] = needle._replace(text=text)
    return _Needles.of(exact.values()), _Needles.of(folded.values())


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1024, typed=True)  # a password may be looked for in another way
def _spellings(secret: str, *, in_all_cases: bool) -> tuple[_Needle, ...]:
    return tuple(_spelled(secret, in_all_cases=in_all_cases))


def _spelled(secret: str, *, in_all_cases: bool) -> Iterator[_Needle]:
    """Yield how a secret is written once all escapes are undone, and the middles of base64 texts that hold it."""
    data = _bytes_of(secret)
    texts = {data, data.replace(b" ", b"+"), secret.encode("utf-8", "surrogatepass"), data.hex().encode()}
    texts.add(data.hex().upper().encode())
    if in_all_cases:
        texts |= {_bytes_of(secret.lower()), _bytes_of(secret.upper())}
    if not secret.isascii():
        texts.add(data.decode("latin-1").encode())  # UTF-8 in a header
        with suppress(UnicodeEncodeError):
            latin = secret.encode("latin-1")
            texts |= {latin, latin.decode("utf-8", "surrogateescape").encode("utf-8", "surrogatepass")}
    layer, undone = _Layer(data), 0
    while undone < MAX_UNESCAPED and (inner := _unescape(layer)) is not None:  # its own escapes are undone like others
        texts.add(inner.data)
        layer, undone = inner, undone + 1
    if isinstance(secret, Password) and len(secret) < SHORTEST_LEARNED:
        code = b64encode(data)
        texts |= {secret.lower().encode(), secret.upper().encode(), code, code.rstrip(b"="), code.translate(_TO_URL)}
        yield from (_Needle(text, neighbours=_OF_WORDS) for text in texts)
        return
    neighbours = _DIGITS if data.isdigit() else b""
    yield from (_Needle(text, neighbours=neighbours if text == data else b"") for text in texts)
    codes = set(_codes(data))
    yield from (_Needle(code, is_code=True) for code in codes)
    twice = {outer for code in codes for outer in _codes(code)}
    yield from (_Needle(code, is_code=True, may_end_early=False) for code in twice)


def _codes(data: bytes) -> Iterator[bytes]:
    """Yield what of a base64 text is the same whatever stands before and after these bytes, in both alphabets."""
    for before in range(3):
        whole = b64encode(b"\0" * before + data)
        first, last = (0, 2, 3)[before], (before + len(data)) // 3 * 4 + (0, 1, 2)[(before + len(data)) % 3]
        middle = whole[first:last]
        if len(middle) >= SHORTEST_KNOWN:
            yield middle
            yield middle.translate(_TO_URL)


_DIGITS = b"0123456789"
_OF_WORDS = _DIGITS + b"_" + bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
_TO_URL = bytes.maketrans(b"+/", b"-_")
_NEXT_OF_CODE = re.compile(rb"[A-Za-z0-9+/_-]?+=*+")


def _found(layer: "_Layer", searched: bytes, needles: _Needles) -> Iterator[tuple[int, int]]:
    """Yield where secrets begin and end in the original text; what is searched is the layer, or its small letters."""
    for needle in needles.likely_in(searched):
        at = searched.find(needle.text)
        while at >= 0:
            end = at + len(needle.text)
            if needle.neighbours and _is_beside(searched, at, end, needle.neighbours):
                at = searched.find(needle.text, at + 1)
                continue
            if needle.is_code:
                end = _NEXT_OF_CODE.match(layer.data, end).end()  # type: ignore[union-attr]
            yield layer.start(at), layer.end(end)
            at = searched.find(needle.text, end)
    if _ELLIPSIS in searched:
        # An escape that is cut short too belongs to the piece.
        for start, end in _pieces(searched, needles.texts):
            yield layer.start(start), layer.start(end)


def _is_beside(data: bytes, start: int, end: int, neighbours: bytes) -> bool:
    """Return whether one of these bytes stands before or after a place."""
    return (start > 0 and data[start - 1] in neighbours) or (end < len(data) and data[end] in neighbours)


class _Layer(NamedTuple):
    """A text some of whose escapes are undone, and where its parts stood before."""

    data: bytes
    places: Sequence[int] = ()
    """Where an escape stood, and where the text after it begins, by turns; in this layer's bytes."""
    origins: Sequence[int] = ()
    """The same places in the layer before."""
    outer: "_Layer | None" = None

    def start(self, place: int) -> int:
        """Return where in the original text something begins that begins here in this one."""
        if self.outer is None:
            return place
        index = bisect_right(self.places, place) - 1
        if index < 0:
            return self.outer.start(place)
        # Within an escape it begins where the escape does.
        within = 0 if index % 2 == 0 else place - self.places[index]
        return self.outer.start(self.origins[index] + within)

    def end(self, place: int) -> int:
        """Return where in the original text something ends that ends here in this one."""
        if self.outer is None:
            return place
        index = bisect_left(self.places, place) - 1
        if index < 0:
            return self.outer.end(place)
        return self.outer.end(
            self.origins[index + 1] if index % 2 == 0 else self.origins[index] + place - self.places[index]
        )


def _unescape(outer: _Layer) -> _Layer | None:
    """Undo one layer of escapes; None if there are none."""
    data = outer.data
    if not any(mark in data for mark in (b"%", b"\\", b"&")):
        return None
    # Millions of escapes in lists would hold all threads while memory is tidied up.
    undone, places, origins = bytearray(), array("q"), array("q")
    copied = 0
    for match in _ESCAPED.finditer(data):
        start, end = match.span()
        undone += data[copied:start]
        places.append(len(undone))
        undone += _unescaped_bytes(match[0])
        places.append(len(undone))
        origins.append(start)
        origins.append(end)
        copied = end
    undone += data[copied:]
    return _Layer(bytes(undone), places, origins, outer) if places else None


@lru_cache(maxsize=1024)
def _unescaped_bytes(escape: bytes) -> bytes:
    if escape[:1] == b"%":
        return bytes.fromhex(escape[1:].decode()) if len(escape) == 3 else b""
    if escape[:2] in {b"\\u", b"\\x"} and len(escape) > 3:
        codes = [int(code, 16) for code in re.findall(rb"\\[ux]([0-9a-fA-F]+)", escape)]
        if len(codes) == 2:
            codes = [0x10000 + ((codes[0] & 0x3FF) << 10) + (codes[1] & 0x3FF)]
        return chr(codes[0]).encode("utf-8", "surrogatepass")
    if escape[:1] == b"\\":
        return _CONTROLS.get(escape[1:], escape[1:]) if len(escape) == 2 else b""
    if escape[-1:] != b";":
        return b""
    return html.unescape(escape.decode()).encode("utf-8", "surrogatepass")


_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_ELLIPSIS = "…".encode()
_ESCAPED = re.compile(
    rb"%[0-9a-fA-F]{2}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}"
    rb"|\\[\"'/\\bfnrt]|&(?:#[0-9]{1,7}+|#[xX][0-9a-fA-F]{1,6}+|amp|lt|gt|quot|apos);"
    rb"|(?:%[0-9a-fA-F]?|\\(?:u[0-9a-fA-F]{0,3})?|&(?:#[xX]?[0-9a-fA-F]{0,6}+|[a-z]{0,4}+))(?=\xe2\x80\xa6)"  # cut short
)


def _pieces(data: bytes, known: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where the beginnings of secrets stand that end at a `…`."""
    shown = data.split(_ELLIPSIS)
    ends = {part[-SHORTEST_PIECE:] for part in shown[:-1]}
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    for needle in known:
        for length in range(SHORTEST_PIECE, len(needle)):
            if (end := needle[length - SHORTEST_PIECE : length]) in ends:
                found.setdefault(end, []).append((length, needle))
    for beginnings in found.values():
        beginnings.sort(reverse=True)
    at = 0
    for part in shown[:-1]:
        beginnings = found.get(part[-SHORTEST_PIECE:], [])
        fitting = beginnings[bisect_left(beginnings, -len(part), key=lambda item: -item[0]) :]
        length = next((length for length, needle in fitting if part.endswith(needle[:length])), 0)
        if length:
            yield at + len(part) - length, at + len(part)
        at += len(part) + len(_ELLIPSIS)

"""Texts without the secrets that are known, however they are spelled there."""

import html
import re
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from engine_contract.text.masking.values import MASK, SHORTEST_KNOWN, can_be_learned

SHORTEST_PIECE = 6
"""Least characters of a secret's beginning that give something away."""
MAX_UNESCAPED = 4
"""How many layers of escapes a secret is looked for under."""


class _Needles(NamedTuple):
    """The bytes that give secrets away, longest first: as they are, and in small letters, for secrets that are not words."""

    exact: tuple[bytes, ...]
    folded: tuple[bytes, ...]
    coded: frozenset[bytes]
    """Those of them that are the middle of a base64 text, whose neighbours belong to the secret too."""


def hide(text: str, secrets: frozenset[str]) -> str:
    """Return the text with every secret in it, however spelled, replaced by `***`; also one that `…` cuts short.

    A secret is found in any case and in any mixture of escapes of URLs, JSON and HTML, and within base64 and hex.
    """
    needles = _needles(secrets)
    if not text or not (needles.exact or needles.folded):
        return text
    data = text.encode("utf-8", "surrogatepass")
    spans: list[tuple[int, int]] = []
    layer, depth = _Layer(data), 0
    while True:
        spans += _found(layer, needles)
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
    return b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=8)
def _needles(secrets: frozenset[str]) -> _Needles:
    exact: set[bytes] = set()
    folded: set[bytes] = set()
    coded: set[bytes] = set()
    for secret in secrets:
        if len(secret) < SHORTEST_KNOWN:
            continue
        texts, middles = _spellings(secret)
        if can_be_learned(secret.lower()):
            folded |= {text.lower() for text in (*texts, *_all_cases(secret))}
            # A base64 text in another case says little, but then it is not found twice.
            folded |= {text.lower() for text in middles}
            coded |= {text.lower() for text in middles}
        else:
            exact |= texts | middles
            coded |= middles
    longest_first = [tuple(sorted(found, key=len, reverse=True)) for found in (exact, folded)]
    return _Needles(longest_first[0], longest_first[1], frozenset(coded))


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _all_cases(secret: str) -> Iterator[bytes]:
    return map(_bytes_of, (secret.lower(), secret.upper()))


def _spellings(secret: str) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return how a secret is written once all escapes are undone, and the middles of base64 texts that hold it."""
    data = _bytes_of(secret)
    texts = {data, data.replace(b" ", b"+"), secret.encode("utf-8", "surrogatepass"), data.hex().encode()}
    with suppress(UnicodeEncodeError):
        texts.add(secret.encode("latin-1"))  # headers
    texts.add(data.hex().upper().encode())
    layer, undone = _Layer(data), 0
    while undone < MAX_UNESCAPED and (inner := _unescape(layer)) is not None:  # its own escapes are undone like others
        texts.add(inner.data)
        layer, undone = inner, undone + 1
    middles = set()
    for before in range(3):
        whole = b64encode(b"\0" * before + data)
        first, last = (0, 2, 3)[before], (before + len(data)) // 3 * 4 + (0, 1, 2)[(before + len(data)) % 3]
        middle = whole[first:last]
        if len(middle) >= SHORTEST_KNOWN:
            middles |= {middle, middle.translate(_TO_URL)}
    return frozenset(texts), frozenset(middles)


_TO_URL = bytes.maketrans(b"+/", b"-_")
_NEXT_OF_CODE = re.compile(rb"[A-Za-z0-9+/_-]?+=*+")


def _found(layer: "_Layer", needles: _Needles) -> Iterator[tuple[int, int]]:
    """Yield where secrets begin and end in the original text."""
    data = layer.data
    for searched, known in ((data, needles.exact), (data.lower() if needles.folded else b"", needles.folded)):
        for needle in known:
            at = searched.find(needle)
            while at >= 0:
                end = at + len(needle)
                if needle in needles.coded:
                    end = _NEXT_OF_CODE.match(data, end).end()  # type: ignore[union-attr]
                yield layer.start(at), layer.end(end)
                at = searched.find(needle, end)
        if _ELLIPSIS in searched:
            # An escape that is cut short too belongs to the piece.
            yield from ((layer.start(start), layer.start(end)) for start, end in _pieces(searched, known))


class _Layer(NamedTuple):
    """A text some of whose escapes are undone, and where its parts stood before."""

    data: bytes
    places: tuple[int, ...] = ()
    """Where an escape stood, and where the text after it begins, by turns; in this layer's bytes."""
    origins: tuple[int, ...] = ()
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
    parts: list[bytes] = []
    places: list[int] = []
    origins: list[int] = []
    copied = length = 0
    for match in _ESCAPED.finditer(data):
        start, end = match.span()
        before, character = data[copied:start], _unescaped_bytes(match[0])
        length += len(before)
        places += [length, length + len(character)]
        origins += [start, end]
        parts += [before, character]
        length += len(character)
        copied = end
    return _Layer(b"".join([*parts, data[copied:]]), tuple(places), tuple(origins), outer) if places else None


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

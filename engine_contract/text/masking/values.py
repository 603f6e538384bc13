"""Which values are taken for secrets wherever they come back, and how long they are at least."""

import re
from collections.abc import Callable
from functools import lru_cache

from engine_contract.text.basic import read_basic

MASK = "***"

SHORTEST_KNOWN = 4
"""Least characters of a secret that was given: shorter ones occur in any sentence, and would hide it."""
SHORTEST_LEARNED = 8
"""Least characters of a value that is taken for a secret because of its name."""
SHORTEST_SENTENCE = 16
"""Least characters of a value in small letters alone that is taken for a secret: shorter ones are words."""

Learn = Callable[[str], object]

_SMALL_LETTERS = re.compile(r"[a-z]+(?:[._-][a-z]+)*")
_AUTH_PARAMETER = re.compile(
    r'(?<![\w-])(response|signature|credential|token|assertion|mac|s|data)=("[^"]*+"|[^\s,]++)', re.IGNORECASE
)
HAS_SCHEME = re.compile(r"(?:bearer|basic|digest|token|negotiate|apikey) ", re.IGNORECASE)


def can_be_learned(value: str) -> bool:
    """Return whether a value may be looked for everywhere: not if it is short, a word, or on the documentation page."""
    return len(value) >= SHORTEST_LEARNED and MASK not in value and not all(map(is_word, value.split(":")))


def is_word(value: str) -> bool:
    """Return whether a value is a word of the documentation page, or looks like one."""
    is_short = len(value) < SHORTEST_SENTENCE
    return not value or value.lower() in _page_words() or (is_short and _SMALL_LETTERS.fullmatch(value) is not None)


@lru_cache(maxsize=1)
def _page_words() -> frozenset[str]:
    from engine_contract.contract import load_page  # slow to import: --help answers at once

    page = load_page().lower()
    return frozenset(re.findall(r"\w+", page)) | frozenset(re.findall(r"[\w@.:-]+", page))


def ignore(_value: str) -> None:
    """Learn nothing."""


def credentials_of(authorization: str) -> list[str]:
    """Return the credentials in the value of an `Authorization` header; `user:password` and the password for basic."""
    scheme, _, rest = authorization.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() != "basic":
        return [rest, *(part.strip('"') for _, part in _AUTH_PARAMETER.findall(rest))]
    try:
        pair = read_basic(rest)
    except ValueError:
        return [rest]
    return [pair, pair.partition(":")[2]] if pair.strip(":") else [""]

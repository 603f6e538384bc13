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
SHORTEST_PASSWORD = 6
"""Least characters of a value that stood in a field for a password."""
SHORTEST_SENTENCE = 16
"""Least characters of a value of letters in one case that is taken for a secret: shorter ones are words."""

Learn = Callable[[str], object]

_SMALL_LETTERS = re.compile(r"[a-z]+(?:[._-][a-z]+)*")
_CAPITALS = re.compile(r"[A-Z](?:[a-z]*|[A-Z]*)(?:[._-](?:[A-Z]?[a-z]+|[A-Z]+))*")
# Messages of the contract hold these themselves: media types, paths of words, dates and times, decimals.
_PUBLIC = re.compile(
    r"(?:application|text|image|audio|video|font|multipart)/[a-z.+-]{1,60}(?:;\s?charset=[\w-]{1,20})?"
    r"|(?:https?://[\w.-]{1,100}(?::\d{1,5})?)?(?:/(?:v\d{1,2}(?![A-Za-z_.-])|[A-Za-z_.-]{1,24}+)?+)++"
    r"|(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4}(?: [\d:]{8} (?:GMT|UTC|[+-]\d{4}))?"
    r"|\d{4}-\d\d-\d\d(?:[T ][\d:]{5,8}(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d:\d\d"
    r"|1\d{9}|1\d{12}|\d{1,20}\.\d{1,20}"  # the first two since 2001, in seconds and milliseconds
)
_ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,20}", re.IGNORECASE)
_AUTH_PARAMETER = re.compile(
    r'(?<![\w-])(response|signature|credential|token|assertion|mac|s|data)=("[^"]*+"|[^\s,]++)', re.IGNORECASE
)
_RANDOM = re.compile(r"(?=[^\d\s]*+\d)(?=\d*+[^\W\d])[\w.~+/=-]{16,}+")
HAS_SCHEME = re.compile(r"(?:bearer|basic|digest|token|negotiate|apikey) ", re.IGNORECASE)


class Password(str):
    """A value that stood in a field for a password: also a short one is learned, as a whole word."""

    __slots__ = ()


def can_be_learned(value: str) -> bool:
    """Return whether a value may be looked for everywhere: not if it is short, a word, or what the contract itself says."""
    shortest = SHORTEST_PASSWORD if isinstance(value, Password) else SHORTEST_LEARNED
    if len(value) < shortest or MASK in value or _PUBLIC.fullmatch(value):
        return False
    if len(value) < SHORTEST_SENTENCE and _CAPITALS.fullmatch(value):
        return False
    return not all(map(is_word, value.split(":")))


def is_job_id(value: str) -> bool:
    """Return whether a value that names a job has the form of an id, so that it may be shown: a token has another."""
    return _ID.fullmatch(value) is not None


def is_word(value: str) -> bool:
    """Return whether a value is a word of the documentation page, or looks like one."""
    is_short = len(value) < SHORTEST_SENTENCE
    return not value or value.lower() in _page_words() or (is_short and _SMALL_LETTERS.fullmatch(value) is not None)


@lru_cache(maxsize=1)
def _page_words() -> frozenset[str]:
    from engine_contract.contract import load_page  # slow to import: --help answers at once

    page = load_page().lower()
    return frozenset(re.findall(r"\w+", page)) | frozenset(re.findall(r"[\w@.:-]+", page))


def looks_random(value: str) -> bool:
    """Return whether a value looks like a token whatever its name: not a date, not an address, not an id."""
    is_other = _PUBLIC.fullmatch(value) or is_job_id(value) or value.startswith("/")
    return _RANDOM.fullmatch(value) is not None and not is_other


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
    return [pair, Password(pair.partition(":")[2])] if pair.strip(":") else [""]

"""The documentation page, verbatim."""

from functools import cache
from hashlib import sha256

from engine_contract.contract.files import PAGE_PATH

# Lines of nothing but JSON or HTML punctuation say nothing by themselves.
_PUNCTUATION = frozenset("{}[],|:-+= \t")


@cache
def load_page() -> str:
    """Return the page's text as it was published."""
    return PAGE_PATH.read_text(encoding="utf-8")


def page_sha256() -> str:
    """Return the SHA-256 of the page's bytes, 64 hex characters: which page a report speaks of."""
    return sha256(PAGE_PATH.read_bytes()).hexdigest()


def is_punctuation(line: str) -> bool:
    """Return whether a line holds nothing but JSON or HTML punctuation."""
    return _PUNCTUATION.issuperset(line)


def statements() -> tuple[str, ...]:
    """Return the page's lines that hold more than punctuation, without the white space around them, in order."""
    lines = (line.strip() for line in load_page().splitlines())
    return tuple(line for line in lines if not is_punctuation(line))

"""The marks that wikis, Markdown and browsers leave around a page's words."""

import re
from html import unescape

_ESCAPE = re.compile(r"\\([^\w\s|])|\\(?=_)")
_ITEM = re.compile(r"(?:\d{1,3}[.)]|[-+•])\s++")
_ASIDE = re.compile(r"\([^()]*+\)$")
FENCE = re.compile(r"(?:```|~~~)\s*+\w*+")
UNDERLINE = re.compile(r"[=-]{3,}+")


def plain(text: str) -> str:
    """Return a cell, a word or a line without what shows it bold or as code, and without a wiki's backslashes."""
    return _ESCAPE.sub(r"\1", unescape(text)).replace("**", "").strip("*` \t").replace("`", "")


def item(line: str) -> str:
    """Return the words of a line of a list, without its number or bullet."""
    found = _ITEM.match(line)
    return plain(line[found.end() :] if found else line)


def heading(line: str) -> str:
    """Return the words of a line that is marked as a heading, or written in capitals: `## **ROUTE**:` is Route."""
    words = plain(item(plain(line).lstrip("# ")).rstrip(" \t:#¶"))
    return words.capitalize() if words.isupper() else words


def without_aside(text: str) -> str:
    """Return a cell's text without what stands in brackets at its end, such as `(default 10)`."""
    return _ASIDE.sub("", text).rstrip()

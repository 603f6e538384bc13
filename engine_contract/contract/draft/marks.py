"""The marks that wikis, Markdown and browsers leave around a page's words."""

import re
from html import unescape

_ESCAPE = re.compile(r"\\([^\w\s|])|\\(?=_)")
_ITEM = re.compile(r"(?:(?:\d{1,3}[.)])++\d{0,3}|[-+•])\s++")
_ASIDE = re.compile(r"\([^()]*+\)$")
_HEADING = re.compile(r"h[1-6]\.\s*+|[#=]++\s*+")  # Confluence; Markdown, AsciiDoc and other wikis
_ANCHOR = re.compile(r"\{(?:anchor:[\w-]*+|#[\w-]*+)\}")
_CODE = re.compile(r"\{\{([^{}]*+)\}\}|''(?:%%)?([^'%]*+)(?:%%)?''")
_MARKUP = re.compile(
    r"(?:```|~~~)\s*+\w*+"  # Markdown
    r"|\{(?:code|noformat|panel)\b[^{}]*+\}"  # Confluence, Jira
    r"|\.\. code(?:-block)?::\s*+\w*+"  # reStructuredText
    r"|\[(?:source|cols|options|%)[^\[\]]*+\]|\|==="  # AsciiDoc
    r"|</?(?:code|pre|file)\b[^<>]*+>"  # DokuWiki, HTML
)
UNDERLINE = re.compile(r"[=-]{3,}+")


def is_markup(line: str) -> bool:
    """Return whether a line only opens or closes what a wiki shows as code or as a table."""
    return _MARKUP.fullmatch(line) is not None


def is_title(line: str) -> bool:
    """Return whether a line is marked as a heading."""
    return _HEADING.match(line) is not None


def plain(text: str) -> str:
    """Return a cell, a word or a line without what shows it bold or as code, and without a wiki's backslashes."""
    words = _ESCAPE.sub(r"\1", unescape(text)).replace("**", "").strip("*` \t").replace("`", "")
    return _CODE.sub(r"\1\2", words) if "{{" in words or "''" in words else words


def item(line: str) -> str:
    """Return the words of a line of a list, without its number or bullet."""
    found = _ITEM.match(line)
    return plain(line[found.end() :] if found else line)


def heading(line: str) -> str:
    """Return the words of a line that is marked as a heading, or written in capitals: `## **ROUTE**:` is Route."""
    words = _ANCHOR.sub("", _HEADING.sub("", plain(line), count=1))
    words = plain(item(words).rstrip(" \t:#=¶"))
    return words.capitalize() if words.isupper() else words


def without_aside(text: str) -> str:
    """Return a cell's text without what stands in brackets at its end, such as `(default 10)`."""
    return _ASIDE.sub("", text).rstrip()

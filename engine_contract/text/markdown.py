"""Text from an engine in the Markdown that GitHub and GitLab share: it writes nothing on the page but itself."""

import re

from engine_contract.text.printable import one_line, visible

_SPECIAL = re.compile(
    r"[\\`*{}\[\]()#!|~$@]"  # markup and mentions, wherever they stand
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word an underscore is itself
    r"|^[-+=]|(?<=^\d)[.)]"  # lists and headings, where a line begins
    r"|:(?=//|[\w+-]+:)|(?<=www)\."  # links and pictures that are made of bare words
)
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: str) -> str:
    """Return the text on one line that Markdown takes as it is: no markup, HTML, link or mention."""
    text = _SPECIAL.sub(lambda match: "\\" + match[0], one_line(visible(text)))
    return re.sub(r"[&<>]", lambda match: _HTML[match[0]], text)


def code(text: str) -> str:
    """Return a code span on one line, also for a cell of a table."""
    text = one_line(visible(text)).replace("|", "¦")
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def block(text: str, language: str = "text") -> str:
    """Return a block of code with a fence that nothing in it closes."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{visible(text)}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)

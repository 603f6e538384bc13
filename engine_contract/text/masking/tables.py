"""Tables in a text, as CSV or Markdown has them, without the values of columns with secret names."""

import re

from engine_contract.text.masking.names import is_secret
from engine_contract.text.masking.values import MASK, Learn

_NAME = r'(?: ?"[\w .()-]{1,60}+"|[\w .()-]{1,60}+)'
_HEAD = re.compile(
    rf"^\|?+({_NAME}(?:(?P<separator>[,;\t|]){_NAME})(?:(?P=separator){_NAME})*+)\|?+\r?\n", re.MULTILINE
)
_CELLS = {
    separator: re.compile(rf'[ ]*+("(?:[^"]++|"")*+"?+)?+[^{separator}\r\n]*+') for separator in (",", ";", "\t", "|")
}
_RULER = frozenset("-: ")


def mask_tables(text: str, learn: Learn) -> str:
    """Return the text with a mask in each cell of a secret column, down to the first row of another width."""
    parts, copied, at = [], 0, 0
    while head := _HEAD.search(text, at):
        at = head.end()
        separator = head["separator"]
        names = head[1].split(separator)
        secret = [index for index, name in enumerate(names) if is_secret(name.strip(' "'))]
        while secret and at < len(text):
            cells, after = _row(text, at, separator)
            if separator == "|" and cells[-1][0] == cells[-1][1]:  # `| a | b |`
                del cells[-1]
            if len(cells) != len(names):
                break
            for start, end in (cells[index] for index in secret):
                value = text[start:end].strip(" \r").strip('"')
                if value and not _RULER.issuperset(value):
                    learn(value.replace('""', '"'))
                    parts += [text[copied:start], MASK]
                    copied = end
            at = after
    return "".join([*parts, text[copied:]])


def _row(text: str, at: int, separator: str) -> tuple[list[tuple[int, int]], int]:
    """Return where the cells of a row begin and end, and where the next row begins."""
    at += separator == "|" and text.startswith("|", at)
    cells = []
    while True:
        cell = _CELLS[separator].match(text, at)
        cells.append(cell.span())  # type: ignore[union-attr]  # it matches nothing too
        at = cells[-1][1]
        if not text.startswith(separator, at):
            break
        at += 1
    for end in ("\r\n", "\n", "\r"):
        if text.startswith(end, at):
            return cells, at + len(end)
    return cells, max(at, len(text))

"""A Markdown document as its fenced blocks, each with what a comment before it says of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHELL = {"sh", "bash", "shell", "console"}

_COMMENT = re.compile(r"<!-- (not run: |file: |exits with |after servers have )(.+) -->")
_FENCE = re.compile(r"(`{3,})(\S*)\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block. `not_run` is the reason why it is left out, `file` the name under which it is kept.

    Its last command ends with `status`. `servers_ended` says that those of earlier blocks have been stopped.
    """

    line: int
    language: str
    text: str
    not_run: str | None = None
    file: str | None = None
    status: int = 0
    servers_ended: bool = False

    @property
    def is_shell(self) -> bool:
        """Whether the block holds commands."""
        return self.language in SHELL


def blocks(path: Path) -> Iterator[Block]:
    """The blocks in order. A comment counts for the block that follows it at once."""
    lines = iter(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
    said: dict[str, str] = {}
    for number, line in lines:
        if match := _COMMENT.fullmatch(line.strip()):
            said = {match[1].strip(" :"): match[2]}
        elif match := _FENCE.match(line):
            text = []
            for _, inner in lines:
                if inner.strip() == match[1]:
                    break
                text.append(inner)
            yield Block(
                number,
                match[2],
                "\n".join(text) + "\n",
                not_run=said.get("not run"),
                file=said.get("file"),
                status=int(said.get("exits with", 0)),
                servers_ended="after servers have" in said,
            )
            said = {}
        elif line.strip():
            said = {}

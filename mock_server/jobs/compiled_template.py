"""Compiled templates: a job's document written in advance, with blanks for what differs from job to job.

A template is compiled once for each workflow, execution and status. Filling it is one gathering of values and one
%-format of bytes, which makes documents fast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from mock_server.jobs.execution import Moment

CANCEL: Moment = (-1, -1)
"""Replaces the moment of the cancel, which no execution knows."""


class CompiledTemplate(NamedTuple):
    """A document with blanks. The values that fill them: those of the named blanks, the tasks' keys, the running times, the moments."""

    text: bytes
    """The document as a %-format."""
    gather: Callable[[Any], tuple[Any, ...]]
    """Picks from all values those that `text` takes, in its order."""
    keys: int
    """How many tasks need a key: all but `workflow_start` and `workflow_end`."""
    moments: tuple[Moment, ...]
    """The moments of the run, the first being the job's creation, the second its start. Last comes that of the cancel."""
    rest: Moment
    """As that of the execution."""
    begins: Callable[[Any], tuple[int, ...]]
    """Picks from the moments where each running time begins."""
    finishes: Callable[[Any], tuple[int, ...]]
    """Picks from the moments where each running time ends."""


@dataclass(slots=True)
class TemplateWriter:
    """A template while it is written: text, and blanks that refer to values."""

    created: Moment
    started: Moment
    rest: Moment
    keys: int
    blanks: Sequence[str]
    """The names of blanks, in the order in which the filler passes their values."""
    _pieces: list[str] = field(default_factory=list)
    _blanks: list[tuple[str, int]] = field(default_factory=list)
    _moments: dict[Moment, int] = field(default_factory=dict)
    _spans: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._at(self.created)
        self._at(self.started)

    def text(self, text: str) -> None:
        """Write a text as it is."""
        if text:
            self._pieces.append(text.replace("%", "%%"))

    def member(self, key: str, write: Callable[..., None], *arguments: Any) -> None:
        """Write a member of an object: its key, and the value that `write` writes; neither if that writes nothing."""
        self._pieces.append(key)
        length = len(self._pieces)
        write(*arguments)
        if len(self._pieces) == length:
            self._pieces.pop()

    def blank(self, name: str) -> None:
        """Leave a blank for a named value."""
        self._leave("%b", "named", self.blanks.index(name))

    def key(self, index: int) -> None:
        """Write the key of a task, given by its index in the graph."""
        if index == 0:
            self.text("workflow_start")
        elif index == self.keys + 1:
            self.text("workflow_end")
        else:
            self._leave("%b", "key", index - 1)

    def moment(self, moment: Moment) -> None:
        """Leave a blank for a moment, in epoch milliseconds."""
        self._leave("%d", "moment", self._at(moment))

    def span(self, start: Moment, end: Moment) -> None:
        """Leave a blank for the time from start to end, in milliseconds."""
        self._leave("%d", "span", len(self._spans))
        self._spans.append((self._at(start), self._at(end)))

    def template(self) -> CompiledTemplate:
        """Finish the template."""
        # Two empty spans, so that `itemgetter` always returns a tuple.
        spans = [*self._spans, (-1, -1), (-1, -1)]
        first = {"named": 0, "key": len(self.blanks), "span": len(self.blanks) + self.keys}
        first["moment"] = first["span"] + len(spans)
        return CompiledTemplate(
            text="".join(self._pieces).encode(),
            gather=itemgetter(*(-1 if index < 0 else first[kind] + index for kind, index in self._blanks)),
            keys=self.keys,
            moments=tuple(self._moments),
            rest=self.rest,
            begins=itemgetter(*(start for start, _ in spans)),
            finishes=itemgetter(*(end for _, end in spans)),
        )

    def _leave(self, mark: str, kind: str, index: int) -> None:
        self._pieces.append(mark)
        self._blanks.append((kind, index))

    def _at(self, moment: Moment) -> int:
        """Return the index of a moment; -1 is the cancel, which is the last of all values."""
        return -1 if moment == CANCEL else self._moments.setdefault(moment, len(self._moments))

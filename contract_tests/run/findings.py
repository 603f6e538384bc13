"""The findings of a run, in the order in which it learns them."""

from dataclasses import dataclass, field
from enum import Enum, auto

from contract_tests.judge.answers import finding
from contract_tests.model import Because, Exchange, Judgement, Unchecked


class JobOutcome(Enum):
    """The outcome of a job that a valid request was sent for."""

    CANCELED = auto()
    REFUSED = auto()  # and no role is known to work yet
    DEAD = auto()  # refused to a role that works: the job was not active
    LOST = auto()  # no response: it may be canceled or not
    LOCKED_OUT = auto()  # the caller is refused for a while, whatever the job
    UNSURE = auto()  # a response that says neither


@dataclass(slots=True)
class Findings:
    """The findings of a run, in the order in which it learned them."""

    judgements: list[Judgement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchecked: dict[str, Unchecked] = field(default_factory=dict)
    because: list[Because] = field(default_factory=list)
    leftover_canceled: int = 0
    still_active: list[str] = field(default_factory=list)
    """Jobs that were made for the run, and that could not be canceled at its end."""
    interrupted: bool = False
    complete: bool = False
    """Whether the whole plan was carried out."""

    def add(self, judgement: Judgement) -> None:
        """Take a judgement in."""
        self.judgements.append(judgement)

    def break_rule(self, rule_id: str, received: str, documented: str, exchange: Exchange | None = None) -> None:
        """Record that a rule is broken."""
        self.add(finding(rule_id, received, documented, exchange))

    def broken(self) -> set[str]:
        """Return the rules that are broken so far."""
        return {item.rule for item in self.judgements if item.finding}

    def leave_unchecked(self, rule_id: str, reason: str, because: Because | None = None) -> None:
        """Record why a rule is not checked; the first reason stands."""
        self.unchecked.setdefault(rule_id, Unchecked(reason, because))

    def note(self, sentence: str) -> None:
        """Add a sentence on the run as a whole, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def stop(self, cause: Because, sentence: str) -> None:
        """Record a cause that makes the run undecided."""
        self.because.append(cause)
        self.note(sentence)

    def stop_at_deadline(self) -> None:
        """Record that the time for the run is over."""
        self.stop("deadline", "The run was not complete within its deadline (--deadline).")

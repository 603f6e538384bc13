"""A job as the store keeps it: its id and its state, until somebody looks at it."""

from typing import Literal, NamedTuple

from engine_contract.contract.job_status import Active, Status


class State(NamedTuple):
    """The part of a job that cannot be derived from its id. Times are in epoch milliseconds of the session's clock."""

    status: Status = "running"
    tasks: int | None = None
    """None where it is drawn from the id, as the name."""
    name: str | None = None
    was: Active = "running"
    """The status before the cancel."""
    changed_at_ms: int = 0
    """When it got this status; 0 for one that it was made with."""
    changed_by: str = ""
    made_at_ms: int = 0
    """The moment as of which its document is drawn; it never moves. Jobs that were made together share a state."""
    age_ms: int | None = None
    """How long before it was made it is said to have started; drawn from the id if None."""
    ends_at_ms: int | None = None
    """When it ends by itself, unless somebody changes its status before."""
    ends_as: Literal["complete", "error"] = "complete"
    was_since_ms: int = 0
    """When it got the status before; 0 for one that it was made with."""

    def at(self, now_ms: int) -> "State":
        """Return the state at that time, by which the job may have ended by itself."""
        if self.ends_at_ms is None or now_ms < self.ends_at_ms:
            return self
        return self._become(self.ends_as, self.ends_at_ms, "")

    def changed(self, status: Status | None, name: str | None, at_ms: int, by: str) -> "State":
        """Return the state after somebody gave the job another status, another name, or both."""
        state = self if status is None or status == self.status else self._become(status, at_ms, by)
        return state if name is None else state._replace(name=name)

    def _become(self, status: Status, at_ms: int, by: str) -> "State":
        was, since = self.was, self.was_since_ms
        if self.status == "running" or self.status == "paused" or self.status == "error":  # noqa: PLR1714 - narrows the type
            was, since = self.status, self.changed_at_ms
        return State(status, self.tasks, self.name, was, at_ms, by, self.made_at_ms, self.age_ms, was_since_ms=since)


RUNNING = State()
"""The state of a job of which nothing else was said, before it has a time."""

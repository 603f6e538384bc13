"""The jobs that a run may cancel: where they come from, and each leased once."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Event

IDS_TOLD = 20


class Supply:
    """Ids of jobs, each given out once.

    `more` asks the source for that many further ids; it is used `asks` times at most. `made` says that the
    jobs were made for this run, so that those it does not use are canceled at its end.
    """

    def __init__(
        self,
        job_ids: Iterable[str] = (),
        *,
        more: Callable[[int], list[str]] | None = None,
        asks: int = 1,
        made: bool = False,
        source: str = "",
    ) -> None:
        self.made = made
        self.source = source
        """How the user named where the jobs come from, for messages."""
        self.is_over = Event()
        """Set once no more jobs are wanted: a source that is still making some ends."""
        self.supplied: list[str] = []
        self.given_at: dict[str, float] = {}
        """When each id came to be known here, on the monotonic clock: a job may have been made just before."""
        self.used: list[str] = []
        self._free: deque[str] = deque()
        self._more = more
        self._asks = asks
        self.add(job_ids)

    def add(self, job_ids: Iterable[str]) -> list[str]:
        """Add ids that are not known yet; the new ones are returned."""
        known = set(self.supplied)
        new = [job_id for job_id in dict.fromkeys(job_ids) if job_id not in known]
        self.supplied += new
        self.given_at |= dict.fromkeys(new, time.monotonic())
        self._free += new
        return new

    def lease(self, *, last: bool = False) -> str | None:
        """Lease a job that nobody else has, the first or the last one; None if none is left."""
        if not self._free:
            return None
        job_id = self._free.pop() if last else self._free.popleft()
        self.used.append(job_id)
        return job_id

    def give_back(self, job_id: str) -> None:
        """Return a job that is still active, to be leased next."""
        self.used.remove(job_id)
        self._free.appendleft(job_id)

    @property
    def left(self) -> list[str]:
        """The ids that were not leased."""
        return list(self._free)

    def describe_none(self) -> str:
        """Return the sentence on a source that gave no job at all."""
        return f"no job was made: {self.source or 'what makes the jobs'} gave no job id"

    def can_ask(self) -> bool:
        """Return whether the source can be asked for more."""
        return self._more is not None and self._asks > 0

    def ask_by(self, more: Callable[[int], list[str]]) -> None:
        """Take the source of further ids, where it is known only during the run."""
        self._more = more

    def ask_for(self, count: int) -> list[str]:
        """Ask the source for more jobs. Return the new ids. Raises SettingError if the source fails."""
        if self._more is None or not self.can_ask():
            return []
        self._asks -= 1
        return self.add(self._more(count))


def describe_active(job_ids: Sequence[str]) -> str:
    """Return the sentence on jobs that are still active."""
    told = ", ".join(job_ids[:IDS_TOLD]) + (f" and {len(job_ids) - IDS_TOLD} more" if len(job_ids) > IDS_TOLD else "")
    return f"{len(job_ids)} {'jobs are' if len(job_ids) > 1 else 'job is'} still active: {told}"

"""The jobs of an engine, kept in memory."""

from enum import Enum
from threading import RLock


class Outcome(Enum):
    """What became of an attempt to cancel a job."""

    CANCELED = "canceled"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"


class State(Enum):
    """The state of a job; only an active one can be canceled."""

    ACTIVE = "active"
    CANCELED = "canceled"
    STUCK = "stuck"


class Jobs:
    """All jobs in the order of their creation; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._states: dict[str, State] = {}

    def add(self, job_id: str) -> bool:
        """Create an active job; False when the id is taken."""
        with self._lock:
            if job_id in self._states:
                return False
            self._states[job_id] = State.ACTIVE
            return True

    def cancel(self, job_id: str) -> Outcome:
        """Cancel a job: of any number of simultaneous attempts one succeeds."""
        with self._lock:
            state = self._states.get(job_id)
            if state is None:
                return Outcome.UNKNOWN
            if state is not State.ACTIVE:
                return Outcome.INACTIVE
            self._states[job_id] = State.CANCELED
            return Outcome.CANCELED

    def put(self, job_id: str, state: State) -> None:
        """Set the state of a known job."""
        with self._lock:
            if job_id in self._states:
                self._states[job_id] = state

    def state(self, job_id: str) -> State | None:
        """The state of a job; None when there is no such job."""
        with self._lock:
            return self._states.get(job_id)

    def all(self, state: State | None = None) -> list[str]:
        """The ids of all jobs, or of those in one state, oldest first."""
        with self._lock:
            return [i for i, s in self._states.items() if state in (None, s)]

    def oldest(self) -> str | None:
        """The oldest active job."""
        return next(iter(self.all(State.ACTIVE)), None)

    def neighbour(self, job_id: str) -> str | None:
        """Another active job: the next one created, else the one before."""
        ids = self.all()
        if job_id not in ids:
            return self.oldest()
        at = ids.index(job_id)
        others = ids[at + 1 :] + ids[:at][::-1]
        return next((i for i in others if self.state(i) is State.ACTIVE), None)

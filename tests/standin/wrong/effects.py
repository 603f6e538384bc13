# ruff: noqa: ARG002 - a step has the same arguments in every engine
"""Faults of the effects: what happens to jobs, whatever is answered."""

import time
from threading import Lock, Timer

from tests.standin.cancel import Cancel
from tests.standin.document import Document, document_of
from tests.standin.engine import Engine
from tests.standin.jobs import Outcome, State

from .listing import Listing

fault = Listing("effects")


@fault("cancels-nothing", "The answer is right, but the job stays active.")
class Nothing(Engine):
    """A pretence."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Look, but do not touch."""
        if self.skips(job_id) and self.jobs.state(job_id) is State.ACTIVE:
            return Outcome.CANCELED
        return super().cancel(job_id, role)

    def skips(self, job_id: str) -> bool:
        """Whether this job is left alone."""
        return True


@fault("second-job-stays", "The second job ever made is answered well but stays active.")
class SecondStays(Nothing):
    """A pretence for one job."""

    def skips(self, job_id: str) -> bool:
        """The second job."""
        return self.jobs.all()[1:2] == [job_id]


@fault("every-third-stays", "Every third job made is answered well but stays active.")
class ThirdStays(Nothing):
    """A pretence now and then."""

    def skips(self, job_id: str) -> bool:
        """Each third job."""
        return job_id in self.jobs.all()[2::3]


@fault("second-cancel-works", "A job can be canceled again and again.")
class Again(Engine):
    """Takes canceled jobs for active ones."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Success for every known job."""
        outcome = super().cancel(job_id, role)
        return Outcome.CANCELED if outcome is Outcome.INACTIVE else outcome


@fault("refused-repeat-revives", "A refused second cancel makes the job active again.")
class Revives(Engine):
    """Turns the job over at each request."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """A canceled job becomes active."""
        outcome = super().cancel(job_id, role)
        if outcome is Outcome.INACTIVE:
            self.jobs.put(job_id, State.ACTIVE)
        return outcome


@fault("next-cancel-revives", "A cancel makes the job canceled before active again.")
class NextRevives(Engine):
    """Knows one canceled job only."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Forget all others."""
        outcome = super().cancel(job_id, role)
        if outcome is Outcome.CANCELED:
            for other in self.canceled - {job_id}:
                self.jobs.put(other, State.ACTIVE)
        return outcome


@fault("race", "Simultaneous requests cancel the same job more than once.")
class Race(Engine):
    """Checks first and acts later."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """A gap between the check and the act."""
        active = self.jobs.state(job_id) is State.ACTIVE
        time.sleep(0.05 if active else 0)
        outcome = super().cancel(job_id, role)
        return Outcome.CANCELED if active else outcome


@fault("overlap-lost", "Of cancels of different jobs that overlap only one takes effect.")
class OverlapLost(Engine):
    """Drops work when busy."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Pretend while another cancel is under way."""
        busy: Lock = self.__dict__.setdefault("busy", Lock())
        if self.jobs.state(job_id) is not State.ACTIVE:
            return super().cancel(job_id, role)
        if not busy.acquire(blocking=False):
            return Outcome.CANCELED
        with_lock = super().cancel(job_id, role)
        time.sleep(0.05)
        busy.release()
        return with_lock


@fault("overlap-mixed", "Requests that overlap get the document of the latest job.")
class OverlapMixed(Engine):
    """Keeps the job of a request in a shared place."""

    def document(self, cancel: Cancel) -> Document:
        """The document of the latest job."""
        self.latest = cancel.job_id
        time.sleep(0.05)
        return document_of(self.latest)


@fault("late-effect", "The job is canceled half a second after the answer.")
class Late(Engine):
    """Answers before it acts."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Act later."""
        if self.jobs.state(job_id) is not State.ACTIVE:
            return super().cancel(job_id, role)
        timer = Timer(0.5, self.jobs.cancel, [job_id])
        timer.daemon = True
        timer.start()
        return Outcome.CANCELED


@fault("neighbour-too", "Another active job, the one made next, is canceled as well.")
class NeighbourToo(Engine):
    """Cancels two."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """The job and its neighbour."""
        outcome = super().cancel(job_id, role)
        other = self.jobs.neighbour(job_id)
        if outcome is Outcome.CANCELED and other:
            self.jobs.cancel(other)
        return outcome


@fault("neighbour-instead", "Another active job is canceled in place of the one named.")
class NeighbourInstead(Engine):
    """Cancels the wrong one."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """The neighbour if there is one."""
        if self.jobs.state(job_id) is not State.ACTIVE:
            return super().cancel(job_id, role)
        self.jobs.cancel(self.jobs.neighbour(job_id) or job_id)
        return Outcome.CANCELED


@fault("cancels-all", "One cancel cancels all active jobs.")
class All(Engine):
    """Cancels everything."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """The job and all others."""
        outcome = super().cancel(job_id, role)
        if outcome is Outcome.CANCELED:
            for other in self.jobs.all():
                self.jobs.cancel(other)
        return outcome

"""The jobs an engine holds in memory."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .documents import STATUSES, Document, cancel_document, job_id, new_document, object_id

ACTIVE = ("running", "paused", "error")


@dataclass
class Job:
    """One job: its document changes when it is canceled."""

    identity: str
    owner: str
    document: Document
    canceled_at: float | None = None
    before: Document = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether the job can be canceled."""
        return self.document["status"] in ACTIVE


@dataclass
class Jobs:
    """All jobs by their ids, in the order of their start."""

    rng: random.Random
    new_id: Callable[[random.Random], str] = job_id
    by_id: dict[str, Job] = field(default_factory=dict)
    canceled: list[str] = field(default_factory=list)

    def make(self, count: int, owner: str = "admin", status: str | None = None) -> list[str]:
        """Starts jobs and returns their ids; without a status they are running, and some paused or in error."""
        made: list[str] = []
        for _ in range(count):
            identity = self.new_id(self.rng)
            while identity in self.by_id:
                identity = self.new_id(self.rng)
            index = len(self.by_id)
            start = status or STATUSES[index % len(STATUSES)]
            document = new_document(self.rng, index, identity, int(time.time() * 1000), owner, start)
            self.by_id[identity] = Job(identity, owner, document, before=copy.deepcopy(document))
            made.append(identity)
        return made

    def cancel(self, job: Job) -> None:
        """Cancels the job; one that is canceled already stays as it is."""
        if job.document["status"] == "canceled":
            return
        if job.identity not in self.canceled:
            self.canceled.append(job.identity)
        job.canceled_at = time.monotonic()
        cancel_document(job.document, int(time.time() * 1000), object_id(self.rng))

    def actives(self) -> list[Job]:
        """The active jobs, the oldest first."""
        return [job for job in self.by_id.values() if job.active]

    def newest(self, but: Job | None = None, owner: str | None = None) -> Job | None:
        """The active job started last, other than `but`."""
        found = [job for job in self.actives() if job is not but and owner in (None, job.owner)]
        return found[-1] if found else None

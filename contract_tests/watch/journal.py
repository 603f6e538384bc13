"""The watcher's journal, in memory and within bounds: entries without secrets, and the jobs that were seen.

Whoever shows it (the console, the JSON endpoints) may ask from any thread.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Lock

from contract_tests.judge.passive import rule_ids
from engine_contract.console import interface

MAX_BYTES = 65 << 20  # of all entries together: 64 MiB of bodies, and their heads
MAX_JOBS = 10_000
MAX_JOB_BYTES = 64 << 20  # of all jobs together, with their documents
BODY_SHOWN_BYTES = 1 << 20  # of one body


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(interface.Entry):
    """One exchange as the console shows it, and what the watcher alone knows of it. `number` is set by the journal."""

    number: int = 0
    is_cancel: bool = False
    caller: str = ""
    """The caller in words, also where the role is known."""
    situation: str = ""
    pinned: bool = False

    @property
    def violations(self) -> tuple[str, ...]:
        """The ids of broken documented and implied rules."""
        return rule_ids((finding.rule for finding in self.findings), assumed=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The ids of broken assumed rules."""
        return rule_ids((finding.rule for finding in self.findings), assumed=True)


@dataclass(frozen=True, slots=True)
class SeenJob:
    """A job that was named in a request or a response; `status` is empty where none was seen."""

    job_id: str
    status: str = ""
    name: str = ""
    last_entry: int = 0
    document: bytes | None = None

    @property
    def weight(self) -> int:
        """Bytes of its texts and its document."""
        return len(self.job_id) + len(self.status) + len(self.name) + len(self.document or b"")


@dataclass(slots=True)
class Journal:
    """Keeps the newest entries, and those that are pinned."""

    size: int = 1000
    _entries: dict[int, Entry] = field(default_factory=dict)
    _jobs: dict[str, SeenJob] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _last: int = 0
    _weight: int = 0
    _job_weight: int = 0

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 before the first."""
        return self._last

    def add(self, entry: Entry) -> Entry:
        """Keep an entry, which gets its number now."""
        with self._lock:
            self._last += 1
            numbered = replace(entry, number=self._last)
            self._entries[numbered.number] = numbered
            self._weight += numbered.weight
            self._make_room(numbered.number)
        return numbered

    def _make_room(self, newest: int) -> None:
        while len(self._entries) > self.size or self._weight > MAX_BYTES:
            oldest = next(
                (number for number, entry in self._entries.items() if not entry.pinned and number != newest), None
            )
            if oldest is None:
                return
            self._weight -= self._entries.pop(oldest).weight

    def entries(self, *, since: int = 0, limit: int = 100) -> list[Entry]:
        """Return the newest `limit` entries whose number is above `since`, newest last."""
        with self._lock:
            return [entry for number, entry in self._entries.items() if number > since][-limit:] if limit > 0 else []

    def entry(self, number: int) -> Entry | None:
        """Return one entry, None if it is no longer kept."""
        with self._lock:
            return self._entries.get(number)

    def broken(self) -> int:
        """Return the number of entries that broke a documented or implied rule."""
        with self._lock:
            return sum(bool(entry.findings) and bool(entry.violations) for entry in self._entries.values())

    def pin(self, number: int, *, pinned: bool = True) -> Entry | None:
        """Keep an entry whatever comes, in at most half of the room there is; return None if it is not there."""
        with self._lock:
            entry = self._entries.get(number)
            if entry is None:
                return None
            others = [other for at, other in self._entries.items() if other.pinned and at != number]
            weight = sum(other.weight for other in others) + entry.weight
            if pinned and (len(others) >= max(1, self.size // 2) or weight > MAX_BYTES // 2):
                return entry
            self._entries[number] = replace(entry, pinned=pinned)
            return self._entries[number]

    def clear(self) -> None:
        """Forget all entries but the pinned ones."""
        with self._lock:
            self._entries = {number: entry for number, entry in self._entries.items() if entry.pinned}
            self._weight = sum(entry.weight for entry in self._entries.values())

    def see_jobs(self, jobs: Iterable[SeenJob]) -> None:
        """Take note of jobs; a known job keeps the fields for which there is no new value."""
        with self._lock:
            for job in jobs:
                known = self._jobs.pop(job.job_id, None) or SeenJob("")
                self._job_weight -= known.weight
                seen = SeenJob(
                    job.job_id,
                    job.status or known.status,
                    job.name or known.name,
                    job.last_entry or known.last_entry,
                    job.document if job.document is not None else known.document,
                )
                self._job_weight += seen.weight
                self._jobs[job.job_id] = seen
            while self._jobs and (len(self._jobs) > MAX_JOBS or self._job_weight > MAX_JOB_BYTES):
                self._job_weight -= self._jobs.pop(next(iter(self._jobs))).weight

    def jobs(self) -> list[SeenJob]:
        """Return the jobs that were seen, the newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def job(self, job_id: str) -> SeenJob | None:
        """Return one job, None if it was not seen."""
        with self._lock:
            return self._jobs.get(job_id)

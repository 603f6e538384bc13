"""Jobs for valid requests that Schemathesis generates: each gets its own, until none is left."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from contract_tests.config.command import Command
from contract_tests.config.job_ids import supply_from_command, supply_from_file
from contract_tests.errors import SettingError
from contract_tests.safety.guard import Guard
from contract_tests.safety.neutralize import JOB_ID, names_job
from contract_tests.safety.supply import Supply
from engine_contract.contract import Operation

MAX_JOBS = 100
BATCH = 8  # jobs asked of a command at a time: what is left over at the end is less than that


class SchemathesisJobs:
    """Gives each valid request a job, and remembers which requests have one. Safe to use from any thread.

    `let_in`: whether the engine accepted a request that Schemathesis repeated without its credential.
    `accepted` and `refused` count the responses to valid requests for supplied jobs: the successes,
    and the others by their status.
    """

    def __init__(self, operation: Operation, environment: Mapping[str, str]) -> None:
        """Read `CHECK_ENGINE_JOBS`, `CHECK_ENGINE_JOBS_COMMAND` and `CHECK_ENGINE_MAX_JOBS`. Raises SettingError."""
        self.guard = Guard(operation)
        self.let_in = False
        self.accepted = 0
        self.refused: Counter[int] = Counter()
        self._lock = Lock()
        self._command_lock = Lock()
        """Held while the command makes jobs, which may take a minute, so that responses are counted meanwhile."""
        self._cases: set[str] = set()
        self._sent: set[str] = set()
        self._canceled: set[str] = set()
        self._made: list[str] = []
        path = environment.get("CHECK_ENGINE_JOBS")
        self._command = environment.get("CHECK_ENGINE_JOBS_COMMAND")
        if path and self._command:
            raise SettingError("CHECK_ENGINE_JOBS and CHECK_ENGINE_JOBS_COMMAND exclude each other. Set one of them.")
        self._left = _number(environment, "CHECK_ENGINE_MAX_JOBS", MAX_JOBS)
        self._supply = supply_from_file(Path(path)) if path else Supply()
        self.guard.supply(self._supply.supplied)
        self.has_source = bool(path or self._command)

    def job_for(self, case_id: str) -> str:
        """Return a job for this case alone; a minted id if none is left."""
        job_id = self._lease()
        if job_id is None:
            return self.guard.mint()
        self._cases.add(case_id)
        return job_id

    def has_job(self, case_id: str) -> bool:
        """Return whether the case got a job that was active."""
        return case_id in self._cases

    def other_job_for(self, body: bytes | None) -> str | None:
        """Return another job for a body whose own was sent before; None for a job's first request."""
        job_id = job_in(body)
        with self._lock:
            if job_id is None or job_id not in self._sent:
                self._sent.add(job_id or "")
                return None
        return self._lease() or self.guard.mint()

    def count(self, body: bytes | None, status: int) -> None:
        """Take note of the response to a body sent with the credential, where it names a supplied job."""
        job_id = job_in(body)
        with self._lock:
            if job_id is None or job_id not in self._supply.used:
                return
            if 200 <= status < 300:
                self.accepted += 1
            else:
                self.refused[status] += 1

    def canceled(self, body: bytes | None) -> None:
        """Take in that the body was answered with a success."""
        if (job_id := job_in(body)) is not None:
            self._canceled.add(job_id)

    def left_active(self) -> list[str]:
        """Return the jobs that were made for this run, and that nobody saw canceled."""
        return [job_id for job_id in self._made if job_id not in self._canceled]

    def give_back(self, body: bytes | None) -> bool:
        """Take back the job of a body that was refused for its credential, as it is still active. False without one."""
        job_id = job_in(body)
        with self._lock:
            if job_id is None or job_id not in self._supply.used:
                return False
            self._sent.discard(job_id)
            self._supply.give_back(job_id)
            self._left += 1
            return True

    def _lease(self) -> str | None:
        job_id = self._next()
        if job_id is not None or not self._command:
            return job_id
        with self._command_lock:
            if (job_id := self._next()) is None:  # else another thread has just asked
                self._ask(self._command)
                job_id = self._next()
            return job_id

    def _ask(self, command: str) -> None:
        with self._lock:
            wanted = min(BATCH, self._left)
        if not wanted:
            return
        made = supply_from_command(Command(command, "--jobs-command:"))
        try:
            made.ask_for(wanted)
        finally:
            with self._lock:
                self._made += self._supply.add(made.supplied)
                self.guard.supply(self._made)

    def _next(self) -> str | None:
        with self._lock:
            job_id = self._supply.lease() if self._left else None
            if job_id is not None:
                self._left -= 1
            return job_id


def job_in(body: bytes | None) -> str | None:
    """Return the job that a valid request names, None for any other body."""
    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    return str(document[JOB_ID]) if names_job(document) else None


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise SettingError(f"{name}={text}: is not a number of jobs. Give a whole number, such as {default}.")
    return int(text)

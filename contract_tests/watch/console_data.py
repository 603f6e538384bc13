# ruff: noqa: ARG002 - a live engine has no sessions, and arms nothing
"""The watcher's journal as the console asks for it."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from contract_tests.watch.journal import SeenJob
from contract_tests.watch.state import Watch
from engine_contract.console import interface
from engine_contract.contract.job_status import ACTIVE
from engine_contract.environment import usual_variable
from engine_contract.http.strict_json import NotJson, read_json

CANCEL_TIMEOUT_S = 600


class WatchData:
    """The console's data for a live engine: all exchanges that have passed the watcher."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def about(self) -> interface.About:
        """Return whom the console shows."""
        connection = self._watch.settings.connection
        roles = self._watch.roles
        return interface.About(
            title="watch-engine",
            engine=connection.base,
            is_live=True,
            roles=roles,
            added=connection.added,
            notice=self._watch.observer.notice,
            why_no_cancel="" if roles else "Start watch-engine with --login ROLE=USER:SOURCE to cancel jobs from here.",
        )

    def sessions(self) -> Sequence[interface.SessionLine]:
        """Return none: a live engine has no sessions."""
        return ()

    def jobs(self, session: str, *, status: str, search: str, offset: int, limit: int) -> interface.JobPage:
        """Return the jobs that were seen, the newest first."""
        seen = self._watch.journal.jobs()
        found = [job for job in seen if search.lower() in f"{job.job_id} {job.name}".lower()]
        counts = Counter(job.status for job in found)
        wanted = [job for job in found if _has_status(job, status)]
        return interface.JobPage(tuple(map(_line, wanted[offset : offset + limit])), len(wanted), dict(counts))

    def job(self, session: str, job_id: str) -> interface.Job | None:
        """Return one job, with the document of its cancel."""
        seen = self._watch.journal.job(job_id)
        if seen is None:
            return None
        try:
            document = read_json(seen.document) if seen.document else None
        except NotJson:
            document = None
        return interface.Job(_line(seen), document)

    def make_jobs(self, session: str, wanted: Mapping[str, Any]) -> Sequence[str]:
        """Refuse: a live engine's jobs are made elsewhere."""
        raise interface.ConsoleError("watch-engine makes no jobs. Start them in the engine itself.")

    def change_job(self, session: str, job_id: str, wanted: Mapping[str, Any]) -> bool:
        """Refuse: a live engine's jobs are its own."""
        raise interface.ConsoleError("watch-engine changes no jobs. Change them in the engine itself.")

    def remove_job(self, session: str, job_id: str) -> bool:
        """Refuse: a live engine's jobs are its own."""
        raise interface.ConsoleError("watch-engine removes no jobs. Remove them in the engine itself.")

    def reset(self, session: str) -> None:
        """Refuse: a live engine cannot be reset."""
        raise interface.ConsoleError("watch-engine cannot reset a live engine.")

    def entries(self, session: str, *, since: int, limit: int) -> Sequence[interface.Entry]:
        """Return the newest entries."""
        return self._watch.journal.entries(since=since, limit=limit)

    def entry(self, session: str, number: int) -> interface.Entry | None:
        """Return one entry."""
        return self._watch.journal.entry(number)

    def broken(self, session: str) -> int:
        """Return the number of kept exchanges that broke a documented or implied rule."""
        return self._watch.journal.broken()

    def cancel(self, session: str, job_id: str, role: str) -> interface.Entry:
        """Cancel a job as a role with a token."""
        watch = self._watch
        if role not in watch.roles or watch.loop is None:
            known = ", ".join(watch.roles) or "none: start with --login ROLE=USER:SOURCE or --token ROLE=SOURCE"
            raise interface.ConsoleError(f"There is no token for the role {role or '(nobody)'}. Known are {known}.")
        try:
            return asyncio.run_coroutine_threadsafe(watch.cancel(role, job_id), watch.loop).result(CANCEL_TIMEOUT_S)
        except (TimeoutError, RuntimeError) as error:
            raise interface.ConsoleError(
                f"The cancel did not come to an end: {str(error) or 'no answer in time'}."
            ) from None

    def credential(self, role: str | None) -> str:
        """Return the variable that holds a role's token."""
        source = self._watch.settings.connection.tokens.get(role or "")
        if source is not None and source.variable:
            return f"${source.variable}"
        return f"${usual_variable(role)}"

    def armed(self, session: str) -> Sequence[Mapping[str, Any]]:
        """Return nothing: the engine is live."""
        return ()

    def arm(self, session: str, behavior: Mapping[str, Any]) -> None:
        """Refuse: nothing can be armed on a live engine."""
        raise interface.ConsoleError("watch-engine arms nothing: the engine is live.")


def _has_status(job: SeenJob, status: str) -> bool:
    return not status or job.status == status or (status == "active" and job.status in ACTIVE)


def _line(job: SeenJob) -> interface.JobLine:
    return interface.JobLine(job.job_id, job.status, job.name)

"""Jobs for the scenarios: leased from the supply, whose source is asked for more when they run out."""

import asyncio
import contextlib

from contract_tests.errors import SettingError
from contract_tests.plan.scenario import Scenario
from contract_tests.run.canceller import Canceller
from contract_tests.run.findings import Findings
from contract_tests.safety.supply import Supply

WAIT_FOR_JOBS_S = 3.0  # at the end of a run for a source that is still making jobs


class Leases:
    """Leases jobs."""

    def __init__(self, canceller: Canceller, supply: Supply, wanted: int, found: Findings) -> None:
        """Take the means of a run, and how many jobs its plan wants."""
        self.supply = supply
        self.ran_out = False
        self._canceller = canceller
        self._wanted = wanted
        self._found = found
        self._asking: asyncio.Future[list[str]] | None = None
        self._lock = asyncio.Lock()

    async def lease(self, *, last: bool = False) -> str | None:
        """Lease a job; the source is asked for more once, and all who want one then wait for what it makes."""
        async with self._lock:
            job_id = self.supply.lease(last=last)
            if job_id is None and self.supply.can_ask():
                await self._ask(max(1, self._wanted - self._canceller.canceled))
                job_id = self.supply.lease()
        if self._asking is not None:
            # Before anything is sent for them: the supply knows new ids as soon as they are made.
            self._canceller.sender.transport.guard.supply(self.supply.supplied)
        return job_id

    async def _ask(self, count: int) -> None:
        # Not canceled with the run: jobs that it makes must be known, so that they can be canceled.
        self._asking = asyncio.ensure_future(asyncio.to_thread(self.supply.ask_for, count))
        try:
            await asyncio.shield(self._asking)
        except SettingError as error:
            self._found.note(f"Further jobs could not be made: {error}")

    async def wait_for_source(self) -> None:
        """Give a source that is being ended the time to tell what it made."""
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=WAIT_FOR_JOBS_S)

    async def wait_for_jobs(self) -> None:
        """Wait for a source that is still making jobs, and end it where that takes long; the guard knows them then."""
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=WAIT_FOR_JOBS_S)
            self.supply.is_over.set()
            with contextlib.suppress(SettingError):
                await asyncio.shield(self._asking)
        self._canceller.sender.transport.guard.supply(self.supply.supplied)

    def out_of_jobs(self, scenario: Scenario) -> None:
        """Record that no job is left for a scenario: its rules are not checked."""
        self.ran_out = True
        is_network = self._canceller.sender.network_drops
        reason = "the jobs ran out: some were spent on answers that had to be asked for again"
        if not self.supply.supplied:
            reason = self.supply.describe_none()
        for rule_id in scenario.rules:
            self._found.leave_unchecked(rule_id, reason, "network" if is_network else "jobs")

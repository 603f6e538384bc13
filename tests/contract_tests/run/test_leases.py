"""Jobs that are leased by several scenarios at once."""

import asyncio
import time
from unittest import mock

from contract_tests.run.findings import Findings
from contract_tests.run.leases import Leases
from contract_tests.safety.supply import Supply


def test_jobs_that_run_out_at_once_are_waited_for_by_all() -> None:
    """The source is asked once, while a second scenario wants a job too: neither is left without."""

    def make(count: int) -> list[str]:
        time.sleep(0.05)
        asked.append(count)
        return [f"job-{number}" for number in range(count)]

    async def lease_two() -> list[str | None]:
        leases = Leases(mock.Mock(canceled=0), Supply(more=make, made=True), 2, mock.Mock(spec=Findings))
        return list(await asyncio.gather(leases.lease(), leases.lease()))

    asked: list[int] = []
    assert asyncio.run(lease_two()) == ["job-0", "job-1"]
    assert asked == [2]

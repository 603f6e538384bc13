"""Jobs for the requests of Schemathesis, which it sends from several threads."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract_tests.schemathesis_jobs import SchemathesisJobs
from engine_contract.contract import load_contract

SHORT_S = 20.0


def test_responses_are_counted_while_a_command_makes_jobs(tmp_path: Path) -> None:
    """A command may take a minute; two threads that want a job share what it makes."""
    printed = tmp_path / "printed"
    os.mkfifo(printed)
    jobs = SchemathesisJobs(
        load_contract(), {"CHECK_ENGINE_JOBS_COMMAND": f"cat {printed}", "CHECK_ENGINE_MAX_JOBS": "2"}
    )
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(jobs.job_for, case_id) for case_id in ("a", "b")]
        with printed.open("w") as command:  # open as soon as it runs
            threads.submit(jobs.count, b'{"job_id": "other"}', 200).result(SHORT_S)
            command.write("first\nsecond\n")
        assert {job.result(SHORT_S) for job in asked} == {"first", "second"}
    assert jobs.left_active() == ["first", "second"]
    assert jobs.job_for("c") not in {"first", "second"}

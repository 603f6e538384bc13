"""Tokens that become stale in the middle of a run: a 401 for that reason is no refusal of what was asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from engine_contract.contract import load_contract
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings
from tests.support.commands import check_engine, write_jobs
from tests.support.raw_server import RawRequest, answer_of, answering_server

STALE_AFTER = 13  # requests: in the midst of those that must be refused


@contextmanager
def gateway(engine: str, issued: Path) -> Iterator[str]:
    """Before an engine whose tokens are roles: takes `ROLE.1`, and after some requests `ROLE.2` alone."""
    lock, seen, client = threading.Lock(), [0], httpx.Client(trust_env=False, timeout=60)
    issued.write_text("1")

    def answer(request: RawRequest) -> bytes:
        role, _, number = request.header("Authorization").removeprefix("Bearer ").rpartition(".")
        with lock:
            seen[0] += 1
            if seen[0] == STALE_AFTER:
                issued.write_text("2")
            is_stale = number != issued.read_text()
        headers = {"Authorization": "Bearer nobody" if is_stale else f"Bearer {role}"}
        if content_type := request.header("Content-Type"):
            headers["Content-Type"] = content_type
        url = engine + request.path
        response = client.request(request.method, url, content=request.body, headers=headers)
        status = f"{response.status_code} {response.reason_phrase}"
        return answer_of(status, response.content, f"Content-Type: {response.headers['content-type']}")

    with client, answering_server(answer) as server:
        yield server.url


@pytest.mark.parametrize(("fault", "status"), [(None, 0), ("accepts-boolean-job_id", 1)])
def test_what_must_be_refused_is_asked_with_a_fresh_token(tmp_path: Path, fault: str | None, status: int) -> None:
    """Requests that a stale token was refused for are sent again with the new one, so that the fault is seen.

    Neither token is in anything that the run writes.
    """
    issued = tmp_path / "issued"
    with running_mock(Settings(jobs=1, fault=fault)) as mock, gateway(mock.url, issued) as url:
        jobs = write_jobs(tmp_path, mock.add_jobs(24))
        tokens = [f"--token={role}=cmd:echo {role}.$(cat {issued})" for role in load_contract().roles]
        options = ("--skip", "roles.others", "--report-dir", "out", "-v")
        done = check_engine(url, *tokens, "--jobs", str(jobs), *options, cwd=tmp_path)
    assert done.status == status, done.out + done.err
    if fault is not None:
        assert "BROKEN  request.job_id.type" in done.out
    written = [done.out, done.err, *(path.read_text() for path in (tmp_path / "out").iterdir())]
    assert len(written) == 7
    secrets = [f"{role}.{number}" for role in load_contract().roles for number in (1, 2)]
    assert [secret for secret in secrets for text in written if secret in text] == []

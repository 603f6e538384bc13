"""`--log`: a line a request on stderr."""

import json
import re
import signal
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from click.testing import CliRunner

from mock_server import Settings, cli
from tests.support.caller import PAGE_ID, ROUTE, cancel
from tests.support.commands import started_mock


def test_each_request_has_a_line(tmp_path: Path) -> None:
    """With --log a line has method, path as it was asked, role, status, reason and ms, without secrets; probes have none."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"s3cret-token": "support"}))
    with started_mock("--log", "--base-path", "/iap", "--tokens", str(tokens)) as (process, url):
        cancel(url, token="s3cret-token")
        cancel(url, token="s3cret-token")
        httpx.post(f"{url}{ROUTE}?token=wr0ng-token", json={"job_id": PAGE_ID}, headers={"Mock-Session": "mine"})
        httpx.post(f"{url}/_mock/jobs", json={"tasks": 1})
        httpx.get(f"{url}/_mock/health")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    lines = [re.sub(r"\d+\.\d ms", "N ms", line) for line in err.splitlines()]
    assert out == ""
    assert lines == [
        f"POST /iap{ROUTE} support 200 N ms",
        f"POST /iap{ROUTE} support 409 The job {PAGE_ID} is canceled already. N ms",
        f"POST /iap{ROUTE} - 401 The credential is wrong: it belongs to no role. Tokens here are those of --tokens. N ms (session mine)",
        "POST /iap/_mock/jobs - 400 tasks 1: must be a whole number from 3 to 2000. N ms",
    ]


@pytest.mark.parametrize(
    ("variable", "is_terminal", "is_on"),
    [(None, True, True), (None, False, False), ("0", True, False), ("1", False, True)],
)
def test_a_terminal_has_the_lines_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, *, variable: str | None, is_terminal: bool, is_on: bool
) -> None:
    """Without --log lines are written where stderr is a terminal; MOCK_ENGINE_LOG decides otherwise."""
    served: list[Settings] = []
    monkeypatch.setattr(cli, "_serve", served.append)
    monkeypatch.setattr(cli, "sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: is_terminal)))
    done = CliRunner().invoke(cli.main, [], env={"MOCK_ENGINE_LOG": variable})
    assert done.exit_code == 0, done.output
    assert [settings.log for settings in served] == [is_on]

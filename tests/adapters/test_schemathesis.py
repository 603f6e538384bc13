"""Schemathesis and requests: the hooks stand between them and a live engine."""

from pathlib import Path

import pytest

from tests import standin
from tests.adapters.removal import complaints
from tests.contract_tests.hooks.runs import SPEC, Run, schemathesis, with_jobs

# A transport without requests, as a later Schemathesis may have it.
_OTHER_TRANSPORT = """
from http.client import HTTPConnection
from urllib.parse import urlsplit
from schemathesis.core.transport import Response

def send(self, case, *, session=None, base_url=None, **options):
    parts = urlsplit(base_url or case.operation.base_url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=5)
    connection.request("POST", case.operation.path, body='{"job_id": "4321abcdef694aa79dae47ad"}')
    raise ConnectionError(connection.getresponse().status)
"""

BEFORE = {
    "transport": _OTHER_TRANSPORT
    + "from schemathesis.transport.requests import RequestsTransport\nRequestsTransport.send = send\n",
    "name": "import schemathesis.openapi.checks as checks\ndel checks.IgnoredAuth\n",
}
"""What changes before the hooks are imported, and ends their import."""

AFTER = {
    "transport": _OTHER_TRANSPORT
    + "from schemathesis.transport.requests import RequestsTransport\nRequestsTransport.send = send\n",
    "adapter": (
        "from requests.adapters import HTTPAdapter\n"
        "unguarded = HTTPAdapter.send.__wrapped__\n"
        "HTTPAdapter.send = lambda self, *words, **options: unguarded(self, *words, **options)\n"
    ),
}
"""What takes the guard's place after the hooks were imported; the run ends before anything is sent."""

_PASSED_BY = """
import requests
from requests.adapters import HTTPAdapter
unguarded = HTTPAdapter.send.__wrapped__

class Other(HTTPAdapter):
    send = unguarded

requests.Session.get_adapter = lambda self, url: Other()
"""


def _run(folder: Path, url: str, supplied: list[str], hooks: str, *arguments: str) -> Run:
    (folder / "changed.py").write_text(hooks)
    environment = {**with_jobs(folder, supplied), "SCHEMATHESIS_HOOKS": "changed"}
    return schemathesis(folder, environment, "run", str(SPEC), "--url", url, "--phases", "coverage", *arguments)


def test_a_name_that_is_gone_is_named() -> None:
    """Without one, requests could pass the guard by, or failures were filtered wrongly."""
    said = complaints("contract_tests.schemathesis_guard")
    assert "requests.adapters:HTTPAdapter.send" in said
    assert "schemathesis.specs.openapi._auth_retry:INVALID_CREDENTIAL" in said
    assert "schemathesis.openapi.checks:IgnoredAuth" in said


@pytest.mark.parametrize("change", BEFORE)
def test_a_schemathesis_that_cannot_be_guarded_ends_the_import(tmp_path: Path, change: str) -> None:
    """One sentence, status 2, nothing sent."""
    with standin.serve() as engine:
        run = _run(tmp_path, engine.url, engine.make_jobs(3), BEFORE[change] + "import contract_tests.hooks\n")
        assert run.status == 2, run.text
        assert "Traceback" not in run.text
        assert ("contract_tests.hooks: The guard was not asked" in run.text) is (change == "transport")
        assert ("lacks schemathesis.openapi.checks.IgnoredAuth" in run.text) is (change == "name")
        assert engine.requests == []


@pytest.mark.parametrize("change", AFTER)
def test_a_guard_that_is_replaced_ends_the_run_before_a_case_is_sent(tmp_path: Path, change: str) -> None:
    """The transport that will send a case is looked at first, and no case is sent by another."""
    with standin.serve() as engine:
        run = _run(tmp_path, engine.url, engine.make_jobs(3), "import contract_tests.hooks\n" + AFTER[change])
        assert run.status == 2, run.text
        assert "The run was stopped." in run.text
        assert [request for request in engine.requests if request["method"] == "POST"] == []


@pytest.mark.parametrize("workers", ["1", "4"])
def test_a_guard_that_is_passed_by_ends_the_run_after_one_case(tmp_path: Path, workers: str) -> None:
    """Where the way past the guard is seen only afterwards, one case has left at most, whatever the workers."""
    with standin.serve() as engine:
        hooks = "import contract_tests.hooks\n" + _PASSED_BY
        run = _run(tmp_path, engine.url, engine.make_jobs(8), hooks, "--workers", workers)
        assert run.status == 2, run.text
        assert "a request that did not pass the guard" in run.text
        sent = [request for request in engine.requests if request["path"].endswith("/cancelJob")]
        assert len(sent) <= 1

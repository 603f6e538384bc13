"""TypeScript types of the spec and of `/_mock/openapi.json`, and a client on them."""

import json
import subprocess
from typing import Any

import pytest

from mock_server.control.openapi import control_document
from mock_server.serving.in_process import RunningMock
from tests.ecosystem.tools import HERE, SPEC, run


@pytest.fixture(scope="module")
def compiled(node_tools: None, tmp_path_factory: pytest.TempPathFactory) -> list[str]:  # noqa: ARG001 - installed before
    """What tsc says under `strict` of the client and of the mistake, on types that openapi-typescript generated."""
    document = tmp_path_factory.mktemp("mock") / "openapi.json"
    document.write_text(json.dumps(control_document() | {"servers": [{"url": "/"}]}))
    for source, output in ((SPEC, "api.ts"), (document, "mock.ts")):
        generated = run("openapi-typescript", source, "--output", HERE / output)
        assert generated.returncode == 0, generated.stderr
    assert '"strict": true' in (HERE / "tsconfig.json").read_text()
    return run("tsc", "--project", HERE, "--pretty", "false").stdout.splitlines()


def test_a_misspelt_field_does_not_compile(compiled: list[str]) -> None:
    """The compiler finds each misspelling, says what was meant, and finds nothing else."""
    found = [line for line in compiled if not line.startswith(" ")]
    assert [line.partition("(")[0] for line in found] == ["mistake.ts"] * 3, compiled
    assert [line.rpartition("Did you mean ")[2] for line in found] == ["'status'?", "'created'?", "'start_time'?"]


def test_a_client_compiles_and_runs(compiled: list[str], mock: RunningMock) -> None:
    """A client on the generated types compiles under `strict`, mistakes in it do not, and it cancels a job."""
    assert not any(line.startswith("client.ts") for line in compiled)
    assert (HERE / "client.ts").read_text().count("@ts-expect-error") == 8
    (job_id,) = mock.add_jobs(1)
    said = _run(str(HERE / "build" / "client.js"), mock.url, "admin", job_id)
    assert said["job"]["id"] == job_id
    assert said["job"]["status"] == "canceled"
    assert said["job"]["tasks"]["workflow_start"] == "complete"
    assert said["again"] == 409
    assert said["refused"] is True
    assert said["names"] == [job_id]
    sent = [(entry["job_id"], entry["role"]) for entry in mock.requests()]
    assert sent == [(job_id, "admin"), (job_id, "admin"), (None, "admin")]


def _run(script: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        ["node", script, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said

"""check-engine starts its jobs, logs in and reads jobs back by the calls that the mock answers beside the contract."""

from pathlib import Path

from mock_server import Settings
from mock_server.serving.in_process import running_mock
from tests.support.commands import check_engine

ROLES = ("admin", "engineering", "support", "apiwrite", "apiread")


def test_run_starts_its_jobs_by_a_workflow_and_logs_in(tmp_path: Path) -> None:
    """A mock without jobs, whose tokens are those of logins, conforms; its jobs are named after the workflow."""
    users = {f"{role}@example": ("secret", role) for role in ROLES}
    with running_mock(Settings(jobs=0, users=users, token_lifetime=600)) as mock:
        logins = [f"--login={role}={role}@example:env:PASSWORD" for role in ROLES]
        arguments = (mock.url, *logins, "--workflow", "Contract check", "--settle", "0")
        done = check_engine(*arguments, cwd=tmp_path, env={"PASSWORD": "secret"})
        assert (done.status, done.last_line.partition(":")[0]) == (0, "conforms"), done.out + done.err
        paths = [str(entry["request"]["path"]) for entry in mock.requests()]  # type: ignore[index]
    assert "/workflow_engine/startJobWithOptions/Contract check" in paths
    assert any(path.endswith("/details") for path in paths)

"""The pytest fixture `mock_engine`, as another project uses it."""

import sys
from pathlib import Path

from tests.support import ROOT
from tests.support.commands import Done, run

PROJECT = """
import urllib.request, urllib.error, json

def cancel(url, job_id):
    request = urllib.request.Request(url + "/workflow_engine/cancelJob", json.dumps({"job_id": job_id}).encode(),
                                     {"Content-Type": "application/json", "Authorization": "Bearer admin"})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code

def test_one(mock_engine):
    (job_id,) = mock_engine.add_jobs()
    mock_engine.behave(code=503, times=1)
    assert [cancel(mock_engine.url, job_id) for _ in range(3)] == [503, 200, 409]
    assert [entry["status"] for entry in mock_engine.requests()] == [503, 200, 409]

def test_two(mock_engine):
    assert mock_engine.requests() == []
    assert mock_engine.add_jobs(job_id="mine", status="paused") == ["mine"]
    assert cancel(mock_engine.url, "mine") == 200
"""


def run_pytest(folder: Path, *options: str) -> Done:
    """Run pytest in a folder with the plugin alone."""
    plugins = ("-p", "engine_contract.pytest_plugin", "-p", "no:cacheprovider")
    env = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return run(sys.executable, "-m", "pytest", "-q", *plugins, *options, cwd=folder, env=env)


def test_fixture_serves_a_mock_as_it_starts_to_each_test(tmp_path: Path) -> None:
    """The fixture serves a mock, as it starts for each test, with `.url`, `.add_jobs()`, `.requests()` and `.behave()`."""
    (tmp_path / "test_app.py").write_text(PROJECT)
    ended = run_pytest(tmp_path)
    assert ended.status == 0, ended.out + ended.err
    assert "2 passed" in ended.out


def test_plugin_without_the_fixture_imports_nothing_of_the_mock(tmp_path: Path) -> None:
    """A run that does not use the fixture imports nothing of the mock but the plugin."""
    (tmp_path / "test_light.py").write_text(
        "import sys\n"
        "def test_light():\n"
        "    assert 'engine_contract.pytest_plugin' in sys.modules\n"
        "    assert not {'connexion', 'uvicorn', 'starlette', 'mock_server', 'contract_tests', 'yaml'} & set(sys.modules)\n"
    )
    ended = run_pytest(tmp_path)
    assert ended.status == 0, ended.out

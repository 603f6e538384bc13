"""The wheel: built, installed into an empty environment, and used from there, outside the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_its_data(wheel: Path) -> None:
    """Page, ledger, OpenAPI document, templates, styles and profiles are in the wheel; tests are not."""
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("engine_contract/spec/openapi.yaml", "contract_tests/report/report.html.j2"):
        assert name in names
    tracked = _run("git", "ls-files", "engine_contract", "mock_server", "contract_tests", cwd=ROOT).splitlines()
    documents = [f"engine_contract/{name}" for name in _run("git", "ls-files", "spec", cwd=ROOT).splitlines()]
    assert sorted({*tracked, *documents} - set(names)) == []
    assert not any(name.startswith("spec/") for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_it_works_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed into a new virtual environment, both commands run from there."""
    _run(sys.executable, "-m", "venv", "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    _run(str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), str(wheel), cwd=tmp_path)
    printed = _run(str(python.with_name("check-engine")), "-q", cwd=tmp_path)
    assert printed.startswith("conforms")
    assert "--any-job" in _run(str(python.with_name("mock-engine")), "--help", cwd=tmp_path)
    where = _run(str(python), "-c", "import contract_tests; print(contract_tests.__file__)", cwd=tmp_path)
    assert str(tmp_path) in where


def _run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

"""What is built and installed, and used outside the checkout."""

import sys
import zipfile
from pathlib import Path

import pytest

from engine_contract.contract import load_rules
from tests.support import ROOT
from tests.support.installations import Distributions, run

WHERE = "from engine_contract import contract; print(contract.PAGE_PATH, len(contract.load_rules()), contract.load_contract().path)"


def test_the_wheel_carries_its_data(distributions: Distributions) -> None:
    """Page, ledger, OpenAPI document, templates, styles and profiles are in the wheel; tests are not."""
    names = zipfile.ZipFile(distributions.wheel).namelist()
    for name in ("engine_contract/spec/openapi.yaml", "contract_tests/report/report.html.j2"):
        assert name in names
    tracked = run("git", "ls-files", "engine_contract", "mock_server", "contract_tests", cwd=ROOT).splitlines()
    documents = [f"engine_contract/{name}" for name in run("git", "ls-files", "spec", cwd=ROOT).splitlines()]
    assert sorted({*tracked, *documents} - set(names)) == []
    assert not any(name.startswith("spec/") for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_the_wheel_of_the_sdist_carries_the_same_files(distributions: Distributions) -> None:
    """A wheel that is built from the sdist holds what one from the checkout holds."""
    direct, indirect = (zipfile.ZipFile(file) for file in (distributions.wheel, distributions.wheel_of_sdist))
    assert sorted(direct.namelist()) == sorted(indirect.namelist())


def test_it_works_from_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    """Installed into a new virtual environment, both commands run from there."""
    printed = run(str(installed.with_name("check-engine")), "-q", cwd=tmp_path)
    assert printed.startswith("conforms")
    assert "--any-job" in run(str(installed.with_name("mock-engine")), "--help", cwd=tmp_path)
    where = run(str(installed), "-c", "import contract_tests; print(contract_tests.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed.parents[1]))


def test_documents_of_an_editable_install_lie_in_the_checkout(tmp_path: Path) -> None:
    """The environment of the tests reads the documents that are edited."""
    assert (
        _where(sys.executable, tmp_path)
        == f"{ROOT}/spec/cancelJob.txt {len(load_rules())} /workflow_engine/cancelJob\n"
    )


def test_documents_of_a_wheel_lie_in_its_package(installed: Path, tmp_path: Path) -> None:
    """An installed wheel reads the documents that it carries."""
    printed = _where(str(installed), tmp_path)
    assert printed.startswith(str(installed.parents[1]))
    assert printed.endswith(f"/engine_contract/spec/cancelJob.txt {len(load_rules())} /workflow_engine/cancelJob\n")


def test_documents_of_the_wheel_of_an_sdist_lie_in_its_package(distributions: Distributions, tmp_path: Path) -> None:
    """So does a wheel that was built from the sdist."""
    target, wheel = tmp_path / "target", str(distributions.wheel_of_sdist)
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), wheel, cwd=tmp_path)
    printed = _where(sys.executable, tmp_path, PYTHONPATH=str(target))
    assert printed == f"{target}/engine_contract/spec/cancelJob.txt {len(load_rules())} /workflow_engine/cancelJob\n"


@pytest.mark.parametrize("name", ["spec", "tests"])
def test_a_wheel_installs_no_module_of_a_generic_name(installed: Path, tmp_path: Path, name: str) -> None:
    """Names that each project has are free."""
    code = f"import importlib.util as u; print(u.find_spec({name!r}))"
    assert run(str(installed), "-c", code, cwd=tmp_path) == "None\n"


def _where(python: str, folder: Path, **variables: str) -> str:
    return run(python, "-c", WHERE, cwd=folder, env=variables)

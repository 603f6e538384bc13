"""Projects that have modules of the kit's names run pytest with the kit installed, in each kind of installation."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.commands import PYTEST_TOKENS, Done, run, write_jobs
from tests.support.engines import standin_engine

OWN = "OWN = True\n"
TEST = """
from pathlib import Path
import mock_server, spec

def test_own():
    project = Path(__file__).parents[1]
    assert mock_server.OWN and spec.OWN
    assert Path(mock_server.__file__).is_relative_to(project) and Path(spec.__file__).is_relative_to(project)
"""
FOLDER_TEST = """
from contract_tests.helper import OWN

def test_own():
    assert OWN
"""
FLAT = {"mock_server.py": OWN, "spec.py": OWN, "tests/test_own.py": TEST}
PACKAGES = {"mock_server/__init__.py": OWN, "spec/__init__.py": OWN, "tests/test_own.py": TEST}


def _ini(path: str, options: str = "") -> str:
    return f"[tool.pytest.ini_options]\npythonpath = [{path!r}]\naddopts = {options!r}\n"


LAYOUTS = {
    "flat modules": FLAT | {"pyproject.toml": _ini(".")},
    "packages beside tests": PACKAGES | {"pyproject.toml": _ini(".")},
    "importlib mode": PACKAGES | {"pyproject.toml": _ini(".", "--import-mode=importlib")},
    "src layout": {
        "src/mock_server/__init__.py": OWN,
        "src/spec/__init__.py": OWN,
        "tests/test_own.py": TEST,
        "pyproject.toml": _ini("src"),
    },
    "conftest that imports": FLAT | {"conftest.py": "import mock_server, spec\n"},
    "tests as a package": FLAT | {"tests/__init__.py": ""},
    "tests named as the kit's": {
        "contract_tests/__init__.py": "",
        "contract_tests/helper.py": OWN,
        "contract_tests/test_own.py": FOLDER_TEST,
    },
    "tests in a folder named as the kit's": {
        "contract_tests/helper.py": OWN,
        "contract_tests/test_own.py": FOLDER_TEST.replace("contract_tests.", ""),
    },
    "tests of the module in a folder of its name": {
        "mock_server.py": OWN,
        "spec.py": OWN,
        "tests/mock_server/test_own.py": TEST.replace("parents[1]", "parents[2]"),
        "pyproject.toml": _ini("."),
    },
}

USES_FIXTURE = "import mock_server\n\ndef test_kit(mock_engine):\n    assert mock_engine.url\n"
RULE = ("--pyargs", "contract_tests", "-k", "test_rule and transport.json")


EDITABLE, WHEEL, PYTEST = "python -m pytest", "python -m pytest, of the wheel", "pytest"
STARTS = [EDITABLE, WHEEL, PYTEST]


@pytest.fixture
def command(request: pytest.FixtureRequest) -> list[str]:
    """The way to start pytest: `python -m` has the folder itself on the path; the wheel has an environment of its own."""
    start = getattr(request, "param", EDITABLE)
    if start == PYTEST:
        return [str(Path(sys.executable).with_name("pytest"))]
    return [str(request.getfixturevalue("installed") if start == WHEEL else sys.executable), "-m", "pytest"]


@pytest.mark.parametrize(
    ("layout", "command"),
    [
        *((layout, EDITABLE) for layout in LAYOUTS),
        *((layout, start) for layout in ("flat modules", "tests named as the kit's") for start in (WHEEL, PYTEST)),
    ],
    indirect=["command"],
)
def test_own_modules_are_imported_whatever_the_layout(tmp_path: Path, command: list[str], layout: str) -> None:
    """A project's tests get its own modules, and pass as they did without the kit."""
    done = run_pytest(command, _project(tmp_path, LAYOUTS[layout]))
    assert done.status == 0, done.out + done.err
    assert "1 passed" in done.out


@pytest.mark.parametrize("command", STARTS, indirect=True)
def test_fixture_beside_an_own_module_fails_in_one_line(tmp_path: Path, command: list[str]) -> None:
    """The test that uses the kit's fixture fails with what is in the way, without a traceback; the others pass."""
    project = _project(tmp_path, LAYOUTS["flat modules"] | {"tests/test_kit.py": USES_FIXTURE})
    done = run_pytest(command, project)
    assert done.status == 1, done.out + done.err
    assert "1 passed, 1 error" in done.out
    assert _sentences(done) == [_sentence("The fixture mock_engine", project / "mock_server.py")]


@pytest.mark.parametrize(
    ("layout", "command"),
    [("flat modules", EDITABLE), ("conftest that imports", PYTEST)],
    indirect=["command"],
)
def test_suite_beside_an_own_mock_without_a_url_fails_in_one_line(
    tmp_path: Path, command: list[str], layout: str
) -> None:
    """Without a URL the suite needs the kit's mock: its test says what is in the way."""
    project = _project(tmp_path, LAYOUTS[layout])
    done = run_pytest(command, project, *RULE)
    assert done.status == 2, done.out + done.err
    assert _sentences(done) == [_sentence("A check without a URL", project / "mock_server.py")]


@pytest.mark.parametrize(
    ("layout", "command"),
    [("flat modules", WHEEL), ("conftest that imports", EDITABLE)],
    indirect=["command"],
)
def test_suite_beside_an_own_mock_with_a_url_works(tmp_path: Path, command: list[str], layout: str) -> None:
    """With a URL the suite needs no mock; the project's tests in the same run get its own modules still."""
    project = _project(tmp_path, LAYOUTS[layout])
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = run_pytest(
            command, project, f"--engine-url={engine.url}", f"--engine-jobs={jobs}", *PYTEST_TOKENS,
            "--pyargs", "contract_tests", "./tests", "-k", "(test_rule and transport.json) or test_own",
        )  # fmt: skip
    assert done.status == 0, done.out + done.err
    assert "2 passed" in done.out
    assert "conforms" in done.out


def test_suite_beside_an_own_spec_works(tmp_path: Path, command: list[str]) -> None:
    """The kit's documents are no module: a project's `spec` is in nobody's way."""
    project = _project(tmp_path, {"spec/__init__.py": OWN, "conftest.py": "import spec\nassert spec.OWN\n"})
    done = run_pytest(command, project, *RULE)
    assert done.status == 0, done.out + done.err
    assert "conforms" in done.out


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_option_with_own_contract_tests_fails_in_one_line(
    tmp_path: Path, command: list[str], workers: list[str]
) -> None:
    """Options that would be read by nobody, as the project's tests are run in place of the kit's, are never a green run."""
    project = _project(tmp_path, LAYOUTS["tests named as the kit's"])
    done = run_pytest(command, project, "--pyargs", "contract_tests", "--engine-url=http://127.0.0.1:1", *workers)
    assert done.status == 1, done.out + done.err
    assert _sentences(done) == [_sentence("An option --engine-…", project / "contract_tests/__init__.py")]


def run_pytest(command: list[str], project: Path, *options: str) -> Done:
    """Run pytest in the project's folder."""
    return run(*command, "-p", "no:cacheprovider", *options, cwd=project)


def _project(folder: Path, files: Mapping[str, str]) -> Path:
    project = folder / "project"
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    return project


def _sentence(wanted_by: str, file: Path) -> str:
    package = file.parent.name if file.stem == "__init__" else file.stem
    return (
        f"{wanted_by} needs the kit's own package {package}, but {file} stands in the way. "
        "Rename that module, or start pytest where it cannot be imported."
    )


def _sentences(done: Done) -> list[str]:
    """Return the lines about the error, which stand alone between pytest's rules."""
    _, _, told = done.out.partition("= ERRORS =")
    lines = told.partition("= short test summary info =")[0].splitlines()[1:]
    return [line for line in lines if line and not line.startswith(("_", "=", "[gw"))]

"""The pipelines that docs/ci.md prints, run as printed against a right engine: each can be green."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.ci.github import run_action
from tests.ci.test_github import ACTION, ROLES, installed
from tests.ci.test_gitlab import JOB
from tests.ci.test_gitlab import run as run_lines
from tests.docs.document import blocks
from tests.docs.script import ENGINE
from tests.support import ROOT
from tests.support.forked import commands_folder
from tests.support.login_engine import LoginEngine, login_engine

TOKENS = {f"{role.upper()}_TOKEN": role for role in ROLES}
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
_OF_A_MATRIX = re.compile(r"secrets\[format\('(\w+)_\{0\}', matrix\.engine\)\]")


@pytest.fixture(scope="module")
def engine() -> Iterator[LoginEngine]:
    """A right engine, at which a role's token is its name."""
    with login_engine() as served:
        yield served


def sample(file: str, engine: LoginEngine) -> str:
    """Return a file that the guide prints, with this engine's address in it."""
    (block,) = [block for block in blocks(ROOT / "docs/ci.md") if block.file == file]
    return ENGINE.sub(engine.url, block.text)


def evaluate(text: str, values: Mapping[str, str]) -> str:
    """Return a text of a workflow with its expressions evaluated, as far as the guide uses them."""

    def value(match: re.Match[str]) -> str:
        expression = _OF_A_MATRIX.sub(lambda of: f"secrets.{of[1]}_{values['matrix.engine']}", match[1])
        assert re.fullmatch(r"[\w.]+", expression), f"GitHub knows no such secret: {expression}"
        return values[expression]

    return _EXPRESSION.sub(value, text)


@pytest.mark.parametrize("name", ["contract.yml", "engines.yml"])
def test_workflow_for_github_as_printed_is_green(engine: LoginEngine, tmp_path: Path, name: str) -> None:
    """With the secrets that it names, and nothing else, the run is decided, and conforms."""
    (job,) = yaml.safe_load(sample(f".github/workflows/{name}", engine))["jobs"].values()
    (step,) = [step for step in job["steps"] if "check-engine" in step.get("uses", "")]
    (tmp_path / "known.toml").write_text("# none today\n")
    (tmp_path / "engine.toml").write_text(sample("engine.toml", engine))
    matrix = job.get("strategy", {}).get("matrix", {"engine": [""]})["engine"][0]
    values = {"matrix.engine": matrix}
    values |= {f"secrets.{token}{matrix and '_'}{matrix}": role for token, role in TOKENS.items()}
    inputs = {key: evaluate(value, values) for key, value in step["with"].items()}
    env = {key: evaluate(value, values) for key, value in step["env"].items()}
    (tmp_path / "temp").mkdir()
    ran = run_action(
        ACTION, {"check-engine": installed(), **inputs}, workspace=tmp_path, temp=tmp_path / "temp", env=env
    )
    assert (ran.status, ran.outputs["verdict"]) == (0, "conforms"), ran.out


def test_job_for_gitlab_as_printed_is_green(engine: LoginEngine, tmp_path: Path) -> None:
    """The template's script conforms with the variables of the guide's job."""
    job = yaml.safe_load(sample(".gitlab-ci.yml", engine))["check-engine"]
    path = f"{commands_folder()}{os.pathsep}{os.environ['PATH']}"
    done = run_lines(JOB["script"], tmp_path, job["variables"] | TOKENS | {"PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr

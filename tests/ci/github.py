"""A composite action as GitHub's runner runs it: inputs, step by step with bash, outputs and workflow commands."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.commands import clean_environment

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Ran:
    """What became of a run of the action."""

    status: int = 0
    """Of the first step that failed; 0 where none did."""
    failed: str | None = None
    out: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def commands(self) -> list[str]:
        """The workflow commands that the runner obeys."""
        return list(_obeyed(self.out))


def load(path: Path) -> dict[str, Any]:
    """The action's YAML."""
    action: dict[str, Any] = yaml.safe_load(path.read_text())
    return action


def run_action(
    path: Path, inputs: Mapping[str, str], *, workspace: Path, temp: Path, env: Mapping[str, str] | None = None
) -> Ran:
    """Run all steps until one fails, as the runner does."""
    action, ran = load(path), Ran()
    context = {f"inputs.{name}": str(entry.get("default", "")) for name, entry in action["inputs"].items()}
    context |= {f"inputs.{name}": value for name, value in inputs.items()}
    context["github.action_path"] = str(path.parent)
    for number, step in enumerate(action["runs"]["steps"]):
        _run_step(step, context, ran, folder=temp / f"step {number}", workspace=workspace, env=env or {})
        if ran.failed:
            break
    for name, entry in action["outputs"].items():
        ran.outputs[name] = _evaluate(entry["value"], context)
    return ran


def _run_step(
    step: Mapping[str, Any], context: dict[str, str], ran: Ran, *, folder: Path, workspace: Path, env: Mapping[str, str]
) -> None:
    script, output, summary = (folder / kind for kind in ("step.sh", "output", "summary"))
    folder.mkdir()
    script.write_text(step["run"])
    output.touch()
    summary.touch()
    own = {name: _evaluate(str(value), context) for name, value in step.get("env", {}).items()}
    github = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(folder.parent),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=workspace,
        env=clean_environment() | dict(env) | github | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=280,
    )
    ran.out += done.stdout
    ran.summary += summary.read_text()
    if "id" in step:
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            context[f"steps.{step['id']}.outputs.{name}"] = value
    if done.returncode:
        ran.status, ran.failed = done.returncode, step["name"]


def _evaluate(text: str, context: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: context.get(match[1], ""), text)


def _obeyed(out: str) -> Iterator[str]:
    """The runner's reading: a line that begins with `::`, until `::stop-commands::WORD` and up to `::WORD::`."""
    word = None
    for line in map(str.strip, out.split(os.linesep)):
        if word is not None:
            word = None if line == f"::{word}::" else word
        elif line.startswith("::stop-commands::"):
            word = line.removeprefix("::stop-commands::")
        elif line.startswith("::") or "##[" in line:
            yield line

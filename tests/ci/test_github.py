"""The composite action: its steps run as the shell scripts that they are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.github import Ran, load, run_action
from tests.support import ROOT
from tests.support.commands import write_jobs
from tests.support.engines import standin_engine
from tests.support.forked import commands_folder
from tests.support.installations import BIN, PACKAGES_AND_PIP
from tests.support.login_engine import login_engine

ACTION = ROOT / ".github" / "actions" / "check-engine" / "action.yml"
ROLES = ("admin", "engineering", "support", "apiwrite", "apiread")
TOKENS = "\n".join(f"{role}=env:T_{role.upper()}" for role in ROLES)
SECRETS = {f"T_{role.upper()}": role for role in ROLES} | {f"P_{role.upper()}": f"pass-{role}" for role in ROLES}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The workspace and the runner's temporary folder."""
    workspace, temp = tmp_path / "work space", tmp_path / "temp"
    workspace.mkdir()
    temp.mkdir()
    return workspace, temp


def run(folders: tuple[Path, Path], **inputs: str) -> Ran:
    """Run the action with an installed check-engine; underscores in names of inputs are dashes."""
    given = {"check-engine": installed()} | {name.replace("_", "-"): value for name, value in inputs.items()}
    return run_action(ACTION, given, workspace=folders[0], temp=folders[1], env=SECRETS)


def installed() -> str:
    """Return the path of a check-engine, which has a Python beside it."""
    return str(commands_folder() / "check-engine")


def test_a_right_engine_passes(folders: tuple[Path, Path]) -> None:
    """The verdict is an output, the summary is on the job's page, and nothing is annotated as an error."""
    with standin_engine() as engine:
        make = f'curl -s -X POST "{engine.url}/_test/jobs?count=$JOB_COUNT"'
        ran = run(folders, url=engine.url, tokens=TOKENS, jobs_command=make, args="--label=a pull request\n\n-v")
    assert ran.failed is None, ran.out
    assert ran.outputs == {"verdict": "conforms", "status": "0", "report-dir": "engine-report"}
    assert ran.summary.startswith("## Contract check: conforms (a pull request)")
    assert not [line for line in ran.commands if line.startswith("::error")]
    assert {path.name for path in (folders[0] / "engine-report").iterdir()} >= {"junit.xml", "report.html"}


def test_logins_and_workflow_are_check_engines_options(folders: tuple[Path, Path]) -> None:
    """The inputs get tokens and jobs; a line is a login."""
    with login_engine(lasts=500) as engine:
        logins = "\n".join(f"{role}={role}:env:P_{role.upper()}" for role in ROLES)
        ran = run(folders, url=engine.url, logins=logins, workflow="Contract check")
    assert ran.outputs["verdict"] == "conforms", ran.out
    assert len(engine.started) > len(ROLES)


def test_a_wrong_engine_fails_after_all_was_told(folders: tuple[Path, Path]) -> None:
    """A broken rule is an error with what was received; the summary is there, and the last step fails with status 1."""
    with standin_engine("support-refused") as engine:
        jobs = write_jobs(folders[0], engine.make_jobs(24))
        ran = run(folders, url=engine.url, tokens=TOKENS, jobs=str(jobs))
    assert (ran.failed, ran.status) == ("Verdict", 1)
    assert ran.outputs["verdict"] == "violates"
    assert "roles.support" in ran.summary
    (error,) = [line for line in ran.commands if line.startswith("::error title=roles.support (documented)::")]
    assert "%0AReceived as support: " in error
    assert "%0ADocumented: " in error


def test_known_deviations_pass(folders: tuple[Path, Path]) -> None:
    """The input `known` is check-engine's --known."""
    (folders[0] / "known.toml").write_text('[[known]]\nrule = "roles.support"\nreason = "seen"\n')
    with standin_engine("support-refused") as engine:
        jobs = write_jobs(folders[0], engine.make_jobs(24))
        ran = run(folders, url=engine.url, tokens=TOKENS, jobs=str(jobs), known="known.toml", annotations="false")
    assert ran.failed is None, ran.out
    assert ran.outputs["verdict"] == "conforms"
    assert ran.commands == []


def test_what_is_undecided_fails_with_its_reason(folders: tuple[Path, Path]) -> None:
    """Without jobs the verdict is undecided, which fails with status 3 and one error that says what is missing."""
    with standin_engine() as engine:
        ran = run(folders, url=engine.url, tokens=TOKENS)
    assert (ran.failed, ran.status, ran.outputs["verdict"]) == ("Verdict", 3, "undecided")
    (error,) = [line for line in ran.commands if line.startswith("::error")]
    assert error.startswith("::error title=The engine's contract::undecided")
    assert "jobs" in error


def test_an_engine_by_name(folders: tuple[Path, Path]) -> None:
    """The input `url` takes a name of the workspace's engine.toml."""
    with standin_engine() as engine:
        jobs = write_jobs(folders[0], engine.make_jobs(24))
        tokens = ", ".join(f'{role} = "env:T_{role.upper()}"' for role in ROLES)
        (folders[0] / "engine.toml").write_text(
            f'[engines.staging]\nurl = "{engine.url}"\njobs = "{jobs.name}"\ntokens = {{ {tokens} }}\n'
        )
        ran = run(folders, url="staging", args="--only=roles.*")
    assert ran.failed is None, ran.out


@pytest.mark.parametrize("inputs", [{}, {"url": ""}, {"mock": "false"}, {"mock": "true", "url": "http://127.0.0.1:9"}])
def test_no_url_and_no_mock_fails(folders: tuple[Path, Path], inputs: dict[str, str]) -> None:
    """A variable that is not filled in never makes a gate green; nor are both of URL and mock taken."""
    ran = run(folders, **inputs)
    assert (ran.failed, ran.status, ran.outputs["verdict"]) == ("Verdict", 2, "")
    (error,) = ran.commands
    assert error.startswith("::error title=check-engine ended with status 2::check-engine: ")
    assert "--mock" in error


def test_the_mock_where_it_is_meant(folders: tuple[Path, Path]) -> None:
    """With `mock: true` the kit's own mock is checked, and the summary says so, wherever `args` send the report."""
    ran = run(folders, mock="true", args="--only=roles.admin\n--report-dir=where nobody looks")
    assert ran.failed is None, ran.out
    assert "the kit's own mock" in ran.summary


def test_wrong_usage_fails_without_a_verdict(folders: tuple[Path, Path]) -> None:
    """A setting that cannot be used fails with status 2; a report of an earlier run is not taken for this one's."""
    report = folders[0] / "engine-report"
    report.mkdir()
    (report / "report.json").write_text('{"verdict": "conforms"}')
    ran = run(folders, url="ftp://engine")
    assert (ran.failed, ran.status, ran.outputs["verdict"]) == ("Verdict", 2, "")
    assert ran.summary == ""


@pytest.mark.parametrize(
    "name",
    [*("url", "tokens", "logins", "auth", "jobs", "workflow", "known", "args", "report-dir", "settings", "python")],
)
def test_nothing_in_an_input_is_run(folders: tuple[Path, Path], name: str) -> None:
    """Shell in an input stays text."""
    attack = "$(touch pwned)`touch pwned`'; touch pwned; \"; touch pwned; '\n; touch pwned"
    fake_kit(folders)
    run_action(
        ACTION,
        {"check-engine": str(folders[1] / "kit" / "check-engine"), name: attack},
        workspace=folders[0],
        temp=folders[1],
    )
    assert not list(folders[0].rglob("pwned"))


def test_no_script_holds_an_expression() -> None:
    """Values reach the scripts through the environment alone."""
    for step in load(ACTION)["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_an_engine_commands_no_runner(folders: tuple[Path, Path]) -> None:
    """What check-engine prints of an engine's answer is not obeyed, even where a line of it is a workflow command."""
    fake_kit(
        folders, "::error::from the engine", "  ::set-output name=verdict::conforms", "::stop-commands::x", "::x::"
    )
    ran = run_action(
        ACTION, {"check-engine": str(folders[1] / "kit" / "check-engine")}, workspace=folders[0], temp=folders[1]
    )
    assert "from the engine" in ran.out
    assert ran.commands == []


def test_a_command_that_is_not_there(folders: tuple[Path, Path]) -> None:
    """An input check-engine that names no command fails the first step with a sentence."""
    ran = run(folders, check_engine=str(folders[1] / "nowhere" / "check-engine"))
    assert (ran.failed, ran.status) == ("Install", 2)
    assert ran.commands == ["::error::The input check-engine names no command."]


def test_a_command_without_its_python_fails_with_a_sentence(folders: tuple[Path, Path]) -> None:
    """A copy of the command alone cannot be used, and the first step says so."""
    fake_kit(folders)
    (folders[1] / "kit" / "python").unlink()
    ran = run(folders, check_engine=str(folders[1] / "kit" / "check-engine"))
    assert (ran.failed, ran.status) == ("Install", 2)
    assert ran.commands == ["::error::No Python lies beside the check-engine of the input."]


def test_a_linked_command_is_run_with_its_own_python(folders: tuple[Path, Path]) -> None:
    """As pipx does it, the command is linked into a folder that has no Python; links may lead to links, and be relative."""
    fake_kit(folders)
    linked = folders[1] / "bin" / "check-engine"
    linked.parent.mkdir()
    linked.symlink_to("next")
    linked.with_name("next").symlink_to(Path("..", "kit", "check-engine"))
    ran = run(folders, check_engine=str(linked))
    assert (ran.failed, ran.outputs["status"]) == (None, "0"), ran.out


def test_blanks_around_an_input_do_not_count(folders: tuple[Path, Path]) -> None:
    """A line break after a pasted URL, blanks before a line of args, and CRLF are not part of the values."""
    fake_kit(folders)
    kit = str(folders[1] / "kit" / "check-engine")
    blanks = {"url": "\n http://engine \r\n", "known": "known.toml\n", "tokens": "  admin=env:A B \r\n\n"}
    ran = run(folders, check_engine=kit, args="  --rate=50\r\n\t--label=a  b \n", **blanks)
    assert re.findall("<(.*?)>", ran.out, re.DOTALL) == [
        "--known=known.toml",
        "--token=admin=env:A B",
        "--rate=50",
        "--label=a  b",
        "--report-dir=engine-report",
        "--",
        "http://engine",
    ]


def test_a_crash_is_an_error_with_its_last_line(folders: tuple[Path, Path]) -> None:
    """What the command said last on stderr is the annotation, with what GitHub would decode written as it asks."""
    fake_kit(folders, then="echo first >&2; echo '100 %0A ::error::x' >&2; exit 70")
    ran = run(folders, check_engine=str(folders[1] / "kit" / "check-engine"))
    assert (ran.status, ran.outputs["status"]) == (70, "70")
    assert ran.commands == ["::error title=check-engine ended with status 70::100 %250A ::error::x"]


def test_it_installs_the_kit_from_its_own_repository(folders: tuple[Path, Path]) -> None:
    """Without an installed check-engine the first step makes one, with the constraints of the repository."""
    inputs = {"python": str(BIN / "python3"), "mock": "true"}
    # To pip, the variable of this option holds what becomes of the isolation: 0 is without.
    env = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_COMPILE": "1", **PACKAGES_AND_PIP}
    ran = run_action(ACTION, inputs, workspace=folders[0], temp=folders[1], env=env)
    assert ran.failed is None, ran.out
    assert ran.outputs["verdict"] == "conforms"
    assert (folders[1] / "check-engine" / "bin" / "check-engine").is_file()


def test_the_action_has_githubs_form() -> None:
    """The action is valid by GitHub's schema of actions."""
    validate("github-actions", ACTION)


def validate(schema: str, path: Path) -> None:
    """Validate a file by one of the schemas that check-jsonschema carries."""
    line = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def fake_kit(folders: tuple[Path, Path], *lines: str, then: str = "") -> None:
    """A check-engine that prints these lines and its arguments, and the Python beside it."""
    kit = folders[1] / "kit"
    kit.mkdir()
    (kit / "lines").write_text("\n".join(lines))
    for name, does in (
        ("check-engine", f"cat '{kit}/lines'; printf '<%s>' \"$@\"; {then}"),
        ("python", f'exec "{sys.executable}" "$@"'),
    ):
        (kit / name).write_text(f"#!/bin/sh\n{does}\n")
        (kit / name).chmod(0o755)

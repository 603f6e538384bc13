"""Every command that README and docs show is run, each document in a folder of its own from top to bottom."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests import field_engine
from tests.ci.test_github import validate
from tests.docs.document import SHELL, Block, blocks
from tests.docs.script import ENGINE, script_of
from tests.support import ROOT
from tests.support.commands import clean_environment
from tests.support.forked import commands_folder
from tests.support.ports import free_port

DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ROLES = ("admin", "engineering", "support", "apiwrite", "apiread", "operator")
TIMEOUT = 120  # seconds for a document
LANGUAGES = SHELL | {"json", "yaml", "toml", "js", "ts", "python", "text", "xml", "html", "diff", "groovy", "ini"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if any(block.is_shell for block in blocks(path))], ids=_name
)
def test_the_commands_of_a_document_work(path: Path, tmp_path: Path) -> None:
    """Each shell block ends with 0, or as the comment before it says; servers run until the document's end."""
    found, folder, state = list(blocks(path)), tmp_path / "folder", tmp_path / "state"
    with field_engine.serve() as engine:
        _lay_out(found, folder, engine.url)
        state.mkdir()
        ports = {"4010": free_port(), "4011": free_port(), "4012": free_port()}
        jobs = f"curl -s -X POST '{engine.control_url}/_test/jobs?count=30' > jobs.txt"
        status = _run(script_of(found, engine=engine.url, ports=ports, jobs=jobs), folder, state, ports)
    where = f"{path.name}, the block at line {_read(state / 'line')}"
    assert status == 0, (
        f"{where}, status {status}:\n{_read(state / 'stdout')[-3000:]}\n{_read(state / 'stderr')[-3000:]}"
    )


def _lay_out(found: list[Block], folder: Path, engine: str) -> None:
    """What a document's reader has: the checkout's examples and spec, and the files that the document shows."""
    folder.mkdir()
    for name in ("examples", "spec"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for block in found:
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(ENGINE.sub(engine, block.text))


def _run(script: str, folder: Path, state: Path, ports: dict[str, int]) -> int:
    """Run the script and end whatever it started; its exit status."""
    environment = clean_environment() | {f"{role.upper()}_TOKEN": role for role in ROLES}
    environment |= {f"{role.upper()}_PASSWORD": "secret" for role in ROLES}
    environment |= {
        "PATH": os.pathsep.join((str(commands_folder()), str(Path(sys.executable).parent), os.environ["PATH"])),
        "MOCK_ENGINE_PORT": str(ports["4010"]),
        "WATCH_ENGINE_PORT": str(ports["4011"]),
        "WATCH_ENGINE_CONSOLE_PORT": str(ports["4012"]),
        "STATE": str(state),
    }
    with (state / "stdout").open("w") as stdout, (state / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            return process.wait(TIMEOUT)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_every_block_names_its_language(path: Path) -> None:
    """No block is left out for want of a language, and one that is not run gives its reason."""
    for block in blocks(path):
        assert block.language in LANGUAGES, f"{path.name}:{block.line}"
        assert block.not_run is None or len(block.not_run) > 10, f"{path.name}:{block.line}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Files that a document links to are there."""
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
        assert target.startswith("http") or (path.parent / target).exists(), target


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        (".github/workflows/contract.yml", "github-workflows"),
        (".github/workflows/engines.yml", "github-workflows"),
        (".gitlab-ci.yml", "gitlab-ci"),
    ],
)
def test_the_pipelines_shown_are_valid(file: str, schema: str, tmp_path: Path) -> None:
    """The workflow and the GitLab file of docs/ci.md are valid by their schemas, and give inputs that there are."""
    (block,) = [block for block in blocks(ROOT / "docs" / "ci.md") if block.file == file]
    path = tmp_path / "pipeline.yml"
    path.write_text(block.text)
    validate(schema, path)
    if schema == "github-workflows":
        action = yaml.safe_load((ROOT / ".github/actions/check-engine/action.yml").read_text())
        steps = yaml.safe_load(block.text)["jobs"]["contract"]["steps"]
        (step,) = [step for step in steps if "engine-contract" in step.get("uses", "")]
        assert set(step["with"]) <= set(action["inputs"])


def test_servers_are_told_from_other_commands() -> None:
    """A line that starts a server goes on; one that lists or pipes is run as it stands."""
    text = "mock-engine &  # in the background\nmock-engine --list-faults\necho mock-engine\nwatch-engine https://engine.example \\\n  --open\n"
    script = script_of([Block(1, "sh", text)], engine="http://e", ports={}, jobs="")
    lines = script.partition("at 1\n")[2].splitlines()
    assert lines == [
        "serve mock-engine",
        "mock-engine --list-faults",
        "echo mock-engine",
        "serve watch-engine http://e    --open",
    ]


def test_a_failing_command_is_found(tmp_path: Path) -> None:
    """The harness itself: a block that fails, or fails otherwise than it says, fails; the line is kept."""
    for block, status in ((Block(3, "sh", "true\nfalse\ntrue\n"), 1), (Block(3, "sh", "exit 2\n", status=3), 2)):
        state = tmp_path / str(status)
        state.mkdir()
        assert (
            _run(script_of([block], engine="", ports={}, jobs=""), tmp_path, state, {"4010": 1, "4011": 2, "4012": 3})
            == status
        )
        assert _read(state / "line") == "3"
    servers = script_of(
        [Block(1, "sh", "mock-engine\n"), Block(2, "sh", "true\n", servers_ended=True)], engine="", ports={}, jobs=""
    )
    assert servers.endswith("at 1\nserve mock-engine\nat 2\nended\ntrue")
    passing = script_of([Block(9, "sh", "(exit 3)\n", status=3)], engine="", ports={}, jobs="")
    assert _run(passing, tmp_path, state, {"4010": 1, "4011": 2, "4012": 3}) == 0

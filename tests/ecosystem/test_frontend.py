"""The recipes of docs/frontend.md for Playwright, Vite and vitest, as they stand there, in a project of somebody else's."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.serving.in_process import running_mock
from tests.docs.document import blocks
from tests.ecosystem.tools import HERE, MODULES, command
from tests.support import ROOT
from tests.support.commands import clean_environment
from tests.support.ports import free_port
from tests.support.requirements import CHROMIUM_FLAGS, need_chromium

TIMEOUT_S = 120

# The guide's configuration, with the Chromium of this machine.
CHROMIUM = """import config from "./playwright.config";
export default { ...config, reporter: "json", workers: 2, retries: 0, timeout: 60_000, expect: { timeout: 30_000 },
  use: { ...config.use, launchOptions: { executablePath: %s, args: %s } } };
"""
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "noEmit": True,
        "skipLibCheck": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "types": ["node"],
    },
    "include": ["*.config.ts", "e2e", "src"],
}


@pytest.fixture(scope="module")
def project(node_tools: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - installed before
    """A project with the files that the guide shows, on ports that are free."""
    folder = tmp_path_factory.mktemp("project")
    ports = {"4010": str(free_port()), "5173": str(free_port())}
    for block in blocks(ROOT / "docs" / "frontend.md"):
        if block.file is not None and block.language == "ts":
            path = folder / block.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(_on_ports(block.text, ports))
    (folder / "e2e" / "mock-engine.ts").write_text((ROOT / "examples" / "mock-engine.ts").read_text())
    shutil.copy(HERE / "screen.html", folder / "index.html")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (folder / "node_modules").symlink_to(MODULES)
    return folder


def _on_ports(text: str, ports: dict[str, str]) -> str:
    return re.sub("4010|5173", lambda found: ports[found[0]], text)


def _run(project: Path, tool: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), str(MODULES / ".bin"), os.environ["PATH"]))
    return subprocess.run(
        command(tool, *arguments),
        cwd=project,
        env={**clean_environment(), "CI": "1", "PATH": path, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )


def test_the_recipes_compile(project: Path) -> None:
    """`tsc` under `strict` has nothing to say of the example and of what the guide shows."""
    done = _run(project, "tsc", "--pretty", "false")
    assert (done.returncode, done.stdout) == (0, "")


def test_playwright_is_green_twice_and_in_parallel(project: Path) -> None:
    """The guide's fixture resets: its tests pass, pass again on the same mock, each repeated beside itself on two workers."""
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--headless"]
    chromium = CHROMIUM % (json.dumps(need_chromium()), json.dumps(flags))
    (project / "chromium.config.ts").write_text(chromium)
    with running_mock(port=_port(project)) as mock:
        for repeat in ("1", "2"):
            arguments = ("test", "--config", "chromium.config.ts", "--repeat-each", repeat)
            done = _run(project, "playwright", *arguments, CI="")
            assert done.returncode == 0, done.stdout + done.stderr
            report = json.loads(done.stdout)
            assert (report["stats"]["expected"], report["stats"]["flaky"]) == (3 * int(repeat), 0)
        assert mock.requests() == []  # each test was in a session of its own


def _port(project: Path) -> int:
    found = re.search(r"--port (\d+)", (project / "playwright.config.ts").read_text())
    assert found is not None
    return int(found[1])


def test_vitest_starts_its_own_mock(project: Path) -> None:
    """The guide's set-up starts a mock for vitest, and its test passes."""
    done = _run(project, "vitest", "run", "--reporter=json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["numPassedTests"] == 1

"""The recipes of docs/frontend.md for Playwright, Vite and vitest, as they stand there, in a project of somebody else's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings
from tests.docs.document import blocks
from tests.ecosystem.tools import MODULES, command
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
        # What `npm create vite` sets.
        "strict": True,
        "erasableSyntaxOnly": True,
        "verbatimModuleSyntax": True,
        "noUnusedLocals": True,
        "noUnusedParameters": True,
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
    """A project with the files that the guide shows."""
    folder = tmp_path_factory.mktemp("project")
    for block in blocks(ROOT / "docs" / "frontend.md"):
        if block.file is not None and block.language in {"ts", "html"}:
            path = folder / block.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text)
    (folder / "e2e" / "mock-engine.ts").write_text((ROOT / "examples" / "mock-engine.ts").read_text())
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (folder / "node_modules").symlink_to(MODULES)
    return folder


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
    """The guide's tests pass, and pass again on the same mock, each repeated beside itself on two workers, in sessions of their own."""
    with running_mock() as mock:
        for count, arguments in ((7, ()), (8, ("jobs.spec.ts", "--repeat-each", "2"))):
            _pass(project, mock.url, count, *arguments)
        assert mock.requests() == []
        sessions = httpx.get(f"{mock.url}/_mock/sessions").json()["sessions"]
        assert len([session for session in sessions if session["entries"]]) == 7 + 8


def test_playwright_sees_a_login_expire(project: Path) -> None:
    """The guide's test for a mock whose tokens expire passes on one."""
    with running_mock(Settings(token_lifetime=600)) as mock:
        _pass(project, mock.url, 1, "login.spec.ts", TOKEN_LIFETIME="600")


def _pass(project: Path, mock: str, count: int, *arguments: str, **env: str) -> None:
    """Run Playwright on a mock: as many tests pass, and none but the second time."""
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--headless"]
    (project / "chromium.config.ts").write_text(CHROMIUM % (json.dumps(need_chromium()), json.dumps(flags)))
    env |= {"CI": "", "MOCK_ENGINE": mock, "PAGE_PORT": str(free_port())}
    done = _run(project, "playwright", "test", "--config", "chromium.config.ts", *arguments, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    stats = json.loads(done.stdout)["stats"]
    assert (stats["expected"], stats["flaky"]) == (count, 0)


def test_vitest_starts_its_own_mock(project: Path) -> None:
    """The guide's set-up starts a mock for vitest, and its test passes."""
    done = _run(project, "vitest", "run", "--reporter=json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["numPassedTests"] == 1

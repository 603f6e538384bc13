"""The distributions that are built from the checkout, and virtual environments: made once for all workers."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pip
import pytest

from tests.support import ROOT, commands
from tests.support.alone import alone

BIN = Path(__file__).with_name("bin")
PACKAGES_AND_PIP = {
    "PYTHONPATH": str(Path(pytest.__file__).parents[1]),
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "REAL_PYTHON": sys.executable,
}
"""Variables that give a new environment this Python's packages: to install what the kit needs takes a quarter of a minute."""


@dataclass(frozen=True)
class Distributions:
    """The files that were built."""

    wheel: Path
    sdist: Path
    wheel_of_sdist: Path


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def distributions(shared: Path) -> Distributions:
    """Build the wheel and the sdist, each from the checkout, and a wheel from the sdist."""
    with alone(shared / "distributions.lock"):
        direct, staged = shared / "wheel", shared / "sdist"
        if not staged.exists():
            build = (sys.executable, "-m", "build", "--no-isolation", str(ROOT), "--outdir")
            run(*build, str(direct), "--wheel", cwd=shared)
            run(*build, str(staged), cwd=shared)
    (wheel,), (sdist,), (wheel_of_sdist,) = direct.glob("*.whl"), staged.glob("*.tar.gz"), staged.glob("*.whl")
    return Distributions(wheel, sdist, wheel_of_sdist)


@pytest.fixture(scope="session")
def pip_alone(shared: Path) -> str:
    """Return a PYTHONPATH that holds this Python's pip and nothing else."""
    with alone(shared / "pip.lock"):
        folder = shared / "pip"
        if not folder.exists():
            folder.mkdir()
            (folder / "pip").symlink_to(Path(pip.__file__).parent)
    return str(folder)


@pytest.fixture(scope="session")
def hashed(shared: Path, pip_alone: str) -> Path:
    """Make a virtual environment with what the Dockerfile's line installs by its hashes, to be copied."""
    venv = shared / "hashed"
    with alone(shared / "hashed.lock"):
        if not venv.exists():
            (line,) = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if "--require-hashes" in line]
            run(sys.executable, "-m", "venv", "--without-pip", str(venv), cwd=shared)
            # Compiling is half of the work, and most modules are never imported.
            env = {"PATH": f"{venv}/bin:/usr/bin:/bin", "PYTHONPATH": pip_alone, "PIP_NO_COMPILE": "1"}
            run("sh", "-c", line.removeprefix("RUN "), cwd=ROOT, env=env)
    return venv


def copy_of(venv: Path, folder: Path) -> Path:
    """Copy a virtual environment, whose files may be replaced but not written; return its Python."""
    shutil.copytree(venv, folder, symlinks=True, copy_function=_link)
    return folder / "bin" / "python"


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


@pytest.fixture(scope="session")
def installed(shared: Path, distributions: Distributions, hashed: Path) -> Path:
    """Return the Python of a virtual environment that holds the wheel and what it needs, and nothing else."""
    venv = shared / "installed"
    with alone(shared / "installed.lock"):
        if not venv.exists():
            python = copy_of(hashed, venv)
            install = (sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-compile")
            run(*install, "-c", str(ROOT / "constraints.txt"), str(distributions.wheel), cwd=shared)
    return venv / "bin" / "python"


def run(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = commands.run(*words, cwd=cwd, env=env, timeout_s=280)
    assert done.status == 0, done.out + done.err
    return done.out

"""The distributions that are built from the checkout, and the wheel in a virtual environment: made once for all workers."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import ROOT, commands
from tests.support.alone import alone


@dataclass(frozen=True)
class Distributions:
    """The files that were built."""

    wheel: Path
    sdist: Path
    wheel_of_sdist: Path


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def distributions(shared: Path) -> Distributions:
    """The wheel and the sdist, each built from the checkout, and the wheel that is built from the sdist."""
    with alone(shared / "distributions.lock"):
        direct, staged = shared / "wheel", shared / "sdist"
        if not staged.exists():
            build = (sys.executable, "-m", "build", "--no-isolation", str(ROOT), "--outdir")
            run(*build, str(direct), "--wheel", cwd=shared)
            run(*build, str(staged), cwd=shared)
    (wheel,), (sdist,), (wheel_of_sdist,) = direct.glob("*.whl"), staged.glob("*.tar.gz"), staged.glob("*.whl")
    return Distributions(wheel, sdist, wheel_of_sdist)


@pytest.fixture(scope="session")
def installed(shared: Path, distributions: Distributions) -> Path:
    """The Python of a virtual environment that holds the wheel and what it needs, and nothing else."""
    venv = shared / "installed"
    python = venv / "bin" / "python"
    with alone(shared / "installed.lock"):
        if not venv.exists():
            # This Python's pip installs into it, and what is not imported is not compiled: half of the work.
            run(sys.executable, "-m", "venv", "--without-pip", str(venv), cwd=shared)
            pip = (sys.executable, "-m", "pip", "--python", str(python))
            install = (*pip, "install", "-q", "--no-compile", "-c", str(ROOT / "constraints.txt"))
            run(*install, str(distributions.wheel), cwd=shared)
    return python


def run(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = commands.run(*words, cwd=cwd, env=env, timeout_s=280)
    assert done.status == 0, done.out + done.err
    return done.out

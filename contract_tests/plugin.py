"""The pytest plugin: options that begin with `--engine-`, and fixtures that a conftest may override.

    pytest --pyargs contract_tests --engine-url URL --engine-jobs FILE --engine-token admin=env:TOKEN

It is registered with pytest by the distribution, so that it loads nothing slow until it is used.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract_tests.suite import Outcomes

PREFIX = "--engine-"

# check-engine's options with a value, those that may be repeated, and its switches.
VALUES = [
    "url",
    "settings",
    "auth",
    "jobs",
    "jobs-command",
    "max-jobs",
    "known",
    "write-known",
    "report-dir",
    "write-profile",
    "label",
    "seed",
    "timeout",
    "deadline",
    "rate",
    "concurrency",
    "proxy",
    "ca-bundle",
    "client-cert",
]
REPEATED = ["token", "header", "only", "skip"]
SWITCHES = ["keep-jobs", "strict", "insecure", "allow-unsafe-probes"]

Jobs = Sequence[str] | Callable[[int], Sequence[str]]


def _dest(name: str) -> str:
    return f"engine_{name.replace('-', '_')}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add check-engine's options; each means what it means there."""
    group = parser.getgroup("engine-contract", "contract of POST /workflow_engine/cancelJob (see check-engine --help)")
    for name in VALUES:
        group.addoption(PREFIX + name, dest=_dest(name), metavar="VALUE", help=f"as check-engine's --{name}")
    for name in REPEATED:
        group.addoption(
            PREFIX + name, dest=_dest(name), action="append", metavar="VALUE", help=f"as check-engine's --{name}"
        )
    for name in SWITCHES:
        group.addoption(PREFIX + name, dest=_dest(name), action="store_true", help=f"as check-engine's --{name}")


def arguments(config: pytest.Config) -> list[str]:
    """The options given to pytest as check-engine's arguments."""
    given: list[str] = []
    for name in VALUES:
        value = config.getoption(_dest(name))
        if value is not None:
            given += [value] if name == "url" else [f"--{name}={value}"]
    for name in REPEATED:
        given += [f"--{name}={value}" for value in config.getoption(_dest(name)) or ()]
    given += [f"--{name}" for name in SWITCHES if config.getoption(_dest(name))]
    return given


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> None:
    """Load the kit's `spec` package before a conftest can put a folder of the same name before it."""
    if any("contract_tests" in argument or argument.startswith(PREFIX) for argument in args):
        import spec  # noqa: F401


@pytest.fixture(scope="session")
def engine_jobs() -> Jobs | None:
    """The ids of jobs that may be canceled, or a function from their number to them. Override it to supply jobs."""
    return None


@pytest.fixture(scope="session")
def engine_tokens() -> Mapping[str, str] | None:
    """Tokens by role (for basic `user:password`). Override it to supply credentials."""
    return None


@pytest.fixture(scope="session")
def engine_outcomes(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    engine_jobs: Jobs | None,
    engine_tokens: Mapping[str, str] | None,
) -> "Outcomes":
    """The outcomes of one run of the selected rules; under xdist all workers share it."""
    from contract_tests.suite import run_once

    config = request.config
    selected = sorted(
        {
            str(item.callspec.params["rule_id"])
            for item in request.session.items
            if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "rule_id" in item.callspec.params
        }
    )
    shared = tmp_path_factory.getbasetemp().parent if hasattr(config, "workerinput") else None
    outcomes = run_once(arguments(config), selected, jobs=engine_jobs, tokens=engine_tokens, shared=shared)
    _keep_for_report(config, outcomes)
    return outcomes


def _keep_for_report(config: pytest.Config, outcomes: "Outcomes") -> None:
    """Hand what is to be written to whoever writes it: under xdist, the controller."""
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output["engine_outcomes"] = outcomes.to_json()
    else:
        config.stash[_OUTCOMES] = outcomes.to_json()


_OUTCOMES = pytest.StashKey[str]()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take a worker's outcomes over into the controller."""
    del error
    output = getattr(node, "workeroutput", None) or {}
    if "engine_outcomes" in output:
        config: pytest.Config = node.config  # type: ignore[attr-defined]
        config.stash[_OUTCOMES] = output["engine_outcomes"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report files, once."""
    config = session.config
    if hasattr(config, "workerinput") or _OUTCOMES not in config.stash:
        return
    from contract_tests.suite import Outcomes

    Outcomes.from_json(config.stash[_OUTCOMES]).write_files()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End with the run's verdict."""
    if _OUTCOMES not in config.stash:
        return
    from contract_tests.suite import Outcomes

    outcomes = Outcomes.from_json(config.stash[_OUTCOMES])
    terminalreporter.section("engine contract")
    for line in outcomes.notes:
        terminalreporter.line(line)
    terminalreporter.line(outcomes.sentence)

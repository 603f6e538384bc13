"""The pytest plugin: the fixture `mock_engine`, options that begin with `--engine-`, and fixtures that a conftest may override.

    pytest --pyargs contract_tests --engine-url URL --engine-jobs FILE --engine-token admin=env:TOKEN

It is the distribution's one entry point for pytest. It loads `mock_server` and `contract_tests` only when a
fixture asks for them, so that other runs are not slowed, and a project's own modules of these names keep working.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine_contract.option_rows import Option, rows
from engine_contract.options import CheckOptions
from engine_contract.own_packages import explain, give_way, in_the_way_of
from engine_contract.text.printable import visible, without_user_info

if TYPE_CHECKING:
    from contract_tests.pytest_run import Outcomes
    from mock_server.serving.in_process import RunningMock
    from mock_server.settings import Settings

PREFIX = "--engine-"

# check-engine's options, but for those that belong to the command alone.
ROWS = [row for row in rows(CheckOptions) if not row.command_only]

Jobs = Sequence[str] | Callable[[int], Sequence[str]]


def _dest(row: Option) -> str:
    return f"engine_{row.field}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add check-engine's options; each means what it means there."""
    group = parser.getgroup("engine-contract", "contract of POST /workflow_engine/cancelJob (see check-engine --help)")
    for row in ROWS:
        action = "store_true" if row.is_switch else "append" if row.is_repeatable else "store"
        valued = {} if row.is_switch else {"metavar": row.metavar}
        group.addoption(
            row.flag.replace("--", PREFIX, 1),
            dest=_dest(row),
            action=action,
            help=row.help.replace("%", "%%"),
            **valued,
        )


def arguments(config: pytest.Config) -> list[str]:
    """Return the options given to pytest as check-engine's arguments."""
    given: list[str] = []
    for row in ROWS:
        value = config.getoption(_dest(row))
        if row.is_argument:
            given += [value] if value is not None else []
        elif row.is_switch:
            given += [row.flag] if value else []
        elif value is not None:
            given += [f"{row.flag}={each}" for each in (value if row.is_repeatable else [value])]
    return given


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a path beside its option that pytest took for its root: the project's settings would not be read."""
    words, invoked = config.invocation_params.args, config.invocation_params.dir
    is_of_project = config.inipath is not None or config.rootpath == invoked or config.getoption("rootdir") is not None
    if is_of_project and invoked.is_relative_to(config.rootpath):
        return
    files = {row.flag.replace("--", PREFIX, 1) for row in ROWS if row.type is Path}
    for flag, value in pairwise(map(str, words)):
        if flag in files and (invoked / value).exists():
            raise pytest.UsageError(
                f"{flag} {value}: pytest takes a path that stands alone for its root, here {config.rootpath}, and may "
                f"not read the conftest.py and the settings of {invoked} then. Write {flag}={value}, or give --rootdir=."
            )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the engine, where an option does."""
    if config.getoption("engine_mock"):
        return "engine contract: the kit's own mock"
    url = config.getoption("engine_url")
    return f"engine contract: {visible(without_user_info(url))}" if url else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail each test where options are given that nothing reads: `contract_tests` is a package of the project."""
    if arguments(item.config) and (file := in_the_way_of("contract_tests")) is not None:
        pytest.fail(explain("contract_tests", file, f"An option {PREFIX}…"), pytrace=False)


def _load(module: str, *, wanted_by: str) -> Any:
    """Return a module of the kit. Fail the test in one line where a project's own module has taken its name."""
    give_way()  # pytest sets the package of the kit's tests up before their fixtures
    package = module.partition(".")[0]
    if (file := in_the_way_of(package)) is not None:
        pytest.fail(explain(package, file, wanted_by), pytrace=False)
    return import_module(module)


@pytest.fixture(scope="session")
def mock_engine_settings() -> "Settings | None":
    """Return the mock's options for this session; override it to change them."""
    return None


@pytest.fixture(scope="session")
def _mock_engine_of_session(mock_engine_settings: "Settings | None") -> "Iterator[RunningMock]":
    in_process = _load("mock_server.serving.in_process", wanted_by="The fixture mock_engine")
    with in_process.running_mock(mock_engine_settings) as mock:
        yield mock


@pytest.fixture
def mock_engine(_mock_engine_of_session: "RunningMock") -> "RunningMock":
    """Serve a mock engine as it starts: `.url`, `.add_jobs()`, `.requests()`, `.behave()`, `.reset()`."""
    _mock_engine_of_session.reset()
    return _mock_engine_of_session


@pytest.fixture(scope="session")
def engine_jobs() -> Jobs | None:
    """Return ids of jobs that may be canceled, or a function from a number to ids. Override it to supply jobs."""
    return None


@pytest.fixture(scope="session")
def engine_tokens() -> Mapping[str, str] | None:
    """Return tokens by role (for basic `user:password`). Override it to supply credentials."""
    return None


@pytest.fixture(scope="session")
def engine_outcomes(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    engine_jobs: Jobs | None,
    engine_tokens: Mapping[str, str] | None,
) -> "Outcomes":
    """Return the outcomes of one run of the selected rules; under xdist all workers share it."""
    run_once = _load("contract_tests.pytest_run", wanted_by="The fixture engine_outcomes").run_once

    config = request.config
    selected = sorted(
        {
            str(item.callspec.params["rule_id"])
            for item in request.session.items
            if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "rule_id" in item.callspec.params
        }
    )
    shared = tmp_path_factory.getbasetemp().parent if hasattr(config, "workerinput") else None
    try:
        outcomes: Outcomes = run_once(
            arguments(config), selected, jobs=engine_jobs, tokens=engine_tokens, shared=shared
        )
    except pytest.UsageError as error:
        # No test can tell more than this sentence: the first says it, and the session ends, also under xdist.
        request.session.shouldstop = "a setting of --engine-… cannot be used"
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    if outcomes.is_stopped:
        request.session.shouldstop = "a signal ended the run on the engine"
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
_LOST = pytest.StashKey[str]()
"""Why files of the run could not be written."""


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
    from contract_tests.pytest_run import Outcomes

    try:
        Outcomes.from_json(config.stash[_OUTCOMES]).write_files()
    except pytest.UsageError as error:
        config.stash[_LOST] = str(error)
        session.exitstatus = session.exitstatus or pytest.ExitCode.USAGE_ERROR


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End with the run's verdict."""
    if _OUTCOMES not in config.stash:
        return
    from contract_tests.pytest_run import Outcomes

    outcomes = Outcomes.from_json(config.stash[_OUTCOMES])
    terminalreporter.section("engine contract")
    for line in (*outcomes.notes, *filter(None, [config.stash.get(_LOST, None)])):
        terminalreporter.line(line)
    terminalreporter.line(outcomes.sentence)

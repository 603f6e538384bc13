"""The contract as tests, one a rule: `pytest --pyargs contract_tests --engine-url URL …`."""

import warnings
from textwrap import indent

import pytest

from contract_tests.pytest_run import Outcomes, rule_ids
from engine_contract import AssumedRuleWarning
from engine_contract.own_packages import give_way
from engine_contract.pytest_plugin import arguments

give_way()


class UncheckedError(Exception):
    """A rule that counts was not checked: neither held nor broken, and no reason to be green."""


@pytest.fixture
def outcome(rule_id: str, engine_outcomes: Outcomes) -> tuple[str, str]:
    """Return the rule's outcome and its story. Raises UncheckedError, an error of the test, where it is not known."""
    outcome, story = engine_outcomes.rules[rule_id]
    if outcome == "unchecked":
        raise UncheckedError(story)
    return outcome, story


@pytest.fixture
def decided(engine_outcomes: Outcomes) -> Outcomes:
    """Return the outcomes. Raises UncheckedError, an error of the test, where the run could not be decided."""
    if engine_outcomes.verdict == "undecided":
        raise UncheckedError("\n".join([engine_outcomes.sentence, *engine_outcomes.notes]))
    return engine_outcomes


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test a rule, of `--engine-page` too."""
    if "rule_id" not in metafunc.fixturenames:
        return
    try:
        metafunc.parametrize("rule_id", rule_ids(arguments(metafunc.config)))
    except pytest.UsageError as error:
        raise pytest.Collector.CollectError(str(error)) from None  # shown without a traceback


def test_rule(rule_id: str, outcome: tuple[str, str]) -> None:
    """The engine keeps the rule."""
    name, story = outcome
    match name:
        case "broken":
            pytest.fail(story, pytrace=False)
        case "warned":
            warnings.warn(f"{rule_id}: {story}", AssumedRuleWarning, stacklevel=1)
        case "skipped" | "not counted":
            pytest.skip(story)
        case "known":
            pytest.xfail(story)


def test_verdict(decided: Outcomes) -> None:
    """The run as a whole conforms."""
    if decided.verdict == "violates":
        pytest.fail(f"{decided.sentence}\n{indent(chr(10).join(decided.notes), '  ')}", pytrace=False)

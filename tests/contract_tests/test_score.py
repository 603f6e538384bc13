"""The suite's own score on three engines that were written apart: faults found, false alarms, jobs left alone.

What an engine does on the wire is seen over a socket, and what it answers at hand, which costs a third.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from contract_tests.judge.verdict import rule_results
from contract_tests.model import Judgement, RuleResult
from contract_tests.report import build
from engine_contract import contract
from engine_contract.contract import Rule
from mock_server import faults as catalogue
from tests import field_engine, standin
from tests.support.engines import ObservedExchange, check_field_engine, check_mock, check_standin, expected, is_found

RULES = {rule.id for rule in contract.load_rules()}
STANDIN, FIELD = expected("standin"), expected("field")
FIELD_VARIATIONS = {entry.name: entry.aspect for entry in field_engine.VARIATIONS}
NOT_FOUND = {name for name, rule in (STANDIN | FIELD).items() if rule.startswith("-")}

# Minutes of waiting or of work; they run in CI.
SLOW = {
    *("throttled", "throttled-by-date", "unavailable", "third-never-answered", "lockout", "slow", "huge-documents"),
    *("rate-limited", "answers-shifted", "limit-date", "limit-seconds", "limit-503", "slower", "lockout-bad"),
    *("lockout-all", "document-2000-tasks", "never-answers", "chunked-small", "starting"),
    *("stalled", "dripped", "slow", "throttles", "locks-out", "large", "unavailable-at-times"),
}

# What a connection shows, beside all of the aspect transport.
ON_THE_WIRE = {"refusal-closes", "closes", "drips", "gzip", "more-headers", "content-type-with-charset"}

# Each of their documents takes a run its whole time for an exchange.
NEVER_WHOLE = {"stalled", "dripped"}


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The rules that the test's runs judge. Each run of the score proves that a judgement names a rule of the ledger."""
    seen: set[str] = set()

    def results(
        rules: Iterable[Rule], judgements: Iterable[Judgement], *rest: Any, **named: Any
    ) -> tuple[RuleResult, ...]:
        gathered = list(judgements)
        seen.update(judgement.rule for judgement in gathered)
        return rule_results(rules, gathered, *rest, **named)

    monkeypatch.setattr(build, "rule_results", results)
    yield seen
    assert seen <= RULES, seen - RULES


def _marked(names: list[str], *, soak: bool = False) -> list[object]:
    return [pytest.param(name, marks=pytest.mark.soak) if soak or name in SLOW else name for name in names]


def _at_hand(name: str | None, aspect: str) -> bool:
    return name is not None and aspect != "transport" and name not in ON_THE_WIRE | SLOW


def _leaves_others_alone(seen: ObservedExchange) -> None:
    touched = [text for text in seen.bodies for job_id in seen.bystanders if job_id in text]
    assert not touched, touched[:3]


def test_every_rule_is_judged(judged: set[str]) -> None:
    """One run on a right engine judges each rule of the ledger."""
    assert check_standin(None).report.verdict == "conforms"
    assert judged == RULES


@pytest.mark.parametrize("name", _marked([change.name for change in catalogue.faults()]))
def test_each_fault_of_the_catalogue_is_found(name: str) -> None:
    """Each fault that mock-engine lists is found under the rule that it is listed with."""
    change = catalogue.catalogue()[name]
    at_hand = _at_hand(name, (change.rule or "").partition(".")[0])
    seen = check_mock(name, at_hand=at_hand, timeout=1.0 if name in NEVER_WHOLE else 3.0)
    assert change.rule in seen.broken() | seen.warned(), seen.why()
    if not contract.rule(change.rule or "").is_assumed:
        assert seen.report.verdict == "violates", seen.why()


@pytest.mark.parametrize("name", [None, *_marked([change.name for change in catalogue.variations()])])
def test_no_variation_of_the_catalogue_is_a_false_alarm(name: str | None) -> None:
    """The mock, and each of its odd versions that conform, conforms."""
    seen = check_mock(name, at_hand=_at_hand(name, ""), timeout=10.0)
    assert seen.report.verdict == "conforms", seen.why()


# A fault of each kind runs on every machine, all of them in CI.
QUICK = list(STANDIN)[::4]


@pytest.mark.parametrize(
    "name", [*_marked(QUICK), *_marked([name for name in STANDIN if name not in QUICK], soak=True)]
)
def test_each_wrong_stand_in_is_found(name: str) -> None:
    """Each wrong version of the engine written from the page alone is found under its rule, or is listed as not."""
    seen = check_standin(name, at_hand=name in QUICK and _at_hand(name, standin.FAULTS[name].aspect))
    _leaves_others_alone(seen)
    if name not in NOT_FOUND:
        assert is_found(seen, STANDIN[name]), seen.why()


@pytest.mark.parametrize("name", [None, *_marked(list(standin.VARIATIONS))])
def test_no_odd_stand_in_is_a_false_alarm(name: str | None) -> None:
    """The engine written from the page alone, and each of its odd versions, conforms."""
    module = standin.VARIATIONS[name].engine.__module__ if name else ""
    at_hand = _at_hand(name, module.rpartition(".")[2])
    seen = check_standin(name, at_hand=at_hand, timeout=10.0)
    _leaves_others_alone(seen)
    assert seen.report.verdict == "conforms", seen.why()


@pytest.mark.soak
@pytest.mark.parametrize("name", list(FIELD))
def test_each_wrong_field_engine_is_found(name: str) -> None:
    """Each wrong version of the engine that imitates public captures is found under its rule, or is listed as not."""
    seen = check_field_engine(name)
    _leaves_others_alone(seen)
    if name not in NOT_FOUND:
        assert is_found(seen, FIELD[name]), seen.why()


@pytest.mark.parametrize("name", _marked(list(FIELD_VARIATIONS)))
def test_no_odd_field_engine_is_a_false_alarm(name: str) -> None:
    """Each odd version of the engine that imitates public captures conforms."""
    at_hand = _at_hand(name, FIELD_VARIATIONS[name])
    seen = check_field_engine(name, at_hand=at_hand, timeout=10.0)
    _leaves_others_alone(seen)
    assert seen.report.verdict == "conforms", seen.why()


def test_every_wrong_engine_has_an_expectation() -> None:
    """No fault of the two engines is left out of the lists of expectations."""
    assert set(STANDIN) == set(standin.FAULTS)
    assert set(FIELD) == {entry.name for entry in field_engine.FAULTS}


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (check_standin, "blank-accepted"),
        (check_standin, "wildcard-accepted"),
        (check_field_engine, "object-operator"),
        (check_field_engine, "id-regex"),
    ],
)
def test_unsafe_probes_find_what_selects_jobs(check: Callable[..., ObservedExchange], name: str) -> None:
    """With --allow-unsafe-probes values that select jobs are sent too, and an engine that takes them is found."""
    assert check(name, unsafe_probes=True).broken() & {"effects.unknown", "request.job_id.type"}

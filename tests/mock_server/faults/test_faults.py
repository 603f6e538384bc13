"""The catalogue: each fault breaks its rule, and no variation breaks one."""

import re
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from engine_contract.contract import load_rules, rule
from mock_server import Settings, faults
from mock_server.faults import Change
from mock_server.serving.in_process import RunningMock, running_mock
from tests.mock_server.jobs.oracle import PROBES, Engine
from tests.support.caller import Caller
from tests.support.commands import mock_engine

FAULTS = faults.faults()
VARIATIONS = faults.variations()


@pytest.fixture(scope="module")
def served() -> Iterator[RunningMock]:
    with running_mock() as mock:
        yield mock


@pytest.fixture
def engine(served: RunningMock, request: pytest.FixtureRequest) -> Iterator[Engine]:
    session = re.sub(r"[^\w.-]", "-", request.node.name)[:80]
    with httpx.Client(base_url=served.url, timeout=20, trust_env=False) as client:
        yield Engine(served, client, session)


def test_the_catalogue_covers_the_ledger() -> None:
    """At least 80 faults and 20 variations; every rule of the ledger is broken by some fault; names are unique tokens."""
    assert len(FAULTS) >= 80
    assert len(VARIATIONS) >= 20
    assert {change.rule for change in FAULTS} == {known.id for known in load_rules()}
    assert all(change.rule is None for change in VARIATIONS)
    names = Counter(change.name for change in (*FAULTS, *VARIATIONS))
    assert max(names.values()) == 1
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)
    assert all(change.sentence.endswith(".") for change in (*FAULTS, *VARIATIONS))


@pytest.mark.parametrize("change", FAULTS, ids=lambda change: change.name)
def test_a_fault_breaks_its_rule(engine: Engine, change: Change) -> None:
    """With a fault armed, the rule that it is listed under is seen broken."""
    engine.mock.behave(session=engine.session, fault=change.name)
    if change.name in HANGING:
        engine.client.timeout = httpx.Timeout(10, read=0.3)
    assert change.rule is not None
    assert PROBES[change.rule](engine)


HANGING = {"stalled", "dripped"}

RULES = [known for known in PROBES if not rule(known).is_assumed]

COSTLY = {"slow", "large", "drips", "locks-out"}


@pytest.mark.parametrize("change", VARIATIONS, ids=lambda change: change.name)
def test_a_variation_breaks_no_rule(engine: Engine, change: Change) -> None:
    """With a variation armed, no documented or implied rule is broken."""
    engine.mock.behave(session=engine.session, fault=change.name)
    costly = ["roles.admin", "roles.wrong", "effects.unknown", "effects.identity", "response.tasks.x", "transport.json"]
    rules = costly if change.name in COSTLY else RULES
    assert [known for known in rules if PROBES[known](engine)] == []


def test_the_right_engine_breaks_no_rule(engine: Engine) -> None:
    """Without a fault no rule is broken, but those on what a job may leave out."""
    assert [known for known in PROBES if not known.endswith(".present") and PROBES[known](engine)] == []


def test_a_fault_is_asked_for_by_prefer(caller: Caller) -> None:
    """`Prefer: fault=NAME` applies to that request alone, and is told."""
    answer = caller.cancel("x", headers={"Prefer": "fault=accepts-unknown-id"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "fault=accepts-unknown-id")
    assert caller.cancel("x").status_code == 404
    assert caller.journal()[0]["fault"] == "accepts-unknown-id"


def test_a_fault_is_in_force_from_the_start() -> None:
    """--fault NAME applies to every request; an armed one and a preferred one go before it."""
    with running_mock(Settings(fault="status-201")) as mock, httpx.Client(base_url=mock.url) as client:
        caller = Caller(client)
        one, two, three = mock.add_jobs(3)
        assert caller.cancel(one).status_code == 201
        mock.behave(fault="status-202")
        assert caller.cancel(two).status_code == 202
        assert caller.cancel(three, headers={"Prefer": "fault=status-206"}).status_code == 206


def test_faults_are_armed_for_some_requests(mock: RunningMock, caller: Caller) -> None:
    """A fault can be armed for one job or one role, a number of times."""
    one, two, three = mock.add_jobs(3)
    caller.arm(fault="status-202", job_id=one)
    assert [caller.cancel(two).status_code, caller.cancel(one).status_code] == [200, 202]
    caller.arm(fault="status-202", role="support", times=1)
    assert [caller.cancel(three).status_code, caller.cancel(role="support").status_code] == [200, 202]
    assert caller.client.get("/_mock/behavior").json() == {}


def test_the_list_names_all_by_aspect() -> None:
    """--list-faults lists faults by aspect with the rule that each breaks, variations in a section of their own."""
    text = mock_engine("--list-faults").out
    broken, _, odd = text.partition("\nVariations (")
    for change in FAULTS:
        assert re.search(rf"^    {re.escape(change.name)} .*\[{re.escape(change.rule or '')}\]$", broken, re.MULTILINE)
    for change in VARIATIONS:
        assert re.search(rf"^    {re.escape(change.name)} ", odd, re.MULTILINE)
    headings = re.findall(r"^  (\w+)$", broken, re.MULTILINE)
    assert headings == ["route", "roles", "request", "effects", "transport", "response"]


@pytest.mark.parametrize(("role", "fault"), [("support", "wrong-for-support"), ("admin", None)])
def test_a_fault_for_one_role_is_noted_for_that_role_alone(caller: Caller, role: str, fault: str | None) -> None:
    """Where a fault changes nothing of an answer, the journal names none."""
    caller.arm(fault="wrong-for-support")
    assert caller.cancel(role=role).status_code == 200
    assert caller.journal()[-1]["fault"] == fault

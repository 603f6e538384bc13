"""report.json is what its schema and the kit's users expect."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any, get_args

import jsonschema_rs
import pytest

from contract_tests.model import Because, Finding, Report, RuleResult
from contract_tests.report.as_json import SCHEMA_PATH, report_document, write_json
from contract_tests.report.view import BECAUSE, FAILURES_LIMIT, REMEDY, TEXT_LIMIT, view
from engine_contract.contract.ledger import load_rules, rule
from engine_contract.contract.page import page_sha256

from .reports import JOB, PRESENTER, conforming, hostile, undecided, violating

SCHEMA = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))


@pytest.mark.parametrize("make", [conforming, violating, hostile, undecided])
def test_every_report_keeps_to_the_schema(make: Callable[[], Report]) -> None:
    """Whatever an engine sent, report.json is strict JSON and valid against report.schema.json."""
    file = StringIO()
    write_json(make(), PRESENTER, file)
    document = json.loads(file.getvalue().encode("utf-8"), parse_constant=pytest.fail)
    jsonschema_rs.validator_for(SCHEMA).validate(document)


@pytest.mark.parametrize(
    "edit",
    [
        {"verdict": "green"},
        {"schema_version": 2},
        {"page_sha256": "?"},
        {"started_at": "yesterday"},
        {"rules": [{"id": "x"}]},
        {"undecided_because": ["moon"]},
    ],
)
def test_the_schema_refuses_what_is_wrong(edit: dict[str, Any]) -> None:
    """The schema tells a right document from a wrong one."""
    document = report_document(conforming(), PRESENTER) | edit
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(document)


def test_figures_are_those_of_the_run() -> None:
    """Verdict, time, jobs and requests stand in the places that scripts read."""
    document = report_document(conforming(), PRESENTER)
    assert document["schema_version"] == 1
    assert document["page_sha256"] == page_sha256()
    assert document["started_at"] == "2026-01-01T00:00:00.500Z"
    assert (document["verdict"], document["requests"], document["seed"], document["label"]) == (
        "conforms",
        171,
        7,
        "nightly",
    )
    assert document["jobs"]["used"] == len(document["jobs"]["ids_used"]) == 18
    assert [entry["id"] for entry in document["rules"]] == [entry.id for entry in load_rules()]
    assert document["observed"][0] == {
        "situation": "unknown job",
        "status": 404,
        "content_type": "application/json",
        "body": '{"message": "no such job"}',
    }


def test_a_failure_tells_what_where_and_how_to_see_it_again() -> None:
    """A broken rule has the page's line, and each failure received, documented, pointer, role and a curl line."""
    rules = {entry["id"]: entry for entry in report_document(violating(), PRESENTER)["rules"]}
    broken = rules["response.tasks.x"]
    assert (broken["level"], broken["outcome"], broken["quote"]) == (
        "documented",
        "broken",
        '"x": 0.08412582297000731,',
    )
    failure = broken["failures"][0]
    assert failure["received"] == 'a string, "0.084"'
    assert failure["documented"] == "a number"
    assert failure["pointer"] == "/tasks/workflow_start/x"
    assert failure["role"] == "engineering"
    assert failure["reproduce"].startswith("curl ")
    assert JOB in failure["reproduce"]


def test_a_reason_is_the_runs_or_else_the_ledgers() -> None:
    """An unchecked rule says why it was left; a held implied one why it is implied."""
    rules = {entry["id"]: entry for entry in report_document(violating(), PRESENTER)["rules"]}
    assert rules["roles.others"]["reason"].startswith("No token of a role")
    assert rules["roles.none"]["reason"].startswith("Without a credential there is no role")
    assert rules["roles.admin"]["reason"] is None
    assert rules["effects.exact"]["counts"] is False


def test_the_ledgers_reason_is_told_once() -> None:
    """A run that repeats the ledger's reason as its own adds no note of the same words."""
    reason = rule("effects.repeat").reason
    report = replace(conforming(), rules=(RuleResult(rule("effects.repeat"), "warned"),))
    (shown,) = view(report, PRESENTER).rules
    assert (shown.why, shown.note) == (reason, None)
    assert report_document(report, PRESENTER)["rules"][0]["reason"] == reason


def test_many_and_long_failures_are_cut() -> None:
    """Thousands of failures, each of megabytes, leave a small file that says how many there were."""
    finding = Finding("x" * 1_000_000, "a string")
    other = Finding("something else", "a string")
    report = replace(
        conforming(), rules=(RuleResult(rule("response.name"), "broken", findings=(finding,) * 3000 + (other,)),)
    )
    shown = report_document(report, PRESENTER)["rules"][0]
    assert (len(shown["failures"]), shown["failures_total"]) == (FAILURES_LIMIT, 3001)
    assert len(shown["failures"][0]["received"]) < TEXT_LIMIT + 50
    assert shown["failures"][1]["received"] == "something else", "what is new comes before what repeats"


def test_every_cause_of_an_undecided_run_has_its_words() -> None:
    """Each cause that a run can have is written as one that the schema has, and has a sentence and a remedy."""
    causes = get_args(Because)
    written = report_document(replace(undecided(), undecided_because=causes), PRESENTER)["undecided_because"]
    assert written == SCHEMA["properties"]["undecided_because"]["items"]["enum"]
    assert set(BECAUSE) == set(REMEDY) == set(causes)

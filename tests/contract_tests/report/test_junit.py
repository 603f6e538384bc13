"""junit.xml is what Jenkins and GitLab read."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree as ET

import pytest

from contract_tests.model import Report
from contract_tests.report.junit import write_junit
from engine_contract.contract.ledger import load_rules

from .reports import PRESENTER, conforming, hostile, undecided, violating


def _written(report: Report) -> ET.Element:
    file = StringIO()
    write_junit(report, PRESENTER, file)
    return ET.fromstring(file.getvalue().encode("utf-8"))  # noqa: S314 - our own


def _cases(report: Report) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in _written(report).iter("testcase")}


@pytest.mark.parametrize("make", [conforming, violating, hostile, undecided])
def test_structure_is_that_of_the_format(make: Callable[[], Report]) -> None:
    """One suite, properties first, cases then; counts agree with the cases; a case has one result at most."""
    root = _written(make())
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert [child.tag for child in suite] == ["properties", *["testcase"] * len(load_rules()), "system-out"]
    for name, tag in {"failures": "failure", "errors": "error", "skipped": "skipped", "tests": "testcase"}.items():
        assert suite.attrib[name] == root.attrib[name] == str(len(list(suite.iter(tag))))
    for case in suite.iter("testcase"):
        assert {"classname", "name", "time"} == case.attrib.keys()
        kit, *label, aspect = case.attrib["classname"].split(".")
        assert (kit, aspect) == ("contract", case.attrib["name"].partition(".")[0])
        assert label == ([] if make is undecided else label[:1])
        assert all(sign.isalnum() or sign in "-_" for sign in "".join(label))
        assert len(case) <= 1
    assert {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"} == suite.attrib.keys()
    assert suite.attrib["timestamp"] == "2026-01-01T00:00:00"


def test_a_broken_rule_is_a_failure() -> None:
    """The failure's message is one line, its text has Received, Documented, the page's line and Reproduce."""
    (failure,) = _cases(violating())["roles.support"]
    assert (failure.tag, failure.attrib["type"]) == ("failure", "documented")
    assert failure.attrib["message"] == 'The role support may cancel jobs: 403 {"message": "forbidden"}'
    text = failure.text or ""
    assert 'Received    403 {"message": "forbidden"}\n' in text
    assert "Documented  a success: the role support may cancel jobs\n" in text
    assert "Page        support\n" in text
    assert "Reproduce   curl -i " in text


def test_what_was_not_checked_is_an_error_only_if_it_counts() -> None:
    """Unchecked and counting: error. Unchecked without counting, or skipped by name: skipped."""
    cases = _cases(violating())
    assert cases["roles.others"][0].tag == "error"
    assert "--token ROLE=SOURCE" in (cases["roles.others"][0].text or "")
    assert cases["effects.exact"][0].tag == cases["effects.methods"][0].tag == "skipped"


def test_warned_and_known_rules_pass() -> None:
    """A warned or known rule passes, and its output says what was received; a held one is silent."""
    cases = _cases(violating())
    assert [child.tag for child in cases["transport.status.exact"]] == ["system-out"]
    assert "Received    201" in (cases["transport.status.exact"][0].text or "")
    assert (cases["effects.repeat"][0].text or "").startswith("known\n")
    assert len(cases["roles.admin"]) == 0


def test_a_run_that_checked_nothing_is_not_green() -> None:
    """An engine out of reach makes every case an error."""
    assert {case[0].tag for case in _cases(undecided()).values()} == {"error"}


def test_results_of_several_engines_have_names_of_their_own() -> None:
    """Suite and class carry the label, which is the engine's name where no other is given."""
    first, second = (
        {(case.attrib["classname"], case.attrib["name"]) for case in _written(report).iter("testcase")}
        for report in (replace(conforming(), label="staging eu"), replace(conforming(), label="staging.us"))
    )
    assert not first & second
    assert ("contract.staging_eu.route", "route.path") in first
    assert ("contract.staging_us.route", "route.path") in second
    assert _written(replace(conforming(), label="staging eu"))[0].attrib["name"] == "check-engine staging eu"

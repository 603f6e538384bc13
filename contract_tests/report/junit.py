"""junit.xml: a test case a rule, for the test pages of Jenkins, GitLab and others."""

from collections import Counter
from typing import TextIO
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from contract_tests.model import Report
from contract_tests.report.failure_text import failure_lines, indented, rule_lines
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import ShownRule, View, view
from engine_contract.contract.page import page_sha256
from engine_contract.text.printable import one_line, plural, shorten
from engine_contract.version import kit_version

FAILURES_SHOWN = 20
LABEL_LIMIT = 60  # characters
MESSAGE_LIMIT = 200  # characters; it is shown in one line of a table


def write_junit(report: Report, presenter: Presenter, file: TextIO) -> None:
    """Write junit.xml."""
    root = _document(view(report, presenter))
    indent(root)
    file.write('<?xml version="1.0" encoding="utf-8"?>\n')
    ElementTree(root).write(file, encoding="unicode")
    file.write("\n")


def _document(shown: View) -> Element:
    # Several engines on one page must not fall on one another's names; a dot would begin a package of its own.
    label = one_line(shown.label or "")[:LABEL_LIMIT]
    package = ".".join(
        ["contract", *(["".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in label)] if label else [])]
    )
    cases = [_case(rule, package) for rule in shown.rules]
    cases += [_complaint(text, package) for text in shown.complaints]
    kinds = Counter(child.tag for case in cases for child in case)
    attributes = {
        "name": f"check-engine {label}".rstrip(),
        "tests": str(len(cases)),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
        "skipped": str(kinds["skipped"]),
        "time": f"{shown.duration_s:.3f}",
    }
    root = Element("testsuites", attributes)
    suite = SubElement(root, "testsuite", {**attributes, "timestamp": shown.started_at.partition(".")[0]})
    properties = SubElement(suite, "properties")
    for name, value in _properties(shown):
        SubElement(properties, "property", name=name, value=value)
    suite.extend(cases)
    SubElement(suite, "system-out").text = "\n".join([*shown.notes, shown.sentence])
    return root


def _properties(shown: View) -> list[tuple[str, str]]:
    named = [("label", shown.label)] if shown.label else []
    return [
        *named,
        ("verdict", shown.verdict),
        ("engine", shown.engine),
        ("checked", shown.checked),
        ("seed", str(shown.seed)),
        ("requests", str(shown.requests)),
        ("jobs_used", str(shown.jobs.used)),
        ("tls_verified", str(shown.tls_verified).lower()),
        ("kit", kit_version()),
        ("page_sha256", page_sha256()),
    ]


def _complaint(text: str, package: str) -> Element:
    case = Element("testcase", classname=f"{package}.known", name=shorten(one_line(text), MESSAGE_LIMIT), time="0")
    SubElement(case, "failure", message=shorten(one_line(text), MESSAGE_LIMIT), type="known").text = text
    return case


def _case(rule: ShownRule, package: str) -> Element:
    case = Element("testcase", classname=f"{package}.{rule.aspect}", name=rule.id, time="0")
    match rule.outcome:
        case "broken":
            received = rule.failures[0].received if rule.failures else rule.note or rule.title
            message = shorten(one_line(f"{rule.title}: {received}"), MESSAGE_LIMIT)
            SubElement(case, "failure", message=message, type=rule.level).text = _account(rule)
        case "unchecked" if rule.counts:
            message = one_line(rule.note or "It was left unchecked.")
            SubElement(case, "error", message=message, type="unchecked").text = _account(rule)
        case "unchecked" | "skipped":
            SubElement(case, "skipped", message=one_line(rule.note or rule.outcome))
        case "warned" | "known":
            SubElement(case, "system-out").text = f"{rule.outcome}\n{_account(rule)}"
    return case


def _account(rule: ShownRule) -> str:
    """Return the rule, the reason for it, and each failure."""
    head = [
        f"{rule.id} ({rule.level}): {rule.title}",
        *(indented(heading, text) for heading, text in rule_lines(rule)),
        *([rule.remedy] if rule.remedy else []),
    ]
    blocks = [
        "\n".join(indented(heading, text) for heading, text in failure_lines(failure))
        for failure in rule.failures[:FAILURES_SHOWN]
    ]
    left_out = rule.failures_total - len(blocks)
    more = [f"and {plural(left_out, 'more failure')}"] if left_out > 0 else []
    return "\n\n".join(["\n".join(head), *blocks, *more])

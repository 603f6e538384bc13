"""summary.md reads well on a CI page, and an engine cannot write on it."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from markdown_it import MarkdownIt

from contract_tests.model import Finding, Report, RuleResult
from contract_tests.report.summary import write_summary
from engine_contract.contract.ledger import load_rules
from engine_contract.text.markdown import code

from .reports import PRESENTER, RULES, conforming, hostile, undecided, violating


def _written(report: Report) -> str:
    file = StringIO()
    write_summary(report, PRESENTER, file)
    return file.getvalue()


def _rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(markdown))


@pytest.mark.parametrize("make", [conforming, violating, hostile, undecided])
def test_only_our_own_markup_is_rendered(make: Callable[[], Report]) -> None:
    """No link, picture, script, emphasis or heading but ours comes of what the engine sent."""
    html = _rendered(_written(make()))
    tags = set(re.findall(r"<([a-z0-9]+)", re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)))
    assert tags <= {
        "h2",
        "h3",
        "h4",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "pre",
        "details",
        "summary",
    }
    assert set(re.findall(r"<h[123]>([^<]*)", html)) <= {
        *re.findall(r"<h2>([^<]*)", html)[:1],
        "Broken",
        "Unchecked",
    }


def test_the_verdict_comes_first_then_the_table_by_aspect() -> None:
    """Heading, the verdict in words, and a row for each aspect."""
    text = _written(violating())
    assert text.startswith(f"## Contract check: violates (staging 3.2)\n\nviolates: 3 rules broken, {RULES - 8} held")
    assert "| aspect | held | broken | warned | known | unchecked | skipped |" in text
    assert "| roles | 7 | 1 |  |  | 1 |  |" in text
    assert _rendered(text).count("<tr>") == 1 + 6 + 1


def test_failures_are_open_and_warnings_folded() -> None:
    """A broken rule shows the page's line, received, documented and curl; warnings wait in <details>."""
    text = _written(violating())
    before, _, folded = text.partition("<details><summary>1 warned rule</summary>")
    assert 'The page (documented): `"x": 0.08412582297000731,`' in before
    assert "Received, at `/tasks/workflow_start/x`, as `engineering`:\n\n```text\na string" in before
    assert "```sh\ncurl -i " in before
    assert "And 14 more failures; report.html" in before
    assert "- `transport.status.exact` The success is exactly 200: `201`" in folded


def test_unchecked_rules_name_the_missing_option() -> None:
    """What was left says why, and which option would help."""
    assert "- `roles.others`: No token of a role that the page does not list" in _written(violating())
    text = _written(undecided())
    assert "Check the URL, --proxy, --ca-bundle, --client-cert and --timeout." in text
    assert f"and {RULES - 8} more: The engine was not reached." in text


def test_an_engine_that_breaks_everything_leaves_a_page_that_is_shown() -> None:
    """With each rule broken many times by long and unprintable text, the page stays under GitHub's 1 MiB."""
    finding = Finding("\U000e0001" * 5000, "\ud800" * 5000, "/" + "\x00" * 5000)
    rules = tuple(RuleResult(rule, "broken", findings=(finding,) * 100) for rule in load_rules())
    text = _written(replace(violating(), rules=rules))
    assert len(text.encode()) < 1 << 20
    assert all(code(rule.id) in text for rule in load_rules())

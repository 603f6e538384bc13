"""report.html is one harmless file that says it all."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from io import StringIO

import pytest

from contract_tests.model import Report
from contract_tests.report.html import write_html
from engine_contract.contract.ledger import load_rules

from .reports import PRESENTER, RULES, conforming, hostile, undecided, violating

_VOID = {"meta"}


class _Page(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data if self.open[-1:] != ["style"] else ""


def _written(report: Report) -> str:
    file = StringIO()
    write_html(report, PRESENTER, file)
    return file.getvalue()


@pytest.mark.parametrize("make", [conforming, violating, hostile, undecided])
def test_the_file_is_whole_and_needs_nothing_else(make: Callable[[], Report]) -> None:
    """Every element is closed; there is no script, link, image or address to load, whatever the engine sent."""
    source = _written(make())
    page = _Page(source)
    assert page.open == []
    assert page.tags.isdisjoint({"script", "a", "img", "link", "iframe", "object", "form", "svg", "base", "boom"})
    assert page.attributes.isdisjoint({"src", "href", "action", "srcset", "onload", "onclick", "onerror"})
    assert "url(" not in source
    assert "@import" not in source
    assert "default-src 'none'" in source


def test_hostile_text_is_shown_as_text() -> None:
    """Markup of HTML and of templates appears as it was sent."""
    words = _Page(_written(hostile())).words
    assert "</script><script>alert(1)</script>" in words
    assert "{{ 7*7 }} {% raw %}" in words
    assert "\\x1b[2J" in words
    assert "\x1b" not in words


def test_the_verdict_and_its_meaning_come_first() -> None:
    """The first words are the verdict, what it means, how many rules stand how."""
    words = re.sub(r"\s+", " ", _Page(_written(violating())).words)
    start = words.index("Contract check of POST /workflow_engine/cancelJob")
    assert words[start:].startswith(
        "Contract check of POST /workflow_engine/cancelJob, staging 3.2 violates The engine breaks what the "
        f"documentation page says or implies. 3 rules of {RULES} did not hold."
    )
    assert f"{RULES - 8} held 3 broken 1 warned 1 known 2 unchecked 1 skipped" in words
    assert "certificate not verified" in words


def test_a_broken_rule_is_told_in_full() -> None:
    """The page's line is a quotation; received, documented and curl stand below it."""
    source = _written(violating())
    assert "<blockquote>&#34;x&#34;: 0.08412582297000731,</blockquote>" in source
    words = _Page(source).words
    assert 'a string, "0.084"' in words
    assert "/tasks/workflow_start/x" in words
    assert "curl -i http" in words
    assert "And 10 more failures." in words


def test_every_rule_and_every_observation_is_listed() -> None:
    """The table of all rules has each of them; observed situations keep their status and body."""
    words = _Page(_written(conforming())).words
    assert all(rule.id in words and rule.title in words for rule in load_rules())
    assert '{"message": "no such job"}' in words
    assert "no answer" in words


def test_an_undecided_run_says_why_and_what_to_do() -> None:
    """Reason, the run's own sentence and the options to look at stand at the top."""
    words = _Page(_written(undecided())).words
    top = words[: words.index("All rules")]
    assert "Why: the engine was not reached." in top
    assert "refused the connection three times in a row" in top
    assert "Check the URL, --proxy, --ca-bundle, --client-cert and --timeout." in top


def test_it_adapts_to_dark_phones_and_paper() -> None:
    """There are styles for dark screens, narrow ones and print, and a viewport for phones."""
    source = _written(conforming())
    for part in ("prefers-color-scheme: dark", "max-width: 40rem", "@media print", "width=device-width"):
        assert part in source

"""Text in Markdown writes nothing on the page but itself."""

import pytest
from markdown_it import MarkdownIt

from engine_contract.text.markdown import block, code, escape
from tests.contract_tests.report.reports import HOSTILE


def _rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(markdown))


def test_code_holds_whatever_it_is_given() -> None:
    """Backticks neither end a span nor a block, and a pipe does not end a cell."""
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"
    assert code("a|b\nc") == "`a¦b c`"
    assert block("````\nx").startswith("`````text\n")


def test_escaped_text_renders_as_itself() -> None:
    """Prose with every kind of markup comes out as the words that went in."""
    sample = "- *a* _b_ [l](u) <b> & # http://x www.y.z @you ![p](q) `c` a|b ~~s~~ 1. x"
    assert _rendered(escape(sample)).strip() == (
        "<p>" + sample.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") + "</p>"
    )
    assert "http://" not in escape(HOSTILE)


@pytest.mark.parametrize("text", ["workflow_engine/cancelJob", "_a_", "__init__", "a__b", "*_a_*", "a _b_ c_d"])
def test_underscores_are_escaped_where_they_mark(text: str) -> None:
    """Paths stay readable as plain text; an underscore at a word's edge makes no emphasis."""
    assert _rendered(escape(text)).strip() == f"<p>{text}</p>"
    assert escape("workflow_engine/cancelJob") == "workflow_engine/cancelJob"


def test_what_cannot_be_seen_is_written_out() -> None:
    """No control character reaches the page, whichever way it is put there."""
    for write in (escape, code, block):
        assert "\x1b" not in write("a\x1b[2Jb\u202e")
        assert "u202e" in write("a\u202e")

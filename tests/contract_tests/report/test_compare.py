"""What changed since an earlier run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.errors import SettingError
from contract_tests.model import Earlier, EarlierRule, Report
from contract_tests.report import render_reports
from contract_tests.report.compare import Change, changes_since, read_earlier, with_earlier

from .reports import HOSTILE, PRESENTER, conforming, violating

STATUS = EarlierRule("broken", (("/status", '"cancelled" (a string)'),), 19, 19)


def _compared(tmp_path: Path, before: Report, now: Report) -> Report:
    path = tmp_path / "report.json"
    path.write_text(render_reports(before, PRESENTER)["report.json"])
    return replace(now, earlier=read_earlier(path))


def test_comparison_names_what_is_newly_broken_mended_and_changed(tmp_path: Path) -> None:
    """Each file says it, and report.json for programs."""
    files = render_reports(_compared(tmp_path, conforming(), violating()), PRESENTER)
    compared = json.loads(files["report.json"])["compared"]
    assert compared["since"] == "2026-01-01T00:00:00.500Z (nightly)"
    assert compared["newly_broken"] == ["roles.support", "transport.content_type", "response.tasks.x"]
    assert {"rule": "effects.repeat", "before": "warned", "now": "known"} in compared["changed"]
    assert "- Newly broken since 2026" in files["summary.md"]
    assert "Newly broken since 2026-01-01T00:00:00.500Z (nightly): <code>roles.support</code>" in files["report.html"]
    back = json.loads(render_reports(_compared(tmp_path, violating(), conforming()), PRESENTER)["report.json"])
    assert back["compared"]["mended"] == compared["newly_broken"]


def test_comparison_with_another_engine_says_so(tmp_path: Path) -> None:
    """In a note, and where the changes stand."""
    before = replace(violating(), engine="http://elsewhere.example")
    path = tmp_path / "report.json"
    path.write_text(render_reports(before, PRESENTER)["report.json"])
    compared = with_earlier(violating(), read_earlier(path))
    assert compared.notes[-1] == "The earlier report is of another engine: http://elsewhere.example."
    since = json.loads(render_reports(compared, PRESENTER)["report.json"])["compared"]["since"]
    assert since.endswith("(staging 3.2), of another engine: http://elsewhere.example")
    assert with_earlier(before, read_earlier(path)).notes == before.notes


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no JSON", "it is not valid JSON"),
        ("[]", "it has no rules"),
        ("{}", "it has no rules"),
        (
            '{"started_at": "x", "rules": [{"id": "a", "outcome": "broken", "failures": [{"pointer": 1, "received": ""}]}]}',
            "it has no rules with outcomes",
        ),
    ],
)
def test_comparison_with_another_file_is_told_in_words(tmp_path: Path, content: str, told: str) -> None:
    """No word of Python's is in the message."""
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(SettingError, match=f"is not a report.json of check-engine: {told}") as raised:
        read_earlier(tmp_path / "x.json")
    assert "Error" not in str(raised.value)


def test_comparison_with_itself_names_nothing(tmp_path: Path) -> None:
    """Where nothing changed, three lines say so."""
    summary = render_reports(_compared(tmp_path, violating(), violating()), PRESENTER)["summary.md"]
    lines = [line for line in summary.splitlines() if line.endswith(": none")]
    assert [line[2:8] for line in lines] == ["Newly ", "Mended", "Change"]


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (STATUS, None),
        (EarlierRule("broken", (("/status", '"canceling" (a string)'),), 19, 19), '"cancelled" (a string)'),
        (EarlierRule("broken", (("/state", '"cancelled" (a string)'),), 19, 19), "/status"),
        (EarlierRule("broken", STATUS.failures, 19, 7), "in 19 of 19 answers"),
        (EarlierRule("broken", STATUS.failures, 24, 24), None),
        (EarlierRule("unchecked"), "broken"),
    ],
)
def test_rule_that_breaks_otherwise_has_changed(now: EarlierRule, change: str | None) -> None:
    """Another value, place, share or outcome is a change; more answers of the same are none."""
    changes = changes_since(Earlier("then", {"response.status": STATUS}), {"response.status": now})
    assert (changes.newly_broken, changes.mended) == ((), ())
    assert [each.before for each in changes.changed] == ([] if change is None else [change])


def test_ids_and_times_that_differ_are_no_change() -> None:
    """What is drawn anew in each run is not compared."""
    before = EarlierRule("broken", (("/tasks/6a90/x", '"2026-01-01T00:00:00.000Z" (a string)'),))
    now = EarlierRule("broken", (("/tasks/1b2c/x", '"2027-02-02T01:02:03.004Z" (a string)'),))
    assert changes_since(Earlier("then", {"response.tasks.x": before}), {"response.tasks.x": now}).changed == ()


def test_hostile_earlier_report_is_shown_as_text() -> None:
    """A report is a file that somebody may have changed: nothing of it steers a reader."""
    earlier = Earlier(HOSTILE, {"response.tasks.x": EarlierRule("broken", (("/x", HOSTILE),))})
    files = render_reports(replace(violating(), earlier=earlier), PRESENTER)
    assert "<script>alert(1)" not in files["report.html"]
    assert all(line.isprintable() for line in files["summary.md"].splitlines())
    assert str(Change("a", "b", "c")) == "a (b → c)"


_ENDLESS = '{"started_at": "", "rules": [{"id": "a", "outcome": "held", "failures": [], "seen": 1e400}]}'


@pytest.mark.parametrize(
    "text",
    [None, "", "[]", '{"rules": 1}', '{"started_at": "", "rules": [{}]}', "[" * 200_000, _ENDLESS],
    ids=["missing", "empty", "list", "number", "no rule", "nested", "endless"],
)
def test_file_that_is_not_a_report_is_wrong_usage(tmp_path: Path, text: str | None) -> None:
    """A missing file, and one of another kind, are told with their names."""
    path = tmp_path / "old.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingError, match=r"--compare .*old\.json: "):
        read_earlier(path)

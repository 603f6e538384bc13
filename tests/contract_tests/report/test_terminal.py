"""The terminal shows the report, and an engine cannot take it over."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console

from contract_tests.model import Earlier, EarlierRule, Finding, Report, RuleResult
from contract_tests.report.terminal import print_report, progress
from engine_contract.contract import rule

from .reports import PRESENTER, RULES, conforming, exchange, hostile, undecided, violating

_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def _printed(report: Report, *, quiet: bool = False, verbose: bool = False, terminal: bool = False) -> str:
    file = StringIO()
    console = Console(file=file, width=80, force_terminal=terminal, color_system="standard" if terminal else None)
    print_report(report, PRESENTER, console, quiet=quiet, verbose=verbose)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (conforming, f"conforms: {RULES - 2} rules held, 2 warned; 18 jobs used, 171 requests in 0.8 s"),
        (
            violating,
            f"violates: 3 rules broken, {RULES - 8} held, 1 warned, 1 known, 2 unchecked, 1 skipped; 17 jobs used, 4 requests in 0.8 s",
        ),
        (
            undecided,
            f"undecided: the engine was not reached; {RULES} rules unchecked; 0 jobs used, 3 requests in 0.1 s",
        ),
        (
            lambda: replace(undecided(), interrupted=True, undecided_because=()),
            f"undecided: the run was interrupted; {RULES} rules unchecked; 0 jobs used, 3 requests in 0.1 s",
        ),
    ],
)
@pytest.mark.parametrize("flag", ["quiet", "verbose", ""])
def test_the_last_line_is_the_verdict(make: Callable[[], Report], sentence: str, flag: str) -> None:
    """Whatever else is printed, the last line is one whole sentence that begins with the verdict."""
    lines = _printed(make(), **{flag: True} if flag else {}).splitlines()
    assert lines[-1] == sentence


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_of_the_engine_steers_the_terminal(*, verbose: bool, terminal: bool) -> None:
    """Control characters and markup appear as text; only our colors are sequences, and on a terminal alone."""
    printed = _printed(hostile(), verbose=verbose, terminal=terminal)
    plain = _COLOR.sub("", printed) if terminal else printed
    assert all(c == "\n" or c.isprintable() or c == "\t" for c in plain)
    assert "[bold red]markup[/] :boom:" in plain
    assert "\\x1b[2J" in plain


def test_no_line_of_the_engine_passes_for_the_verdict() -> None:
    """A further line of received text is indented, so a line that begins with a verdict is ours."""
    lines = [
        line for line in _printed(hostile()).splitlines() if line.startswith(("conforms", "violates", "undecided"))
    ]
    assert len(lines) == 1


def test_a_failure_can_be_read_and_its_command_copied() -> None:
    """Received, Documented, the page's line and a curl command that no line break cuts."""
    printed = _printed(violating())
    assert 'Received    403 {"message": "forbidden"}\n' in printed
    assert "Documented  a success: the role support may cancel jobs\n" in printed
    assert "Page        support\n" in printed
    assert re.search(r'^Reproduce   curl -i .*--data-raw \S+ "?\S+$', printed, re.MULTILINE)
    assert "and 14 more failures of response.tasks.x" in printed
    assert "more failures" not in _printed(violating(), verbose=True)


def _nine_broken() -> Report:
    """Return a report of nine rules, each broken in 19 of 19 answers of all roles."""
    ids = [rule.rule for rule in conforming().rules if rule.rule.aspect == "response"][:9]
    exchanges = [exchange(("admin", "support")[number % 2]) for number in range(19)]
    rules = tuple(
        RuleResult(
            rule.rule,
            "broken",
            findings=tuple(Finding("a number", "a string", "/a", each) for each in exchanges),
            seen=19,
            failed=19,
        )
        if rule.rule in ids
        else rule
        for rule in conforming().rules
    )
    return replace(conforming(), verdict="violates", rules=rules, notes=("one", "two", "three", "four", "five"))


def test_nine_broken_rules_in_all_answers_take_at_most_60_lines() -> None:
    """Each has one example, its share and one command line; -v has the rest."""
    lines = _printed(_nine_broken()).splitlines()
    assert len(lines) <= 60
    assert len([line for line in lines if line.startswith("BROKEN  ")]) == 9
    assert len([line for line in lines if line.endswith("(in 19 of 19 answers, all roles)")]) == 9
    assert len([line for line in lines if line.startswith("Reproduce   curl ")]) == 9
    assert len(_printed(_nine_broken(), verbose=True).splitlines()) > 500


def test_last_lines_say_where_the_reports_are_and_what_is_next() -> None:
    """Three lines end the report: files, next step, verdict."""
    reports, step, verdict = _printed(violating()).splitlines()[-3:]
    assert reports.startswith("Reports: none were written. --report-dir DIR")
    assert step.startswith(
        "Next: to see a break again, start a job: JOB=its id, and paste the line after Reproduce; mend"
    )
    assert verdict.startswith("violates: ")
    file = StringIO()
    console = Console(file=file, width=80)
    print_report(conforming(), PRESENTER, console, quiet=False, verbose=False, report_dir=Path("engine-report"))
    reports, step, _ = file.getvalue().splitlines()[-3:]
    assert reports.startswith("Reports: engine-report; report.html is for people")
    assert step.startswith("Next: nothing has to be done.")


def test_narrow_terminal_gets_lines_in_place_of_a_table() -> None:
    """Forty columns: a table would cut its words to two letters."""
    file = StringIO()
    print_report(violating(), PRESENTER, Console(file=file, width=40), quiet=False, verbose=False)
    assert re.search(r"^route: \d+ (held|broken)", file.getvalue(), re.MULTILINE)
    assert "…" not in file.getvalue().partition("BROKEN")[0]


def test_changes_take_three_lines_where_nothing_changed() -> None:
    """With --compare the report says what is newly broken, mended and changed; quiet names news alone."""
    report = replace(conforming(), earlier=Earlier("then", {"route.path": EarlierRule("broken")}))
    lines = _printed(report).splitlines()[-6:-3]
    assert lines == [f"Newly broken since {'then'}: none", "Mended: route.path", lines[2]]
    assert lines[2].startswith("Changed: ")
    assert "Newly broken" not in _printed(report, quiet=True)
    assert "Mended: route.path" in _printed(report, quiet=True)


def test_the_table_counts_by_aspect() -> None:
    """Each aspect has its row, the last row is the sum."""
    rows = [line.split() for line in _printed(violating()).splitlines()]
    assert ["roles", "7", "1", "-", "-", "1", "-"] in rows
    assert ["all", str(RULES - 8), "3", "1", "1", "2", "1"] in rows


def test_what_is_missing_is_named_once() -> None:
    """Rules unchecked for one reason stand in one line, with the options that would help."""
    printed = _printed(undecided())
    assert (
        f"route.path, roles.admin, roles.engineering, roles.support and {RULES - 4} more: The engine was not reached."
        in printed
    )
    assert printed.count("Check the URL") == 1
    assert "refused the connection three times in a row" in printed
    assert "refused the connection three times in a row" in _printed(undecided(), quiet=True)


def test_observed_situations_are_for_the_verbose() -> None:
    """What was only observed is printed with -v alone; quiet tells broken rules in a line each."""
    assert "unknown job: 404 application/json" in _printed(conforming(), verbose=True)
    assert "unknown job" not in _printed(conforming())
    assert len(_printed(violating(), quiet=True).splitlines()) == 4
    assert len(_printed(conforming(), quiet=True).splitlines()) == 1


def test_known_deviations_to_be_looked_at_are_named_by_quiet() -> None:
    """Where an entry that has expired, or no longer occurs, fails the run, -q says which."""
    complaint = "The known deviation transport.stable no longer occurs: remove its entry."
    failed = replace(conforming(), verdict="violates", complaints=(complaint,), notes=("something else", complaint))
    assert _printed(failed, quiet=True).splitlines()[:-1] == [complaint]


def test_a_terminal_of_few_characters_is_enough() -> None:
    """Where the terminal's encoding lacks a character, its name is printed instead of a traceback."""
    file = TextIOWrapper(BytesIO(), encoding="ascii")
    report = replace(violating(), label="größer …", notes=("日本",))
    print_report(report, PRESENTER, Console(file=file, width=80), quiet=False, verbose=True)
    file.seek(0)
    assert "gr\\xf6\\xdfer" in file.read()


def test_progress_moves_on_a_terminal_only() -> None:
    """On a terminal the line names what is under way; in a pipe nothing is written."""
    for terminal in (True, False):
        file = StringIO()
        with progress(Console(file=file, force_terminal=terminal, width=80)) as update:
            update(3, 171, "roles [red]\x1b[2J")
        assert ("3/171" in file.getvalue() and "roles [red]" in file.getvalue()) is terminal
        assert "\x1b[2J" not in file.getvalue()
        assert bool(file.getvalue()) is terminal


def test_a_finding_without_a_request_is_told_too() -> None:
    """A known deviation that no longer occurs has no request to reproduce it, and is still a failure."""
    finding = Finding("a refusal", "200, as the known deviation says")
    rules = (RuleResult(rule("effects.repeat"), "broken", "A known deviation that no longer occurs.", (finding,)),)
    printed = _printed(replace(violating(), rules=rules))
    assert "A known deviation that no longer occurs." in printed
    assert "Received    a refusal\n" in printed
    assert "Reproduce" not in printed

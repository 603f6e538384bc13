"""The report on a terminal, and the line that shows how far the run is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from contract_tests.model import Outcome, Report
from contract_tests.report.failure_text import failure_lines, indented, rule_lines
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import OUTCOMES, ShownRule, View, by_note, view
from engine_contract.text.printable import one_line, plural, shorten, visible

FAILURES_SHOWN = 3  # of one rule, without -v
IDS_SHOWN = 4  # of rules that are unchecked for the same reason, without -v
BRIEF = 160  # characters of a line

_STYLE: dict[str, str] = {
    "held": "green",
    "broken": "bold red",
    "warned": "yellow",
    "known": "cyan",
    "unchecked": "magenta",
    "skipped": "dim",
    "conforms": "bold green",
    "violates": "bold red",
    "undecided": "bold magenta",
}

Update = Callable[[int, int, str], None]


def print_report(report: Report, presenter: Presenter, console: Console, *, quiet: bool, verbose: bool) -> None:
    """Print the report; its last line is the verdict.

    Quiet: broken rules in a line each and notes on an undecided run. Verbose: all failures, rules and
    observed situations.
    """
    shown = view(report, presenter)
    page = _Printer(console)
    if quiet:
        page.brief(shown)
    else:
        page.whole(shown, verbose=verbose)
    page.line(shown.sentence, _STYLE[shown.verdict])


@contextmanager
def progress(console: Console) -> Iterator[Update]:
    """Return a function `update(done, total, what)` that moves a line on a terminal, and elsewhere does nothing."""
    if not console.is_terminal:
        yield lambda _done, _total, _what: None
        return
    columns = BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def update(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=shorten(visible(one_line(what)), 60))

        yield update


class _Printer:
    """Prints texts as they are: no markup, and in characters that the terminal has."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def text(self, text: str, style: str = "") -> Text:
        encoding = self.console.encoding
        return Text(text.encode(encoding, "backslashreplace").decode(encoding), style)

    def line(self, text: str = "", style: str = "") -> None:
        self.console.print(self.text(text, style), soft_wrap=True)

    def brief(self, shown: View) -> None:
        is_told = shown.verdict == "undecided" or shown.jobs.still_active
        for note in shown.notes if is_told else shown.complaints:
            self.line(one_line(note))
        for rule in shown.having("broken"):
            self.line(_in_one_line(rule), "red")

    def whole(self, shown: View, *, verbose: bool) -> None:
        self.heading(shown)
        self.table(shown)
        for rule in shown.having("broken"):
            self.failures(rule, len(rule.failures) if verbose else FAILURES_SHOWN)
        self.section("Warned: the page is silent, most would expect it", shown.having("warned"))
        self.section("Known deviations", shown.having("known"))
        self.unchecked(shown, IDS_SHOWN if not verbose else len(shown.rules))
        if verbose:
            self.section("Held", shown.having("held"))
            self.section("Skipped by name", shown.having("skipped"))
            self.observed(shown)
        for note in shown.notes:
            self.line(indented("Note", note))
        if shown.notes:
            self.line()

    def heading(self, shown: View) -> None:
        label = f" ({one_line(shown.label)})" if shown.label else ""
        verified = "" if shown.tls_verified else ", certificate not verified"
        self.line(f"Checked: {one_line(shown.checked)}{label}, seed {shown.seed}{verified}", "bold")

    def table(self, shown: View) -> None:
        table = Table(box=SIMPLE_HEAD, show_footer=True, header_style="bold", footer_style="bold")
        table.add_column("aspect", footer="all")
        for outcome in OUTCOMES:
            table.add_column(outcome, footer=_figure(shown.counts[outcome], outcome), justify="right")
        for aspect, rules in shown.aspects:
            outcomes = [rule.outcome for rule in rules]
            table.add_row(self.text(aspect), *(_figure(outcomes.count(outcome), outcome) for outcome in OUTCOMES))
        self.console.print(table)

    def failures(self, rule: ShownRule, limit: int) -> None:
        self.console.print(
            self.text("BROKEN  ", "bold red"),
            self.text(rule.id, "bold"),
            self.text(f" {rule.title}"),
            sep="",
            soft_wrap=True,
        )
        for heading, text in rule_lines(rule):
            self.line(indented(heading, text))
        for failure in rule.failures[:limit]:
            for heading, text in failure_lines(failure):
                self.line(indented(heading, text), "red" if heading == "Received" else "")
            self.line()
        left_out = rule.failures_total - min(limit, len(rule.failures))
        if left_out > 0:
            self.line(f"            and {plural(left_out, 'more failure')} of {rule.id}\n")

    def section(self, title: str, rules: tuple[ShownRule, ...]) -> None:
        if not rules:
            return
        self.line(title, f"bold {_STYLE[rules[0].outcome]}")
        for rule in rules:
            self.line(f"  {_in_one_line(rule)}")
        self.line()

    def unchecked(self, shown: View, most: int) -> None:
        rules = shown.having("unchecked")
        if not rules:
            return
        self.line("Unchecked", f"bold {_STYLE['unchecked']}")
        for group in by_note(rules):
            ids = ", ".join(rule.id for rule in group[:most])
            more = f" and {len(group) - most} more" if len(group) > most else ""
            ignored = "" if group[0].counts else " (does not count)"
            self.line(f"  {ids}{more}: {one_line(group[0].note or group[0].title)}{ignored}")
        for remedy in shown.remedies:
            self.line(f"  {remedy}")
        self.line()

    def observed(self, shown: View) -> None:
        if not shown.observed:
            return
        self.line("Observed, where the page is silent", "bold")
        for seen in shown.observed:
            status = "no answer" if seen.status is None else str(seen.status)
            told = " ".join(filter(None, (seen.situation + ":", status, seen.content_type, seen.body)))
            self.line(f"  {shorten(one_line(told), BRIEF)}")
        self.line()


def _figure(count: int, outcome: Outcome) -> Text:
    return Text(str(count), _STYLE[outcome]) if count else Text("-", "dim")


def _in_one_line(rule: ShownRule) -> str:
    """Return a rule's id and its note, the received value, or the title."""
    told = [rule.note] if rule.note else []
    if rule.failures and rule.outcome != "known":
        told.append(rule.failures[0].received)
    more = f" (and {rule.failures_total - 1} more)" if rule.failures_total > 1 else ""
    if rule.extent and rule.outcome != "known":
        more = f" (in {rule.failed} of {plural(rule.seen, 'answer')})"
    return f"{rule.id}: {shorten(one_line(' '.join(told) or rule.title), BRIEF)}{more}"

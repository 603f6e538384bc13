"""The report on a terminal, and the line that shows how far the run is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from contract_tests.model import Outcome, Report
from contract_tests.report.failure_text import START_A_JOB, failure_lines, indented, rule_lines
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import OUTCOMES, ShownRule, View, by_note, view
from engine_contract.text.printable import one_line, plural, shorten, visible

IDS_SHOWN = 4  # of rules that are unchecked for the same reason, without -v
FEW_BROKEN = 5  # rules, beside which there is room for the table, without -v
BROKEN_SHOWN = 9  # rules with an example, without -v
CHANGES_SHOWN = 6  # rules on a line of what changed since an earlier run, without -v
LINES_SHOWN = 4  # rules with a line each, and notes, without -v
TABLE_WIDTH = 70  # characters; a narrower terminal gets lines
BRIEF = 160  # characters of a line
BRIEF_NOTE = 400  # characters of a note

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


def print_report(  # noqa: PLR0913 - by name
    report: Report,
    presenter: Presenter,
    console: Console,
    *,
    quiet: bool,
    verbose: bool,
    report_dir: Path | None = None,
) -> None:
    """Print the report; its last line is the verdict, after where the files are and what to do next.

    Quiet: broken rules in a line each and notes on an undecided run. Verbose: all failures, rules and
    observed situations; without it an example of each broken rule, at most 60 lines for nine of them.
    """
    shown = view(report, presenter)
    page = _Printer(console)
    if quiet:
        page.brief(shown)
        page.changes(shown, most=CHANGES_SHOWN, only_news=True)
    else:
        page.whole(shown, verbose=verbose)
        page.changes(shown, most=len(shown.rules) if verbose else CHANGES_SHOWN)
        page.line(_reports(report_dir))
        page.line(_next(shown, verbose=verbose))
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
        for note in shown.notes if is_told else (*shown.complaints, *shown.expiring):
            self.line(one_line(note))
        for rule in shown.having("broken"):
            self.line(_in_one_line(rule), "red")

    def whole(self, shown: View, *, verbose: bool) -> None:
        self.heading(shown)
        broken = shown.having("broken")
        most = len(shown.rules) if verbose else LINES_SHOWN
        is_roomy = verbose or len(broken) <= FEW_BROKEN
        if is_roomy:
            self.table(shown)
        for rule in broken if verbose else broken[:BROKEN_SHOWN]:
            if verbose:
                self.failures(rule)
            else:
                self.example(rule, is_roomy=is_roomy)
        if not verbose and (others := broken[BROKEN_SHOWN:]):
            self.line(f"BROKEN  too: {_few([rule.id for rule in others], 2 * IDS_SHOWN)}", "bold red")
        if broken and not is_roomy:
            self.line()
        self.section("Warned: the page is silent, most would expect it", shown.having("warned"), most)
        self.section("Known deviations", shown.having("known"), most)
        self.unchecked(shown, len(shown.rules) if verbose else IDS_SHOWN)
        if verbose:
            self.section("Held", shown.having("held"), most)
            self.section("Skipped by name", shown.having("skipped"), most)
            self.observed(shown)
        for note in shown.notes[:most]:
            self.line(indented("Note", note if verbose else shorten(one_line(note), BRIEF_NOTE)))
        if len(shown.notes) > most:
            self.line(indented("Note", f"and {plural(len(shown.notes) - most, 'more note')}"))
        if shown.notes:
            self.line()

    def changes(self, shown: View, *, most: int, only_news: bool = False) -> None:
        for heading, told in shown.changes.parts if shown.changes else ():
            if told or not only_news:
                self.line(f"{heading}: {_few(list(told), most) or 'none'}")

    def heading(self, shown: View) -> None:
        label = f" ({one_line(shown.label)})" if shown.label else ""
        verified = "" if shown.tls_verified else ", certificate not verified"
        self.line(f"Checked: {one_line(shown.checked)}{label}, seed {shown.seed}{verified}", "bold")

    def table(self, shown: View) -> None:
        if self.console.width < TABLE_WIDTH:
            self.counts(shown)
            return
        table = Table(box=SIMPLE_HEAD, show_footer=True, header_style="bold", footer_style="bold")
        table.add_column("aspect", footer="all")
        for outcome in OUTCOMES:
            table.add_column(outcome, footer=_figure(shown.counts[outcome], outcome), justify="right")
        for aspect, rules in shown.aspects:
            outcomes = [rule.outcome for rule in rules]
            table.add_row(self.text(aspect), *(_figure(outcomes.count(outcome), outcome) for outcome in OUTCOMES))
        self.console.print(table)

    def counts(self, shown: View) -> None:
        """Print what the table says on a line an aspect, where it would cut its words."""
        self.line()
        for aspect, rules in shown.aspects:
            outcomes = [rule.outcome for rule in rules]
            counted = [(outcomes.count(outcome), outcome) for outcome in OUTCOMES]
            self.line(f"{aspect}: {', '.join(f'{count} {outcome}' for count, outcome in counted if count)}")
        self.line()

    def broken(self, rule: ShownRule, told: str = "") -> None:
        self.console.print(
            self.text("BROKEN  ", "bold red"),
            self.text(rule.id, "bold"),
            self.text(f" {rule.title}{told}"),
            sep="",
            soft_wrap=True,
        )

    def example(self, rule: ShownRule, *, is_roomy: bool) -> None:
        """Print one failure of a rule, and how many answers have it."""
        share = f" ({rule.share})" if rule.share else ""
        self.broken(rule, share)
        if is_roomy:
            for heading, text in rule_lines(rule):
                if text != rule.extent:
                    self.line(indented(heading, one_line(text)))
        for failure in rule.failures[:1]:
            where = f" at {failure.pointer}" if failure.pointer else ""
            self.line(indented("Received", one_line(failure.received) + where), "red")
            self.line(indented("Documented", one_line(failure.documented)))
            if failure.paste:
                self.line(indented("Reproduce", failure.paste))
        if rule.told_apart:
            self.line(indented("Replicas", one_line(rule.told_apart)))
        if is_roomy:
            if rule.failures_total > 1 and not rule.share:
                self.line(f"            and {plural(rule.failures_total - 1, 'more failure')} of {rule.id}")
            self.line()

    def failures(self, rule: ShownRule) -> None:
        """Print all failures of a rule."""
        self.broken(rule)
        for heading, text in rule_lines(rule):
            self.line(indented(heading, text))
        for failure in rule.failures:
            for heading, text in failure_lines(failure):
                self.line(indented(heading, text), "red" if heading == "Received" else "")
            self.line()
        if (left_out := rule.failures_total - len(rule.failures)) > 0:
            self.line(f"            and {plural(left_out, 'more failure')} of {rule.id}\n")

    def section(self, title: str, rules: tuple[ShownRule, ...], most: int) -> None:
        if not rules:
            return
        self.line(title, f"bold {_STYLE[rules[0].outcome]}")
        for rule in rules[:most]:
            self.line(f"  {_in_one_line(rule)}")
        if len(rules) > most:
            self.line(f"  and {_few([rule.id for rule in rules[most:]], IDS_SHOWN)}")
        self.line()

    def unchecked(self, shown: View, most: int) -> None:
        rules = shown.having("unchecked")
        if not rules:
            return
        self.line("Unchecked", f"bold {_STYLE['unchecked']}")
        for group in by_note(rules):
            ids = _few([rule.id for rule in group], most)
            ignored = "" if group[0].counts else " (does not count)"
            self.line(f"  {ids}: {one_line(group[0].note or group[0].title)}{ignored}")
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


def _few(names: list[str], most: int) -> str:
    """Return the first names, and how many there are beside."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _reports(folder: Path | None) -> str:
    if folder is None:
        return "Reports: none were written. --report-dir DIR writes them, for people, programs and CI."
    return f"Reports: {visible(str(folder))}; report.html is for people, summary.md for a CI page."


def _next(shown: View, *, verbose: bool) -> str:
    """Return what to do next."""
    steps = []
    if any(failure.needs_job for rule in shown.having("broken") for failure in rule.failures[:1]):
        steps.append(f"to see a break again, {START_A_JOB}, and paste the line after Reproduce")
    if shown.having("broken"):
        steps.append("mend the engine, or accept what is known: --write-known known.toml, then --known known.toml")
    if shown.complaints:
        steps.append("look again at the known deviations in the notes")
    if shown.verdict == "undecided":
        steps.append("see under Unchecked and in the notes what was missing")
    if shown.verdict == "conforms" and not verbose:
        steps.append("nothing has to be done")
    rest = "" if verbose else " -v shows the rest."
    return f"Next: {'; '.join(step.rstrip('.') for step in steps) or 'nothing has to be done'}.{rest}"


def _figure(count: int, outcome: Outcome) -> Text:
    return Text(str(count), _STYLE[outcome]) if count else Text("-", "dim")


def _in_one_line(rule: ShownRule) -> str:
    """Return a rule's id and its note, the received value, or the title."""
    told = [rule.note] if rule.note else []
    if rule.failures and rule.outcome != "known":
        told.append(rule.failures[0].received)
    more = f" (and {rule.failures_total - 1} more)" if rule.failures_total > 1 else ""
    if rule.share and rule.outcome != "known":
        more = f" ({rule.share})"
    return f"{rule.id}: {shorten(one_line(' '.join(told) or rule.title), BRIEF)}{more}"

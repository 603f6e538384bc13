"""summary.md: the report on a CI page, in the Markdown that GitHub and GitLab share."""

from typing import TextIO

from contract_tests.model import Outcome, Report
from contract_tests.report.failure_text import START_A_JOB
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import Failure, ShownRule, View, by_note, view
from engine_contract.text.markdown import block, code, escape
from engine_contract.text.printable import plural, shorten

RULES_SHOWN = 20  # broken ones in full; GitHub drops a summary of more than 1 MiB
BRIEF = 200  # characters of a line
IDS_SHOWN = 8  # of rules that are unchecked for the same reason
COLUMNS: tuple[Outcome, ...] = ("held", "broken", "warned", "known", "unchecked", "skipped")


def write_summary(report: Report, presenter: Presenter, file: TextIO) -> None:
    """Write summary.md."""
    file.write("\n\n".join(_parts(view(report, presenter))) + "\n")


def _parts(shown: View) -> list[str]:
    title = f"Contract check: {shown.verdict}" + (f" ({escape(shown.label)})" if shown.label else "")
    parts = [f"## {title}", shown.sentence, f"Checked: {code(shown.checked)}, seed {shown.seed}."]
    if not shown.tls_verified:
        parts.append("The engine's certificate was not verified.")
    parts += [escape(note) for note in shown.notes]
    if shown.changes:
        parts.append("\n".join(_change(heading, told) for heading, told in shown.changes.parts))
    parts.append(_table(shown))
    if broken := shown.having("broken"):
        parts += ["### Broken", *(part for rule in broken[:RULES_SHOWN] for part in _failures(rule))]
        if len(broken) > RULES_SHOWN:
            parts += ["#### And these", _in_brief(broken[RULES_SHOWN:])]
    parts += _unchecked(shown)
    parts += _folded(shown.having("warned"), "warned rule")
    parts += _folded(shown.having("known"), "known deviation")
    return parts


def _change(heading: str, told: tuple[str, ...]) -> str:
    more = f" and {len(told) - IDS_SHOWN} more" if len(told) > IDS_SHOWN else ""
    return f"- {escape(heading)}: {', '.join(map(code, told[:IDS_SHOWN])) or 'none'}{more}"


def _table(shown: View) -> str:
    rows = [f"| aspect | {' | '.join(COLUMNS)} |", "|---|" + "---:|" * len(COLUMNS)]
    for aspect, rules in shown.aspects:
        outcomes = [rule.outcome for rule in rules]
        rows.append(f"| {aspect} | {' | '.join(str(outcomes.count(column) or '') for column in COLUMNS)} |")
    rows.append(f"| all | {' | '.join(str(shown.counts[column] or '') for column in COLUMNS)} |")
    return "\n".join(rows)


def _failures(rule: ShownRule) -> list[str]:
    parts = [f"#### {code(rule.id)} {escape(rule.title)}"]
    if rule.quotes:
        parts.append(f"The page ({rule.level}): {code(rule.quotes[0])}")
    elif rule.why:
        parts.append(f"{rule.level.capitalize()}: {escape(rule.why)}")
    parts += [escape(text) for text in (rule.extent, rule.note) if text]
    for failure in rule.failures[:1]:
        parts += _failure(failure)
    if (left_out := rule.failures_total - 1) > 0:
        parts.append(f"And {plural(left_out, 'more failure')}; report.html has more of them.")
    return parts


def _failure(failure: Failure) -> list[str]:
    where = "".join(f", {word} {code(text)}" for word, text in (("at", failure.pointer), ("as", failure.role)) if text)
    parts = [f"Received{where}:", block(failure.received), "Documented:", block(failure.documented)]
    if failure.paste:
        parts += [
            f"Reproduce (first {START_A_JOB}):" if failure.needs_job else "Reproduce:",
            block(failure.paste, "sh"),
        ]
    return parts


def _unchecked(shown: View) -> list[str]:
    rules = shown.having("unchecked")
    if not rules:
        return []
    rows = [_together(group) for group in by_note(rules)]
    return ["### Unchecked", *([" ".join(map(escape, shown.remedies))] if shown.remedies else []), "\n".join(rows)]


def _together(rules: tuple[ShownRule, ...]) -> str:
    ids = ", ".join(code(rule.id) for rule in rules[:IDS_SHOWN])
    more = f" and {len(rules) - IDS_SHOWN} more" if len(rules) > IDS_SHOWN else ""
    return f"- {ids}{more}: {escape(rules[0].note or rules[0].title)}" + (
        "" if rules[0].counts else " (does not count)"
    )


def _folded(rules: tuple[ShownRule, ...], noun: str) -> list[str]:
    if not rules:
        return []
    return [f"<details><summary>{plural(len(rules), noun)}</summary>", _in_brief(rules), "</details>"]


def _in_brief(rules: tuple[ShownRule, ...]) -> str:
    """Return a list with a line for each rule: what it says, the run's note, what was received first."""
    rows = []
    for rule in rules:
        row = f"- {code(rule.id)} {escape(rule.title)}"
        if rule.note:
            row += f" ({escape(shorten(rule.note, BRIEF))})"
        if rule.failures:
            row += f": {code(shorten(rule.failures[0].received, BRIEF))}"
        rows.append(row)
    return "\n".join(rows)

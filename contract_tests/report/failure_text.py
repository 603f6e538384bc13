"""A failure in plain words, as JUnit files and terminals show it."""

from contract_tests.report.view import Failure, ShownRule

_INDENT = " " * 12
START_A_JOB = "start a job: JOB=its id"
"""Comes before a command line with `$JOB`, since the job of the request itself is canceled."""


def rule_lines(rule: ShownRule) -> list[tuple[str, str]]:
    """Return pairs of a heading and its text: the page's line or why the rule holds without one, and the run's note."""
    pairs = [("Page", rule.quotes[0])] if rule.quotes else [("Reason", rule.why)] if rule.why else []
    more = (("Seen", rule.extent), ("Note", rule.note))
    return [*pairs, *((heading, text) for heading, text in more if text)]


def failure_lines(failure: Failure) -> list[tuple[str, str]]:
    """Return pairs of a heading and its text: Received, Documented, Where, First, Reproduce."""
    places = (
        f"at {failure.pointer}" if failure.pointer else "",
        f"as {failure.role}" if failure.role else "",
        failure.situation if failure.situation and failure.situation != failure.role else "",
    )
    pairs = (
        ("Received", failure.received),
        ("Documented", failure.documented),
        ("Where", ", ".join(filter(None, places))),
        ("First", START_A_JOB if failure.needs_job else ""),
        ("Reproduce", failure.paste),
    )
    return [(heading, text) for heading, text in pairs if text]


def indented(heading: str, text: str) -> str:
    """Return heading and text side by side; further lines of the text are indented, so that none passes for ours."""
    first, *more = text.split("\n")
    return "\n".join([f"{heading:<{len(_INDENT)}}{first}", *(_INDENT + line for line in more)])

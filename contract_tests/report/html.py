"""report.html: the report for people, in one file that needs no network and no script."""

from pathlib import Path
from typing import TextIO

from contract_tests.model import Report, Verdict
from contract_tests.report.failure_text import START_A_JOB
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import OUTCOMES, View, by_note, view
from engine_contract.contract.page import page_sha256
from engine_contract.text.printable import plural
from engine_contract.version import kit_version

TEMPLATE_PATH = Path(__file__).with_name("report.html.j2")
FAILURES_SHOWN = 5  # of one rule; report.json has more

MEANING: dict[Verdict, str] = {
    "conforms": "The engine does what the documentation page says and implies, in all that was checked.",
    "violates": "The engine breaks what the documentation page says or implies.",
    "undecided": "It could not be decided whether the engine keeps to the documentation page.",
}


def write_html(report: Report, presenter: Presenter, file: TextIO) -> None:
    """Write report.html."""
    file.write(_render(view(report, presenter)))


def _render(shown: View) -> str:
    from jinja2 import Environment, StrictUndefined  # the commands' --help need not wait for it

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["plural"] = plural
    template = environment.from_string(TEMPLATE_PATH.read_text(encoding="utf-8"))
    return template.render(
        shown=shown,
        by_note=by_note,
        meaning=MEANING[shown.verdict],
        outcomes=OUTCOMES,
        most=FAILURES_SHOWN,
        start_a_job=START_A_JOB,
        kit=kit_version(),
        page_sha256=page_sha256(),
    )

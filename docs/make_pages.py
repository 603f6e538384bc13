# ruff: noqa: INP001 - a script
"""Writes what is generated in the documentation: `python -m docs.make_pages`.

docs/rules.md from spec/rules.yaml, the table of docs/settings.md and the JSON schema of a settings file from the
options, and the tables of docs/score.md and README.md from the lists that tests/contract_tests/test_score.py holds the suite to.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from contract_tests import config
from contract_tests.config.settings_schema import settings_schema
from engine_contract.contract import Rule, load_rules
from engine_contract.option_rows import rows
from engine_contract.options import CheckOptions
from mock_server import faults as catalogue
from mock_server.cli import SCREENS
from mock_server.operations.profile import load_profile, names
from mock_server.operations.refusals import asked_for, render
from tests import field_engine, standin
from tests.support.engines import expected

DOCS = Path(__file__).parent
SCHEMA = Path(config.__file__).with_name("engine.schema.json")

_SECTION = re.compile(r"(<!-- made by docs/make_pages\.py: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

ASPECTS = {
    "route": "Route",
    "roles": "Roles",
    "request": "Request",
    "effects": "Effects",
    "transport": "Transport: status, content type, JSON",
    "response": "Response: the canceled job",
}


def pages() -> dict[Path, str]:
    """Return the pages, and the schema for editors, as they must be."""
    made = {DOCS / "rules.md": rules_page(), SCHEMA: json.dumps(settings_schema(), indent=2) + "\n"}
    for path in (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))):
        text = path.read_text(encoding="utf-8")
        if _SECTION.search(text):
            made[path] = _SECTION.sub(lambda match: f"{match[1]}\n{SECTIONS[match[2]]()}\n{match[3]}", text)
    return made


def rules_page() -> str:
    """Return all rules, by aspect."""
    rules = load_rules()
    levels = [rule.level for rule in rules]
    head = (
        f"The {len(rules)} rules that are checked: {levels.count('documented')} **documented** (the page says it), "
        f"{levels.count('implied')} **implied** (it follows) and\n{levels.count('assumed')} **assumed** (the page is silent "
        "and most would expect it; a break warns, and fails with `--strict`).\n`--only` and `--skip` take these ids and "
        "globs such as `roles.*`.\n"
    )
    parts = ["# Rules\n", "<!-- made by docs/make_pages.py from spec/rules.yaml -->\n", head]
    for aspect, group in groupby(rules, key=lambda rule: rule.aspect):
        parts += [f"## {ASPECTS[aspect]}\n", *_rule_table(list(group)), ""]
    return "\n".join(parts).rstrip() + "\n"


def _rule_table(rules: list[Rule]) -> Iterator[str]:
    yield "| rule | level | what | the page's line, or the reason |"
    yield "|---|---|---|---|"
    for rule in rules:
        quotes = " ".join(f"`{_cell(quote)}`" for quote in rule.quotes)
        yield f"| `{rule.id}` | {rule.level} | {_cell(rule.title)} | {' '.join(filter(None, (quotes, rule.reason)))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def settings_table() -> str:
    """Return the table of all keys of an engine."""
    keys = [f"| `{row.field}` | {_cell(row.setting)} |" for row in rows(CheckOptions) if row.setting]
    return "\n".join(["| key | value |", "|---|---|", *keys]) + "\n"


def found_table() -> str:
    """Return the table of faults found and false alarms of each engine."""
    rows = ["| engine | faults found / faults | false alarms / variations |", "|---|---|---|"]
    for name, wanted, variations, _ in _engines():
        lost = len(_lost(wanted))
        rows.append(f"| {name} | {len(wanted) - lost} / {len(wanted)} | 0 / {variations} |")
    return "\n".join(rows) + "\n"


def score_table() -> str:
    """Return the same table, and that of the faults not found."""
    missed = [
        f"| {name} | `{fault}` | {_cell(says[fault])} | {verdict} |"
        for name, wanted, _, says in _engines()
        for fault, verdict in _lost(wanted).items()
    ]
    table = [
        "",
        "What is not found, and why:",
        "",
        "| engine | fault | what it does | why it is not found |",
        "|---|---|---|---|",
    ]
    return found_table() + ("\n".join([*table, *missed]) + "\n" if missed else "")


def _engines() -> Iterator[tuple[str, Mapping[str, str], int, Mapping[str, str]]]:
    """Yield each engine: its name, the rule or the reason for each fault, how many variations, what each fault does."""
    yield "the mock's catalogue", {change.name: "" for change in catalogue.faults()}, len(catalogue.variations()), {}
    says = {name: fault.says for name, fault in standin.FAULTS.items()}
    yield "the stand-in", expected("standin"), len(standin.VARIATIONS), says
    says = {entry.name: entry.says for entry in field_engine.FAULTS}
    yield "the engine of the field", expected("field"), len(field_engine.VARIATIONS), says


def _lost(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the faults that are not found, with the reason."""
    return {fault: rule.removeprefix("-").strip() for fault, rule in wanted.items() if rule.startswith("-")}


def refusals_table() -> str:
    """Return how each shipped profile answers the refusals that every screen meets."""
    job_id = "4321abcdef694aa79dae47ad"
    table = [
        "| profile | " + " | ".join(SCREENS.values()) + " | a cancel of a job that is not active |",
        "|---" * (len(SCREENS) + 2) + "|",
    ]
    for name in ("", *names()):
        profile = load_profile(name) if name else None
        cells = []
        for situation in SCREENS:
            refusal = asked_for(situation, role="apiread", job_id=job_id)
            answer = profile.render(refusal, job_id) if profile else render(refusal)
            cells.append(str(answer.status))
        body = answer.body.decode().replace(job_id, "4321…")
        kind = answer.content_type.partition(b";")[0].decode() or "no body"
        shown = body if len(body) < 250 else f"{body[:250]}…"
        cells.append(f"`{kind}`" + (f" `{_cell(shown)}`" if body else ""))
        table.append(f"| {f'`{name}`' if name else 'none'} | " + " | ".join(cells) + " |")
    return "\n".join(table) + "\n"


LESSONS = {
    "reset": "`fetch` rejects (through Vite: a 502), or Chromium itself sends it again on a new connection, which is a 409; the job is canceled: read the list again before you offer another try",
    "truncated": "the status says 200 and the body fails (through Vite: it never ends): an error while reading is not a refusal",
    "stalled": "without a timeout of its own the screen waits for ever",
    "json-html": "a 200 that is not JSON, as a proxy or a login page sends it: look at the content type first",
    "json-empty": "a 200 without a body: `response.json()` rejects",
    "throttles": "429 with `Retry-After`: wait, and do not send it at once",
    "unavailable-at-times": "503 and nothing was done: another try is safe here",
    "bad-gateway-one-of-three": "502 from something between, and the job is canceled: another try is then refused",
    "slow": "the button must not send twice, and leaving the page must not break it",
    "does-not-cancel": "a success is not the job's state: read it back where it matters",
    "in-transit": "a canceled job whose tasks still say `running`: no end, no `finish_state` yet",
    "sparse": "all that may be left out is left out: no `metrics`, `x`, `y`, `error`",
    "extended": "fields that nobody knows, some of them null",
    "empty-strings": "names that are empty: a row needs something to click on",
    "large": "2,000 tasks in one document",
    "dates-without-fraction": "an offset in place of `Z`: parse dates, do not cut strings",
    "refuses-unknown-job-with-200": "an error inside a 200",
}
"""Faults and variations that change what a screen must do, and what each teaches."""


def screens_table() -> str:
    """Return the faults and variations that matter to screens."""
    changes = catalogue.catalogue()
    table = ["| name | what the mock does | what a screen learns |", "|---|---|---|"]
    table += [f"| `{name}` | {_cell(changes[name].sentence)} | {lesson} |" for name, lesson in LESSONS.items()]
    return "\n".join(table) + "\n"


SECTIONS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "found": found_table,
    "score": score_table,
    "refusals": refusals_table,
    "screens": screens_table,
}


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

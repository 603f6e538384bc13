"""What is generated in the documentation is current."""

from docs.make_pages import DOCS, pages
from engine_contract.contract import load_rules


def test_generated_pages_are_current() -> None:
    """docs/rules.md, the tables of other pages and the schema of a settings file are what `python -m docs.make_pages` writes."""
    made = pages()
    assert {path.name for path in made} == {
        *("README.md", "rules.md", "settings.md", "score.md", "frontend.md"),
        "engine.schema.json",
    }
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, f"run python -m docs.make_pages ({path.name})"


def test_the_table_of_rules_has_every_rule_once() -> None:
    """Each rule of the ledger has a row, with its level."""
    rows = (DOCS / "rules.md").read_text(encoding="utf-8").splitlines()
    for rule in load_rules():
        assert sum(row.startswith(f"| `{rule.id}` | {rule.level} |") for row in rows) == 1

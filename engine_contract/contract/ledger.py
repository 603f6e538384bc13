"""The ledger of rules: what is judged, at which level, and the line of the page behind it."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from engine_contract.contract.files import RULES_PATH, load_yaml

Level = Literal["documented", "implied", "assumed"]


class Rule(NamedTuple):
    """One statement about the engine.

    `quotes` are lines of the page, verbatim; `reason` says why an implied or assumed rule holds.
    `field` is the place in the response's document that a response rule owns, as keys from the root,
    where `*` matches any key or element; None for rules that own no place. The id of another page's rule
    begins with the name of its operation: `startJob/roles.admin`.
    """

    id: str
    level: Level
    title: str
    quotes: tuple[str, ...] = ()
    reason: str | None = None
    field: tuple[str, ...] | None = None

    @property
    def aspect(self) -> str:
        """Return `route`, `roles`, `request`, `response`, `effects` or `transport`."""
        return self.id.rpartition("/")[2].partition(".")[0]

    @property
    def quote(self) -> str | None:
        """Return the line of the page to show, None where the page is silent."""
        return self.quotes[0] if self.quotes else None

    @property
    def is_assumed(self) -> bool:
        """Return whether the page is silent: a break warns, and fails only a strict run."""
        return self.level == "assumed"


def parse_rules(ledger: Mapping[str, Any], prefix: str = "") -> tuple[Rule, ...]:
    """Return the rules of a ledger in its order, with a prefix before their ids. Raise KeyError for a missing key."""
    return tuple(_parse(entry, prefix) for entry in ledger["rules"])


def _parse(entry: Mapping[str, Any], prefix: str) -> Rule:
    quote = entry.get("quote", ())
    field = entry.get("field")
    return Rule(
        id=f"{prefix}{entry['id']}",
        level=entry["level"],
        title=entry["title"],
        quotes=(quote,) if isinstance(quote, str) else tuple(quote),
        reason=entry.get("reason"),
        field=None if field is None else tuple(filter(None, field.split("."))),
    )


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return all rules in the order of the ledger."""
    return parse_rules(load_yaml(RULES_PATH))


@cache
def _by_id() -> dict[str, Rule]:
    return {rule.id: rule for rule in load_rules()}


def rule(rule_id: str) -> Rule:
    """Return the contract's rule of that id. Raise KeyError for one that the ledger does not have."""
    return _by_id()[rule_id]


def load_furniture() -> frozenset[str]:
    """Return lines of the page that say nothing of the contract, such as the headings of its tables."""
    return frozenset(load_yaml(RULES_PATH)["furniture"])

"""Rules by id and glob, as `--only` and `--skip` name them."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from contract_tests.errors import SettingError
from engine_contract.contract import Rule


def select_rules(patterns: Sequence[str], rules: Iterable[Rule], *, option: str) -> frozenset[str]:
    """Return the ids that the patterns (ids, and globs such as `roles.*`) match. Raises SettingError for no match."""
    ids = [rule.id for rule in rules]
    chosen: set[str] = set()
    for pattern in patterns:
        matching = {rule_id for rule_id in ids if fnmatchcase(rule_id, pattern)}
        if not matching:
            raise SettingError(
                f"{option} {pattern}: no rule has that id. check-engine --list-rules shows all; globs such as roles.* are allowed."
            )
        chosen |= matching
    return frozenset(chosen)

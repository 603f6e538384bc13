"""Further documentation pages as operations: a page is drafted, or read as a person has finished its draft."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from engine_contract.contract import Operation, load_contract
from engine_contract.contract.draft import PageError, draft
from engine_contract.contract.files import LOADER
from engine_contract.contract.ledger import parse_rules
from engine_contract.contract.operation import operations_in
from engine_contract.text.printable import one_line
from engine_contract.text.unmarked import read_text, why_unread

MAX_BYTES = 4 << 20
"""Bytes of a draft in YAML."""

MAX_DEPTH = 100
"""Levels of a draft in YAML."""


def load_pages(paths: Iterable[Path]) -> tuple[Operation, ...]:
    """Return the operations of pages, and of all pages (`*.txt`) in folders. Raise ValueError with the file's name."""
    found: dict[Path, Operation] = {}
    for path in paths:
        for page in _pages_in(path):
            if page in found:
                continue
            operation = load_page(page)
            for other, one in ((Path("the contract"), load_contract()), *found.items()):
                if one.route == operation.route:
                    raise ValueError(f"{page}: {one.route} is served by {other} already. Take one of the two away.")
                if one.name == operation.name:
                    raise ValueError(
                        f"{page}: an operation {one.name} is known from {other} already, and rules are named after it. "
                        f"Change the operationId in {page.stem}.openapi.yaml."
                    )
            found[page] = operation
    return tuple(found.values())


def load_page(page: Path) -> Operation:
    """Return the operation of a page; the finished drafts beside it count. Raise ValueError with the file's name."""
    openapi, ledger = (page.with_name(f"{page.stem}.{name}.yaml") for name in ("openapi", "rules"))
    try:
        if openapi.is_file() and ledger.is_file():
            document, rules = _load_yaml(openapi), _load_yaml(ledger)
        else:
            drafted = draft(read_text(page), page.stem)
            document = _load_yaml(openapi) if openapi.is_file() else drafted.openapi
            rules = _load_yaml(ledger) if ledger.is_file() else drafted.rules
    except PageError as error:
        raise ValueError(f"{page}, {error}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        why = one_line(why_unread(error))
        raise ValueError(f"{page}: the page or the drafts beside it cannot be read: {why}") from error
    try:
        (operation,) = operations_in(document)
        prefix = f"{operation.name}/"
        parsed = parse_rules(rules, prefix)
        operation = replace(operation, read_rules=lambda: parsed, rule_prefix=prefix)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{openapi} and {ledger.name}: are not the OpenAPI document and the ledger of one operation "
            f"({type(error).__name__}: {one_line(str(error))}). Allowed is what draft-contract writes."
        ) from error
    return operation


def _pages_in(path: Path) -> list[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib's raises for a name that is too long
        return [path]
    pages = sorted(path.glob("*.txt"))
    if not pages:
        raise ValueError(f"{path}: the folder holds no pages. Allowed is a page (NAME.txt) or a folder with some.")
    return pages


def _load_yaml(path: Path) -> Any:
    """Return the content of a YAML file. Raise ValueError for one that is too large or nested too deep."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    text, depth = read_text(path), 0
    # The parser that builds the content goes down for each level, and does not stop in time.
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError(f"{path}: nested more than {MAX_DEPTH} levels deep")
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe loader

"""The contract: the documentation page, the ledger of rules and the OpenAPI document.

Data flows one way: page → rules → OpenAPI document → mock and checks. This package imports nothing
of the other two.
"""

from spec.contract import Contract, load_contract, load_openapi
from spec.ledger import Level, Rule, load_furniture, load_rules, rule
from spec.page import PAGE_PATH, load_page, page_sha256, statements

__all__ = [
    "PAGE_PATH",
    "Contract",
    "Level",
    "Rule",
    "load_contract",
    "load_furniture",
    "load_openapi",
    "load_page",
    "load_rules",
    "page_sha256",
    "rule",
    "statements",
]

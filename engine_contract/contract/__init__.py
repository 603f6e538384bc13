"""The contract: the documentation page, the ledger of rules and the OpenAPI document.

Data flows one way: page → rules → OpenAPI document → mock and checks. This package imports nothing
of the other two.
"""

from engine_contract.contract.files import PAGE_PATH
from engine_contract.contract.ledger import Level, Rule, load_furniture, load_rules, rule
from engine_contract.contract.openapi import load_contract, load_openapi
from engine_contract.contract.operation import Operation, Parameter, find_operation
from engine_contract.contract.page import load_page, page_sha256, statements

__all__ = [
    "PAGE_PATH",
    "Level",
    "Operation",
    "Parameter",
    "Rule",
    "find_operation",
    "load_contract",
    "load_furniture",
    "load_openapi",
    "load_page",
    "load_rules",
    "page_sha256",
    "rule",
    "statements",
]

"""A documentation page in the format of the contract's own, drafted as an OpenAPI document and a ledger of rules."""

from dataclasses import dataclass
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.ledger import draft_ledger
from engine_contract.contract.draft.lines import Text
from engine_contract.contract.draft.openapi import draft_openapi
from engine_contract.contract.draft.page import read_page

__all__ = ["Draft", "PageError", "draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """The contents of `openapi.yaml` and `rules.yaml`, drafted.

    Beside a place of the document that a person should look at, `x-guessed` or `x-open` says why.
    """

    openapi: dict[str, Any]
    rules: dict[str, Any]


def draft(content: str, name: str = "") -> Draft:
    """Return the draft of a page's text. Raise PageError, which names the line.

    `name` is the operation's, mostly that of the page's file; without one that is fit it is the end of the path.
    """
    text = Text(content)
    try:
        page = read_page(text, name)
        return Draft(draft_openapi(page), draft_ledger(page, text))
    except RecursionError as error:
        raise PageError(1, "the JSON of the page is nested too deep", "Allowed are a hundred levels.") from error

"""A documentation page in the format of `cancelJob.txt`, drafted as an OpenAPI document and a ledger of rules."""

from dataclasses import dataclass
from typing import Any

from spec.draft.errors import PageError
from spec.draft.ledger import draft_ledger
from spec.draft.lines import Text
from spec.draft.operation import draft_openapi
from spec.draft.page import read_page

__all__ = ["Draft", "PageError", "draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What `openapi.yaml` and `rules.yaml` would hold."""

    openapi: dict[str, Any]
    rules: dict[str, Any]


def draft(content: str) -> Draft:
    """The draft of a page's text. Raises PageError, which names the line."""
    page = read_page(content)
    return Draft(draft_openapi(page), draft_ledger(page, Text(content)))

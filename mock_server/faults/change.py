"""A fault or a variation: the right engine with a few of its steps replaced."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal
from mock_server.operations.response import Response
from mock_server.store import Cancel, Store

Route = Callable[[str, str], tuple[str, str]]
First = Callable[[Exchange, Store], Awaitable[Refusal | None]]
May = Callable[[Exchange, Refusal | None], Refusal | None]
Parameters = Callable[[Exchange, str | Refusal], str | Refusal]
Effect = Callable[[Exchange, Store, str], Awaitable[Cancel | Refusal]]
Refused = Callable[[Exchange, Store], Awaitable[None]]
Document = Callable[[dict[str, Any], Exchange], Any]
Reply = Callable[[Response, Exchange], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is replaced, in the order in which a request meets it. None leaves a step as it is.

    `rule` is the id of the rule that a fault breaks; variations break none.
    """

    name: str
    sentence: str
    rule: str | None = None
    route: Route | None = None
    """(method, path) → the ones under which the request is served."""
    first: First | None = None
    """Before anything is checked: a refusal, or None to go on."""
    may: May | None = None
    """Who may: gets the right decision, answers another."""
    parameters: Parameters | None = None
    """The parameter check: gets the job's id or the refusal, answers another."""
    effect: Effect | None = None
    """The state change, in place of the store's own."""
    refused: Refused | None = None
    """What else a refusal does."""
    document: Document | None = None
    """The canceled job's document, as an object."""
    reply: Reply | None = None
    """The answer, refusals included (`exchange.refusal` tells)."""
    latency_ms: tuple[float, float] | None = None

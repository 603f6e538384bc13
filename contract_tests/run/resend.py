"""Requests that are sent again: where their response was lost, and where their token had ended."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from contract_tests.model import Exchange, Request
from contract_tests.transport.sender import Sender

Answer = TypeVar("Answer", bound="Exchange | None")


async def send_until_heard(
    send: Callable[[], Awaitable[Answer]], is_lost: Callable[[Exchange], bool], *, more_tries: int
) -> list[Answer]:
    """Send, and send again while that is lost. Return all exchanges, of which the last one counts."""
    answers = [await send()]
    while len(answers) <= more_tries and (last := answers[-1]) is not None and is_lost(last):
        answers.append(await send())
    return answers


async def send_renewed(sender: Sender, request: Request, job_id: str | None = None, *, is_due: bool) -> Exchange:
    """Send a request; where its role's token is refused by 401 and a new one can be had, send it again with that.

    `is_due`: a success is due, so that a renewal which is refused again counts as one in vain.
    """
    role, tokens = request.caller.role or "", sender.transport.tokens
    token = tokens.in_use(role)
    exchange = await sender.send(request, job_id)
    if exchange.status == 401 and await sender.transport.renew(role, token, is_due=is_due):
        exchange = await sender.send(request, job_id)
    return exchange

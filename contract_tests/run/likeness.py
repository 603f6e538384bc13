"""Whether two responses say the same, whatever differs from request to request: ids, times and tokens."""

import re
from collections.abc import Iterable, Sequence

from contract_tests.judge.answers import page_of
from contract_tests.model import Exchange
from engine_contract.text.masking import MASK, hide

COMPARED_BYTES = 4000
_VARYING = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? (?:\d{1,2} [a-z]{3}|[a-z]{3} \d{1,2})[ ,]+(?:\d{4} )?[\d:]+(?: \w{3}\S*)?(?: \d{4})?"
    r"|\d\d?:\d\d:\d\d(?:\.\d+)?"
    r"|\b(?=\w*\d)(?=\w*[a-z])[\w-]{8,}"  # a generated id
    r"|\b[0-9a-f]{16,}\b|\d{6,}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w.+/=*-]+|\S")

Look = tuple[int | None, tuple[str, ...]]


def look_without(exchange: Exchange, secrets: frozenset[str]) -> Look:
    """Return status and words of a response, with the page that it leads to, without ids, times and these secrets."""
    text = exchange.response.body[:COMPARED_BYTES].decode("utf-8", errors="replace") if exchange.response else ""
    text = f"{page_of(exchange.response)}\n{text}"
    if exchange.job_id:
        text = text.replace(exchange.job_id, MASK)
    text = hide(text, secrets)
    for secret in secrets:
        text = re.sub(rf"\b{re.escape(secret)}\b", MASK, text)  # also a short one
    return exchange.status, tuple(_WORD.findall(_VARYING.sub(MASK, text)))


def is_alike(look: Look, samples: Sequence[Look]) -> bool:
    """Return whether a response says the same as one of the samples. Words that differ among the samples are left out."""
    status, words = look
    same = [theirs for its, theirs in samples if its == status and len(theirs) == len(words)]
    varies = [len(set(column)) > 1 for column in zip(*same, strict=True)]
    return bool(same) and all(
        varying or word == theirs for varying, word, theirs in zip(varies, words, same[0], strict=True)
    )


def looks_of(exchanges: Iterable[Exchange], secrets: frozenset[str]) -> list[Look]:
    """Return the looks of refusals."""
    return [look_without(exchange, secrets) for exchange in exchanges if exchange.response and not exchange.accepted]

"""Makes the report of a run or a recording: outcomes, verdict, and what was observed."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from contract_tests.judge.known import apply_known, expiring
from contract_tests.judge.verdict import NOT_REACHED, Criteria, rule_results, verdict_of
from contract_tests.model import Exchange, Judgement, Observation, Report, Unchecked
from contract_tests.purpose import Purpose
from engine_contract.contract import Rule

MAX_OBSERVED = 300  # characters of a body that are shown

_NOT_OBSERVED = frozenset({Purpose.VALID, Purpose.LEFTOVER, Purpose.WAY, Purpose.START})


def build_report(  # noqa: PLR0913, PLR0917 - what a run knows, and how it is judged
    rules: Iterable[Rule],
    facts: Report,
    judgements: Sequence[Judgement],
    unchecked: dict[str, Unchecked],
    redact: Callable[[str], str],
    criteria: Criteria,
    fallback: Unchecked = NOT_REACHED,
) -> Report:
    """Return the report of a run or a recording: `facts`, with outcomes, verdict and what was observed.

    The facts' `undecided_because` is what is known to be missing. For the others see `rule_results`.
    """
    results = rule_results(rules, judgements, unchecked, criteria, fallback)
    today = dt.datetime.now(dt.UTC).date()
    to_the_end = not facts.undecided_because and not facts.interrupted
    results, complaints = apply_known(results, criteria.known, today=today, whole=to_the_end)
    soon = tuple(expiring(criteria.known, today=today))
    verdict, because = verdict_of(results, facts.undecided_because, interrupted=facts.interrupted)
    if complaints:
        verdict = "violates"
    return replace(
        facts,
        verdict=verdict,
        rules=results,
        undecided_because=because if verdict == "undecided" else (),
        notes=(*facts.notes, *complaints, *soon),
        expiring=soon,
        whole=facts.whole and to_the_end and not any(item.outcome == "unchecked" and item.counts for item in results),
        complaints=tuple(complaints),
        observed=tuple(_observations(facts.exchanges, redact)),
    )


def _observations(exchanges: Sequence[Exchange], redact: Callable[[str], str]) -> Iterator[Observation]:
    """Return the first response in each situation except that of a valid request."""
    seen: set[str] = set()
    for exchange in exchanges:
        is_of_interest = exchange.purpose not in _NOT_OBSERVED and exchange.situation not in seen
        if exchange.response is None or not is_of_interest:
            continue
        seen.add(exchange.situation)
        # Redact before cutting: half a token would not be recognized.
        body = redact(exchange.response.body[: MAX_OBSERVED * 40].decode("utf-8", errors="replace"))
        shortened = body if len(body) <= MAX_OBSERVED else body[:MAX_OBSERVED] + "…"
        yield Observation(exchange.situation, exchange.status, exchange.response.header("content-type"), shortened)

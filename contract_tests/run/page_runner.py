"""Sends the `GET`s of other pages, and judges what only the calls of one operation together show."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from contract_tests.judge.answers import finding, of_ledger
from contract_tests.judge.passive import JudgedCall, ObservedCall, PassiveJudge
from contract_tests.judge.verdict import document_rule
from contract_tests.model import BUSY, DENIED, Because, Caller, Judgement, Unchecked
from contract_tests.plan.scenario import Scenario, Step
from contract_tests.purpose import Purpose
from contract_tests.run.canceller import Canceller
from contract_tests.run.concurrency import gather_limited
from contract_tests.safety.page_calls import PageCalls


class PageRunner:
    """Carries out the scenarios of other pages' operations."""

    def __init__(self, canceller: Canceller, *, trusts: bool) -> None:
        """Take what sends; `trusts`: the tokens are good, also where a response to one is as to a wrong credential."""
        self._canceller = canceller
        self._trusts = trusts

    async def run(self, scenarios: Sequence[Scenario]) -> None:
        """Send the calls with a token side by side, then those of strangers one after the other, and judge them."""
        judge, judged = PassiveJudge(), [(scenario, list[JudgedCall]()) for scenario in scenarios]
        try:
            await gather_limited(self._with_tokens(scenario, calls, judge) for scenario, calls in judged)
            for scenario, calls in judged:
                for step in scenario.refused:
                    if step.caller.kind != "token":
                        calls.append(await self._call(scenario, step, judge))
        except BaseException:
            # The run ends here: what is broken stays known.
            self._canceller.found.judgements += [
                item for _, calls in judged for call in calls for item in call.judgements if item.finding
            ]
            raise
        for scenario, calls in judged:
            if scenario.page is not None:
                self._conclude(scenario.page, calls)

    async def _with_tokens(self, scenario: Scenario, calls: list[JudgedCall], judge: PassiveJudge) -> None:
        for step in scenario.refused:
            if step.caller.kind != "token":
                continue
            working = next((call.exchange.request.caller for call in _valid(calls) if call.exchange.accepted), None)
            is_flawed = step.purpose is Purpose.OF_PAGE
            sent = replace(step, caller=working) if is_flawed and working is not None else step
            calls.append(await self._call(scenario, sent, judge))

    async def _call(self, scenario: Scenario, step: Step, judge: PassiveJudge) -> JudgedCall:
        exchange = await self._canceller.exchange(step, None)
        return judge.judge(ObservedCall(exchange, scenario.page.operation if scenario.page else None))

    def _conclude(self, page: PageCalls, calls: Sequence[JudgedCall]) -> None:
        """Judge all calls of an operation: a refusal means a role only where the token and the values are known as good."""
        operation, found = page.operation, self._canceller.found
        succeeded = any(call.exchange.accepted for call in _valid(calls))
        for call in calls:
            exchange, role = call.exchange, call.exchange.request.caller.role
            is_refused = 400 <= (exchange.status or 0) < 500 and exchange.status not in BUSY
            # Where nothing succeeds, a 404 is rather the values' than the caller's.
            is_telling = succeeded or exchange.status in DENIED
            is_stale = is_refused and is_telling and self._may_mean_token(call, calls)
            if call.rule is None and is_refused:
                rule = f"{operation.rule_prefix}roles.{role if operation.roles else 'any'}"
                found.judgements += [item for item in call.judgements if item.rule != rule]
                if is_stale:
                    found.leave_unchecked(rule, _why_token(call), "tokens")
                elif succeeded or (exchange.status in DENIED and not page.is_guessed):
                    received = f"status {exchange.status} to a valid request of {role}"
                    broken = finding(rule, received, f"the role {role} may call {operation.name}", exchange)
                    found.add(Judgement(rule, broken.finding, broken.origin))
            elif call.rule == "roles.others" and is_stale:
                found.leave_unchecked(f"{operation.rule_prefix}roles.others", _why_token(call), "tokens")
            elif is_telling or call.findings:
                found.judgements += call.judgements
        if not operation.roles and succeeded:
            found.judgements += of_ledger(operation, [Judgement("roles.any")])
        for rule_id, why in self._left(page, calls, succeeded=succeeded):
            found.unchecked.setdefault(rule_id, why)

    def _left(
        self, page: PageCalls, calls: Sequence[JudgedCall], *, succeeded: bool
    ) -> Iterator[tuple[str, Unchecked]]:
        """Yield the rules that the calls do not show."""
        judgements = self._canceller.found.judgements
        judged = {item.rule for item in judgements}
        held = {item.rule for item in judgements if item.finding is None}
        why = Unchecked("no answer shows it") if succeeded else _why_none(page, calls)
        refused = [call for call in _valid(calls) if call.exchange.status in DENIED]
        if not succeeded and refused and all(self._may_mean_token(call, calls) for call in refused):
            why = replace(why, because="tokens")
        for rule in page.operation.rules:
            if rule.id not in judged and (rule.field is None or document_rule(rule) not in held):
                yield rule.id, why

    def _may_mean_token(self, call: JudgedCall, calls: Sequence[JudgedCall]) -> bool:
        """Return whether a refusal is as to a wrong credential, and nothing in the run shows that the token is good."""
        exchange, sender = call.exchange, self._canceller.sender
        caller = Caller(exchange.request.caller.role, "token")
        if self._trusts or any(other.accepted and other.request.caller == caller for other in sender.exchanges):
            return False
        wrong = [other.exchange for other in calls if other.exchange.request.caller.kind == "wrong"]
        return exchange.status == 401 or self._canceller.credentials.is_as_to(exchange, wrong)


def _valid(calls: Sequence[JudgedCall]) -> list[JudgedCall]:
    return [call for call in calls if call.rule is None]


def _why_token(call: JudgedCall) -> str:
    role, status = call.exchange.request.caller.role, call.exchange.status
    return f"the answer to {role} is as to a wrong credential (status {status}): the token may be stale. See --trust-tokens"


def _why_none(page: PageCalls, calls: Sequence[JudgedCall]) -> Unchecked:
    """Return why no call succeeded. It does not count where a value is the page's own, which the engine may not know."""
    name, valid = page.operation.name, _valid(calls)
    if not valid:
        return Unchecked("no token for a role that may call it: give --token ROLE=SOURCE", "tokens")
    statuses = sorted({str(call.exchange.status or call.exchange.fault) for call in valid})
    told = f"no call of {name} succeeded ({', '.join(statuses)})"
    if page.is_guessed:
        return Unchecked(f"{told} with the page's own values: give others in [operations.{name}] of the settings file")
    because: Because = "unreachable" if all((call.exchange.status or 503) in BUSY for call in valid) else "values"
    return Unchecked(f"{told}: see [operations.{name}] of the settings file", because)

"""The requests for the `GET`s that only other pages describe: each role, callers who may not, and flawed parameters."""

from collections.abc import Iterator

from contract_tests.judge.request import what_is_wrong
from contract_tests.model import Caller, Unchecked
from contract_tests.plan.scenario import Expect, Resources, Scenario, Step, without_token
from contract_tests.purpose import Purpose
from contract_tests.safety.page_calls import SAFE, PageCalls, Variant
from engine_contract.contract import Operation

_STRANGERS = (
    ("roles.none", Caller(), Purpose.NO_CREDENTIAL),
    ("roles.empty", Caller(kind="empty"), Purpose.EMPTY_CREDENTIAL),
    ("roles.wrong", Caller(kind="wrong"), Purpose.WRONG_CREDENTIAL),
)


def on_pages(resources: Resources) -> Iterator[Scenario]:
    """Yield the requests for each operation, those first that must succeed; none where no rule of it is wanted."""
    for calls in resources.pages:
        wanted = resources.wanted
        steps = tuple(_steps(calls, resources)) if calls.variants else ()
        if wanted is not None:
            is_wanted = any(rule.id in wanted for rule in calls.operation.rules)
            steps = tuple(s for s in steps if is_wanted and (s.expect == "accepted" or s.rule in wanted))
        if steps:
            yield Scenario(calls.operation.name, steps, page=calls)


def roles_of(operation: Operation, resources: Resources) -> tuple[str, ...]:
    """Return the roles with a token that may call an operation: all where its page lists none."""
    return tuple(role for role in resources.tokens if role in operation.roles or not operation.roles)


def why_not(calls: PageCalls, resources: Resources) -> Iterator[tuple[str, Unchecked]]:
    """Yield the rules of another page that no request of this run can show, and why."""
    operation = calls.operation
    roles, prefix = roles_of(operation, resources), operation.rule_prefix
    if not calls.variants:
        told = (
            f"no value for {', '.join(calls.missing)}: give one in [operations.{operation.name}] of the settings file"
        )
        if operation.method != SAFE:
            told = f"{operation.method} is judged where it passes: by watch-engine --page, or --replay and --page"
        yield from ((rule.id, Unchecked(told)) for rule in operation.rules)
        return
    for role in operation.roles:
        if role not in roles:
            yield f"{prefix}roles.{role}", without_token(role)
    if operation.roles and len(roles) == len(resources.tokens):
        none = Unchecked("no token for a role that the page does not list: give --token ROLE=SOURCE", "tokens")
        yield f"{prefix}roles.others", none
    tried = {rule for rule, _, _ in calls.variants}
    for rule in operation.rules:
        short = rule.id.removeprefix(prefix)
        if rule.aspect == "request" and short.endswith((".type", ".required")) and short not in tried:
            yield rule.id, Unchecked("no text in a URL breaks it")
        elif rule.aspect == "effects":
            yield rule.id, Unchecked("the answer to a GET does not show it")


def _steps(calls: PageCalls, resources: Resources) -> Iterator[Step]:
    operation = calls.operation
    roles, prefix = roles_of(operation, resources), operation.rule_prefix
    valid, *flawed = calls.variants

    def step(caller: Caller, rule: str, purpose: Purpose, told: str, variant: Variant = valid) -> Step:
        _, path, query = variant
        expect: Expect = "accepted" if purpose is Purpose.VALID else "refused"
        told = f"{told or purpose.value}, for {operation.name}"
        return Step(purpose, caller, expect, f"{prefix}{rule}", None, query, SAFE, path=path, told=told)

    for role in roles:
        yield step(Caller(role, "token"), f"roles.{role if operation.roles else 'any'}", Purpose.VALID, "")
    for role in resources.tokens:
        if role not in roles:
            yield step(Caller(role, "token"), "roles.others", Purpose.OTHER_ROLE, f"the role {role}")
    for variant in flawed if roles else ():
        rule = variant[0] or ""
        yield step(Caller(roles[0], "token"), rule, Purpose.OF_PAGE, what_is_wrong(rule), variant)
    for rule, caller, purpose in _STRANGERS:
        yield step(caller, rule, purpose, "")

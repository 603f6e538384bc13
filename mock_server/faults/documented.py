"""Faults of an operation that only a page describes: roles, parameters, fields of the response, transport."""

from collections.abc import Iterator, Mapping

from engine_contract.contract import Operation
from engine_contract.contract.rule_ids import words_of
from mock_server.faults.response import fields, shapes
from mock_server.faults.roles import roles
from mock_server.faults.transport import transport
from mock_server.operations.exchange import Change, Exchange, Parameters
from mock_server.operations.refusals import Refusal


def documented(operation: Operation) -> Mapping[str, Change]:
    """Return the faults that an operation's page and ledger allow, by name. Each breaks a rule of its ledger."""
    whole = operation.rule("response.document")
    found = (
        *_with_rules(operation, roles(operation)),
        *_parameters(operation),
        *fields(operation, None),
        *(() if whole is None else shapes(whole, "answer", "data", None)),
        *_with_rules(operation, transport()),
    )
    return {change.name: change for change in found}


def _with_rules(operation: Operation, changes: Iterator[Change]) -> Iterator[Change]:
    """Yield the changes whose rule the operation's ledger has, under its id there."""
    for change in changes:
        rule = operation.rule(change.rule or "")
        if rule is not None:
            yield change._replace(rule=rule.id)


def _parameters(operation: Operation) -> Iterator[Change]:
    for rule in operation.rules:
        aspect, *name, kind = rule.id.removeprefix(operation.rule_prefix).split(".")
        if aspect != "request" or not name or kind not in {"required", "type"}:
            continue
        field, situation = ".".join(name), "missing-parameter" if kind == "required" else "bad-parameter"
        accepts = "missing" if kind == "required" else "wrong"
        yield Change(
            name=f"accepts-{accepts}-{field}",
            sentence=f"A request with {field} {'missing' if kind == 'required' else 'of another type'} is accepted.",
            rule=rule.id,
            parameters=_accept(operation, situation, field),
        )


def _accept(operation: Operation, situation: str, field: str) -> Parameters:
    is_in_url = any(one.name == field for one in operation.parameters)

    def parameters(_exchange: Exchange, outcome: str | Refusal) -> str | Refusal:
        if not isinstance(outcome, Refusal) or outcome.situation != situation or outcome.field is None:
            return outcome
        within = ".".join(words_of(outcome.field.split("."), operation.request_schema))
        is_meant = f"{outcome.field}.".startswith(f"{field}.") if is_in_url else field in {outcome.field, within}
        return "" if is_meant else outcome

    return parameters

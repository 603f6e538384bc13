"""Faults of an operation that only a page describes: roles, parameters, fields of the response, transport."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine_contract.contract import Operation, Rule
from engine_contract.contract.rule_ids import words_of
from mock_server.faults.response import Edit, fields
from mock_server.faults.roles import roles
from mock_server.faults.transport import transport
from mock_server.operations.exchange import Change, Exchange, Parameters
from mock_server.operations.refusals import Refusal


def documented(operation: Operation) -> Mapping[str, Change]:
    """Return the faults that an operation's page and ledger allow, by name. Each breaks a rule of its ledger."""
    found = (
        *_with_rules(operation, roles(operation)),
        *_parameters(operation),
        *fields(operation, _edited),
        *_shapes(operation),
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
    def parameters(_exchange: Exchange, outcome: str | Refusal) -> str | Refusal:
        if isinstance(outcome, Refusal) and outcome.situation == situation:
            within = ".".join(words_of((outcome.field or "").split("."), operation.request_schema))
            return "" if field in {outcome.field, within} else outcome
        return outcome

    return parameters


def _edited(name: str, sentence: str, rule: Rule, edit: Edit) -> Change:
    def document(answer: Any, _exchange: Exchange) -> Any:
        edit(answer)
        return answer

    return Change(name=name, sentence=sentence, rule=rule.id, document=document)


def _shapes(operation: Operation) -> Iterator[Change]:
    rule = operation.rule("response.document")
    if rule is None:
        return
    shapes: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "wrapped": ("The answer is wrapped in data.", lambda answer: {"data": answer}),
        "wrapped-in-array": ("The answer is the one element of an array.", lambda answer: [answer]),
        "answers-null": ("The answer is null.", lambda _answer: None),
        "answers-empty-object": ("The answer is an empty object.", lambda _answer: {}),
    }
    for name, (sentence, shape) in shapes.items():
        yield Change(
            name=name,
            sentence=sentence,
            rule=rule.id,
            document=lambda answer, _exchange, shape=shape: shape(answer),  # type: ignore[misc]
        )

"""One operation of an engine, as its OpenAPI document and its ledger of rules describe it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, NamedTuple, cast

from engine_contract.contract.ledger import Rule

JSON = "application/json"
PROBLEM = "application/problem+json"
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})

MAX_NODES = 200_000
"""Parts of an OpenAPI document once its references are resolved; one that refers twice to what refers twice has no end."""

_SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]+")

# Keywords of a schema that hold values, not schemas, and those that hold schemas by name.
_VALUES = frozenset({"const", "default", "enum", "example", "examples", "required", "type"})
_BY_NAME = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


class Parameter(NamedTuple):
    """A parameter in the path or the query. `example` is None where the document shows none."""

    name: str
    place: Literal["path", "query"]
    required: bool
    schema: Mapping[str, Any]
    example: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation as data; schemas have their references resolved.

    A schema is empty where the document says nothing of it: then anything fits. `path` is a template, with
    parameters as `{name}`. The ids of `rules` begin with `rule_prefix`, which is empty for the contract's own.
    `read_rules` returns them: the mock serves without, and to read them takes a hundredth of its start.
    """

    name: str
    method: str
    path: str
    roles: tuple[str, ...] = ()
    """The roles that may; empty where the page lists none: then everybody with a credential may."""
    unlisted_roles: tuple[str, ...] = ()
    """Roles that such engines know and the page does not list."""
    parameters: tuple[Parameter, ...] = ()
    takes_body: bool = False
    requires_body: bool = False
    request_schema: Mapping[str, Any] = field(default_factory=dict)
    request_examples: Mapping[str, Any] = field(default_factory=dict)
    response_status: int = 200
    """The status of the documented response, a success."""
    response_schema: Mapping[str, Any] = field(default_factory=dict)
    response_examples: Mapping[str, Any] = field(default_factory=dict)
    """The named examples of the response, the page's own first: name → document."""
    refusal_examples: Mapping[str, tuple[int, Any]] = field(default_factory=dict)
    """The named examples of refusals (assumed): name → status and body."""
    read_rules: Callable[[], tuple[Rule, ...]] = tuple
    rule_prefix: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return its rules, in the order of the ledger."""
        return self.read_rules()

    @property
    def is_contract(self) -> bool:
        """Return whether this is the contract's own operation, and not another page's."""
        return not self.rule_prefix

    @property
    def route(self) -> str:
        """Return method and path, as a page writes them."""
        return f"{self.method} {self.path}"

    @property
    def request_example(self) -> Any:
        """Return the first example of the body, None without one."""
        return next(iter(self.request_examples.values()), None)

    @property
    def response_example(self) -> Any:
        """Return the first example of the response, None without one."""
        return next(iter(self.response_examples.values()), None)

    @property
    def response_rules(self) -> tuple[Rule, ...]:
        """Return the rules that own a place in the response's document."""
        return tuple(rule for rule in self.rules if rule.field is not None)

    def parameters_in(self, place: Literal["path", "query"]) -> tuple[Parameter, ...]:
        """Return the parameters that travel in the path, or in the query."""
        return tuple(parameter for parameter in self.parameters if parameter.place == place)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the values of the path's parameters as they stand in a path, None if it is another path."""
        template, given = self.path.split("/"), path.split("/")
        if len(template) != len(given):
            return None
        values: dict[str, str] = {}
        for part, value in zip(template, given, strict=True):
            if is_parameter(part) and value:
                values[part[1:-1]] = value
            elif part != value:
                return None
        return values

    def path_with(self, values: Mapping[str, str]) -> str:
        """Return the path with values, percent-encoded already, in the places of its parameters."""
        return "/".join(values[part[1:-1]] if is_parameter(part) else part for part in self.path.split("/"))

    def rule(self, short: str) -> Rule | None:
        """Return the rule of an id without the prefix, such as `roles.none`; None if the ledger has none."""
        return self.rules_by_id.get(f"{self.rule_prefix}{short}")

    @property
    def rules_by_id(self) -> Mapping[str, Rule]:
        """Return the rules by their ids."""
        return _by_id(self)


def leads_up(path: str) -> bool:
    """Return whether a part of a path is `.` or `..`, escaped or not: clients take it for a way up."""
    return any(part.lower().replace("%2e", ".") in {".", ".."} for part in path.split("/"))


def is_parameter(part: str) -> bool:
    """Return whether a part of a path's template is a parameter: `{name}`."""
    return part.startswith("{") and part.endswith("}")


@cache
def _by_id(operation: Operation) -> Mapping[str, Rule]:
    return {rule.id: rule for rule in operation.rules}


def find_operation(operations: Iterable[Operation], method: str, path: str) -> Operation | None:
    """Return the operation of a method and a path; of several templates the one with the fewest parameters."""
    found = [operation for operation in operations if operation.method == method and operation.match(path) is not None]
    return min(found, key=lambda operation: len(operation.parameters_in("path")), default=None)


def operations_in(
    document: Mapping[str, Any], read_rules: Callable[[], tuple[Rule, ...]] = tuple, rule_prefix: str = ""
) -> Iterator[Operation]:
    """Yield each operation of an OpenAPI document. Raise KeyError or ValueError for one that cannot be used."""
    _check_size(document)
    for path, item in document["paths"].items():
        for method, described in item.items():
            if method in METHODS:
                operation = _operation(path, method, described, document)
                shared = tuple(_parameters(item.get("parameters", ()), document))
                parameters = _with_path(path, (*shared, *operation.parameters))
                yield replace(operation, parameters=parameters, read_rules=read_rules, rule_prefix=rule_prefix)


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0, without references out of it, as a JSON Schema."""
    return dict(_schema(schema, {}))


def _with_path(path: str, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Return the parameters, with those of the path that nothing describes. Raise ValueError for a path that leads elsewhere."""
    parts = path.removesuffix("/").split("/")
    if parts[0] or leads_up(path) or not all(is_parameter(part) or _SEGMENT.fullmatch(part) for part in parts[1:]):
        raise ValueError(
            f"the path {path!r} is not one below the engine's base. Allowed is /name/{{parameter}}, without . and .."
        )
    known = {parameter.name for parameter in parameters if parameter.place == "path"}
    names = [part[1:-1] for part in parts if is_parameter(part)]
    return (*parameters, *(Parameter(name, "path", required=True, schema={}) for name in names if name not in known))


def _check_size(document: Mapping[str, Any]) -> None:
    """Raise ValueError for a document that is too large once its references are resolved."""
    left, waiting = MAX_NODES, [(document, frozenset[str]())]
    while waiting:
        node, above = waiting.pop()
        left -= 1
        if left < 0:
            raise ValueError(f"the document has more than {MAX_NODES} parts once its references are resolved")
        if isinstance(node, list):
            waiting += [(item, above) for item in node]
        elif isinstance(node, Mapping):
            waiting += [(item, above) for item in node.values()]
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in above:
                with suppress(IndexError, KeyError, TypeError, ValueError):  # in an example it is a text like others
                    waiting.append((_at(reference, document), above | {reference}))


def _operation(path: str, method: str, described: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    request = _target(described.get("requestBody", {}), document)
    responses = {str(status): _target(entry, document) for status, entry in described["responses"].items()}
    status = next((status for status in sorted(responses) if status.isdecimal() and status.startswith("2")), "200")
    asked, answered = _json(request), _json(responses.get(status, {}))
    refusals = _examples(responses.get("4XX", {}).get("content", {}).get(PROBLEM, {}), document)
    return Operation(
        name=described.get("operationId", f"{method} {path}"),
        method=method.upper(),
        path=path,
        roles=tuple(described.get("x-roles", ())),
        unlisted_roles=tuple(described.get("x-unlisted-roles", ())),
        parameters=tuple(_parameters(described.get("parameters", ()), document)),
        takes_body="requestBody" in described,
        requires_body=bool(request.get("required")),
        request_schema=_schema(asked.get("schema", {}), document),
        request_examples={name: example["value"] for name, example in _examples(asked, document).items()},
        response_status=int(status),
        response_schema=_schema(answered.get("schema", {}), document),
        response_examples={name: example["value"] for name, example in _examples(answered, document).items()},
        refusal_examples={name: (entry["x-status"], entry["value"]) for name, entry in refusals.items()},
    )


def _parameters(entries: Iterable[Any], document: Mapping[str, Any]) -> Iterator[Parameter]:
    for entry in entries:
        parameter = _target(entry, document)
        if parameter["in"] not in {"path", "query"}:
            continue
        schema = _schema(parameter.get("schema", {}), document)
        shown = next(iter(_examples(parameter, document).values()), {}).get("value", schema.get("example"))
        place = cast('Literal["path", "query"]', parameter["in"])
        yield Parameter(parameter["name"], place, bool(parameter.get("required")), schema, shown)


def _json(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a request or a response says of its JSON content, nothing without one."""
    content: Mapping[str, Mapping[str, Any]] = described.get("content", {})
    return content.get(JSON) or next((media for name, media in content.items() if name.endswith("json")), {})


def _examples(media: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the examples by name; a single one without a name is the page's."""
    if "example" in media:
        return {"page": {"value": media["example"]}}
    return {name: _target(example, document) for name, example in media.get("examples", {}).items()}


def _target(node: Any, document: Mapping[str, Any]) -> Any:
    """Return what a reference stands for, or the node itself."""
    seen = set()
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        if node["$ref"] in seen:
            raise ValueError(f"The reference {node['$ref']!r} leads back to itself.")
        seen.add(node["$ref"])
        node = _at(node["$ref"], document)
    return node


def _at(reference: str, document: Mapping[str, Any]) -> Any:
    if not reference.startswith("#/"):
        raise ValueError(f"The reference {reference!r} leads out of the document. Allowed is #/….")
    node: Any = document
    for key in reference.removeprefix("#/").split("/"):
        node = node[key.replace("~1", "/").replace("~0", "~")]
    return node


def _schema(schema: Any, document: Mapping[str, Any], above: tuple[str, ...] = ()) -> Any:
    """Return a schema with its references resolved; one that leads back to itself is left open."""
    if isinstance(schema, list):
        return [_schema(item, document, above) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return {} if reference in above else _schema(_at(reference, document), document, (*above, reference))
    return _with_null({key: _keyword(key, value, document, above) for key, value in schema.items()})


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 as validators of JSON Schema read it: they do not know `nullable`."""
    if schema.get("nullable") is not True or not isinstance(schema.get("type"), str):
        return schema
    values = {"enum": [*schema["enum"], None]} if None not in schema.get("enum", [None]) else {}
    others = {key: value for key, value in schema.items() if key != "nullable"}
    return {**others, **values, "type": [schema["type"], "null"]}


def _keyword(key: str, value: Any, document: Mapping[str, Any], above: tuple[str, ...]) -> Any:
    if key in _VALUES:
        return value
    if key in _BY_NAME and isinstance(value, Mapping):
        return {name: _schema(below, document, above) for name, below in value.items()}
    return _schema(value, document, above)

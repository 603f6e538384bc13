"""Forty pages are drafted as their expectations say, or refused. `pages/README.md` explains the expectations."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from engine_contract.contract.draft import Draft, PageError, draft
from engine_contract.text.unmarked import read_text

PAGES = sorted((Path(__file__).parent / "pages").glob("*.txt"))
ABSENT = object()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_drafted_as_its_expectation_says(page: Path) -> None:
    """A draft has what the page determines; a page that is not in the format is refused with its line."""
    expected = yaml.safe_load(page.with_name(f"{page.stem}.expected.yaml").read_text(encoding="utf-8"))
    try:
        drafted = draft(read_text(page))
    except PageError as error:
        differences = list(_of_refusal(str(error), expected.get("refused")))
    else:
        differences = (
            ["it is drafted, and should be refused"] if "refused" in expected else list(_of(drafted, expected))
        )
    assert not differences, "\n".join(f"{page.stem}: {difference}" for difference in differences)


def _of_refusal(message: str, refused: dict[str, Any] | None) -> Iterator[str]:
    """Yield the differences between a refusal and what is expected of it."""
    if refused is None:
        yield f"it is refused: {message}"
        return
    lines = refused["line"] if isinstance(refused["line"], list) else [refused["line"]]
    found = re.search(r"\bline (\d+)", message)
    if not found or not lines[0] <= int(found[1]) <= lines[-1]:
        yield f"the refusal should name line {' to '.join(map(str, lines))}: {message}"
    for pattern in refused["expected"]:
        if not re.search(pattern, message):
            yield f"the refusal should match {pattern!r}: {message}"


def _of(drafted: Draft, expected: dict[str, Any]) -> Iterator[str]:
    """Yield the differences between a draft and what is expected of it."""
    ((path, methods),) = drafted.openapi["paths"].items()
    operation = _plain(next(iter(methods.values())), drafted.openapi)
    yield from _unequal("method", next(iter(methods)).upper(), expected["method"])
    yield from _unequal("path", path, expected["path"])
    yield from _of_parameters(operation.get("parameters", []), expected)
    yield from _of_rules(drafted.rules["rules"], expected)
    roles = operation.get("x-roles") or []
    yield from _unequal("roles", roles, [] if expected["roles"] == "any" else expected["roles"])
    body, answer = operation.get("requestBody"), operation["responses"]["200"]
    schemas = {"body": _media(body or {}).get("schema", {}), "response": _media(answer).get("schema", {})}
    if expected["body"] == "none":
        yield from _unequal("body", body, None)
    else:
        shape = expected["body"]
        yield from _of_shape("body", schemas["body"], shape | {"required": shape["required_keys"]})
        yield from _of_example("body", body or {}, shape.get("example", ABSENT))
    yield from _of_shape("response", schemas["response"], expected.get("response", {}))
    yield from _of_example("response", answer, expected["example_answer"])
    for row, wrapped in expected.get("response_wrapped", {}).items():
        named = row in schemas["response"].get("properties", {})
        if named != wrapped and not (
            isinstance(expected["example_answer"], dict) and row in expected["example_answer"]
        ):
            yield f"response: {row} should {'' if wrapped else 'not '}be a member of the answer"
    for entry in expected.get("open_schemas", []):
        where, _, pointer = entry["at"].partition("/")
        yield from _closed(entry, _at(schemas[where], pointer or "."))


def _of_parameters(parameters: list[Any], expected: dict[str, Any]) -> Iterator[str]:
    """Yield the differences in the parameters of path and query."""
    path = {each["name"]: each["schema"].get("type") for each in parameters if each["in"] == "path"}
    yield from _unequal("path parameters", path, expected["path_parameters"])
    query = {each["name"]: each for each in parameters if each["in"] == "query"}
    yield from _unequal("query parameters", list(query), [each["name"] for each in expected["query_parameters"]])
    for entry in expected["query_parameters"]:
        found = query.get(entry["name"], {"schema": {}})
        yield from _unequal(f"query {entry['name']}: type", found["schema"].get("type"), entry["type"])
        yield from _unequal(f"query {entry['name']}: required", found.get("required", False), entry["required"])
        example = next(iter(_examples(found) or _examples(found["schema"])), "none")
        yield from _unequal(f"query {entry['name']}: example", example, entry["example"])


def _of_rules(rules: list[dict[str, Any]], expected: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the rules: an id that stands twice, or a quote of what is not an example."""
    ids = [rule["id"] for rule in rules]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        yield f"rules: these ids stand more than once: {twice}"
    if expected["roles"] == "any" and "roles.others" in ids:
        yield "rules: the page lists no roles, so none is refused (roles.others)"
    if expected["roles"] != "any":
        yield from (f"rules: roles.{role} is missing" for role in expected["roles"] if f"roles.{role}" not in ids)
    for rule in rules:
        quote = rule.get("quote") or []
        for line in [quote] if isinstance(quote, str) else quote:
            for words in expected.get("never_quoted", []):
                if words in line:
                    yield f"rules: {rule['id']} quotes {line!r}, which is not of an example"
            if line.strip() == "null":
                yield f"rules: {rule['id']} quotes null, which is not an example"


def _of_shape(name: str, schema: Any, shape: dict[str, Any]) -> Iterator[str]:
    """Yield the differences between a schema and the shape that is expected of it."""
    below = {"properties": "", "map_of": "/*", "items": "/[]"}
    types = {".": shape["type"]} if "type" in shape else {}
    for key, end in below.items():
        types |= {(f"{at}{end}".removeprefix("./") if end else at): of for at, of in shape.get(key, {}).items()}
    for pointer, expected in types.items():
        found = _at(schema, pointer)
        yield from _unequal(
            f"{name}: type at {pointer}", "no schema" if found is ABSENT else " or ".join(_types(found)), expected
        )
    required = shape.get("required", ABSENT)
    if required is not ABSENT:
        wanted = [] if required == "none" else sorted(required)
        yield from _unequal(f"{name}: required", sorted(_mapping(schema).get("required", [])), wanted)
    for pointer, keys in shape.get("not_required", {}).items():
        for key in set(keys) & set(_mapping(_at(schema, pointer)).get("required", [])):
            yield f"{name}: {key} should not be required at {pointer}"


def _of_example(name: str, holder: dict[str, Any], expected: Any) -> Iterator[str]:
    """Yield the differences between the one example of a body or an answer and what is expected of it."""
    media = _media(holder)
    examples = _examples(media)
    if expected is not ABSENT:
        yield from _unequal(f"{name}: examples", examples, [] if expected == "none" else [expected])
    for example in examples:
        validator = jsonschema_rs.validator_for(media.get("schema", {}))
        yield from (f"{name}: the example does not fit: {each.message}" for each in validator.iter_errors(example))


def _closed(entry: dict[str, Any], schema: Any) -> Iterator[str]:
    """Yield why a schema is not open, or that it lacks its note."""
    if schema is ABSENT:
        yield f"{entry['at']} has no schema; it should be open"
        return
    notes = {"title", "description", "example", "nullable"}
    admitted: list[tuple[str, Any]] = [
        ("type", entry.get("type")),
        ("additionalProperties", True),
        ("additionalProperties", {}),
    ]
    left = {key: value for key, value in _mapping(schema).items() if key not in notes and not key.startswith("x-")}
    if any(each not in admitted for each in left.items()):
        yield f"{entry['at']} should be open: {left}"
    if entry["note"] and not any(key == "description" or key.startswith("x-") for key in _mapping(schema)):
        yield f"{entry['at']} should say in a note why it is open: {schema}"


def _plain(node: Any, document: dict[str, Any]) -> Any:
    """Return a part of an OpenAPI document as JSON Schema: references followed, `nullable` as a type."""
    if isinstance(node, list):
        return [_plain(each, document) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str) and reference.startswith("#/"):
        target: Any = document
        for part in reference[2:].split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        return _plain(target, document)
    plain = {
        key: value
        if key in {"value", "example"}  # an example is data
        else {name: _plain(each, document) for name, each in value.items()}
        if key == "properties"
        else _plain(value, document)
        for key, value in node.items()
    }
    if plain.get("nullable") is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    if isinstance(alone := plain.get("allOf"), list) and len(alone) == 1 and isinstance(alone[0], dict):
        plain = alone[0] | {key: value for key, value in plain.items() if key != "allOf"}
    return plain


def _at(schema: Any, pointer: str) -> Any:
    """Return the schema at a pointer as README.md describes it, or ABSENT."""
    for part in [] if pointer == "." else pointer.split("/"):
        if part == "*":
            schema = _mapping(schema).get("additionalProperties", ABSENT)
            schema = ABSENT if isinstance(schema, bool) else schema
        elif part == "[]":
            array = _mapping(schema)
            # An array that does not speak of its items admits any.
            schema = array.get("items", {} if array.get("type") == "array" else ABSENT)
        else:
            schema = _mapping(_mapping(schema).get("properties")).get(part, ABSENT)
    return schema


def _types(schema: Any) -> list[str]:
    found = _mapping(schema).get("type", "anything")
    return [found] if isinstance(found, str) else sorted(found, key=lambda each: each == "null")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _media(holder: dict[str, Any]) -> dict[str, Any]:
    return _mapping(holder.get("content", {}).get("application/json"))


def _examples(holder: dict[str, Any]) -> list[Any]:
    """Return the examples of a parameter, schema or media type."""
    return (
        [holder["example"]] if "example" in holder else [each["value"] for each in holder.get("examples", {}).values()]
    )


def _unequal(name: str, found: Any, expected: Any) -> Iterator[str]:
    if found != expected or isinstance(found, bool) != isinstance(expected, bool):
        yield f"{name}: {found!r}, expected {expected!r}"

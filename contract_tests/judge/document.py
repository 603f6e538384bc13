"""A response's document against the schema and the ledger of its operation, at every depth."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from contract_tests.judge.received import MISSING, pattern, shape
from engine_contract.contract import Operation
from engine_contract.contract.rule_ids import words_of
from engine_contract.dependencies import require
from engine_contract.text.json_pointer import pointer_of
from engine_contract.text.masking import MASK

require(
    "jsonschema-rs",
    "jsonschema_rs:ValidationError.instance_path",
    "jsonschema_rs:ValidationError.kind",
    "jsonschema_rs:ValidationErrorKind.Required.property",
    "jsonschema_rs:ValidationErrorKind.name",
    breaks="flaws of a document could not be distinguished",
)

_ELEMENT = "*"
# Set before the keys of maps: the validator's paths give a key such as "0112" as the number 112.
_MAP_KEY = "="
# Keywords of an object or array that speak of all that is in it. Pages' JSON Schemas have them.
_OF_THE_WHOLE = frozenset(
    {"allOf", "anyOf", "oneOf", "not", "enum", "const", "uniqueItems"}
    | {"minProperties", "maxProperties", "minItems", "maxItems"}
)
_MAX_ERRORS = 2_000  # a document of 2,000 tasks may break one rule 2,000 times
_MIN_DOCUMENTED_FIELDS = 3  # with fewer, an object is not a faulty job but something else

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One place of a document that breaks a rule, and with `more` those where something else was received."""

    rule: str
    pointer: str
    received: str
    documented: str
    more: tuple[tuple[str, str], ...] = ()


def judge_document(operation: Operation, document: Any, *, is_redacted: bool = False) -> list[Flaw]:
    """Return the document's flaws, one for each rule that it breaks, with the first place and the number of others.

    The ids of rules are without the operation's prefix. `is_redacted`: a mask in the document may have been any value.
    """
    if (flaw := _not_the_document(operation, document)) is not None:
        return [flaw]
    found: dict[str, dict[Path, str]] = {}
    for path, received in _errors(operation, document, is_redacted=is_redacted):
        rule_id = _owner(operation, path, missing=received == MISSING)
        if rule_id is not None:
            found.setdefault(rule_id, {}).setdefault(path, received)
    return [_flaw(operation, rule_id, list(places.items())) for rule_id, places in found.items()]


def identity_flaw(document: Any, job_id: str) -> tuple[str, str] | None:
    """Return what was received and what is documented, if the document names another job than `job_id`."""
    if not isinstance(document, dict) or not isinstance(document.get("_id"), str) or document["_id"] == job_id:
        return None
    return f"_id {show(document['_id'])}", f"the job that was canceled, _id {show(job_id)}"


def seen_fields(operation: Operation, document: Any) -> frozenset[tuple[str, ...]]:
    """Return the places of the ledger at which the document has a value."""
    seen: set[tuple[str, ...]] = {()}

    def walk(node: Any, schema: Mapping[str, Any], at: tuple[str, ...]) -> None:
        for key, child, sub in _children(node, schema):
            place = (*at, key if key in schema.get("properties", {}) and isinstance(key, str) else _ELEMENT)
            seen.add(place)
            walk(child, sub, place)

    walk(document, operation.response_schema, ())
    return frozenset(seen)


def show(value: Any) -> str:  # noqa: PLR0911 - a line a kind
    """Return a value as a person would name it, cut if it is long."""
    match value:
        case None:
            return "null"
        case bool():
            return f"{str(value).lower()} (a boolean)"
        case int() | float():
            return f"{value} (a number)"
        case str():
            return f'"{_sound(value[:80])}{"…" if len(value) > 80 else ""}" (a string)'
        case list():
            return f"an array of {len(value)}"
        case dict():
            keys = ", ".join(_sound(str(key)[:40]) for key in list(value)[:5])
            return f"an object with {keys}{', …' if len(value) > 5 else ''}" if value else "an empty object"
    return type(value).__name__


def _not_the_document(operation: Operation, document: Any) -> Flaw | None:
    """Return the flaw of a value that is not the documented object at all, or holds it deeper."""
    if not _documented_keys(operation):
        return None
    noun = "job" if operation.is_contract else "document"
    documented = f"the {noun} itself, a JSON object as in the page's example"
    if not isinstance(document, dict):
        is_around = isinstance(document, list) and any(_looks_alike(operation, item) for item in document)
        inside = f" with the {noun} in it" if is_around else ""
        return Flaw("response.document", "", show(document) + inside, documented)
    if _looks_alike(operation, document):
        return None
    for key, value in document.items():
        if _looks_alike(operation, value):
            received = f"the {noun} wrapped in {key!r}"
            return Flaw("response.document", pointer_of([_sound(key)]), received, f"{documented}, not wrapped")
    if not operation.is_contract:
        return None  # which fields another page's document needs is the schema's to say
    return Flaw("response.document", "", f"{show(document)}, which is not a job document", documented)


def _documented_keys(operation: Operation) -> frozenset[str]:
    """Return the names of a documented object's fields; none where the document is another value, or is open."""
    schema = operation.response_schema
    return frozenset(schema.get("properties", {})) if schema.get("type") == "object" else frozenset()


def _looks_alike(operation: Operation, value: Any) -> bool:
    keys = _documented_keys(operation)
    return isinstance(value, dict) and len(keys & value.keys()) >= min(_MIN_DOCUMENTED_FIELDS, len(keys))


def _errors(operation: Operation, document: Any, *, is_redacted: bool) -> Iterator[tuple[Path, str]]:
    """Yield each place that does not fit the schema, and the value there."""
    # Only what the schema describes is looked at: added fields may hold anything, at any depth.
    known = _project(document, operation.response_schema)
    for count, error in enumerate(_validator(operation).iter_errors(known)):
        if count >= _MAX_ERRORS:
            return
        path = tuple(_key(part) for part in error.instance_path)
        if error.kind.name == "required":
            yield (*path, error.kind.property), MISSING
            continue
        value = _at(document, path)
        if not (is_redacted and _holds_mask(value, deep=error.kind.name != "type")):
            yield path, show(value)


def _holds_mask(value: Any, *, deep: bool) -> bool:
    """Return whether a value is masked, or where `deep` anything in it."""
    return MASK in (json.dumps(value) if deep else value if isinstance(value, str) else "")


@cache
def _validator(operation: Operation) -> Any:
    return jsonschema_rs.Draft202012Validator(_expected_schema(operation), validate_formats=True)


def _expected_schema(operation: Operation) -> dict[str, Any]:
    """Return the response schema; it also requires the fields whose absence breaks an assumed rule."""
    schema: dict[str, Any] = copy.deepcopy(dict(operation.response_schema))
    for rule in operation.rules:
        if rule.field is None or not rule.id.endswith(".present"):
            continue
        *parents, name = rule.field
        node = schema
        for key in parents:
            node = _below(node, key)
        node.setdefault("required", []).append(name)
    return schema


def _below(schema: dict[str, Any], key: str) -> dict[str, Any]:
    below: Any = (
        schema["properties"][key] if key != _ELEMENT else schema.get("additionalProperties", schema.get("items"))
    )
    return below  # type: ignore[no-any-return]


def _children(node: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str | int, Any, Mapping[str, Any]]]:
    """Yield the parts of a value that the schema describes."""
    if isinstance(node, dict):
        named = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for key, child in node.items():
            if key in named:
                yield key, child, named[key]
            elif isinstance(others, Mapping):
                yield key, child, others
    elif isinstance(node, list) and schema.get("items"):
        for index, child in enumerate(node):
            yield index, child, schema["items"]


def _project(node: Any, schema: Mapping[str, Any]) -> Any:
    """Return the value without the parts that the schema does not describe."""
    if not isinstance(node, dict | list) or _OF_THE_WHOLE & schema.keys():
        return _whole(node)
    if isinstance(node, list):
        return [_project(child, sub) for _, child, sub in _children(node, schema)]
    named = schema.get("properties", {})
    return {
        key if key in named else f"{_MAP_KEY}{_sound(str(key))}": _project(child, sub)
        for key, child, sub in _children(node, schema)
    }


def _whole(node: Any) -> Any:
    """Return the value as the validator takes it."""
    if isinstance(node, dict):
        return {_sound(str(key)): _whole(child) for key, child in node.items()}
    if isinstance(node, list):
        return [_whole(child) for child in node]
    if isinstance(node, str):
        return _sound(node)
    if isinstance(node, int | float) and abs(node) > 2**63:
        return min(float(node), 1e300) if abs(node) < 10**300 else 1e300  # beyond what a float can hold
    return node


def _sound(text: str) -> str:
    """Return the text with lone surrogates replaced: JSON allows them, UTF-8 does not."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _key(part: str | int) -> str | int:
    """Return a part of an error's path as the document has it."""
    return part.removeprefix(_MAP_KEY) if isinstance(part, str) else part


@cache
def _owners(operation: Operation) -> dict[tuple[str, ...], dict[str, str]]:
    """Return the rules by the place they own: place → {"type": rule, "present": rule}."""
    owners: dict[tuple[str, ...], dict[str, str]] = {}
    for rule in operation.rules:
        if rule.field is not None:
            kind = "present" if rule.id.endswith(".present") else "type"
            owners.setdefault(rule.field, {})[kind] = rule.id.removeprefix(operation.rule_prefix)
    return owners


def _owner(operation: Operation, path: Path, *, missing: bool) -> str | None:
    """Return the rule that owns a place of a document, or the nearest place above it; None where no rule does."""
    place = tuple(words_of(path, operation.response_schema, entry=_ELEMENT))
    rules = _owners(operation)
    if missing and "present" in rules.get(place, {}):
        return rules[place]["present"]
    while place and "type" not in rules.get(place, {}):
        place = place[:-1]
    return rules.get(place, {}).get("type")


def _flaw(operation: Operation, rule_id: str, places: list[tuple[Path, str]]) -> Flaw:
    more = f", and so at {len(places) - 1} more places" if len(places) > 1 else ""
    differing: dict[tuple[object, str], tuple[str, str]] = {}
    for path, received in places:
        pointer = pointer_of(_sound(str(key)) for key in path)
        differing.setdefault((pattern(pointer), shape(received)), (pointer, received))
    (pointer, received), *others = differing.values()
    rule = operation.rule(rule_id)
    return Flaw(rule_id, pointer, f"{received}{more}", rule.title if rule else rule_id, tuple(others))


def _at(document: Any, path: Path) -> Any:
    for key in path:
        if isinstance(document, dict) and key not in document:
            return None  # a key with a lone surrogate, which the path has replaced
        document = document[key]
    return document

"""The ledger of a page's rules: each statement with the lines that it comes from, verbatim."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine_contract.contract.draft.block import Block
from engine_contract.contract.draft.kinds import ANY_TYPE
from engine_contract.contract.draft.lines import Text, quotable
from engine_contract.contract.draft.page import Page
from engine_contract.contract.draft.request import Request
from engine_contract.contract.draft.response import is_bare, response_schema
from engine_contract.contract.draft.schema import (
    ANY,
    Place,
    Schema,
    disagreement,
    is_nameable,
    lines_of_example,
    lines_of_schema,
    places,
    type_of,
    with_article,
)
from engine_contract.contract.draft.table import Row
from engine_contract.contract.rule_ids import ENTRY, rule_id

Entry = dict[str, Any]


def draft_ledger(page: Page, text: Text) -> dict[str, Any]:
    """Return furniture and rules, in the form of `rules.yaml`."""
    rules = [*_route(page), *_roles(page), *_request(page, text), *_effects(page), *_response(page, text)]
    schema = page.parameters.schema
    of_schema = () if schema is None else tuple(map(text.line, schema.lines()))  # it stands in the OpenAPI document
    return {"furniture": list(quotable((*page.furniture, *of_schema))), "rules": list(_each_with_its_own_id(rules))}


def _each_with_its_own_id(rules: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the rules; an id that another rule has, such as that of a role named `none`, gets a number."""
    ids: dict[int, str] = {}
    taken: set[str] = set()
    last: dict[str, int] = {}
    for index in sorted(range(len(rules)), key=lambda index: not _is_of_every_page(rules[index])):
        wanted = name = rule_id(rules[index]["id"])
        while name in taken:
            last[wanted] = last.get(wanted, 1) + 1
            name = f"{wanted}.{last[wanted]}"
        taken.add(name)
        ids[index] = name
    for index, entry in enumerate(rules):
        yield {**entry, "id": ids[index]}


def _is_of_every_page(entry: Entry) -> bool:
    """Return whether a rule has an id that checks know, and not one of a name on the page."""
    return entry["level"] == "implied" or entry.get("field") == ""


def _entry(rule_id: str, level: str, title: str, **more: Any) -> Entry:
    """Return an entry; a field stands before the title, and one quote is a plain text."""
    quotes = more.pop("quote", ())
    entry: Entry = {"id": rule_id, "level": level}
    if "field" in more:
        entry["field"] = more.pop("field")
    entry["title"] = title
    if quotes:
        entry["quote"] = quotes[0] if len(quotes) == 1 else list(quotes)
    return {**entry, **more}


def _route(page: Page) -> Iterator[Entry]:
    title = f"The operation is served as {page.method} at its path"
    yield _entry("route.path", "documented", title, quote=quotable(page.route))


def _roles(page: Page) -> Iterator[Entry]:
    if not page.roles and not page.has_empty_roles:
        return
    for role, line in page.roles:
        yield _entry(f"roles.{role}", "documented", f"The role {role} may call {page.name}", quote=[line.text])
    listed = "the page lists the roles that may" if page.roles else "the page leaves its section Roles empty"
    if page.roles:
        yield _entry(
            "roles.others",
            "implied",
            "A role that is not listed is refused",
            reason="The page lists the roles that may; the list is the whole access policy.",
        )
    else:
        why = "The page's section Roles is empty: whoever has a credential may."
        yield _entry("roles.any", "implied", f"Every role may call {page.name}", reason=why)
    for name, title, why in (
        ("none", "A request without a credential is refused", "Without a credential there is no role"),
        ("empty", "An empty credential is refused", "An empty credential belongs to no role"),
        ("wrong", "A wrong credential is refused", "A credential that nobody was given belongs to no role"),
    ):
        yield _entry(f"roles.{name}", "implied", title, reason=f"{why}, and {listed}.")


def _request(page: Page, text: Text) -> Iterator[Entry]:
    request = Request(page)
    for row in page.parameters.rows:
        yield from _parameter(page, request, row)
    yield from _within_body(page, request, text)
    if page.parameters.example is None:
        return
    shown = _quotes(page.parameters.example.lines(), text)
    if not request.has_body:
        if shown:
            yield _entry("request.example", "documented", "The page's example is a valid request", quote=shown)
        return
    kind = f"a JSON {type_of(request.body)}"
    for row in request.body_rows:
        if row.required and not request.is_bare:
            yield _entry(
                f"request.{row.name}.location",
                "implied",
                f"{row.name} is taken from the body; in the query in its place it is refused",
                quote=shown,
                reason=f"The page's example sends {row.name} in a JSON body; without it there it is missing.",
            )
    if isinstance(request.body, dict | list):
        title = f"A body that is not {kind} is refused"
        why = f"The page's example is {kind}; in anything else the parameters are missing."
        yield _entry("request.body", "implied", title, quote=shown, reason=why)
    title = "A JSON body with the parameters is a valid request"
    why = f"The page's example of the parameters is {kind}."
    yield _entry("request.json", "implied", title, quote=shown, reason=why)


def _parameter(page: Page, request: Request, row: Row) -> Iterator[Entry]:
    quote = quotable(row.lines)
    is_in_path = row.name in page.path_parameters
    if row.required and not is_in_path:
        title = f"A request without {row.name} is refused"
        yield _entry(f"request.{row.name}.required", "documented", title, quote=quote)
    if row.type == ANY_TYPE:
        title = f"{row.name} is of the type {row.kind.said}"
        reason = "The table leaves open which type of JSON that is."
        yield _entry(f"request.{row.name}.type", "assumed", title, quote=quote, reason=reason)
        return
    title = f"{with_article(row.name).replace('a', 'A', 1)} that is not {with_article(row.type)} is refused"
    node = request.node(row.name)
    if node is not None and (why := disagreement(row.type, node.value)):
        yield _entry(
            f"request.{row.name}.type", "assumed", title, quote=quote, reason=f"The page contradicts itself: {why}."
        )
        return
    if is_in_path:
        title = f"{row.name} in the path is of type {row.type}"
    yield _entry(f"request.{row.name}.type", "documented", title, quote=quote)


def _within_body(page: Page, request: Request, text: Text) -> Iterator[Entry]:
    """Yield the rules of what is within the body's parameters, as table and JSON Schema say."""
    schema, rows = page.parameters.schema, {row.name: row for row in request.body_rows}
    outer = () if request.is_bare or not request.is_bare_schema else tuple(rows)
    lines: dict[Place, dict[str, None]] = defaultdict(dict)
    for place, number in () if schema is None else lines_of_schema(schema, outer):
        lines[_keys(place)] |= dict.fromkeys(_quotes([number], text))
    for row in rows.values():
        at = () if request.is_bare else (row.name,)
        within = {line for _, part in row.inner for line in part.lines}
        lines[at] |= dict.fromkeys(quotable(tuple(line for line in row.lines if line not in within)))
        for place, part in row.inner:
            lines[(*at, *_keys(place))] |= dict.fromkeys(quotable(part.lines))
    for place, below, is_required in _said(request.said):
        if not request.is_bare and place[0] in rows and len(place) == 1:
            continue
        keys = _keys(place)
        *_, quote = ({}, *(lines[keys[:end]] for end in range(len(keys) + 1) if lines.get(keys[:end])))
        words = _words(place)
        if is_required:
            title = f"{'.'.join(words[:-1]) or 'A request'} without {words[-1]} is refused"
            yield _entry(".".join(("request", *words, "required")), "documented", title, quote=tuple(quote))
        if isinstance(below.get("type"), str):
            title = f"{'.'.join(words)} that is not {with_article(below['type'])} is refused"
            yield _entry(".".join(("request", *words, "type")), "documented", title, quote=tuple(quote))


def _keys(place: Place) -> Place:
    """Return a place without what says that there are many: a table may leave that out."""
    return tuple(key for key in place if key not in {ANY, "[]"})


def _said(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema, bool]]:
    """Yield each place within a schema, outermost first, and whether it is required."""
    inner = [(name, below) for name, below in schema.get("properties", {}).items() if is_nameable(name)]
    inner += [(ANY, schema[key]) for key in ("additionalProperties", "items") if isinstance(schema.get(key), dict)]
    for name, below in inner:
        yield (*place, name), below, name in schema.get("required", ())
        yield from _said(below, (*place, name))


def _effects(page: Page) -> Iterator[Entry]:
    lines = quotable((*page.description, *page.summary))
    title = f"A valid request does what the page says: {lines[0]}"
    yield _entry("effects.done", "documented", title, quote=lines)


def _response(page: Page, text: Text) -> Iterator[Entry]:
    block = page.returned
    schema = response_schema(block)
    if schema is None:
        return
    of_example = _by_place(() if block.example is None else lines_of_example(block.example, schema), schema, text)
    of_schema = _by_place(() if block.schema is None else lines_of_schema(block.schema), schema, text)
    said = [quote for row in block.rows for quote in quotable(row.lines)]
    shown = [quote for found in of_example.values() for quote in found][:1]
    first = [*said, *shown, *(quote for found in of_schema.values() for quote in found)][:1]
    why = "The page documents an answer with what is returned, hence neither an error nor a redirect."
    title = "A valid request is answered with a success"
    yield _entry("transport.status", "implied", title, quote=first, reason=why)
    if shown:
        why = "The page's example of the answer is JSON; a client knows it by the content type."
        yield _entry("transport.content_type", "implied", "The answer is sent as JSON", quote=shown, reason=why)
        why = "The page's example of the answer is JSON."
        yield _entry("transport.json", "implied", "The answer is well-formed JSON", quote=shown, reason=why)
    of_rows = _of_rows(block, schema)
    lines_of: dict[Place, tuple[str, ...]] = {}
    for place, below in places(schema):
        own = [*of_rows.get(place, ()), *of_example.get(place, ()), *of_schema.get(place, ())]
        # A bracket alone says nothing: what it opens is behind the name before it, or the first thing within.
        lines_of[place] = tuple(dict.fromkeys(own)) or lines_of.get(place[:-1], tuple(first))
        rule_id = "response.document" if not place else ".".join(("response", *_words(place)))
        title = f"{_named(place)} is {_described(below)}"
        field = ".".join(place)
        if lines_of[place]:
            yield _entry(rule_id, "documented", title, field=field, quote=lines_of[place])
        else:  # all that the page shows is a bracket
            yield _entry(rule_id, "implied", title, field=field, reason="The page's example of the answer shows it.")


def _quotes(numbers: Iterable[int], text: Text) -> tuple[str, ...]:
    """Return the lines of these numbers that say something; null says nothing."""
    return tuple(line for line in quotable(tuple(map(text.line, numbers))) if line.rstrip(",") != "null")


def _of_rows(block: Block, schema: Schema) -> dict[Place, list[str]]:
    """Return the lines of the table by place: a row speaks of the whole answer unless it names a member of it."""
    known = {place for place, _ in places(schema)}
    found: dict[Place, list[str]] = defaultdict(list)
    for row in block.rows:
        place = (row.name,)
        found[() if is_bare(block) or place not in known else place] += quotable(row.lines)
    return found


def _by_place(located: Iterable[tuple[Place, int]], schema: Schema, text: Text) -> dict[Place, list[str]]:
    """Return lines by the place that they speak of; one that the schema does not have is that before it."""
    known = {place for place, _ in places(schema)}
    found: dict[Place, dict[str, None]] = defaultdict(dict)
    for place, number in located:
        here = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in known)
        found[here] |= dict.fromkeys(_quotes([number], text))
    return {place: list(quotes) for place, quotes in found.items() if quotes}


def _named(place: Place) -> str:
    return ".".join(place) if place else "The answer"


def _words(place: Place) -> tuple[str, ...]:
    return tuple(ENTRY if key == ANY else key for key in place)


def _described(schema: Schema) -> str:
    kind = schema.get("type")
    if schema.get("format") == "date-time":
        return "an RFC 3339 date-time"
    if kind is None:
        return "there, of any type"
    if kind == "array" and schema.get("items", {}).get("type"):
        return f"an array of {schema['items']['type']}s"
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    return with_article(kind)

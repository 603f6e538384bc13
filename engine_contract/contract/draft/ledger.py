"""The ledger of a page's rules: each statement with the lines that it comes from, verbatim."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from engine_contract.contract.draft.block import Block
from engine_contract.contract.draft.lines import Text, quotable
from engine_contract.contract.draft.openapi import WITHOUT_BODY, body_rows, is_bare, request_schema, response_schema
from engine_contract.contract.draft.page import Page
from engine_contract.contract.draft.schema import (
    ANY,
    Place,
    Schema,
    lines_of_example,
    lines_of_schema,
    places,
    with_article,
)

Entry = dict[str, Any]


def draft_ledger(page: Page, text: Text) -> dict[str, Any]:
    """Return furniture and rules, in the form of `rules.yaml`."""
    rules = [*_route(page), *_roles(page), *_request(page, text), *_effects(page), *_response(page, text)]
    return {"furniture": list(quotable(page.furniture)), "rules": rules}


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
    yield _entry("route.path", "documented", title, quote=[page.route.text])


def _roles(page: Page) -> Iterator[Entry]:
    if not page.roles:
        return
    for role, line in page.roles:
        yield _entry(f"roles.{role}", "documented", f"The role {role} may call {page.name}", quote=[line.text])
    listed = "the page lists the roles that may"
    yield _entry(
        "roles.others",
        "implied",
        "A role that is not listed is refused",
        reason="The page lists the roles that may; the list is the whole access policy.",
    )
    for name, title, why in (
        ("none", "A request without a credential is refused", "Without a credential there is no role"),
        ("empty", "An empty credential is refused", "An empty credential belongs to no role"),
        ("wrong", "A wrong credential is refused", "A credential that nobody was given belongs to no role"),
    ):
        yield _entry(f"roles.{name}", "implied", title, reason=f"{why}, and {listed}.")


def _request(page: Page, text: Text) -> Iterator[Entry]:
    block = page.parameters
    in_body = body_rows(page)
    for row in block.rows:
        quote = quotable(row.lines)
        where = "path" if row.name in page.path_parameters else "body" if row in in_body else "query"
        if row.required and where != "path":
            title = f"A request without {row.name} is refused"
            yield _entry(f"request.{row.name}.required", "documented", title, quote=quote)
        title = f"{row.name} in the path is of type {row.type}"
        if where != "path":
            title = f"A {row.name} that is not {with_article(row.type)} is refused"
        yield _entry(f"request.{row.name}.type", "documented", title, quote=quote)
    shown = _shown(block, request_schema(page) or {}, text)
    if not shown:
        return
    if page.method in WITHOUT_BODY:
        yield _entry("request.example", "documented", "The page's example is a valid request", quote=shown)
        return
    for row in in_body:
        if row.required:
            yield _entry(
                f"request.{row.name}.location",
                "implied",
                f"{row.name} is taken from the body; in the query in its place it is refused",
                quote=shown,
                reason=f"The page's example sends {row.name} in a JSON body; without it there it is missing.",
            )
    yield _entry(
        "request.body",
        "implied",
        "A body that is not a JSON object is refused",
        quote=shown,
        reason="The page's example is a JSON object; in anything else the parameters are missing.",
    )
    yield _entry(
        "request.json",
        "implied",
        "A JSON body with the parameters is a valid request",
        quote=shown,
        reason="The page's example of the parameters is a JSON object.",
    )


def _effects(page: Page) -> Iterator[Entry]:
    lines = quotable((*page.description, *page.summary))
    title = f"A valid request does what the page says: {lines[0]}"
    yield _entry("effects.done", "documented", title, quote=lines)


def _response(page: Page, text: Text) -> Iterator[Entry]:
    block = page.returned
    schema = response_schema(page)
    if schema is None:
        return
    said = [quote for row in block.rows for quote in quotable(row.lines)]
    quotes = _by_place(block, schema, text)
    first = [*said, *(quote for found in quotes.values() for quote in found)][:1]
    why = "The page documents an answer with what is returned, hence neither an error nor a redirect."
    title = "A valid request is answered with a success"
    yield _entry("transport.status", "implied", title, quote=first, reason=why)
    if shown := [quote for found in quotes.values() for quote in found][:1]:
        why = "The page's example of the answer is JSON; a client knows it by the content type."
        yield _entry("transport.content_type", "implied", "The answer is sent as JSON", quote=shown, reason=why)
        why = "The page's example of the answer is JSON."
        yield _entry("transport.json", "implied", "The answer is well-formed JSON", quote=shown, reason=why)
    of_rows: dict[Place, tuple[str, ...]] = (
        {} if is_bare(block) else {(row.name,): quotable(row.lines) for row in block.rows}
    )
    lines_of: dict[Place, tuple[str, ...]] = {}
    for place, below in places(schema):
        own = [*(said if not place and not of_rows else of_rows.get(place, ())), *quotes.get(place, ())]
        # A bracket alone says nothing: what it opens is behind the name before it, or the first thing within.
        lines_of[place] = tuple(dict.fromkeys(own)) or lines_of.get(place[:-1], tuple(first))
        rule_id = "response.document" if not place else ".".join(("response", *_words(place)))
        title = f"{_named(place)} is {_described(below)}"
        yield _entry(rule_id, "documented", title, field=".".join(place), quote=lines_of[place])


def _shown(block: Block, schema: Schema, text: Text) -> tuple[str, ...]:
    return tuple(dict.fromkeys(quote for found in _by_place(block, schema, text).values() for quote in found))


def _by_place(block: Block, schema: Schema, text: Text) -> dict[Place, list[str]]:
    """Return the lines of the example and the JSON Schema by the place that they speak of."""
    found: dict[Place, list[str]] = defaultdict(list)
    for place, number in _located(block, schema):
        found[place] += [quote for quote in quotable((text.line(number),)) if quote not in found[place]]
    return {place: quotes for place, quotes in found.items() if quotes}


def _located(block: Block, schema: Schema) -> Iterable[tuple[Place, int]]:
    if block.example is not None:
        yield from lines_of_example(block.example, schema)
    if block.schema is not None:
        yield from lines_of_schema(block.schema)


def _named(place: Place) -> str:
    return ".".join(place) if place else "The answer"


def _words(place: Place) -> tuple[str, ...]:
    return tuple("entry" if key == ANY else key for key in place)


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

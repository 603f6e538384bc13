"""The request: which parameter travels where, with the example and the schema that the page has of it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.json_schema import from_json_schema
from engine_contract.contract.draft.located_json import Node
from engine_contract.contract.draft.notes import GUESSED, noted, opened
from engine_contract.contract.draft.page import Page
from engine_contract.contract.draft.schema import Schema, disagreement, infer, of_row, type_of, with_article
from engine_contract.contract.draft.table import Row

_ALLOWED = "Allowed is an object of the parameters."


@dataclass(frozen=True)
class Request:
    """The reading of a page's parameters."""

    page: Page

    @cached_property
    def has_body(self) -> bool:
        """Return whether anything travels in the body. That of a DELETE has one only if the page shows it."""
        block = self.page.parameters
        others = [row for row in block.rows if row.name not in self.page.path_parameters]
        shown = block.example is not None and self._outside_the_path(block.example)
        if self.page.method == "GET":
            return False
        if self.page.method == "DELETE":
            return shown or bool(others and block.schema is not None)
        return bool(others) or shown or bool(self.given and self.given.get("properties"))

    def _outside_the_path(self, example: Node) -> bool:
        """Return whether an example shows more than the path's parameters."""
        names = self.page.path_parameters
        if isinstance(example.value, dict):
            return not names or bool(example.value.keys() - set(names))
        rows = self.page.parameters.rows
        return [row.name for row in rows] != list(names) or len(names) != 1

    @property
    def body_rows(self) -> tuple[Row, ...]:
        """Return the parameters that travel in the body."""
        return self._others if self.has_body else ()

    @property
    def query_rows(self) -> tuple[Row, ...]:
        """Return the parameters that travel in the query."""
        return () if self.has_body else self._others

    @cached_property
    def _others(self) -> tuple[Row, ...]:
        return tuple(row for row in self.page.parameters.rows if row.name not in self.page.path_parameters)

    @cached_property
    def bare_row(self) -> Row | None:
        """Return the one parameter whose bare value the example is; None if the example has the names of parameters."""
        example = self.page.parameters.example
        rows = self._others or self.page.parameters.rows
        if example is None or len(rows) != 1:
            return None
        (row,) = rows
        if not isinstance(example.value, dict):
            return row
        if row.name in example.value and not disagreement(row.type, example.value[row.name]):
            return None
        names = self.page.path_parameters
        return row if row.type == "object" and not example.value.keys() <= set(names) else None

    @cached_property
    def is_bare(self) -> bool:
        """Return whether the body is the bare value of the one parameter: the page shows it, and does not wrap it."""
        if not self.has_body or len(self._others) != 1:
            return False
        if self.page.parameters.example is not None:
            return self.bare_row is not None and (self.given is None or self.is_bare_schema)
        return self.is_bare_schema

    def node(self, name: str) -> Node | None:
        """Return what the example shows of a parameter."""
        example = self.page.parameters.example
        if example is None:
            return None
        if self.bare_row is not None and self.bare_row.name == name:
            return example
        return example.children.get(name) if isinstance(example.value, dict) else None

    @cached_property
    def body(self) -> Any:
        """Return the example of the body, None if the page shows none. Raise PageError."""
        example = self.page.parameters.example
        if example is None or not self.has_body:
            return None
        if self.bare_row is not None:
            return example.value if self.is_bare else {self.bare_row.name: example.value}
        if isinstance(example.value, dict):
            return {key: value for key, value in example.value.items() if key not in self.page.path_parameters}
        if self._others:
            raise PageError(example.line, f"the example is {with_article(type_of(example.value))}", _ALLOWED)
        return example.value

    @cached_property
    def body_schema(self) -> Schema | None:
        """Return the schema of the body, None without one. Raise PageError."""
        return self._body_schema(is_shown=True) if self.has_body else None

    @cached_property
    def said(self) -> Schema:
        """Return what table and JSON Schema say of the body, without what only its example shows."""
        return self._body_schema(is_shown=False) if self.has_body else {}

    def _body_schema(self, *, is_shown: bool) -> Schema:
        rows = self.body_rows
        given = self.given
        if not rows:
            return given if given is not None else infer([self.body], is_answer=False) if is_shown else {}
        if self.is_bare:
            return self.schema_of(rows[0], is_shown=is_shown)
        shown = self.body if is_shown and isinstance(self.body, dict) else {}
        properties = {row.name: self.schema_of(row, is_shown=is_shown) for row in rows}
        others = {key: infer([value], key, is_answer=False) for key, value in shown.items() if key not in properties}
        required = [row.name for row in rows if row.required]
        schema: Schema = {"type": "object"}
        if given is not None and not self.is_bare_schema:
            left_out = {*self.page.path_parameters, *properties}
            others |= {key: below for key, below in given.get("properties", {}).items() if key not in left_out}
            required += [name for name in given.get("required", ()) if name not in left_out]
            schema |= {key: value for key, value in given.items() if key not in {"properties", "required"}}
        if required:
            schema["required"] = required
        schema["properties"] = properties | others
        return schema

    @property
    def requires_body(self) -> bool:
        """Return whether a request without a body is refused."""
        return bool(self.body_rows[0].required if self.is_bare else (self.body_schema or {}).get("required"))

    @cached_property
    def given(self) -> Schema | None:
        """Return the page's JSON Schema of the parameters, None without one. Raise PageError."""
        return None if self.page.parameters.schema is None else from_json_schema(self.page.parameters.schema)

    @property
    def is_bare_schema(self) -> bool:
        """Return whether the page's JSON Schema is that of the one parameter's value, and not of an object with it."""
        if self.given is None or len(self._others) != 1 or self.given.get("properties") == {}:
            return False
        (row,) = self._others
        return row.name not in self.given.get("properties", {}) and self.given.get("type", row.type) == row.type

    def schema_of(self, row: Row, *, is_shown: bool = True) -> Schema:
        """Return the schema of a parameter: the page's own, or what table and example say together. Raise PageError."""
        schema = self._schema_of(row, self.node(row.name) if is_shown else None)
        return {**schema, "description": row.description} if row.description else schema

    def _schema_of(self, row: Row, node: Node | None) -> Schema:
        given = self.given
        if given is not None and self.is_bare_schema and row in self._others:
            return given
        if given is not None and row.name in given.get("properties", {}):
            return dict(given["properties"][row.name])
        if node is None or node.value is None:
            return of_row(row, is_answer=False)
        if why := disagreement(row.type, node.value):
            return opened(why)
        return of_row(row, infer([node.value], row.name, is_answer=False), is_answer=False)

    def with_notes(self, described: dict[str, Any]) -> dict[str, Any]:
        """Return the description of the request with what was guessed of it."""
        for note in self.page.parameters.notes:
            described = noted(described, GUESSED, note)
        if self.is_bare:
            described = noted(described, GUESSED, f"the body is the bare value of {self.body_rows[0].name}")
        elif self.bare_row is not None:
            why = f"the page shows the bare value of {self.bare_row.name}, which its schema wants under that name"
            described = noted(described, GUESSED, why)
        if self.page.method == "DELETE":
            described = noted(described, GUESSED, "a DELETE has a body here, since the page shows one")
        return described

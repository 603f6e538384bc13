"""A request as the engine sees it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """One HTTP request, its body read whole."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]

    def header(self, name: str) -> str | None:
        """The value of a header; names are compared without regard to case."""
        for key, value in self.headers.items():
            if key.lower() == name.lower():
                return value
        return None

    def json(self) -> Any:
        """The body as JSON; None when it is not valid JSON."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError):
            return None

    def parameters(self) -> dict[str, Any]:
        """The body's JSON object; empty when the body is anything else."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def in_query(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next(iter(parse_qs(self.query).get(name, [])), None)

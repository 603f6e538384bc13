"""A documentation page: its six sections, each line with its number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from engine_contract.contract.draft.block import Block, read_block, says_nothing
from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.lines import Line, Text
from engine_contract.contract.draft.marks import UNDERLINE, heading, is_markup, is_title, item, plain
from engine_contract.contract.operation import leads_up
from engine_contract.contract.page import is_punctuation

HEADINGS = ("Summary", "Description", "Route", "Roles", "Parameters", "Return")
OTHER_HEADINGS: dict[str, frozenset[str]] = {
    "Summary": frozenset({"overview", "synopsis", "title"}),
    "Description": frozenset({"details", "about"}),
    "Route": frozenset(
        {"endpoint", "api endpoint", "url", "path", "request", "http request", "request url", "method and path"}
    ),
    "Roles": frozenset(
        {"authorization", "authorisation", "permissions", "required permissions", "access", "required role"}
        | {"required roles", "roles required", "allowed roles", "authorized roles"}
    ),
    "Parameters": frozenset(
        {"params", "arguments", "input", "inputs", "request", "request parameters", "request body", "body", "payload"}
    ),
    "Return": frozenset(
        {"returns", "return value", "response", "responses", "response body", "result", "results", "output", "outputs"}
    ),
}
"""Other words for a heading. They count on pages without the format's own word."""

NEEDED = ("Summary", "Route")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER_COLUMNS = ("Name", "Type", "Required", "Description")
RETURN_COLUMNS = ("Name", "Type", "Description")

MOST_ROUTE_CHARACTERS = 2000

_ROUTE = re.compile(rf"({'|'.join(METHODS)})\s+(/\S*)", re.IGNORECASE)
_LABEL = re.compile(r"(?:(?:http )?(?:method|verb)|path|url|uri|endpoint|route)\s*:\s*", re.IGNORECASE)
_PATH = re.compile(r"(?:/(?::?[A-Za-z0-9_.~-]++|\{[A-Za-z0-9_.~-]++\}))++/?|/")
_PATH_PARAMETER = re.compile(r":([A-Za-z0-9_.~-]+)")
_BODY = re.compile(r"body|payload", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")  # fit for the settings file's [operations.NAME] and for ids of rules
_NAMES = re.compile(r"\{([^{}]*)\}")
_NOT_ROLES = frozenset(
    {"all", "any", "and", "or", "everybody", "everyone", "roles", "role", "the", "a", "an", "of", "to", "with", "must"}
    | {"is", "are", "be", "have", "has", "may", "only", "require", "requires", "required"}
    | {"bearer", "token", "oauth", "jwt"}
)
_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Page:
    """The statements of a page; a role stands with the line that lists it."""

    name: str
    """The operation's name."""
    summary: tuple[Line, ...]
    description: tuple[Line, ...]
    method: str
    path: str
    """As in OpenAPI: `/startJob/{workflow}`."""
    route: tuple[Line, ...]
    roles: tuple[tuple[str, Line], ...]
    has_empty_roles: bool
    """Whether the section Roles is there and lists none: then everybody with a credential may."""
    parameters: Block
    returned: Block
    furniture: tuple[Line, ...]
    """Headings and other lines that say nothing of the operation."""
    notes: tuple[str, ...] = ()
    """Which sections have other headings."""

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Return the names in the path."""
        return tuple(_NAMES.findall(self.path))


def read_page(text: Text, name: str = "") -> Page:
    """Return the page in this text; its operation has the name, or else that of its path. Raise PageError."""
    front, lines = _front(text.lines())
    sections = _sections(lines)
    headings = tuple(heading for heading, _ in sections.values())
    body = {name: lines_of for name, (_, lines_of) in sections.items()}
    method, path, route = _route(body["Route"], sections["Route"][0])
    parameters = read_block(text, body.get("Parameters", ()), PARAMETER_COLUMNS)
    if method == "GET" and "Parameters" in sections and _BODY.search(sections["Parameters"][0].text):
        line = sections["Parameters"][0]
        raise PageError(
            line.number, f"{line.text!r} of a GET", "Allowed is Parameters: a GET has them in path and query."
        )
    _refuse_without("Return", sections, lines)  # the page is cut off
    returned = read_block(text, body["Return"], RETURN_COLUMNS)
    roles, empty = _roles(body.get("Roles", ()))
    return Page(
        name=name if _NAME.fullmatch(name) else _name_of(method, path),
        summary=_said(body["Summary"], sections["Summary"][0]),
        description=tuple(body.get("Description", ())),
        method=method,
        path=path,
        route=route,
        roles=roles,
        has_empty_roles="Roles" in body and not roles,
        parameters=parameters,
        returned=returned,
        furniture=(*front, *headings, *empty, *parameters.furniture, *returned.furniture),
        notes=tuple(
            f"the section {line.text} is taken for {name}"
            for name, (line, _) in sections.items()
            if _rank(line, name) is _Rank.OTHER_WORD
        ),
    )


def _front(lines: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
    """Return what stands before the page: the front matter of Markdown, and a title that is marked as one."""
    start = 0
    if lines and lines[0].text == "---":
        start = next((index + 1 for index, line in enumerate(lines[1:], 1) if line.text == "---"), 0)
    if start < len(lines) and is_title(lines[start].text) and not any(_rank(lines[start], name) for name in HEADINGS):
        start += 1
    return lines[:start], lines[start:]


def _name_of(method: str, path: str) -> str:
    """Return the last fixed part of a path."""
    fixed = [part for part in path.split("/") if part and not part.startswith("{")]
    return fixed[-1].replace("~", "_") if fixed else method.lower()


def _sections(lines: Sequence[Line]) -> dict[str, tuple[Line, list[Line]]]:
    sections: dict[str, tuple[Line, list[Line]]] = {}
    best = {name: max((_rank(line, name) for line in lines), default=_Rank.NOT) for name in HEADINGS}
    current: list[Line] | None = None
    for line in lines:
        # A heading stands once, and after the ones before it: a table may have a column of that name.
        later = HEADINGS[HEADINGS.index(next(reversed(sections))) + 1 :] if sections else HEADINGS
        if (name := _heading(line, later, best)) is not None:
            current = []
            sections[name] = (line, current)
        elif current == [] and UNDERLINE.fullmatch(line.text):
            continue
        elif current is None:
            raise PageError(line.number, f"{line.text!r} comes before the first section", _allowed_headings())
        else:
            current.append(line)
    for name in NEEDED:
        _refuse_without(name, sections, lines)
    return sections


class _Rank(IntEnum):
    """How surely a line is the heading of a section."""

    NOT = 0
    OTHER_WORD = 1
    MARKED_UP = 2
    EXACT = 3


def _rank(line: Line, name: str) -> _Rank:
    if line.text == name:
        return _Rank.EXACT
    words = heading(line.text)
    if words == name:
        return _Rank.MARKED_UP
    is_other = words[:1].isupper() and words.lower() in OTHER_HEADINGS[name]
    return _Rank.OTHER_WORD if is_other else _Rank.NOT


def _heading(line: Line, later: Sequence[str], best: Mapping[str, int]) -> str | None:
    """Return the section that a line opens, which no other line opens more surely.

    One that is marked up, or has other words, does so only where no section is left out that must be.
    """
    for index, name in enumerate(later):
        rank = _rank(line, name)
        if rank is _Rank.EXACT or (rank and rank == best[name] and not {*later[:index]} & {*NEEDED}):
            return name
    return None


def _refuse_without(name: str, sections: Mapping[str, Any], lines: Sequence[Line]) -> None:
    if name not in sections:
        last = lines[-1].number if lines else 1
        raise PageError(last, f"the page ends without the section {name}", _allowed_headings())


def _allowed_headings() -> str:
    return f"A page has the sections {', '.join(HEADINGS)}, in this order, each heading on a line of its own."


def _said(lines: Sequence[Line], heading: Line) -> tuple[Line, ...]:
    if not lines:
        raise PageError(heading.number, f"the section {heading.text} is empty", "Allowed is a line of text.")
    return tuple(lines)


def _route(lines: Sequence[Line], heading: Line) -> tuple[str, str, tuple[Line, ...]]:
    allowed = (
        f"Allowed is one line METHOD /path, METHOD one of {', '.join(METHODS)}, with parameters as :name or {{name}}, "
        "and without a query. The heading Roles comes after it."
    )
    texts = [_LABEL.sub("", plain(line.text), count=1) for line in lines if not is_markup(line.text)]
    is_split = len(texts) == 2 and texts[0].upper() in METHODS
    if len(texts) != 1 and not is_split:
        at = lines[1] if len(lines) > 1 else heading
        raise PageError(at.number, "this is a second route" if texts else "the section Route is empty", allowed)
    text, number = " ".join(texts), lines[0].number
    found = _ROUTE.fullmatch(text)
    if found is None or len(text) > MOST_ROUTE_CHARACTERS or not _PATH.fullmatch(found[2]) or leads_up(found[2]):
        raise PageError(number, f"{text[:200]!r} is not a route", allowed)
    path = _PATH_PARAMETER.sub(r"{\1}", found[2])
    for name in (names := _NAMES.findall(path)):
        if names.count(name) > 1:
            raise PageError(number, f"{name} is twice in the path", "Give each parameter a name of its own.")
    return found[1].upper(), path, tuple(lines)


def _roles(lines: Sequence[Line]) -> tuple[tuple[tuple[str, Line], ...], list[Line]]:
    """Return the roles, each with its line, and the lines that list none."""
    roles: dict[str, Line] = {}
    empty: list[Line] = []
    for line in lines:
        if says_nothing(line) or is_markup(line.text) or is_punctuation(line.text):
            empty.append(line)
            continue
        if set(PARAMETER_COLUMNS[:2]) <= set(line.text.replace("|", " ").split()):
            raise PageError(line.number, "a table stands in the section Roles", _allowed_headings())
        for role in re.split(r"[\s,;|*`]+", item(line.text).strip(",| \t")):
            allowed = "Allowed are names of roles, a role a line or several with spaces or commas between them."
            if role.lower() in _NOT_ROLES:
                allowed += " Where everybody may, the section is empty."
            if not _ROLE.fullmatch(role) or role.lower() in _NOT_ROLES:
                raise PageError(line.number, f"{role!r} is not the name of a role", allowed)
            if role in roles:
                raise PageError(line.number, f"the role {role} is listed twice", "Give each role once.")
            roles[role] = line
    return tuple(roles.items()), empty

"""A documentation page: its six sections, each line with its number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine_contract.contract.draft.block import Block, read_block, says_nothing
from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.lines import Line, Text
from engine_contract.contract.draft.marks import UNDERLINE, heading, item, plain
from engine_contract.contract.operation import leads_up
from engine_contract.contract.page import is_punctuation

HEADINGS = ("Summary", "Description", "Route", "Roles", "Parameters", "Return")
NEEDED = ("Summary", "Route")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER_COLUMNS = ("Name", "Type", "Required", "Description")
RETURN_COLUMNS = ("Name", "Type", "Description")

_ROUTE = re.compile(rf"({'|'.join(METHODS)})\s+(/\S*)")
_PATH = re.compile(r"(?:/(?::?[A-Za-z0-9_.~-]++|\{[A-Za-z0-9_.~-]++\}))++/?|/")
_PATH_PARAMETER = re.compile(r":([A-Za-z0-9_.~-]+)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")  # fit for the settings file's [operations.NAME] and for ids of rules
_NAMES = re.compile(r"\{([^{}]*)\}")
_NOT_ROLES = frozenset({"all", "any", "and", "or", "everybody", "everyone", "roles"})
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
    route: Line
    roles: tuple[tuple[str, Line], ...]
    has_empty_roles: bool
    """Whether the section Roles is there and lists none: then everybody with a credential may."""
    parameters: Block
    returned: Block
    furniture: tuple[Line, ...]
    """Headings and other lines that say nothing of the operation."""

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Return the names in the path."""
        return tuple(_NAMES.findall(self.path))


def read_page(text: Text, name: str = "") -> Page:
    """Return the page in this text; its operation has the name, or else that of its path. Raise PageError."""
    sections = _sections(text.lines())
    headings = tuple(heading for heading, _ in sections.values())
    body = {name: lines_of for name, (_, lines_of) in sections.items()}
    method, path, route = _route(body["Route"], sections["Route"][0])
    parameters = read_block(text, body.get("Parameters", ()), PARAMETER_COLUMNS)
    _refuse_without("Return", sections, text.lines())  # the page is cut off
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
        furniture=(*headings, *empty, *parameters.furniture, *returned.furniture),
    )


def _name_of(method: str, path: str) -> str:
    """Return the last fixed part of a path."""
    fixed = [part for part in path.split("/") if part and not part.startswith("{")]
    return fixed[-1].replace("~", "_") if fixed else method.lower()


def _sections(lines: Sequence[Line]) -> dict[str, tuple[Line, list[Line]]]:
    sections: dict[str, tuple[Line, list[Line]]] = {}
    current: list[Line] | None = None
    for line in lines:
        # A heading stands once, and after the ones before it: a table may have a column of that name.
        later = HEADINGS[HEADINGS.index(next(reversed(sections))) + 1 :] if sections else HEADINGS
        if (name := _heading(line, later)) is not None:
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


def _heading(line: Line, later: Sequence[str]) -> str | None:
    """Return the section that a line opens; one that is marked up does so only where no section is left out that must be."""
    if line.text in later:
        return line.text
    name = heading(line.text)
    if name not in later or any(needed in NEEDED for needed in later[: later.index(name)]):
        return None
    return name


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


def _route(lines: Sequence[Line], heading: Line) -> tuple[str, str, Line]:
    allowed = (
        f"Allowed is one line METHOD /path, METHOD one of {', '.join(METHODS)}, with parameters as :name or {{name}}, "
        "and without a query. The heading Roles comes after it."
    )
    if len(lines) != 1:
        at = lines[1] if lines else heading
        raise PageError(at.number, "this is a second route" if lines else "the section Route is empty", allowed)
    (line,) = lines
    found = _ROUTE.fullmatch(plain(line.text))
    if found is None or not _PATH.fullmatch(found[2]) or leads_up(found[2]):
        raise PageError(line.number, f"{line.text!r} is not a route", allowed)
    path = _PATH_PARAMETER.sub(r"{\1}", found[2])
    for name in (names := _NAMES.findall(path)):
        if names.count(name) > 1:
            raise PageError(line.number, f"{name} is twice in the path", "Give each parameter a name of its own.")
    return found[1], path, line


def _roles(lines: Sequence[Line]) -> tuple[tuple[tuple[str, Line], ...], list[Line]]:
    """Return the roles, each with its line, and the lines that list none."""
    roles: dict[str, Line] = {}
    empty: list[Line] = []
    for line in lines:
        if says_nothing(line) or is_punctuation(line.text):
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

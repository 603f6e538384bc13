"""Profiles: how another engine refuses, and what its documents leave out. JSON files, also those that check-engine writes.

```json
{"description": "…",
 "default": {"status": 500, "content_type": "application/json", "body": {"error": "{detail}"}},
 "situations": {"not-active": {"status": 409, "body": "Job {job_id} is not active"}},
 "documents": {"absent": ["locked", "tasks.*.x"], "edition": "later"}}
```

`situations` are those of `refusals.SITUATIONS`; `default` is for the others, which without it stay the mock's own.
A status that is left out is the situation's own. `body` is any JSON; in its strings `{job_id}`, `{detail}`,
`{situation}`, `{field}` and `{status}` are filled in. A body that is a string is sent as JSON if the content type
is JSON (the default), else as it is; no body is an empty one. `absent` are fields of the canceled job, with `*` for
any key or element. `edition` is `page` (the default) or `later`: documents as captures of later editions show them,
with fewer metrics, more fields, and dates as the `start_time` of tasks; in a search's results tasks have no `metrics`. A string that is `{status}` and nothing else
becomes a number. `login_page` is HTML that `GET /login` answers with 200 in place of the mock's own page, where a redirect of a refusal
ends; a redirect to `/login` leads below the base path.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine_contract.text.unmarked import read_text
from mock_server.jobs.document_paths import remove
from mock_server.jobs.later_edition import as_found, as_later_edition
from mock_server.operations.refusals import OWN, SITUATIONS, Refusal, render, standard_headers, status_of
from mock_server.operations.response import JSON, Response
from mock_server.settings import SettingsError

SHIPPED = Path(__file__).with_name("profiles")
EDITIONS = ("page", "later")


class Look(NamedTuple):
    """The form in which one situation is answered."""

    status: int | None
    content_type: str
    body: Any
    has_body: bool
    headers: Mapping[str, str]


class Profile(NamedTuple):
    """How an engine refuses, and how its documents differ from the page's."""

    situations: Mapping[str, Look]
    default: Look | None
    absent: tuple[tuple[str, ...], ...]
    edition: str
    description: str = ""
    login_page: str | None = None
    """The page at `GET /login`, as HTML; None for the mock's own."""

    @property
    def edits_documents(self) -> bool:
        """Return whether `edit` changes anything."""
        return bool(self.absent) or self.edition != EDITIONS[0]

    def render(self, refusal: Refusal, job_id: str | None) -> Response:
        """Return the refusal as this engine answers it; the mock's own where the profile does not say."""
        look = self.situations.get(refusal.situation, self.default)
        if look is None or refusal.situation in OWN:
            return render(refusal)
        status = refusal.status or look.status or status_of(refusal)
        values = {
            "job_id": job_id or "",
            "detail": refusal.detail,
            "situation": refusal.situation,
            "field": refusal.field or "",
            "status": str(status),
        }
        headers = tuple((name.lower().encode(), value.encode()) for name, value in look.headers.items())
        content_type = look.content_type.encode()
        return Response(
            status,
            content_type if look.has_body else b"",
            _body(look, values),
            standard_headers(status, refusal.headers + headers),
        )

    def rewrite(self, document: bytes) -> bytes:
        """Return a job's document, as JSON, in this engine's edition."""
        return orjson.dumps(self.edit(orjson.loads(document))) if self.edits_documents else document

    def edit(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the canceled job as this engine's edition has it, without what this engine leaves out."""
        if self.edition != EDITIONS[0]:
            document = as_later_edition(document)
        for pattern in self.absent:
            remove(document, pattern)
        return document

    def edit_found(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return an edited document as a search of this engine's edition answers it."""
        return document if self.edition == EDITIONS[0] else as_found(document)


def names() -> list[str]:
    """Return the profiles that are shipped."""
    return sorted(path.stem for path in SHIPPED.glob("*.json"))


class Profiles:
    """The profile in force from the start, and those that a request may name.

    A file is read again when it changes, so that a profile can be written while the mock keeps its state.
    """

    def __init__(self, source: str | Path | None, warn: Callable[[str], None]) -> None:
        """Load the profile of a file or of a name. Raise SettingsError."""
        self._source = source
        self._warn = warn
        self._started_with = None if source is None else load_profile(source)
        self._path = None if source is None or str(source) in names() else Path(source)
        self._changed_ns = self._read_time()
        self.named = cache(load_profile)
        """Returns the shipped profile of a name."""

    def in_force(self) -> Profile | None:
        """Return the profile for those who ask for none, as its file is now; the one before if that cannot be used."""
        if self._path is not None and (changed_ns := self._read_time()) != self._changed_ns:
            self._changed_ns = changed_ns
            try:
                self._started_with = load_profile(self._path)
            except SettingsError as error:
                self._warn(f"{error} The profile stays as it was.")
            else:
                self._warn(f"--profile {self._source}: read again.")
        return self._started_with

    def _read_time(self) -> int | None:
        try:
            return None if self._path is None else self._path.stat().st_mtime_ns
        except OSError:
            return None


def load_profile(source: str | Path) -> Profile:
    """Load the profile of a file, or the shipped one of that name. Raise SettingsError with the key and what is allowed."""
    shipped = SHIPPED / f"{source}.json"
    path = shipped if str(source) in names() else Path(source)
    try:
        value = orjson.loads(read_text(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(f"--profile {source}: {reason}; shipped ones are {', '.join(names())}.") from None
    except ValueError as error:
        raise SettingsError(f"--profile {source}: is not JSON: {error}.") from None
    try:
        return read_profile(value)
    except ValueError as error:
        raise SettingsError(f"--profile {source}: {error}") from None


def read_profile(value: Any) -> Profile:
    """Return a profile from its JSON. Raise ValueError with the key and what is allowed."""
    _keys("the profile", value, {"name", "description", "default", "situations", "documents", "login_page"})
    situations = value.get("situations", {})
    _keys("situations", situations, set(SITUATIONS))
    documents = value.get("documents", {})
    _keys("documents", documents, {"absent", "edition"})
    absent = documents.get("absent", [])
    if not isinstance(absent, list) or not all(isinstance(pattern, str) and pattern for pattern in absent):
        raise ValueError("documents.absent: must be an array of fields such as tasks.*.x.")
    edition = documents.get("edition", EDITIONS[0])
    if edition not in EDITIONS:
        raise ValueError(f"documents.edition {edition!r}: must be one of {', '.join(EDITIONS)}.")
    default = value.get("default")
    return Profile(
        situations={name: _look(f"situations.{name}", look) for name, look in situations.items()},
        default=None if default is None else _look("default", default),
        absent=tuple(tuple(pattern.split(".")) for pattern in absent),
        edition=edition,
        description=_text("description", value.get("description", "")) or "",
        login_page=_text("login_page", value.get("login_page")),
    )


def _text(place: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"{place} {value!r:.80}: must be a string.")


def _look(place: str, value: Any) -> Look:
    _keys(place, value, {"status", "content_type", "body", "headers"})
    status = value.get("status")
    if status is not None and (isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599):
        raise ValueError(f"{place}.status {status!r}: must be a status from 200 to 599.")
    content_type = value.get("content_type", JSON.decode())
    if not isinstance(content_type, str) or not content_type.isascii() or not content_type.isprintable():
        raise ValueError(f"{place}.content_type {content_type!r}: must be a media type.")
    headers = value.get("headers", {})
    texts = [*headers.keys(), *headers.values()] if isinstance(headers, dict) else [None]
    if not all(isinstance(text, str) and text.isascii() and text.isprintable() for text in texts):
        raise ValueError(f"{place}.headers: must be an object of strings.")
    return Look(status, content_type, value.get("body"), "body" in value, headers)


def _keys(place: str, value: Any, allowed: set[str]) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{place}: must be an object.")  # noqa: TRY004 - one error for all of a profile
    unknown = sorted(set(value) - allowed)
    if unknown:
        raise ValueError(f"{place}: {unknown[0]}: no such key; there are {', '.join(sorted(allowed))}.")


def _body(look: Look, values: Mapping[str, str]) -> bytes:
    if not look.has_body:
        return b""
    body = _fill(look.body, values)
    if isinstance(body, str) and "json" not in look.content_type:
        return body.encode()
    return orjson.dumps(body)


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if value == "{status}":
        return int(values["status"])  # forms that repeat the status have it as a number
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, values) for key, item in value.items()}
    return value

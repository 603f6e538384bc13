"""The guard: which requests may leave, so that no job is touched but those that were given.

A value may be in a request if it is a supplied id, one minted by this run, one derived from a
supplied id by a character, or inert: it cannot name, match or select anybody's job.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, quote

from contract_tests.model import Caller, Request
from contract_tests.purpose import Purpose
from contract_tests.safety.page_calls import PageCalls
from engine_contract.contract import Operation
from engine_contract.contract.operation import leads_up

USUAL_READ_BACK = "/workflow_engine/job/{job_id}/details"
"""Where such engines show a job: public clients poll it until the status is no longer running."""
MINTED_LENGTH = 24  # as the page's ids
DERIVABLE_LENGTH = 16  # below it, an id cut or lengthened by a character could be somebody else's
VARYING = 10  # characters in which ids of one length differ where they are drawn, and not counted
# Forms of one length, in which an id cut or lengthened by a character is not an id: the page's, and UUIDs.
_FIXED_FORM = re.compile(r"[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_INERT_KEY = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
_NUMBER = re.compile(r"[1-9][0-9]{0,14}\Z")
_SPECIAL_KEYS = frozenset({"constructor", "prototype"})
# The rest of a body that is not JSON, once the allowed ids are taken out, must not name a job.
_INERT_TEXT = re.compile(r"(?:[\s{}\[\]:,\"'=&\x00-\x1f\x7f-\xff]|job_id|true|false|null)*\Z")
_ID_LIKE = re.compile(r"[0-9A-Za-z_-]{16,}")


def read_back_request(template: str, job_id: str, caller: Caller) -> Request:
    """Return the GET that shows a job. `template` is a path below the engine's base with `{job_id}` in it."""
    path, _, query = template.replace("{job_id}", quote(job_id, safe="")).partition("?")
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    return Request("GET", path, caller, pairs, purpose=Purpose.READ_BACK)


LOGIN = "/login"
"""Where such engines take a user and a password, and answer a token: public clients log in there."""


def login_request(user: str, password: str) -> Request:
    """Return the request that logs a user in."""
    body = json.dumps({"user": {"username": user, "password": password}}).encode()
    return Request("POST", LOGIN, Caller(), body=body, purpose=Purpose.LOGIN, told=f"the login of {user}")


def probe_request(path: str, caller: Caller) -> Request:
    """Return the GET that any valid token may send."""
    path, _, query = path.partition("?")
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    return Request("GET", path, caller, pairs, purpose=Purpose.PROBE)


def start_request(workflow: str, caller: Caller) -> Request:
    """Return the request that starts a job of a workflow, as the vendor's GitHub Action does."""
    path = f"/workflow_engine/startJobWithOptions/{quote(workflow, safe='', errors='surrogateescape')}"
    return Request("POST", path, caller, body=b'{"options": {}}', purpose=Purpose.START)


class Guard:
    """Knows the supplied and the minted ids, and says whether a request may leave."""

    def __init__(  # noqa: PLR0913 - by name
        self,
        operation: Operation,
        *,
        unsafe: bool = False,
        read_back: str | None = None,
        probe: str | None = None,
        workflow: str | None = None,
        pages: Sequence[PageCalls] = (),
    ) -> None:
        """Take the operation and the settings; `unsafe` lets values through that may match jobs, such as `*` or `{"$ne": null}`.

        `read_back` is a path with `{job_id}` in it, whose GET shows a job: supplied jobs may be read there.
        `probe` is a path that every caller may GET. `workflow` is one whose jobs may be started.
        Of other pages' operations those requests may be sent that `pages` hold.
        """
        self.operation = operation
        own = operation.path
        # The path, and spellings of it that a wrong engine may serve in its place.
        self._paths = frozenset({own, f"{own}/", own.lower(), f"/{own.rpartition('/')[2]}"})
        self.unsafe = unsafe
        self._read_back = read_back
        self._probe = probe
        self._workflow = workflow
        self._pages = tuple(pages)
        self._logins: set[Request] = set()
        self._supplied: set[str] = set()
        self._derived: set[str] = set()
        self._minted: set[str] = set()
        self._derivable = True

    def supply(self, job_ids: Iterable[str]) -> None:
        """Allow requests for these jobs."""
        self._supplied.update(job_ids)
        self._derivable = _are_derivable(self._supplied)

    def log_in(self, user: str, password: str) -> Request:
        """Allow the login of a user, and return its request."""
        request = login_request(user, password)
        self._logins.add(request)
        return request

    @property
    def derivable(self) -> bool:
        """Whether ids cut and lengthened by a character may go out: all supplied ones are long, and no running numbers."""
        return self._derivable

    @property
    def numeric(self) -> bool:
        """Whether all supplied ids are decimal numbers."""
        return bool(self._supplied) and all(_NUMBER.match(job_id) for job_id in self._supplied)

    @property
    def has_case(self) -> bool:
        """Whether ids may go out in the other letter case: they may be derived from, and each holds letters."""
        return self.derivable and all(job_id.isascii() and job_id.swapcase() != job_id for job_id in self._supplied)

    def mint(self) -> str:
        """Return a new id that belongs to no job: 24 random hex characters, or as long as the longest supplied id."""
        length = max([MINTED_LENGTH, *map(len, self._supplied)])
        minted = token_hex(length // 2 + 1)[:length]
        self._minted.add(minted)
        return minted

    def derive(self, job_id: str, how: str) -> str:
        """Return a supplied id spelled otherwise: `with-blank` for any; cut or lengthened by a character or in the
        `other-case` only where that is not somebody else's, and raises ValueError otherwise.
        """  # noqa: D205
        if job_id in self._supplied and how == "with-blank":
            return f"{job_id} "
        if job_id not in self._supplied or not (self.has_case if how == "other-case" else self.derivable):
            raise ValueError(f"No id may be derived from {job_id}.")
        derived = {
            "cut-end": job_id[:-1],
            "cut-start": job_id[1:],
            "longer-end": f"{job_id}0",
            "longer-start": f"0{job_id}",
            "other-case": job_id.swapcase(),
        }[how]
        self._derived.add(derived)
        return derived

    def objection(self, request: Request) -> str | None:
        """Return why the request must not be sent, None if it may."""
        if not request.path.startswith("/") or leads_up(request.path):
            return f"the path {request.path} leads out of the engine's base"
        return self._objection(request)

    def _objection(self, request: Request) -> str | None:
        if self._reads_a_supplied_job(request) or request in self._logins or self._is_probe(request):
            return None
        if self._starts_a_job(request) or any(calls.allow(request) for calls in self._pages):
            return None
        path = request.path
        for minted in self._minted:
            path = path.replace(f"-{minted}", "")
        if path not in self._paths:
            return f"the path {request.path} is another operation's"
        for name, value in request.query:
            if not self._inert_key(name):
                return f"the query parameter {name!r} could select jobs"
            if not self._allowed(value):
                return f"the query holds {value!r}, which nobody supplied"
        return self._objection_to_body(request.body)

    def _reads_a_supplied_job(self, request: Request) -> bool:
        if self._read_back is None or request.method != "GET" or request.body is not None:
            return False
        # The id is in the path or in the query: only a path filled in with a supplied id may go out.
        caller = request.caller
        return any(request == read_back_request(self._read_back, job_id, caller) for job_id in self._supplied)

    def _starts_a_job(self, request: Request) -> bool:
        return self._workflow is not None and request == start_request(self._workflow, request.caller)

    def _is_probe(self, request: Request) -> bool:
        return self._probe is not None and request == probe_request(self._probe, request.caller)

    def _objection_to_body(self, body: bytes | None) -> str | None:
        if not body:
            return None
        try:
            document = _parse(body)
        except (ValueError, RecursionError):
            return self._objection_to_text(body)
        for kind, value in _leaves(document, self.operation.roles):
            if kind == "key" and not self._inert_key(value):
                return f"the body holds the key {value!r}, which could select jobs"
            if kind == "text" and not self._allowed(value):
                return f"the body holds {value!r}, which nobody supplied"
            if kind == "number" and not self._inert_number(value):
                return f"the body holds the number {value!r}, which could be an id"
        return None

    def _objection_to_text(self, body: bytes) -> str | None:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            text = body.decode("latin-1")
        known = self._known()
        for spelled in sorted({*known, *(json.dumps(job_id)[1:-1] for job_id in known)}, key=len, reverse=True):
            text = text.replace(spelled, "")
        if _INERT_TEXT.match(text) or (self.unsafe and not _ID_LIKE.search(text)):
            return None
        return "the body is not JSON and holds text that nobody supplied"

    def _known(self) -> set[str]:
        return self._supplied | self._minted | (self._derived if self.derivable else set())

    def _allowed(self, value: str) -> bool:
        known = self._known()
        # A blank after an id, or a comma between two, makes none of them anybody else's.
        return (
            not value
            or value in known
            or {*value.rstrip(" ").split(",")} <= known
            or (self.unsafe and not _ID_LIKE.search(value))
        )

    def _inert_key(self, key: str) -> bool:
        if self.unsafe:
            return not _ID_LIKE.search(key) or key in self._known()
        return not key or (bool(_INERT_KEY.match(key)) and key not in _SPECIAL_KEYS and not _ID_LIKE.search(key))

    def _inert_number(self, value: float) -> bool:
        # An engine may read 5 as the id "5"; none reads -1 or 0.5 as one.
        return self.unsafe or value <= 0 or value != value // 1 or str(value) in self._supplied


def _are_derivable(job_ids: set[str]) -> bool:
    """Return whether none of these ids, with a character more or less, could be somebody else's."""
    if any(len(job_id) < DERIVABLE_LENGTH for job_id in job_ids):
        return False
    if all(_FIXED_FORM.fullmatch(job_id) for job_id in job_ids):
        return True
    # `nightly-backup-run-17` has a neighbour `nightly-backup-run-1`.
    is_one_length = len({len(job_id) for job_id in job_ids}) == 1
    return is_one_length and sum(len(set(column)) > 1 for column in zip(*job_ids, strict=True)) >= VARYING


def _parse(body: bytes) -> Any:
    # Pairs, not dicts: of two equal keys an engine may take either.
    return json.loads(body.decode("utf-8"), object_pairs_hook=_Pairs, parse_constant=_refuse)


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object in their order."""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON.")


def _leaves(document: Any, roles: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield all keys, strings and numbers of a document; booleans and nulls are inert everywhere."""
    todo = [document]
    while todo:
        node = todo.pop()
        if isinstance(node, _Pairs) and [key for key, _ in node] == ["$eq"] and isinstance(node[0][1], str):
            yield "text", node[0][1]  # an operator that selects what this id alone does
        elif isinstance(node, _Pairs):
            for key, value in node:
                yield "key", key
                if key != "role" or value not in roles:  # the name of a role is not an id
                    todo.append(value)
        elif isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, str):
            yield "text", node
        elif isinstance(node, int | float) and not isinstance(node, bool):
            yield "number", node

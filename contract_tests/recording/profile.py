"""How an engine refuses and what its documents leave out, as a profile that `mock-engine --profile` reads.

The response seen in each situation becomes its look: status, content type, and a body with `{job_id}` in the place of
the job's id. Situations that were not seen are left out, so that the mock keeps its own. How a job or a request is
refused is learned from callers who have canceled a job: others may have been refused for what they are.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from contract_tests.judge.answers import document_of, holds_document
from contract_tests.judge.document import seen_fields
from contract_tests.judge.passive import (
    JudgedCall,
    ObservedCall,
    PassiveJudge,
)
from contract_tests.judge.route import before_operation, called_operation
from contract_tests.model import GATEWAY, Exchange, Response
from engine_contract.contract import Operation
from engine_contract.http.media_types import codec_of, read_content_type, with_charset
from engine_contract.http.strict_json import NotJson, read_json
from engine_contract.private_files import is_special, replacing
from engine_contract.text.masking import mask_header, mask_text
from engine_contract.text.printable import printable_json

MAX_BODY_BYTES = 1 << 20
MAX_LOOKS = 200  # of the refusals of one kind
PLACEHOLDER = "{job_id}"

# The mock's names of situations (mock_server.operations.refusals.SITUATIONS), by the rule that says that there is to be a refusal.
SITUATIONS = {
    "roles.none": "no-credential",
    "roles.empty": "wrong-credential",
    "roles.wrong": "wrong-credential",
    "roles.case": "wrong-credential",
    "roles.others": "other-role",
    "request.job_id.required": "missing-parameter",
    "request.job_id.location": "missing-parameter",
    "request.job_id.type": "bad-parameter",
    "request.job_id.empty": "bad-parameter",
    "request.body": "bad-body",
    "effects.unknown": "unknown-job",
    "effects.exact": "unknown-job",
    "effects.spelling": "unknown-job",
    "effects.repeat": "not-active",
}
_CALLERS = frozenset(rule_id for rule_id in SITUATIONS if rule_id.startswith("roles."))
_BY_STATUS = {429: "too-many-requests", 503: "unavailable"}  # RFC 9110: ask again later
_OF_THE_REQUEST = {406: "not-acceptable", 413: "too-large", 415: "unsupported-media-type"}
_OF_THE_CALLER = {401: "wrong-credential", 403: "other-role"}
# Situations that tell nothing of who was refused in them.
_OF_REQUESTS = frozenset(name for rule_id, name in SITUATIONS.items() if rule_id not in _CALLERS)
# Words of a refusal that is about the caller, or about the job.
_OF_CREDENTIALS = re.compile(rb"credential|token|session|log ?in|unauthori[sz]ed|authenticat", re.IGNORECASE)
_OF_ROLES = re.compile(rb"\brole|permission|permitted|forbidden|not allowed|may not|access", re.IGNORECASE)
_OF_JOBS = re.compile(rb"\bjob|\bid\b|not found|unknown", re.IGNORECASE)
_NOT_ACTIVE = re.compile(
    rb"not active|inactive|already|no longer|cancell?ed|finished|complete|not running", re.IGNORECASE
)
# Absent where there is nothing to report in public captures, so that its absence says nothing of the engine.
_BY_VALUE = "error"

Look = tuple[int, str, str, str]
"""Status, content type, Location, and the body's template as JSON; empty strings for what is not there."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """Who was refused, and in which situation: if it may cancel jobs, and if nothing is known of it."""

    caller: str | None
    may_be_allowed: bool
    if_allowed: str | None
    otherwise: str | None
    is_stranger: bool = False
    """Whether `otherwise` is a guess from what the answer tells."""


@dataclass(slots=True)
class ProfileWriter:
    """Gathers how one engine answers, and writes it down whenever something new was learned."""

    operation: Operation
    path: Path
    engine: str
    redact: Callable[[str], str] = str
    failure: str | None = None
    """Why the file could not be written, as a sentence."""
    _looks: dict[_Refused, Counter[Look]] = field(default_factory=dict)
    _allowed: set[str] = field(default_factory=set)
    """Callers who have canceled a job."""
    _fields: set[tuple[str, ...]] = field(default_factory=set)
    _documents: int = 0

    def check(self) -> None:
        """Raise SettingError where the file cannot be written."""
        folder = self.path.parent
        if self.path.is_dir() or is_special(self.path) or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise SettingError(
                f"--write-profile {self.path}: the file cannot be written there. Name a file, not a device or a pipe, in a directory that can be written."
            )

    def learn(self, judged: JudgedCall) -> None:
        """Take in what an exchange shows, and write the file if that is something new."""
        before = self.profile()
        self.take(judged)
        if self.profile() != before:
            self.write()

    def take(self, judged: JudgedCall) -> None:
        """Take in what an exchange shows."""
        exchange = judged.exchange
        response = exchange.response
        if (
            response is None
            or response.broken_off
            or len(response.body) > MAX_BODY_BYTES
            or before_operation(self.operation, exchange.request.path) != ""
        ):
            return
        if response.is_success:
            if exchange.request.method == self.operation.method and holds_document(self.operation, response):
                self._documents += 1
                if judged.has_canceled and judged.caller is not None:
                    self._allowed.add(judged.caller)
                self._fields |= seen_fields(self.operation, document_of(response))
            return
        looks, look = (
            self._looks.setdefault(_refused(self.operation, judged, response), Counter()),
            self._look(exchange, response),
        )
        if look in looks or len(looks) < MAX_LOOKS:
            looks[look] += 1

    def _situations(self) -> dict[str, Counter[Look]]:
        """Return the looks of each situation, as far as it is known by now whose they were."""
        anonymous = {
            look for refused, looks in self._looks.items() if refused.if_allowed == "no-credential" for look in looks
        }
        found: dict[str, Counter[Look]] = {}
        for refused, looks in self._looks.items():
            for look, count in looks.items():
                name = self._situation_of(refused, like_anonymous=look in anonymous, status=look[0])
                if name is not None:
                    found.setdefault(name, Counter())[look] += count
        return found

    def _situation_of(self, refused: _Refused, *, like_anonymous: bool, status: int) -> str | None:
        if refused.caller in self._allowed:
            return refused.if_allowed
        if refused.may_be_allowed and not self._allowed and status not in _OF_THE_CALLER:
            return refused.if_allowed
        name = "wrong-credential" if refused.is_stranger and like_anonymous else refused.otherwise
        return None if self._allowed and name in _OF_REQUESTS else name

    def profile(self) -> dict[str, Any]:
        """Return the profile as JSON."""
        looks = self._situations()
        profile: dict[str, Any] = {
            "description": f"How the engine at {self.redact(self.engine)} answers, as it was seen to.",
            "situations": {name: _as_json(looks[name].most_common(1)[0][0]) for name in sorted(looks)},
        }
        if absent := self._absent():
            profile["documents"] = {"absent": absent}
        return profile

    def write(self) -> None:
        """Write the file, in place of an older one; `failure` says why not."""
        try:
            with replacing(self.path) as file:
                file.write(printable_json(self.profile()) + "\n")
        except OSError as error:
            self.failure = f"the profile could not be written to {self.path}: {error.strerror or error}"
        else:
            self.failure = None

    def _absent(self) -> list[str]:
        """Return the fields of the page's example that no document had, though it had their parents."""
        if not self._documents:
            return []
        places = dict.fromkeys(rule.field for rule in self.operation.response_rules if rule.field)
        missing = [
            place
            for place in places
            if place not in self._fields and place[:-1] in self._fields and place[0] != _BY_VALUE and place[-1] != "*"
        ]
        return sorted(".".join(place) for place in missing)

    def _look(self, exchange: Exchange, response: Response) -> Look:
        content_type = response.header("content-type") or ""
        content_type = content_type if content_type.isascii() and content_type.isprintable() else "text/plain"
        charset = read_content_type(content_type).charset or "utf-8"
        text = mask_text(self.redact(_decoded(response.body, charset)))
        location = mask_header("Location", self.redact(response.header("location") or ""))
        location = location if 300 <= response.status < 400 and location.isascii() and location.isprintable() else ""
        if charset not in {"utf-8", "utf8"}:
            content_type = with_charset(content_type, "utf-8")  # the mock writes UTF-8
        if not text:
            return response.status, "", location, ""
        if "json" not in content_type.lower():
            return response.status, content_type or "text/plain", location, json.dumps(_template(text, exchange.job_id))
        try:
            value = read_json(text.encode())
        except (NotJson, UnicodeEncodeError):
            # A text under a type in capitals is sent as it is; under one in small letters it would become a JSON string.
            capitals = re.sub("json", "JSON", content_type, flags=re.IGNORECASE)
            return response.status, capitals, location, json.dumps(_template(text, exchange.job_id))
        return response.status, content_type.lower(), location, json.dumps(_template(value, exchange.job_id))


def profile_from(
    operation: Operation, exchanges: Iterable[Exchange], path: Path, engine: str, redact: Callable[[str], str] = str
) -> ProfileWriter:
    """Return a writer of the profile that a run's exchanges show; `write` writes it."""
    writer, passive_judge = ProfileWriter(operation, path, engine, redact), PassiveJudge()
    for exchange in exchanges:
        if called_operation([operation], exchange.request.method, exchange.request.path) is not None:
            caller = exchange.request.caller
            credential = f"role {caller.role}" if caller.kind == "token" and caller.role else None
            writer.take(passive_judge.judge(ObservedCall(exchange, operation, credential)))
        else:
            writer.take(JudgedCall(exchange))
    return writer


def _refused(operation: Operation, judged: JudgedCall, response: Response) -> _Refused:
    """Return who was refused, and the mock's names of the situation; None for one that cannot be told."""
    exchange, status, rule_id = judged.exchange, response.status, judged.rule
    name: str | None
    if status in _BY_STATUS:
        name = _BY_STATUS[status]
    elif exchange.request.method != operation.method:
        name = "method-not-allowed" if status >= 400 and exchange.request.method not in {"OPTIONS", "HEAD"} else None
    elif status in GATEWAY:
        name = None
    elif rule_id in _CALLERS:
        name = SITUATIONS[rule_id]
    else:
        return _of_a_caller(operation, judged, response)
    return _Refused(None, may_be_allowed=False, if_allowed=name, otherwise=name)


def _of_a_caller(operation: Operation, judged: JudgedCall, response: Response) -> _Refused:
    """Return the situation of a caller that may be one who can cancel jobs."""
    request, rule_id = judged.exchange.request, judged.rule
    if rule_id is None:
        name = _of_a_valid_request(judged, response)
    elif rule_id == "request.body" and not (request.body or b"").strip():
        name = "missing-parameter"
    else:
        name = SITUATIONS[rule_id]
    is_stranger = rule_id is None or response.status in _OF_THE_CALLER
    return _Refused(
        judged.caller,
        may_be_allowed=request.caller.role in operation.roles,
        if_allowed=name,
        otherwise=_of_a_stranger(response) if is_stranger else name,
        is_stranger=is_stranger,
    )


def _of_a_stranger(response: Response) -> str | None:
    """Return why an unknown caller was refused: by the status if it is clear, else by the response's text."""
    if response.status == 401 or _OF_CREDENTIALS.search(response.body):
        return "wrong-credential"
    if response.status == 403 or _OF_ROLES.search(response.body):
        return "other-role"
    if not response.status >= 400 or not _OF_JOBS.search(response.body):
        return None
    return "not-active" if _NOT_ACTIVE.search(response.body) else "unknown-job"


def _of_a_valid_request(judged: JudgedCall, response: Response) -> str | None:
    """Return why a valid request was refused: by the status, or by the response's text about the job."""
    if response.status in _OF_THE_REQUEST:
        return _OF_THE_REQUEST[response.status]
    if judged.broken or response.status in _OF_THE_CALLER or response.status < 400:
        return None
    return "not-active" if _NOT_ACTIVE.search(response.body) else "unknown-job"


def _decoded(body: bytes, charset: str) -> str:
    for name in (codec_of(charset) or "utf-8", "utf-8"):
        with suppress(UnicodeDecodeError):
            return body.decode(name)
    return body.decode("latin-1")


def _template(value: Any, job_id: str | None) -> Any:
    """Return the value with a placeholder for the job's id in its strings."""
    if isinstance(value, str):
        if not job_id:
            return value
        return re.sub(rf"(?<!\w){re.escape(job_id)}(?!\w)", PLACEHOLDER, value)
    if isinstance(value, list):
        return [_template(item, job_id) for item in value]
    if isinstance(value, dict):
        return {key: _template(item, job_id) for key, item in value.items()}
    return value


def _as_json(look: Look) -> dict[str, Any]:
    status, content_type, location, body = look
    shown: dict[str, Any] = {"status": status}
    if location:
        shown["headers"] = {"Location": location}
    if body:
        shown |= {"content_type": content_type, "body": json.loads(body)}
    return shown

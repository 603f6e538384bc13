"""How an engine refuses and what its documents leave out, as a profile that `mock-engine --profile` reads.

The response seen in each situation becomes its look: status, content type, and a body with `{job_id}` in the place of
the job's id. Situations that were not seen are left out, so that the mock keeps its own.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from contract_tests.judge.answers import RESPONSE_RULES, document_of, holds_job
from contract_tests.judge.document import seen_fields
from contract_tests.judge.passive import CONTRACT, JudgedCancel, ObservedCancel, PassiveJudge, is_cancel
from contract_tests.model import Exchange, Response
from contract_tests.report.atomic_files import replacing
from engine_contract import contract
from engine_contract.http.media_types import read_content_type, with_charset
from engine_contract.http.strict_json import NotJson, read_json
from engine_contract.text.masking import mask_header, mask_text

MAX_BODY_BYTES = 1 << 20
PLACEHOLDER = "{job_id}"

# The mock's names of situations (mock_server.refusals.SITUATIONS), by the rule that says that there is to be a refusal.
SITUATIONS = {
    "roles.none": "no-credential",
    "roles.empty": "wrong-credential",
    "roles.wrong": "wrong-credential",
    "roles.others": "other-role",
    "request.job_id.required": "missing-parameter",
    "request.job_id.location": "missing-parameter",
    "request.job_id.type": "bad-parameter",
    "request.job_id.empty": "bad-parameter",
    "request.body": "bad-body",
    "effects.unknown": "unknown-job",
    "effects.exact": "unknown-job",
    "effects.repeat": "not-active",
}
_CALLERS = frozenset(rule_id for rule_id in SITUATIONS if rule_id.startswith("roles."))
_STRANGER = "a caller of whom nothing is known"
_BY_STATUS = {429: "too-many-requests", 503: "unavailable"}  # field notes and RFC 9110: ask again later
_OF_THE_REQUEST = {406: "not-acceptable", 413: "too-large", 415: "unsupported-media-type"}
_OF_THE_CALLER = {401: "wrong-credential", 403: "other-role"}
# Words of a refusal that is about the caller, or about the job.
_OF_CREDENTIALS = re.compile(rb"credential|token|session|log ?in|unauthori[sz]ed|authenticat", re.IGNORECASE)
_OF_ROLES = re.compile(rb"\brole|permission|permitted|forbidden|not allowed|may not|access", re.IGNORECASE)
_OF_JOBS = re.compile(rb"\bjob|\bid\b|not found|unknown", re.IGNORECASE)
_NOT_ACTIVE = re.compile(
    rb"not active|inactive|already|no longer|cancell?ed|finished|complete|not running", re.IGNORECASE
)
# Absent where there is nothing to report (field notes), so that its absence says nothing of the engine.
_BY_VALUE = "error"

Look = tuple[int, str, str, str]
"""Status, content type, Location, and the body's template as JSON; empty strings for what is not there."""


@dataclass(slots=True)
class ProfileWriter:
    """Gathers how one engine answers, and writes it down whenever something new was learned."""

    path: Path
    engine: str
    redact: Callable[[str], str] = str
    failure: str | None = None
    """Why the file could not be written, as a sentence."""
    _looks: dict[str, Counter[Look]] = field(default_factory=dict)
    _fields: set[tuple[str, ...]] = field(default_factory=set)
    _documents: int = 0

    def check(self) -> None:
        """Raise SettingError where the file cannot be written."""
        folder = self.path.parent
        if self.path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise SettingError(
                f"--write-profile {self.path}: the file cannot be written there. Name a file in a directory that can be written."
            )

    def learn(self, judged: JudgedCancel) -> None:
        """Take in what an exchange shows, and write the file if that is something new."""
        before = self.profile()
        self.take(judged)
        if self.profile() != before:
            self.write()

    def take(self, judged: JudgedCancel) -> None:
        """Take in what an exchange shows."""
        exchange = judged.exchange
        response = exchange.response
        if (
            response is None
            or response.broken_off
            or len(response.body) > MAX_BODY_BYTES
            or exchange.request.path != CONTRACT.path
        ):
            return
        if response.is_success:
            if is_cancel(exchange.request.method, exchange.request.path) and holds_job(response):
                self._documents += 1
                self._fields |= seen_fields(document_of(response))
            return
        look = self._look(exchange, response)
        situation = _situation(judged, response)
        if situation == _STRANGER:
            situation = "wrong-credential" if look in self._looks.get("no-credential", ()) else _of_a_stranger(response)
        if situation is not None:
            self._looks.setdefault(situation, Counter())[look] += 1

    def profile(self) -> dict[str, Any]:
        """Return the profile as JSON."""
        profile: dict[str, Any] = {
            "description": f"How the engine at {self.redact(self.engine)} answers, as it was seen to.",
            "situations": {name: _as_json(self._looks[name].most_common(1)[0][0]) for name in sorted(self._looks)},
        }
        if absent := self._absent():
            profile["documents"] = {"absent": absent}
        return profile

    def write(self) -> None:
        """Write the file, in place of an older one; `failure` says why not."""
        try:
            with replacing(self.path) as file:
                json.dump(self.profile(), file, indent=2, ensure_ascii=False)
                file.write("\n")
        except OSError as error:
            self.failure = f"the profile could not be written to {self.path}: {error.strerror or error}"
        else:
            self.failure = None

    def _absent(self) -> list[str]:
        """Return the fields of the page's example that no document had, though it had their parents."""
        if not self._documents:
            return []
        places = dict.fromkeys(rule.field for rule in RESPONSE_RULES if rule.field)
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
    exchanges: Iterable[Exchange], path: Path, engine: str, redact: Callable[[str], str] = str
) -> ProfileWriter:
    """Return a writer of the profile that a run's exchanges show; `write` writes it."""
    writer, passive_judge = ProfileWriter(path, engine, redact), PassiveJudge()
    for exchange in exchanges:
        if is_cancel(exchange.request.method, exchange.request.path):
            caller = exchange.request.caller
            credential = f"role {caller.role}" if caller.kind == "token" and caller.role else None
            writer.take(passive_judge.judge(ObservedCancel(exchange, credential)))
        else:
            writer.take(JudgedCancel(exchange))
    return writer


def _situation(judged: JudgedCancel, response: Response) -> str | None:
    """Return the mock's name of an exchange's situation, None if it is unclear."""
    exchange, status = judged.exchange, response.status
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if exchange.request.method != CONTRACT.method:
        return "method-not-allowed" if status >= 400 and exchange.request.method not in {"OPTIONS", "HEAD"} else None
    if status in {502, 504}:
        return None  # a gateway's response
    rule_id = judged.rule
    if not judged.allowed and (rule_id is None or status in _OF_THE_CALLER) and rule_id not in _CALLERS:
        return _STRANGER
    if rule_id == "request.body" and not (exchange.request.body or b"").strip():
        return "missing-parameter"
    return SITUATIONS[rule_id] if rule_id is not None else _of_a_valid_request(judged, response)


def _of_a_stranger(response: Response) -> str | None:
    """Return why an unknown caller was refused: by the status if it is clear, else by the response's text."""
    if response.status == 401 or _OF_CREDENTIALS.search(response.body):
        return "wrong-credential"
    if response.status == 403 or _OF_ROLES.search(response.body):
        return "other-role"
    if not response.status >= 400 or not _OF_JOBS.search(response.body):
        return None
    return "not-active" if _NOT_ACTIVE.search(response.body) else "unknown-job"


def _of_a_valid_request(judged: JudgedCancel, response: Response) -> str | None:
    """Return why a valid request was refused: by the status, or by the response's text about the job."""
    if response.status in _OF_THE_REQUEST:
        return _OF_THE_REQUEST[response.status]
    is_a_fault = any(not contract.rule(item.rule).is_assumed for item in judged.findings)
    if is_a_fault or response.status in _OF_THE_CALLER or response.status < 400:
        return None
    return "not-active" if _NOT_ACTIVE.search(response.body) else "unknown-job"


def _decoded(body: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
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

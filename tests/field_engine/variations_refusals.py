"""Right versions that refuse, limit and authenticate in their own ways."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Callable
from typing import Any

from .catalogue import Entry, variation
from .engine import Engine
from .http import HTML_TYPE, Answer, Request, html_answer, json_answer
from .rules import ROUTE, Call, Refusal, basic_user, is_route, job_id, presented, refusal, role

LOGIN = "/login"


def _body(make: Callable[[Refusal], Any]) -> Callable[[Call, Refusal], Answer]:
    return lambda call, reason: json_answer(make(reason), reason.status)


def _status(chosen: int | dict[str, int], make: Callable[[Refusal], Any] = str) -> Callable[[Call, Refusal], Answer]:
    def rule(call: Call, reason: Refusal) -> Answer:
        status = chosen if isinstance(chosen, int) else chosen.get(reason.why, reason.status)
        return json_answer(make(reason), status)

    return rule


def _typed(kind: str | None, status: int | None = None) -> Callable[[Call, Refusal], Answer]:
    return lambda call, reason: Answer(status or reason.status, str(reason).encode(), kind)


def _headed(*headers: tuple[str, str]) -> Callable[[Call, Refusal], Answer]:
    def rule(call: Call, reason: Refusal) -> Answer:
        answer = refusal(call, reason)
        answer.headers = list(headers)
        return answer

    return rule


def _to_login(status: int) -> Callable[[Call, Refusal], Answer]:
    def rule(call: Call, reason: Refusal) -> Answer:
        if reason.why != "credential":
            return refusal(call, reason)
        return Answer(status, b"Found. Redirecting to /login", "text/plain", [("Location", LOGIN)])

    return rule


def _login_page(engine: Engine, request: Request) -> Answer | None:
    return html_answer("Log in") if request.method == "GET" and request.path == LOGIN else None


def _iap(reason: Refusal) -> Any:
    origin = {"origin": "cancelJob", "displayString": reason.text, "recommendation": None}
    return {"icode": "AD.500", "IAPerror": origin, "metadata": {}}


def _closed(call: Call) -> object:
    value = job_id(call)
    if set(call.body()) != {"job_id"}:
        raise Refusal("parameter", 400, "Unexpected property")
    return value


def _open(call: Call) -> object:
    """Any content type is taken for JSON."""
    body = call.body()
    if not isinstance(body, dict) or not isinstance(body.get("job_id"), str) or not body["job_id"]:
        raise Refusal("parameter", 400, "Missing Params: job_id")
    return body["job_id"]


def _ordered_role(*kinds: str) -> Callable[[Engine, Request], str | None]:
    def rule(engine: Engine, request: Request) -> str | None:
        found = presented(request)
        return role(engine, request) if found is not None and found[0] in kinds else None

    return rule


def _header_role(engine: Engine, request: Request) -> str | None:
    return engine.tokens.get(request.header("X-Auth-Token") or "")


def _any_scheme(engine: Engine, request: Request) -> str | None:
    found = presented(request)
    known = role(engine, request)
    return known or (engine.tokens.get(found[1]) if found and basic_user(found[1]) is None else None)


def _limited(count: int, when: Callable[[], str], status: int = 429) -> Callable[[Engine, Request], Answer | None]:
    """At most so many calls of the route within a second."""

    def rule(engine: Engine, request: Request) -> Answer | None:
        if request.path != ROUTE:
            return None
        now = time.monotonic()
        times: list[float] = engine.memory.setdefault("times", [])
        times[:] = [one for one in times if now - one < 1]
        if len(times) >= count:
            return Answer(status, b'"Too many requests"', headers=[("Retry-After", when())])
        times.append(now)
        return None

    return rule


def _date() -> str:
    return email.utils.formatdate(time.time() + 2, usegmt=True)


def _starting(engine: Engine, request: Request) -> Answer | None:
    start = engine.memory.setdefault("start", time.monotonic())
    busy = time.monotonic() - start < 1
    return Answer(503, b"Starting", "text/plain", [("Retry-After", "1")]) if busy else None


def _locked_out(everybody: bool) -> Callable[[Engine, Request], Answer | None]:
    """Six bad credentials lock: for a second everybody, or for good those without a session alone."""

    def rule(engine: Engine, request: Request) -> Answer | None:
        if not is_route(engine, request):
            return None
        known = role(engine, request) is not None
        until = engine.memory.get("until", 0.0)
        if everybody and time.monotonic() < until:
            return Answer(429, b'"Locked"', headers=[("Retry-After", "1")])
        if known:
            return None
        engine.memory["bad"] = engine.memory.get("bad", 0) + 1
        if engine.memory["bad"] < 6:
            return None
        if everybody:
            engine.memory |= {"bad": 0, "until": time.monotonic() + 1}
        return Answer(429, b'"Locked"', headers=[("Retry-After", "1")])

    return rule


def _page(*methods: str) -> Callable[[Engine, Request], Answer | None]:
    def rule(engine: Engine, request: Request) -> Answer | None:
        if request.method in methods and request.path == ROUTE:
            return Answer(200, html_answer("Workflow Engine").body, HTML_TYPE, [("Allow", "POST, GET, HEAD, OPTIONS")])
        return None

    return rule


def _tolerant_route(engine: Engine, request: Request) -> bool:
    return request.method == "POST" and request.path.rstrip("/").lower() == ROUTE.lower()


def _early(engine: Engine, request: Request) -> Answer | None:
    if is_route(engine, request) and request.header("Authorization") is None and presented(request) is None:
        return Answer(401, json.dumps("Not authenticated").encode(), close=True)
    return None


def _unread(request: Request) -> bool:
    return request.method == "POST" and request.path == ROUTE and presented(request) is None


def _other(name: str, says: str, rule: Callable[[Call, Refusal], Answer], **changes: Any) -> Entry:
    return variation(name, says, "response", refusal=rule, **changes)


ENTRIES: list[Entry] = [
    _other("refusal-error-object", "Refusals are objects with `error`.", _body(lambda r: {"error": r.text})),
    _other(
        "refusal-message-data",
        "Refusals have message, data and metadata.",
        _body(lambda r: {"message": r.text, "data": None, "metadata": {}}),
    ),
    _other("refusal-iap", "Refusals have icode and IAPerror.", _status(500, _iap)),
    _other("refusal-list", "Refusals are arrays of errors.", _body(lambda r: [{"task": "job", "message": r.text}])),
    _other(
        "refusal-document-like",
        "Refusals look like a job.",
        _body(lambda r: {"_id": None, "status": "error", "error": [{"message": r.text}]}),
    ),
    _other("refusal-null", "Refusals have the body null.", _body(lambda r: None)),
    _other("refusal-html", "Refusals are pages.", lambda c, r: html_answer(r.text, r.status)),
    _other("refusal-text", "Refusals are plain text.", _typed("text/plain; charset=utf-8")),
    _other("refusal-no-type", "Refusals have no content type.", _typed(None)),
    _other("refusal-not-json", "Refusals are called JSON and are none.", _typed("application/json")),
    _other("refusal-empty", "Refusals have no body.", lambda c, r: Answer(r.status)),
    _other(
        "refusal-problem",
        "Refusals are problem details.",
        lambda c, r: Answer(r.status, json.dumps({"title": r.text}).encode(), "application/problem+json"),
    ),
    _other("refusal-500", "All refusals are 500.", _status(500)),
    _other("refusal-400", "All refusals are 400.", _status(400)),
    _other("refusal-404", "All refusals are 404.", _status(404)),
    _other("refusal-403", "All refusals are 403.", _status(403)),
    _other("refusal-401", "All refusals are 401.", _status(401)),
    _other("refusal-418", "All refusals are 418.", _status(418)),
    _other(
        "refusal-mixed",
        "Refusals have rarer statuses.",
        _status({"credential": 407, "role": 404, "parameter": 422, "unknown": 410, "inactive": 409}),
    ),
    _other(
        "refusal-server",
        "Refusals are of the 5xx kind.",
        _status({"credential": 511, "role": 501, "parameter": 500, "unknown": 502, "inactive": 500}),
    ),
    _other(
        "refusal-challenge",
        "Refusals have a challenge of HTTP Basic.",
        _headed(("WWW-Authenticate", 'Basic realm="iap"'), ("WWW-Authenticate", "Bearer")),
    ),
    _other("refusal-login-302", "No session leads to the login page.", _to_login(302), other=_login_page),
    _other("refusal-login-303", "No session leads to the login page by 303.", _to_login(303), other=_login_page),
    _other("refusal-login-307", "No session leads to the login page by 307.", _to_login(307), other=_login_page),
    _other(
        "refusal-closes",
        "A call without session is refused unread, and the connection ends.",
        refusal,
        other=_early,
        unread=_unread,
    ),
    variation("closed-body", "Properties beside job_id are refused.", "parameters", job_id=_closed),
    variation("open-body", "Any content type is read as JSON.", "parameters", job_id=_open),
    variation("token-bearer-only", "Only bearer tokens count.", "roles", role=_ordered_role("bearer")),
    variation("token-cookie-only", "Only the cookie counts.", "roles", role=_ordered_role("cookie")),
    variation("token-query-only", "Only the token in the query counts.", "roles", role=_ordered_role("query")),
    variation("token-basic-only", "Only HTTP Basic counts.", "roles", role=_ordered_role("basic")),
    variation("token-header", "Only the header X-Auth-Token counts.", "roles", role=_header_role),
    variation("token-any-scheme", "A known token counts under any scheme.", "roles", role=_any_scheme),
    variation(
        "limit-seconds", "Ten calls a second, then 429 with seconds.", "transport", other=_limited(10, lambda: "1")
    ),
    variation("limit-date", "Ten calls a second, then 429 with a date.", "transport", other=_limited(10, _date)),
    variation("limit-503", "Twenty calls a second, then 503.", "transport", other=_limited(20, lambda: "1", 503)),
    variation("starting", "In the first second all is answered 503.", "transport", other=_starting),
    variation("lockout-bad", "After six calls without session such calls are 429.", "roles", other=_locked_out(False)),
    variation(
        "lockout-all", "Six calls without session lock everybody out for a second.", "roles", other=_locked_out(True)
    ),
    variation("pages-for-get", "GET and HEAD are answered with a page.", "route", other=_page("GET", "HEAD")),
    variation("options-200", "OPTIONS is answered 200.", "route", other=_page("OPTIONS")),
    variation(
        "pages-for-all",
        "All methods but POST are answered with a page.",
        "route",
        other=_page("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"),
    ),
    variation("tolerant-route", "The route counts in any case and with a slash.", "route", is_route=_tolerant_route),
    variation("base-path", "All routes stand under /iap.", "route", base="/iap"),
]

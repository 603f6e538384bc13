"""The calls that real clients send around a cancel, on the mock's own state. They are no part of the contract.

Which there are, what they are sent and what is read of their answers is known from public clients of such engines. On these
engines a slash at the end and the case of a path do not matter.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from engine_contract.contract import Operation
from engine_contract.contract.operation import JSON as JSON_MEDIA
from engine_contract.contract.operation import Parameter, is_parameter
from engine_contract.http.types import Headers
from mock_server.jobs.documents import written
from mock_server.jobs.job import State
from mock_server.operations.body import check_content, check_json
from mock_server.operations.credentials import Credentials, objection
from mock_server.operations.exchange import SCOPE_KEY, Exchange
from mock_server.operations.job_search import Edits, read_search, search_jobs
from mock_server.operations.login import grant, log_in, log_out
from mock_server.operations.refusals import Refusal, Refused, no_job
from mock_server.operations.response import JSON, Response
from mock_server.settings import Settings
from mock_server.store import Store
from mock_server.store.access import now_ms

MARK: Headers = ((b"mock-companion", b"no part of the contract"),)
"""The header of each answer."""

RELEASE = "2019.3.8"
"""The edition that the health calls name: a client takes the part before the last dot for a number."""

Handle = Callable[[Exchange], Awaitable[Response]]

_ANYBODY = ("login", "logout", "oauthToken")


def companions(roles: tuple[str, ...]) -> tuple[Operation, ...]:
    """Return the companions; `roles` are those that may start jobs. No roles stand for every valid credential."""
    engine = "/workflow_engine"
    return (
        _operation("startJobWithOptions", "POST", f"{engine}/startJobWithOptions/{{workflow}}", roles),
        _operation("startJob", "POST", f"{engine}/startJob/{{workflow}}", roles),
        _operation("getJobDetails", "GET", f"{engine}/job/{{id}}/details"),
        _operation("getJobShallow", "GET", f"{engine}/getJobShallow/{{id}}"),
        _operation("getJobDeep", "GET", f"{engine}/getJobDeep/{{id}}"),
        _operation("searchJobs", "POST", f"{engine}/jobs/search"),
        _operation("whoami", "GET", "/whoami"),
        _operation("healthServer", "GET", "/health/server"),
        _operation("healthApplications", "GET", "/health/applications"),
        _operation("healthStatus", "GET", "/health/status"),
        _operation("login", "POST", "/login"),
        _operation("logout", "POST", "/logout"),
        _operation("oauthToken", "POST", "/oauth/token"),
    )


def _operation(name: str, method: str, path: str, roles: tuple[str, ...] = ()) -> Operation:
    named = [part[1:-1] for part in path.split("/") if is_parameter(part)]
    parameters = tuple(Parameter(one, "path", required=True, schema={"type": "string"}) for one in named)
    is_posted = method == "POST"
    return Operation(name, method, path, roles, parameters=parameters, takes_body=is_posted, rule_prefix=f"{name}/")


def shows_jobs(companion: Operation) -> bool:
    """Return whether a companion answers with documents of jobs."""
    return bool(companion.parameters) or companion.name == "searchJobs"


def shape(path: str) -> str:
    """Return what two templates of a path have in common that stand for the same paths."""
    return re.sub(r"\{[^{}]*\}", "{}", path).rstrip("/").lower()


class Companions:
    """Answers their requests. Made once; all that changes is in the store."""

    def __init__(self, settings: Settings, store: Store, credentials: Credentials, roles: tuple[str, ...]) -> None:
        self._settings, self._store, self._credentials = settings, store, credentials
        self.operations = () if settings.contract_only else companions(roles)
        self._handles: Mapping[str, Handle] = {
            "startJobWithOptions": self._start,
            "startJob": self._start,
            "getJobDetails": self._show,
            "getJobShallow": self._show,
            "getJobDeep": self._show,
            "searchJobs": self._search,
            "whoami": self._who,
            "healthServer": self._server,
            "healthApplications": self._applications,
            "healthStatus": self._status,
            "login": lambda exchange: log_in(exchange, credentials, store),
            "logout": lambda exchange: log_out(exchange, store),
            "oauthToken": lambda exchange: grant(exchange, credentials, store),
        }
        self._templates = [(one, one.path.lower().split("/")) for one in self.operations]

    def at(self, path: str) -> list[tuple[Operation, str]]:
        """Return the companions at a path, each with the value of its parameter."""
        prefix, lower = self._settings.prefix.lower(), path.lower()
        given, parts = path.rstrip("/").split("/"), lower.rstrip("/").split("/")
        found = []
        depth = prefix.count("/")
        is_inside = lower.startswith(f"{prefix}/")
        for operation, template in self._templates:
            # The login is also there without the base path.
            cut = 0 if operation.name == "login" and not is_inside else depth
            if (is_inside or not cut) and _fits(template, ["", *parts[cut + 1 :]]):
                place = next((at for at, part in enumerate(template) if is_parameter(part)), None)
                found.append((operation, "" if place is None else unquote(given[cut + place])))
        return found

    def answer(self, operation: Operation) -> Callable[[Any, Any, Any], Awaitable[None]]:
        """Return the ASGI application of one of them: it leaves its response in the exchange."""
        handle = self.handler(operation)

        async def answer(scope: Any, _receive: Any, _send: Any) -> None:
            exchange: Exchange = scope[SCOPE_KEY]
            if operation.name not in _ANYBODY:
                refusal = objection(exchange.credential, operation.roles, "start jobs")
                if refusal is not None:
                    raise Refused(refusal)
            if exchange.body and operation.name != "oauthToken":  # which takes a form, as RFC 6749 has it
                refusal = check_content(exchange, {JSON_MEDIA}) or (
                    check_json(exchange) if operation.takes_body else None
                )
                if refusal is not None:
                    raise Refused(refusal)
            exchange.response = await handle(exchange)

        return answer

    def handler(self, operation: Operation) -> Handle:
        """Return what answers a request of one of them that was checked."""
        return self._handles[operation.name]

    def described_by(self, page: Operation) -> Handle | None:
        """Return what answers an operation that a further page describes too, None if that is none of these."""
        for operation in self.operations:
            if (operation.method, shape(operation.path)) == (page.method, shape(page.path)):
                return self._of_page(operation, page)
        return None

    def _of_page(self, operation: Operation, page: Operation) -> Handle:
        handle, prefix = self.handler(operation), self._settings.prefix

        async def answer(exchange: Exchange) -> Response:
            values = page.match(exchange.path.removeprefix(prefix)) or {}
            exchange.companion_value = unquote(next(iter(values.values()), ""))
            # A change of the page's is one of the whole answer, made later.
            change, exchange.change = exchange.change, None
            try:
                response = await handle(exchange)
            finally:
                exchange.change = change
            return response._replace(headers=(*response.headers, *MARK))

        return answer

    async def _start(self, exchange: Exchange) -> Response:
        if exchange.body and not isinstance(exchange.json, dict):
            raise Refused(Refusal("bad-body", 'The body must be a JSON object such as {"options": {}}.', "options"))
        made_at_ms = await now_ms(self._store, exchange.session)
        state = State(name=exchange.companion_value, made_at_ms=made_at_ms)
        (exchange.job_id,) = await self._store.mint(exchange.session, 1, state)
        return await self._document(exchange, exchange.job_id, state)

    async def _show(self, exchange: Exchange) -> Response:
        exchange.job_id = job_id = exchange.companion_value
        state = await self._store.get(exchange.session, job_id)
        if state is None:
            raise Refused(Refusal("unknown-job", no_job(job_id, exchange.session), "id"))
        return await self._document(exchange, job_id, state)

    async def _document(self, exchange: Exchange, job_id: str, state: State) -> Response:
        body = exchange.document = await written(job_id, state, seed=self._settings.seed)
        if exchange.profile is not None:
            body = exchange.profile.rewrite(body)
        return Response(200, JSON, exchange.edited(body))

    async def _search(self, exchange: Exchange) -> Response:
        wanted, seed = read_search(exchange.json), self._settings.seed
        return _json(await search_jobs(self._store, exchange.session, wanted, _edits(exchange), seed=seed))

    async def _who(self, exchange: Exchange) -> Response:
        user, role = exchange.credential.owner
        groups: list[str] = []
        return _json(
            {"username": user, "firstname": user, "provenance": "Local AAA", "roles": [role], "groups": groups}
        )

    async def _server(self, _exchange: Exchange) -> Response:
        return _json({"release": RELEASE, "version": RELEASE, "serverName": "mock-engine", "engine": "mock"})

    async def _applications(self, _exchange: Exchange) -> Response:
        running = {"id": "WorkFlowEngine", "version": RELEASE, "state": "RUNNING"}
        return _json({"results": [running], "total": 1})

    async def _status(self, exchange: Exchange) -> Response:
        at_ms = await now_ms(self._store, exchange.session)
        return _json({"serverId": "mock-engine", "apps": "running", "adapters": "running", "timestamp": at_ms})


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        bool(part) if is_parameter(wanted) else wanted == part for wanted, part in zip(template, parts, strict=True)
    )


def _edits(exchange: Exchange) -> Edits:
    """Return how the documents of a search are edited: as the profile has them, and by the change in force."""
    profile, document = exchange.profile, None if exchange.change is None else exchange.change.document
    if profile is None and document is None:
        return Edits()

    def of_found(job: dict[str, Any]) -> dict[str, Any]:
        if document is not None:
            job = document(job, exchange)
        return job if profile is None else profile.edit_found(job)

    return Edits(of_found=of_found) if profile is None else Edits(profile.edit, of_found)


def _json(value: object) -> Response:
    return Response(200, JSON, orjson.dumps(value))

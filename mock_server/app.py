"""Wires everything, once."""

import re
from asyncio import get_running_loop
from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import starmap
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from engine_contract.contract import Operation, find_operation, load_contract
from engine_contract.http.paths import encoded_path, own_scope, url_as_asked
from engine_contract.http.types import Receive, Scope, Send
from mock_server.connexion.routing import route_by
from mock_server.openapi_pages import HTML, Page, specification, swagger_ui
from mock_server.operations.cancel_job import cancel_job
from mock_server.operations.companions import MARK, Companions, companions, shows_jobs
from mock_server.operations.credentials import Credentials, known_roles
from mock_server.operations.documented import Companion, Documented
from mock_server.operations.exchange import SCOPE_KEY, Change, Exchange
from mock_server.operations.login import LOGIN_PAGE, with_reason
from mock_server.operations.profile import Profiles
from mock_server.operations.profile import names as profile_names
from mock_server.operations.refusals import SITUATIONS, Refusal, Refused, not_allowed
from mock_server.operations.response import Response
from mock_server.operations.sending import head, send_answer
from mock_server.pipeline import Pipeline, Served, log, serve
from mock_server.settings import Settings, SettingsError, check_settings
from mock_server.store import Store
from mock_server.store.access import real_ms
from mock_server.store.behavior import Behavior, Known
from mock_server.store.journal import show
from mock_server.store.memory import MemoryStore

if TYPE_CHECKING:
    from engine_contract.console import Console
    from mock_server.console_adapter.data import MockData
    from mock_server.control.api import Control
    from mock_server.upstream import Upstream

MOST_NEAR = 20
"""The most calls that are named where there is nothing at a path."""

_CONSOLE = "/_console"
_SLASHES = re.compile("/{2,}")


class Mock:
    """The mock, an ASGI application."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self._started_ms = real_ms()
        self._contract = load_contract()
        self._further = _further(settings)
        self._operations = (self._contract, *self._further)
        roles = known_roles(self._operations)
        self._credentials = Credentials(settings, roles)
        self._pipeline = Pipeline(settings, self.store, self._credentials, Profiles(settings.profile, log.warning))
        self._upstream = _upstream(settings)
        self._paths = frozenset({settings.prefix + self._contract.path})
        fault = settings.fault or ""
        routed = route_by([(self._contract, self._cancel)], settings.prefix)
        self._cancels = serve(self._contract, routed, lambda: _load_faults().catalogue(), fault)
        self._companions = Companions(settings, self.store, self._credentials, self._contract.roles)
        self._around = {
            one.name: serve(one, self._companions.answer(one), _companion_changes(one), "")
            for one in self._companions.operations
        }
        self._served = {
            one.name: _serve_page(one, settings.prefix, fault, self._companions.described_by(one))
            for one in self._further
        }
        if settings.fault is not None and not any(settings.fault in known for known in self._faults.values()):
            raise SettingsError(
                f"--fault {settings.fault}: no such fault or variation; mock-engine --list-faults lists them."
            )
        is_open = self._upstream is None and settings.control_token is None and settings.is_loopback
        ui = swagger_ui(has_control=is_open)
        self._pages: dict[str, Page] = {
            "ui": lambda _, root, rest: ui(root, settings.url_prefix, rest),
            "openapi.json": lambda scope, root, rest: None if rest else self._specification(scope, root, "json"),
            "openapi.yaml": lambda scope, root, rest: None if rest else self._specification(scope, root, "yaml"),
        }

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "http":
            scope = own_scope(scope)
            if scope["path"] in self._paths:
                await self._pipeline.run(scope, receive, send, self._operate)
            else:
                await self._serve_other(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _operate(self, exchange: Exchange, scope: Any, receive: Receive) -> Response:
        return await self._pipeline.operate(exchange, scope, receive, self._cancels)

    async def _cancel(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        # The response is left in the exchange and not sent: hooks, CORS and the journal still see it.
        exchange: Exchange = scope[SCOPE_KEY]
        exchange.response = await cancel_job(self._contract, exchange, self.store, self.settings.seed)

    async def _serve_other(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve everything but the operation: own pages, the login, and other paths."""
        upstream = None if self._is_on_console_port(scope) else self._upstream
        scope = self._own_page(scope, upstream)
        path: str = scope["path"]
        if path.startswith("/_mock/") or (path == "/_mock" and upstream is None):
            control = self._control if upstream is None else self._control_beside_upstream
            await control(scope, receive, send)
            return
        methods = self._methods_at(path) if self._served else []
        if methods and _takes(scope["method"], methods, upstream):
            await self._pipeline.run(scope, receive, send, self._serve_page)
            return
        # The pages of the other server share this origin, so that a script of theirs could do what the console can.
        if upstream is None and _is_console(scope["method"], path):
            self._console_data.loop = get_running_loop()
            await self._console(scope, receive, send)
            return
        companions = self._companions.at(path)
        if companions and _takes(scope["method"], [one.method for one, _ in companions], upstream):
            await self._pipeline.run(scope, receive, send, self._serve_companion)
            return
        page = self._page(scope, path) if scope["method"] in {"GET", "HEAD"} else None
        if page is not None:
            await send_answer(page, head(page, self._pipeline.cors_headers(scope)), receive, send)
            return
        if upstream is not None and not path.startswith(_CONSOLE):
            await self._pipeline.relay(scope, receive, send, upstream)
            return
        await self._pipeline.run(scope, receive, send, self._elsewhere)

    # The control API and the console are loaded with the first request that may be for them, and the faults for the first
    # who asks for one: the mock starts sooner without.
    @cached_property
    def _all_served(self) -> tuple[Served, ...]:
        return (self._cancels, *self._around.values(), *self._served.values())

    @cached_property
    def _faults(self) -> Mapping[str, Mapping[str, Change]]:
        """The faults of each operation; the contract's own is the first."""
        return {one.operation.name: one.changes() for one in self._all_served}

    @cached_property
    def _known(self) -> Known:
        examples = {one.operation.name: one.examples for one in self._all_served}
        return Known(self._faults, examples, profile_names(), tuple(SITUATIONS), self._credentials.known_roles)

    def _make_control(self, *, shares_origin: bool) -> "Control":
        from mock_server.control.api import Control

        started = self._started_ms
        return Control(self.settings, self.store, lambda: self._known, started_ms=started, shares_origin=shares_origin)

    @cached_property
    def _control(self) -> "Control":
        return self._make_control(shares_origin=False)

    @cached_property
    def _control_beside_upstream(self) -> "Control":
        return self._make_control(shares_origin=True)

    @cached_property
    def _console_data(self) -> "MockData":
        from mock_server.console_adapter.data import MockData

        operations, faults = self._operations, self._faults
        credentials = self._credentials
        return MockData(self.settings, self.store, self, operations, faults, known=self._known, credentials=credentials)

    @cached_property
    def _console(self) -> "Console":
        from engine_contract.console import Console, Guard

        closed = "The console is closed on addresses other than loopback; mock-engine opens it with --control-token env:NAME."
        token = self.settings.control_token
        guard = Guard(self.settings.host, token, closed, "What stands after --control-token")
        return Console(self._console_data, prefix=_CONSOLE, home="/", guard=guard)

    def _is_on_console_port(self, scope: Any) -> bool:
        """Return whether a request came to the port where the console is beside `--upstream`: the mock alone is there."""
        port = self.settings.console_port
        return port is not None and (scope.get("server") or (None, None))[1] == port

    def _own_page(self, scope: Any, upstream: "Upstream | None") -> Any:
        """Return the scope of a page of the mock's own below the base path as that of the page itself; others as they are."""
        prefix, path = self.settings.prefix, scope["path"]
        if not prefix or not (path == prefix or path.startswith(f"{prefix}/")):
            return scope
        own = path.removeprefix(prefix) or "/"
        if own == "/" and upstream is not None:
            return scope
        if own != "/" and own.partition("/")[2].partition("/")[0] not in {"_mock", "_console", "ui"}:
            return scope
        return {**scope, "path": own, "root_path": scope.get("root_path", "").rstrip("/") + prefix}

    def _methods_at(self, path: str) -> list[str]:
        """Return the methods of the further pages' operations at a path."""
        if not path.startswith(self.settings.prefix):
            return []
        inside = path.removeprefix(self.settings.prefix)
        return [operation.method for operation in self._further if operation.match(inside) is not None]

    async def _serve_page(self, exchange: Exchange, scope: Any, receive: Receive) -> Response:
        operation = find_operation(self._further, exchange.method, exchange.path.removeprefix(self.settings.prefix))
        if operation is None:
            raise HTTPException(405, headers={"Allow": ", ".join(self._methods_at(exchange.path))})
        return await self._pipeline.operate(exchange, scope, receive, self._served[operation.name])

    def _specification(self, scope: Scope, root: str, kind: str) -> Response:
        return specification(url_as_asked(scope, root + self.settings.url_prefix), kind, self._further)

    async def arm(self, session: str, behavior: Any) -> tuple[Behavior, ...]:
        """Arm behaviour in place of what was armed. Raise ActionError."""
        return await self._control.arm(session, behavior)

    async def _elsewhere(self, exchange: Exchange, scope: Any, receive: Receive) -> Response:
        response = await self._pipeline.elsewhere(exchange, scope, receive, self._cancels)
        if response is None:
            raise Refused(Refusal("not-found", self._nothing_at(exchange.path)))
        return response

    def _nothing_at(self, path: str) -> str:
        """Return that there is nothing at a path, and what is near it."""
        said = f"There is nothing at {path[:200]}"
        if self._upstream is not None and _CONSOLE in path:
            port = self.settings.console_port
            where = "the mock-engine command gives it one" if port is None else f"it is on port {port}"
            return f"{said}: beside --upstream, whose pages are here, the console has a port of its own; {where}."
        if _SLASHES.sub("/", path).rstrip("/") in self._paths:
            return f"{said}: it has a slash too many."
        if path.replace("%2F", "/") in self._paths:
            return f"{said}: an escaped slash separates nothing."
        if self.settings.prefix and not path.startswith(f"{self.settings.prefix}/"):
            return f"{said}: the --base-path is {self.settings.prefix}, so it may be at {self.settings.prefix}{path[:200]}."
        return f"{said}{self._near(path)}."

    def _near(self, path: str) -> str:
        """Return what there is near a path, to be said behind it; nothing where nothing is."""
        prefix = self.settings.prefix
        calls = {prefix + one.path: one.method for one in (*self._operations, *self._companions.operations)}
        if (right := next((call for call in calls if call.lower() == path.lower()), None)) is not None:
            return f": the case of letters counts, and there is {right}"
        inside = path.removeprefix(prefix)
        if self.settings.contract_only and any(one.match(inside) is not None for one in companions(())):
            return ": --contract-only leaves it out"
        first = _first_segment(inside)
        near = [
            f"{method} {call}" for call, method in calls.items() if _first_segment(call.removeprefix(prefix)) == first
        ]
        return f"; there {'is' if len(near) == 1 else 'are'} {', '.join(near[:MOST_NEAR])}" if near else ""

    def _page(self, scope: Scope, path: str) -> Response | None:
        prefix, root = self.settings.prefix, encoded_path(scope.get("root_path", "").rstrip("/"))
        if prefix and path.startswith(f"{prefix}/openapi."):
            path = path.removeprefix(prefix)
        name, slash, rest = path.removeprefix("/").partition("/")
        page = self._pages.get(name)
        return None if page is None else page(scope, root, slash + rest)

    async def _serve_companion(self, exchange: Exchange, scope: Any, receive: Receive) -> Response:
        """Answer a call around a cancel, marked as no part of the contract."""
        companions = self._companions.at(exchange.path)
        method = "GET" if exchange.method == "HEAD" else exchange.method
        operation, value = next((found for found in companions if found[0].method == method), companions[0])
        served = self._around[operation.name]
        exchange.companion_value = value
        if operation.parameters and operation.parameters[0].name == "id":
            exchange.job_id = value
        try:
            if operation.method != method:
                return self._login_page(exchange, served)
            response = await self._pipeline.operate(exchange, scope, receive, served)
        except Refused as refused:
            response = await self._pipeline.refuse(exchange, refused.refusal)
            if operation.path in {"/login", "/oauth/token"}:
                is_client = operation.path == "/oauth/token" and refused.refusal.situation == "wrong-credential"
                error = "invalid_client" if is_client else refused.refusal.detail
                response = with_reason(response, refused.refusal, error)
        return response._replace(headers=(*response.headers, *MARK))

    def _login_page(self, exchange: Exchange, served: Served) -> Response:
        """Return the page at the login's path, as such engines have one. Raise Refused for another method there or elsewhere."""
        if served.operation.path != "/login":
            raise Refused(not_allowed(served.operation.method))
        if exchange.method not in {"GET", "HEAD"}:
            raise Refused(not_allowed("GET, POST"))
        self._pipeline.prefer(exchange, self._cancels)
        own = exchange.profile is not None and exchange.profile.login_page
        return Response(200, HTML, own.encode() if own else LOGIN_PAGE)

    async def journal(self, session: str, *, limit: int, since: int) -> list[dict[str, object]]:
        """Return the newest entries of a session's journal above number `since`, newest last, secrets masked."""
        return list(starmap(show, await self.store.entries(session, limit=limit, since=since)))

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.store.close()
                if self._upstream is not None:
                    await self._upstream.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _is_console(method: str, path: str) -> bool:
    """Return whether a request is for the console, which is not loaded before."""
    is_home = path == "/" and method in {"GET", "HEAD"}
    return is_home or path == _CONSOLE or path.startswith(f"{_CONSOLE}/")


def _first_segment(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]


def _takes(method: str, documented: list[str], upstream: "Upstream | None") -> bool:
    """Return whether a request of that method is for an operation here: where there is another server, it has the others."""
    return upstream is None or method in documented or method == "OPTIONS"


def create_app(settings: Settings | None = None) -> Mock:
    """Return the mock as an ASGI application. Raise SettingsError for settings that cannot be used.

    A store in Redis is seeded. If another replica has seeded it, its settings hold: the application has them as `settings`.
    """
    settings = settings or Settings()
    check_settings(settings)
    if settings.store == "memory":
        return Mock(settings, MemoryStore(settings))
    from mock_server.store.redis_address import read_address
    from mock_server.store.redis_client import join

    return join_app(join(settings, read_address(settings.store)))


def join_app(settings: Settings) -> Mock:
    """Return the mock on a Redis that was joined before: it starts even while that cannot be reached."""
    from mock_server.store.redis import RedisStore
    from mock_server.store.redis_address import read_address

    return Mock(settings, RedisStore(settings, read_address(settings.store)))


def _further(settings: Settings) -> tuple[Operation, ...]:
    """Return the operations of the further pages. Raise SettingsError for a page that cannot be used."""
    if not settings.pages:
        return ()
    from engine_contract.pages import load_pages  # reads pages, which takes a while to load

    try:
        return load_pages(settings.pages)
    except ValueError as error:
        raise SettingsError(f"--page {error}") from None


def _upstream(settings: Settings) -> "Upstream | None":
    """Return the rest of the application, None if there is none. Raise SettingsError for an address that cannot be used."""
    if settings.upstream is None:
        return None
    from mock_server.upstream import Upstream  # with it comes a client of HTTP

    return Upstream(settings.upstream, is_local=settings.is_loopback)


def _serve_page(operation: Operation, prefix: str, fault: str, companion: Companion | None) -> Served:
    try:
        answer = Documented(operation, prefix, companion)
    except ValueError as error:
        raise SettingsError(f"--page {operation.name}: a schema cannot be used: {error}") from None
    changes = _load_faults().documented(operation)
    return serve(operation, answer, lambda: changes, fault)


def _companion_changes(operation: Operation) -> Callable[[], Mapping[str, Change]]:
    return lambda: _load_faults().companion(shows_jobs=shows_jobs(operation))


def _load_faults() -> Any:
    """Return the module of the faults and variations."""
    from mock_server import faults

    return faults

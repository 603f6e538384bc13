"""Connexion between a request and the operation: an explicit list of its middlewares around a small application."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.exceptions import HTTPException

from engine_contract.contract import Operation, load_openapi
from engine_contract.dependencies import refuse
from mock_server.connexion.imports import (
    API,
    ROUTING_CONTEXT,
    ConnexionMiddleware,
    OpenAPISpecification,
    Resolution,
    Resolver,
    RoutingAPI,
    RoutingMiddleware,
)
from mock_server.connexion.security import SECURITY_MAP, security_of
from mock_server.connexion.validation import validation_of

Application = Callable[[Any, Any, Any], Awaitable[None]]


class _Table(RoutingAPI):
    """Connexion's operations of one specification, by path and method."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.operations: dict[str, dict[str, dict[str, Any]]] = {}
        super().__init__(*arguments, **options)

    def _add_operation_internal(self, method: str, path: str, operation: Any, name: str | None = None) -> None:  # noqa: ARG002
        context = {"api_base_path": self.base_path, "operation_id": operation.operation_id}
        self.operations.setdefault(self.base_path + path, {})[method.upper()] = context


class _TableRoutingMiddleware(RoutingMiddleware):
    """Connexion's routing, by a look into a table in place of Starlette's routers, which take a tenth of a request.

    They would also redirect a path with a slash too many. Paths of the specification have no parameters; a test says so.
    """

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._operations: dict[str, dict[str, dict[str, Any]]] = {}

    def add_api(self, specification: Any, base_path: str | None = None, **options: Any) -> None:  # type: ignore[override]
        table = _Table(specification, base_path=base_path, next_app=self.app, **options)
        if not table.operations:
            refuse(
                "connexion",
                "a call of RoutingAPI._add_operation_internal for each operation",
                breaks="the mock would know no path",
            )
        self._operations |= table.operations

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        methods = self._operations.get(scope["path"])
        if methods is None:
            raise HTTPException(404)
        context = methods.get(scope["method"])
        if context is None:
            raise HTTPException(405, headers={"Allow": ", ".join(methods)})
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = context
        await self.app(scope, receive, send)


class OwnSpecification(OpenAPISpecification):
    """The contract's own document, which tests hold against the schema of OpenAPI: at each start that takes 8 ms."""

    @classmethod
    def _validate_spec(cls, spec: Any) -> None:
        pass


class _ById(Resolver):
    """Knows operations by their id alone, so that the specification names no Python."""

    def resolve(self, operation: Any) -> Resolution:
        return Resolution(None, operation.operation_id)  # type: ignore[no-untyped-call]


def route_by(operations: Sequence[tuple[Operation, Application]], prefix: str) -> Application:
    """Return an ASGI application that routes by the specification, checks, and calls the operation's application.

    Refusals leave as exceptions: `Refused`, and Starlette's HTTPException for paths and methods that the
    specification does not have.
    """
    by_id = {operation.name: operation for operation, _ in operations}
    applications = {operation.name: application for operation, application in operations}

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        await applications[scope["extensions"][ROUTING_CONTEXT]["operation_id"]](scope, receive, send)

    middlewares: list[Any] = [_TableRoutingMiddleware, security_of(by_id), validation_of(by_id)]
    connexion = ConnexionMiddleware(dispatch, middlewares=middlewares)
    specification = OwnSpecification(dict(load_openapi()))  # type: ignore[no-untyped-call]
    connexion.apis.append(API(specification, base_path=prefix, resolver=_ById(), security_map=SECURITY_MAP))
    # Built now, so that the first request is as fast as the next.
    connexion.app, connexion.middleware_stack = connexion._build_middleware_stack()  # noqa: SLF001
    application: Application = connexion
    return application

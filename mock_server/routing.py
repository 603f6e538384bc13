"""Connexion between a request and the operation: an explicit list of its middlewares around a small application."""

from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from typing import Any

from starlette.routing import Mount, Router

from mock_server.framework import ROUTING_CONTEXT, ConnexionMiddleware, Resolution, Resolver, RoutingMiddleware
from mock_server.refusals import Refusal, Refused
from mock_server.security import SECURITY_MAP, RoleSecurityMiddleware
from mock_server.validation import BodyValidationMiddleware
from spec import load_openapi

Application = Callable[[Any, Any, Any], Awaitable[None]]


class _ExactRoutingMiddleware(RoutingMiddleware):
    """Connexion's routing without Starlette's redirects to paths with or without a slash at the end."""

    def add_api(self, *arguments: Any, **options: Any) -> None:
        super().add_api(*arguments, **options)
        self.router.redirect_slashes = False
        for route in self.router.routes:
            if isinstance(route, Mount) and isinstance(route.app, Router):
                route.app.redirect_slashes = False


class _ById(Resolver):
    """Knows operations by their id alone, so that the specification names no Python."""

    def resolve(self, operation: Any) -> Resolution:
        return Resolution(None, operation.operation_id)  # type: ignore[no-untyped-call]


def route_by(operations: Mapping[str, Application], prefix: str) -> Application:
    """An ASGI application that routes by the specification, checks, and calls the operation by its id.

    Refusals leave as exceptions: `Refused`, also for a path that the specification does not have, and
    Starlette's HTTPException for a method that the path does not have.
    """

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        operation_id = scope["extensions"][ROUTING_CONTEXT]["operation_id"]
        if operation_id is None:
            raise Refused(Refusal("not-found", "There is nothing at this path."))
        await operations[operation_id](scope, receive, send)

    middlewares: list[Any] = [_ExactRoutingMiddleware, RoleSecurityMiddleware, BodyValidationMiddleware]
    connexion = ConnexionMiddleware(
        dispatch,
        middlewares=middlewares,
        resolver=_ById(),
        security_map=SECURITY_MAP,
    )
    connexion.add_api(deepcopy(load_openapi()), base_path=prefix)
    # Built now, so that the first request is as fast as the next.
    connexion.app, connexion.middleware_stack = connexion._build_middleware_stack()  # noqa: SLF001
    application: Application = connexion
    return application

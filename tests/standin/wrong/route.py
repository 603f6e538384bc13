# ruff: noqa: ARG002 - a step has the same arguments in every engine
"""Faults of the route: its path and its method."""

from itertools import count

from tests.standin.engine import ROUTE, Engine
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

fault = Listing("route")


def _methods(*methods: str) -> type[Engine]:
    return type("Methods", (Engine,), {"methods": methods})


def _routes(*routes: str) -> type[Engine]:
    return type("Routes", (Engine,), {"routes": routes})


fault.put("route-missing", "The documented route does not exist.", _routes())
fault.put(
    "route-without-parent",
    "The route is /cancelJob; the documented one does not exist.",
    _routes("/cancelJob"),
)
fault.put(
    "route-lower-case",
    "The route is /workflow_engine/canceljob; the documented one does not exist.",
    _routes("/workflow_engine/canceljob"),
)
fault.put(
    "route-trailing-slash",
    "The route works with a trailing slash only.",
    _routes(ROUTE + "/"),
)
fault.put(
    "method-put-only",
    "PUT cancels and POST is not allowed.",
    _methods("PUT"),
)
fault.put(
    "method-get-only",
    "GET (with a body) cancels and POST is not allowed.",
    _methods("GET"),
)
for _method in ("PUT", "PATCH", "DELETE"):
    fault.put(
        f"{_method.lower()}-cancels",
        f"{_method} on the route cancels the job just as POST does.",
        _methods("POST", _method),
    )


@fault("get-cancels", "GET cancels, with job_id in the query or in the body.")
class GetCancels(Engine):
    """Takes GET for POST."""

    methods = ("POST", "GET")

    def job_id(self, request: Request) -> str | None:
        """The parameter, for GET also from the query."""
        found = super().job_id(request)
        if found is None and request.method == "GET":
            found = request.in_query("job_id")
        return found


@fault("any-action-cancels", "POST to any path under /workflow_engine/ cancels.")
class AnyAction(Engine):
    """Looks at the first part of the path only."""

    def is_route(self, request: Request) -> bool:
        """Any path under the parent."""
        return request.path.startswith(f"{self.prefix}/workflow_engine/")


@fault("any-parent-cancels", "POST to any path that ends with cancelJob cancels.")
class AnyParent(Engine):
    """Looks at the end of the path only."""

    def is_route(self, request: Request) -> bool:
        """Any path with the right end."""
        return request.path.endswith("cancelJob")


@fault("any-path-cancels", "POST to any path at all cancels.")
class AnyPath(Engine):
    """Does not look at the path."""

    def is_route(self, request: Request) -> bool:
        """Any path."""
        return True


@fault("id-in-path", "POST to /workflow_engine/cancelJob/ID cancels without job_id.")
class IdInPath(Engine):
    """Takes the id from the path."""

    def is_route(self, request: Request) -> bool:
        """The route, with or without an id."""
        return super().is_route(request) or self._id(request) is not None

    def job_id(self, request: Request) -> str | None:
        """The parameter, or the id in the path."""
        return self._id(request) or super().job_id(request)

    def _id(self, request: Request) -> str | None:
        base, _, job_id = request.path.rpartition("/")
        return job_id if base == self.prefix + ROUTE else None


@fault("route-gone-later", "After two answers the route no longer exists.")
class RouteGone(Engine):
    """Works twice."""

    def is_route(self, request: Request) -> bool:
        """Not once two jobs are canceled."""
        return super().is_route(request) and len(self.canceled) < 2


@fault("method-every-third-refused", "Every third POST is refused as a wrong method.")
class EveryThirdMethod(Engine):
    """Refuses the method now and then."""

    def answer(self, request: Request) -> Reply:
        """Refuse every third."""
        posts: count[int] = self.__dict__.setdefault("posts", count(1))
        if request.method == "POST" and next(posts) % 3 == 0:
            return self.refuse(Refusal.METHOD, request)
        return super().answer(request)

"""Faults of the route: where the operation is served."""

from collections.abc import Iterator

from mock_server.operations.exchange import Change


def route() -> Iterator[Change]:
    """Yield all faults of the route."""
    yield Change(
        name="route-with-slash",
        sentence="The operation is served with a slash at the end of its path; without it there is nothing.",
        rule="route.path",
        route=lambda method, path: (method, path[:-1] if path.endswith("/") else f"{path}-gone"),
    )
    yield Change(
        name="route-takes-put",
        sentence="The operation is served as PUT; POST is not allowed.",
        rule="route.path",
        route=lambda method, path: ({"PUT": "POST", "POST": "PUT"}.get(method, method), path),
    )

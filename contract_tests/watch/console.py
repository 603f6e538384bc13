"""The part below `/_watch/`: JSON for programs, and pages for people.

The pages are imported when the first of them is asked for.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import JSONResponse

from contract_tests.watch.api import api_routes
from contract_tests.watch.settings import PREFIX
from contract_tests.watch.state import Watch
from engine_contract.http.access import Access
from engine_contract.http.net import is_loopback

Application = Callable[[Any, Any, Any], Awaitable[None]]

# Wherever the watcher listens, its console is at loopback: it sends cancels to a live engine.
_ACCESS = Access(
    foreign_host="The console is open on the watcher's own machine alone, at the address that it printed.",
    foreign_page="That was sent by a page of another site. Only the watcher's own pages may do it.",
    takes_bare_names=False,
)


def console_for(watch: Watch) -> Application:
    """Return the application for all paths below `/_watch`."""
    api = api_routes(watch, f"{PREFIX}/api")
    pages: list[Application] = []

    async def console(scope: Any, receive: Any, send: Any) -> None:
        if (objection := _objection(scope)) is not None:
            await JSONResponse({"detail": objection}, 403)(scope, receive, send)
        elif scope["path"].startswith(f"{PREFIX}/api/"):
            await api(scope, receive, send)
        else:
            if not pages:
                pages.append(_pages(watch))
            await pages[0](scope, receive, send)

    return console


def _pages(watch: Watch) -> Application:
    from contract_tests.watch.console_data import WatchData
    from engine_contract.console.asgi import Console

    return Console(WatchData(watch), prefix=PREFIX, home=f"{PREFIX}/")


def _objection(scope: Any) -> str | None:
    """Return why the request is turned away: only people at this machine may look, and no page of another site."""
    client = (scope.get("client") or ("127.0.0.1",))[0]
    return _ACCESS.objection(scope["method"], dict(scope["headers"])) if is_loopback(client) else _ACCESS.foreign_host

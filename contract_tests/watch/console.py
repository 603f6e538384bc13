"""What is below `/_watch/`: JSON for programs, and pages for people.

The pages are imported when the first of them is asked for.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from contract_tests.watch.api import api_routes
from contract_tests.watch.settings import PREFIX
from contract_tests.watch.state import Watch

Application = Callable[[Any, Any, Any], Awaitable[None]]


def console_for(watch: Watch) -> Application:
    """The application for all paths below `/_watch`."""
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
    """Why the request is turned away: only people at this machine may look, and no page of another site."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    named = _name(headers.get("host", ""))
    client = (scope.get("client") or ("127.0.0.1",))[0]
    if not is_loopback(client) or not is_loopback(named):
        return "The console is open on the watcher's own machine alone, at the address that it printed."
    if scope["method"] in {"GET", "HEAD"}:
        return None
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in {None, "same-origin"} or (origin is not None and urlsplit(origin).netloc != headers.get("host")):
        return "That was sent by a page of another site. Only the watcher's own pages may do it."
    return None


def is_loopback(host: str) -> bool:
    """Whether a name or an address is that of this machine."""
    host = host.strip("[]").lower().removeprefix("::ffff:")
    return (
        host in {"localhost", "::1"}
        or host.endswith(".localhost")
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""

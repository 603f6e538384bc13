"""The console, an origin of its own: JSON for programs below `/api/`, and pages for people below a path that is the key.

The key is what the engine's pages cannot know; a cookie would be sent to the engine's port too, since cookies know no
ports. The pages are imported when the first of them is asked for.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import JSONResponse

from contract_tests.watch.api import api_routes
from contract_tests.watch.state import Watch
from engine_contract.console.access import HEADERS, Guard
from engine_contract.http.access import Access

Application = Callable[[Any, Any, Any], Awaitable[None]]


def console_for(watch: Watch) -> Application:
    """Return the application of the console's port."""
    settings = watch.settings
    access = Access(
        hosts=settings.allow_hosts,
        foreign_host="Host {host} is not this console's. Use the address that was printed, or start with --allow-host.",
        foreign_page="That was sent by a page of another site. Only the console's own pages may do it.",
        takes_bare_names=False,
    )
    api = api_routes(watch, "/api")
    pages: list[Application] = []

    async def console(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        first = scope["path"].removeprefix("/").partition("/")[0]
        is_api = first == "api"
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        given = (token.strip() if scheme.lower() == b"bearer" else b"") if is_api else first.encode()
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if not hosts or not all(map(access.knows, hosts)):
            answer: Application = _refusal(421, access.foreign_host.format(host=", ".join(hosts)[:80]))
        elif not hmac.compare_digest(given, settings.console_key.encode()):
            answer = _refusal(401, _ASKS_PROGRAM if is_api else _ASKS_PERSON)
        elif (objection := access.objection(scope["method"], headers)) is not None:
            answer = _refusal(403, objection)
        elif is_api:
            answer = api
        else:
            if not pages:
                pages.append(_pages(watch))
            answer = pages[0]
        await answer(scope, receive, send)

    return console


_ASKS_PROGRAM = "Send the console's key, which is the path of its printed address, as Authorization: Bearer KEY."
_ASKS_PERSON = "The console opens at the address that watch-engine printed, with the key in its path."


def _refusal(status: int, detail: str | None) -> JSONResponse:
    asks = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"detail": detail}, status, headers=HEADERS | asks)


def _pages(watch: Watch) -> Application:
    from contract_tests.watch.console_data import WatchData
    from engine_contract.console.asgi import Console

    settings = watch.settings
    prefix = f"/{settings.console_key}"
    return Console(WatchData(watch), prefix=prefix, home=f"{prefix}/", guard=Guard(hosts=settings.allow_hosts))

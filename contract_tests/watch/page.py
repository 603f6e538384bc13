"""A plain page: what has passed, newest first."""

from collections.abc import Awaitable, Callable
from html import escape
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from contract_tests.report.text import visible
from contract_tests.report.view import timestamp
from contract_tests.watch.journal import Entry

if TYPE_CHECKING:
    from contract_tests.watch.app import Watch

SHOWN = 200

_STYLE = "body{font:14px/1.5 system-ui,sans-serif;margin:1rem;color-scheme:light dark}td,th{text-align:left;padding:.2rem .6rem}.live{background:#b00020;color:#fff;padding:.4rem .8rem}"


def plain_page(watch: "Watch") -> Callable[[Any, Any, Any], Awaitable[None]]:
    """The page as an ASGI application."""

    async def page(scope: Any, receive: Any, send: Any) -> None:
        rows = "".join(_row(entry) for entry in reversed(watch.journal.entries(limit=SHOWN)))
        engine = escape(watch.settings.connection.base)
        html = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Watching {engine}</title><style>{_STYLE}</style>'
            f'<p class="live">LIVE: {engine}</p><table><tr><th>#<th>Time<th>Request<th>Status<th>Caller<th>Broken rules</tr>{rows}</table></html>'
        )
        await HTMLResponse(html)(scope, receive, send)

    return page


def _row(entry: Entry) -> str:
    broken = ", ".join((*entry.violations, *(f"{rule} (warning)" for rule in entry.warnings)))
    cells = (
        str(entry.number),
        timestamp(entry.at),
        f"{entry.method} {entry.path}",
        str(entry.status or "none"),
        entry.caller,
        broken or entry.note or "",
    )
    return "<tr>" + "".join(f"<td>{escape(visible(cell))}" for cell in cells) + "</tr>"

"""Shared by all pages: who is let in, the headers of every response, addresses, and pages for what went wrong."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, g, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from engine_contract.console.access import COOKIE, HEADERS, Guard
from engine_contract.console.interface import NOBODY, ConsoleData, ConsoleError, SessionLine
from engine_contract.contract.job_status import ACTIVE
from engine_contract.session_name import ALLOWED, PATTERN, is_session_name

MOST_SESSIONS = 200
"""Sessions that are listed, those used last."""


class RequestHooks:
    """Around every page: `home` is the path of the first one, `prefix` that of the others, below what they are mounted at."""

    def __init__(self, data: ConsoleData, guard: Guard, home: str, prefix: str) -> None:
        self.data = data
        self._guard = guard
        self._home = home
        self._prefix = prefix

    def before(self) -> Any:
        """Turn away visitors who may not come in, and ask for the token."""
        headers = {name.lower().encode(): value.encode("latin-1") for name, value in request.headers.items()}
        objection = self._guard.objection(request.method, headers)
        g.session, g.about = "", None
        if objection is not None:
            return Response(f"{objection}\n", 403, content_type="text/plain; charset=utf-8")
        if request.endpoint not in {"static", "login"} and not self._guard.lets_in(request.cookies.get(COOKIE)):
            return make_response(self._ask(), 401)
        session = request.args.get("session", "").strip()
        if session and not is_session_name(session):
            abort(400, f"A session's name is {ALLOWED}")
        g.session = session
        g.about = self.data.about()
        return None

    def after(self, response: Response) -> Response:
        """Set the headers of every response."""
        response.headers.update(HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    def url(self, page: str, fragment: str = "", **query: Any) -> str:
        """Return the address of a page in the session of this request; leave empty values and None out of the query."""
        root = request.script_root
        path = f"{root.removesuffix(self._prefix)}{self._home}" if page == "" else f"{root}/{page}"
        if "session" not in query:
            query["session"] = g.session
        pairs = [(name, str(value)) for name, value in query.items() if value not in ("", None)]
        encoded = urlencode(pairs, errors="replace")
        return f"{path}?{encoded}{fragment}" if encoded else f"{path}{fragment}"

    def context(self) -> dict[str, Any]:
        """Return the values that every template knows."""
        return {
            "about": g.about,
            "session": g.session,
            "sessions": self._sessions(),
            "is_armed": g.about is not None and bool(g.about.faults) and self._is_armed(),
            "broken": self.data.broken(g.session) if g.about is not None else 0,
            "url": self.url,
            "mounted_at": request.script_root.removesuffix(self._prefix),
            "nobody": NOBODY,
            "active": ACTIVE,
            "session_pattern": PATTERN,
        }

    def _sessions(self) -> Sequence[SessionLine]:
        if g.about is None or not g.about.has_sessions or request.endpoint == "rows":
            return ()
        with suppress(ConsoleError):  # as below
            return self.data.sessions()[:MOST_SESSIONS]
        return ()

    def _is_armed(self) -> bool:
        with suppress(ConsoleError):  # the page that says so has this header too
            return bool(self.data.armed(g.session))
        return False

    def _ask(self, *, wrong: bool = False) -> str:
        return render_template("login.html", wrong=wrong, asks=self._guard.asks)

    def login(self) -> Any:
        """Ask for the token, and remember those who know it."""
        if request.method != "POST":
            return self._ask()
        if not self._guard.fits(request.form.get("token", "")):
            return make_response(self._ask(wrong=True), 403)
        response = redirect(self.url(""), 303)
        response.set_cookie(
            COOKIE, self._guard.key(), httponly=True, samesite="Strict", secure=request.is_secure, path="/"
        )
        return response

    def unavailable(self, error: ConsoleError) -> Any:
        """Answer with a page for what cannot be shown now."""
        return make_response(render_template("problem.html", status=503, heading="Not now", detail=str(error)), 503)

    def failed(self, error: HTTPException) -> Any:
        """Answer with a page for what went wrong."""
        page = render_template("problem.html", status=error.code, heading=error.name, detail=error.description)
        return make_response(page, error.code or 500)

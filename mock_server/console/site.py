"""The pages of the console, as a Flask application."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, g, jsonify, make_response, redirect, render_template, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from mock_server.console import graph, journal, text, ticket
from mock_server.console.behavior import FIELDS, read_form, values_of
from mock_server.console.data import NOBODY, ConsoleData, ConsoleError, Entry
from mock_server.console.guard import COOKIE, Guard
from mock_server.console.pins import Pins
from mock_server.console.sessions import read_session
from spec import load_contract, rule

PER_PAGE = 50

STATUSES = ("running", "paused", "error", "complete", "canceled", "incomplete")
ACTIVE = ("running", "paused", "error")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: forms would then be sent with `Origin: null`, and turned away.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "clipboard-write=(self)",
}


class Site:
    """The pages. Each method that is named as a page answers it."""

    def __init__(self, data: ConsoleData, guard: Guard, home: str) -> None:
        self.data = data
        self.guard = guard
        self.home = home
        self.pins = Pins()
        self.whole: dict[tuple[str, int, int], Entry] = {}
        """Entries of cancels that were sent from here, with their bodies whole."""

    # ── every request ────────────────────────────────────────────────────────────────────────────

    def before(self) -> Any:
        """Turn away whoever may not, and ask for the token."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        objection = self.guard.objection(request.method, headers)
        g.session, g.about = "", None
        if objection is not None:
            return Response(f"{objection}\n", 403, content_type="text/plain; charset=utf-8")
        if request.endpoint not in {"static", "login"} and not self.guard.lets_in(request.cookies.get(COOKIE)):
            return make_response(render_template("login.html", wrong=False), 401)
        g.session = read_session(request.args.get("session", ""))
        g.about = self.data.about()
        return None

    def after(self, response: Response) -> Response:
        """Headers of every answer."""
        response.headers.update(HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    def url(self, page: str, fragment: str = "", **query: Any) -> str:
        """The address of a page in the session of this request; what is empty or None is left out of the query."""
        path = self.home if page == "" else f"{request.script_root}/{page}"
        if "session" not in query:
            query["session"] = g.session
        pairs = [(name, str(value)) for name, value in query.items() if value not in ("", None)]
        encoded = urlencode(pairs, errors="replace")
        return f"{path}?{encoded}{fragment}" if encoded else f"{path}{fragment}"

    def context(self) -> dict[str, Any]:
        """What every template knows."""
        return {
            "about": g.about,
            "session": g.session,
            "sessions": self.data.sessions() if g.about is not None and g.about.has_sessions else (),
            "is_armed": g.about is not None and bool(g.about.faults) and bool(self.data.armed(g.session)),
            "url": self.url,
            "nobody": NOBODY,
            "active": ACTIVE,
        }

    # ── jobs ─────────────────────────────────────────────────────────────────────────────────────

    def jobs(self) -> str:
        """The list of jobs."""
        status, search = request.args.get("status", ""), request.args.get("search", "").strip()
        if status not in {"", "active", *STATUSES}:
            abort(400, f"status {status[:40]}: must be active or one of {', '.join(STATUSES)}.")
        offset = max(request.args.get("offset", 0, int), 0)
        page = self.data.jobs(g.session, status=status, search=search, offset=offset, limit=PER_PAGE)
        counts = {name: page.counts.get(name, 0) for name in STATUSES}
        counts |= {name: count for name, count in page.counts.items() if name and name not in counts}
        filters = [("", "All", sum(page.counts.values())), ("active", "Active", sum(counts[name] for name in ACTIVE))]
        filters += [(name, name.capitalize(), count) for name, count in counts.items() if count or name == status]
        return render_template(
            "jobs.html",
            page=page,
            filters=filters,
            status=status,
            search=search,
            offset=offset,
            limit=PER_PAGE,
            statuses=STATUSES,
        )

    def job(self) -> str:
        """One job."""
        job_id = request.args.get("id", "")
        job = self.data.job(g.session, job_id)
        if job is None:
            abort(404, f"There is no job {job_id[:80]} here.")
        tasks = graph.tasks_of(job.document)
        entries = [e for e in self.data.entries(g.session, since=0, limit=journal.READ) if e.job_id == job_id][-10:]
        return render_template(
            "job.html",
            job=job,
            facts=_facts(job.document),
            drawing=graph.draw(job.document),
            tasks=[_task(key, task) for key, task in tasks.items()],
            source=None if job.document is None else text.pretty(job.document),
            rows=self._rows(entries[::-1]),
        )

    def make_jobs(self) -> Any:
        """Make jobs by the form under the list."""
        wanted: dict[str, Any] = {"status": request.form.get("status", "running")}
        try:
            for name in ("count", "tasks"):
                if request.form.get(name, "").strip():
                    wanted[name] = _whole(name, request.form[name])
            if request.form.get("name", "").strip():
                wanted["name"] = request.form["name"]
            made = self.data.make_jobs(g.session, wanted)
        except ConsoleError as error:
            abort(400, str(error))
        if len(made) == 1:
            return redirect(self.url("job", id=made[0]), 303)
        return redirect(self.url("", status=wanted["status"]), 303)

    def reset(self) -> Any:
        """Back to the start."""
        try:
            self.data.reset(g.session)
        except ConsoleError as error:
            abort(400, str(error))
        return redirect(self.url(""), 303)

    # ── cancel ───────────────────────────────────────────────────────────────────────────────────

    def cancel(self) -> Any:
        """The form, what it asks before it acts on a live engine, and what came of it."""
        job_id = (request.form if request.method == "POST" else request.args).get("job_id", "").strip()
        role = request.form.get("role", "")
        roles = g.about.roles
        if request.method != "POST":
            return render_template("cancel.html", job_id=job_id, role=request.args.get("role", ""), problem="")
        problem = ""
        if not job_id:
            problem = "Say which job: the form needs its ID."
        elif not roles:
            problem = g.about.why_no_cancel
        elif role not in roles:
            problem = f"role {role[:40]}: must be one of {', '.join(name or 'no credential' for name in roles)}."
        if problem:
            return make_response(render_template("cancel.html", job_id=job_id, role=role, problem=problem), 400)
        if g.about.is_live and request.form.get("confirmed") != job_id:
            return render_template("confirm.html", job_id=job_id, role=role, job=self.data.job(g.session, job_id))
        try:
            entry = self.data.cancel(g.session, job_id, role)
        except ConsoleError as error:
            return make_response(render_template("cancel.html", job_id=job_id, role=role, problem=str(error)), 400)
        key = (g.session, entry.number, entry.at_ms)
        self.whole[key] = entry
        while len(self.whole) > 50:
            del self.whole[next(iter(self.whole))]
        return redirect(self.url(f"journal/{entry.number}", at=entry.at_ms, sent=1), 303)

    # ── behaviour ────────────────────────────────────────────────────────────────────────────────

    def behavior(self) -> Any:
        """What is armed, and the switches."""
        if not g.about.faults:
            abort(404, "Nothing can be armed here.")
        problem = ""
        form: Mapping[str, str] | None = None
        if request.method == "POST":
            try:
                self.data.arm(g.session, read_form(request.form))
                return redirect(self.url("behavior"), 303)
            except ConsoleError as error:
                problem, form = str(error), {name: request.form.get(name, "") for name in FIELDS}
        armed = self.data.armed(g.session)
        search = request.args.get("search", "").strip()
        faults = [fault for fault in g.about.faults if search.casefold() in f"{fault.name} {fault.sentence}".casefold()]
        groups: dict[str, list[Any]] = {}
        for fault in faults:
            groups.setdefault((fault.rule or "variations").partition(".")[0], []).append(fault)
        page = render_template(
            "behavior.html",
            armed=armed,
            sentences={fault.name: fault for fault in g.about.faults},
            groups=groups,
            values=values_of(armed) if form is None else form,
            problem=problem,
            search=search,
            rule=rule,
            roles=[role for role in g.about.roles if role != NOBODY] or load_contract().roles,
        )
        return make_response(page, 400 if problem else 200)

    # ── journal ──────────────────────────────────────────────────────────────────────────────────

    def journal(self) -> str:
        """The list."""
        return self._journal(None)

    def entry(self, number: int) -> str:
        """The list with an entry beside it."""
        found = self._find(number)
        if found is None:
            abort(404, f"The journal no longer holds an entry {number}. Pinned entries are kept.")
        return self._journal(found)

    def rows(self) -> Any:
        """What is new since an entry, for the page's script."""
        since = max(request.args.get("since", 0, int), 0)
        latest = self.data.entries(g.session, since=0, limit=1)
        newest = latest[-1].number if latest else 0
        entries = self.data.entries(g.session, since=since, limit=journal.ROWS) if newest > since else ()
        chosen = journal.select(entries, request.args.get("outcome", "all"), request.args.get("search", ""))
        return jsonify(newest=newest, rows=self._rows(chosen))

    def pin(self, number: int) -> Any:
        """Pin or unpin an entry."""
        found = self._find(number)
        if found is None:
            abort(404, f"The journal no longer holds an entry {number}.")
        if not self.pins.toggle(g.session, found) and self._find(number) is None:
            return redirect(self.url("journal", outcome="pinned"), 303)
        return redirect(self.url(f"journal/{number}", at=found.at_ms, **_filters(), fragment="#entry"), 303)

    def _journal(self, selected: Entry | None) -> str:
        filters = _filters()
        before = request.args.get("before", 0, int)
        pinned = self.pins.of(g.session)
        entries = self.data.entries(g.session, since=0, limit=journal.READ)
        newest = entries[-1].number if entries else 0
        counted = {name: len(journal.select(entries, name, "")) for name in journal.FILTERS} | {"pinned": len(pinned)}
        chosen = journal.select(
            pinned if filters["outcome"] == "pinned" else entries, filters["outcome"], filters["search"]
        )
        if before > 0:
            chosen = [entry for entry in chosen if entry.number < before]
        return render_template(
            "journal.html",
            rows=self._rows(chosen[::-1][: journal.ROWS]),
            more=chosen[-journal.ROWS].number if len(chosen) > journal.ROWS else 0,
            before=before,
            newest=newest,
            filters=filters,
            counted=counted,
            names=journal.FILTERS,
            entry=selected,
            **({} if selected is None else self._shown(selected, pinned)),
        )

    def _shown(self, entry: Entry, pinned: list[Entry]) -> dict[str, Any]:
        base = (g.about.engine or request.host_url).rstrip("/")
        credential = self.data.credential(entry.role)
        fault = next((fault for fault in g.about.faults if fault.name == entry.fault), None)
        return {
            "outcome": journal.outcome(entry),
            "who": journal.who(entry),
            "violations": [journal.explain(finding) for finding in entry.findings],
            "fault": fault,
            "curl": ticket.curl(entry, base, credential),
            "report": ticket.bug_report(entry, g.about, base, credential),
            "is_pinned": any((entry.number, entry.at_ms) == (other.number, other.at_ms) for other in pinned),
            "sent": "sent" in request.args,
        }

    def _find(self, number: int) -> Entry | None:
        at_ms = request.args.get("at", None, int)
        found = self.data.entry(g.session, number)
        if found is None or (at_ms is not None and found.at_ms != at_ms):
            found = self.pins.find(g.session, number, at_ms)
        whole = None if at_ms is None else self.whole.get((g.session, number, at_ms))
        return whole or found

    def _rows(self, entries: list[Entry]) -> list[dict[str, Any]]:
        pinned = {(entry.number, entry.at_ms) for entry in self.pins.of(g.session)}
        filters = _filters() if request.endpoint in {"journal", "entry", "rows"} else {}
        return [
            journal.row(
                entry,
                url=self.url(f"journal/{entry.number}", at=entry.at_ms, **filters, fragment="#entry"),
                is_pinned=(entry.number, entry.at_ms) in pinned,
            )
            for entry in entries
        ]

    # ── the door ─────────────────────────────────────────────────────────────────────────────────

    def login(self) -> Any:
        """Ask for the token, and remember those who know it."""
        if request.method != "POST":
            return render_template("login.html", wrong=False)
        if not self.guard.fits(request.form.get("token", "")):
            return make_response(render_template("login.html", wrong=True), 403)
        response = redirect(self.url(""), 303)
        response.set_cookie(
            COOKIE, self.guard.key(), httponly=True, samesite="Strict", secure=request.is_secure, path="/"
        )
        return response

    def unavailable(self, error: ConsoleError) -> Any:
        """A page for what cannot be shown now."""
        return make_response(render_template("problem.html", status=503, heading="Not now", detail=str(error)), 503)

    def failed(self, error: HTTPException) -> Any:
        """A page for what went wrong."""
        page = render_template("problem.html", status=error.code, heading=error.name, detail=error.description)
        return make_response(page, error.code or 500)


def make_site(data: ConsoleData, guard: Guard, *, home: str) -> Flask:
    """The Flask application; `home` is the path of its first page."""
    site = Site(data, guard, home)
    app = Flask("mock_server.console", static_url_path="/static")
    app.jinja_options = {
        "finalize": text.shown,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "undefined": StrictUndefined,
    }
    app.jinja_env.filters |= {
        "clock": text.clock,
        "duration": text.duration,
        "highlight": text.highlight,
        "moment": text.moment,
        "pretty_body": text.pretty_body,
        "tone": graph.tone,
    }
    app.jinja_env.globals |= {"box": {"width": graph.WIDTH, "height": graph.HEIGHT}}
    app.before_request(site.before)
    app.after_request(site.after)
    app.context_processor(site.context)
    app.register_error_handler(HTTPException, site.failed)
    app.register_error_handler(ConsoleError, site.unavailable)
    app.add_url_rule("/", "jobs", site.jobs)
    app.add_url_rule("/job", "job", site.job)
    app.add_url_rule("/jobs", "make_jobs", site.make_jobs, methods=["POST"])
    app.add_url_rule("/reset", "reset", site.reset, methods=["POST"])
    app.add_url_rule("/cancel", "cancel", site.cancel, methods=["GET", "POST"])
    app.add_url_rule("/behavior", "behavior", site.behavior, methods=["GET", "POST"])
    app.add_url_rule("/journal", "journal", site.journal)
    app.add_url_rule("/journal.json", "rows", site.rows)
    app.add_url_rule("/journal/<int:number>", "entry", site.entry)
    app.add_url_rule("/journal/<int:number>/pin", "pin", site.pin, methods=["POST"])
    app.add_url_rule("/login", "login", site.login, methods=["GET", "POST"])
    return app


def _filters() -> dict[str, str]:
    outcome = request.args.get("outcome", "all")
    if outcome not in journal.FILTERS:
        abort(400, f"outcome {outcome[:40]}: must be one of {', '.join(journal.FILTERS)}.")
    return {"outcome": outcome, "search": request.args.get("search", "").strip()}


def _whole(name: str, value: str) -> int:
    if not value.strip().isascii() or not value.strip().isdigit():
        raise ConsoleError(f"{name} {value[:40]}: must be a whole number.")
    return int(value)


def _facts(document: Any) -> list[tuple[str, str]]:
    """What a job's document says at its top, in words."""
    if not isinstance(document, Mapping):
        return []
    given = document.get("metrics")
    metrics: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    error = document.get("error")
    facts = [
        ("Created", document.get("created")),
        ("By", document.get("created_by")),
        ("Last updated", document.get("last_updated")),
        ("Started", text.moment(metrics.get("start_time"))),
        ("Ended", text.moment(metrics.get("end_time"))),
        ("Run time", text.duration(metrics.get("run_time"))),
    ]
    if isinstance(error, list):
        facts += [
            ("Error", f"{one.get('message', '')} (task {one.get('task', '')})")
            for one in error[:3]
            if isinstance(one, Mapping)
        ]
    return [(name, str(value)) for name, value in facts if value not in ("", None)]


def _task(key: str, task: Mapping[str, Any]) -> dict[str, str]:
    given = task.get("metrics")
    metrics: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    app = metrics.get("app")
    return {
        "key": key,
        "name": str(task.get("name", "")),
        "status": str(task.get("status", "")),
        "finish": str(metrics.get("finish_state", "")),
        "app": str(app.get("id", "")) if isinstance(app, Mapping) else "",
        "ran": text.duration(metrics.get("run_time")),
    }

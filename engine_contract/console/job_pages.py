"""The pages of jobs: the list, one job with its graph, and the forms that make jobs and cancel one."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, g, make_response, redirect, render_template, request

from engine_contract.console import graph, json_view
from engine_contract.console.interface import ConsoleError
from engine_contract.console.journal_pages import JournalPages
from engine_contract.console.journal_rows import SEARCHED_ENTRIES
from engine_contract.console.request_hooks import RequestHooks
from engine_contract.contract.job_status import ACTIVE, STATUSES
from engine_contract.text import printable

PER_PAGE = 50


class JobPages:
    """Serves the pages; each method returns one."""

    def __init__(self, hooks: RequestHooks, journal: JournalPages) -> None:
        self._hooks = hooks
        self._journal = journal

    def jobs(self) -> str:
        """Show the list of jobs."""
        status, search = request.args.get("status", ""), request.args.get("search", "").strip()
        if status not in {"", "active", *STATUSES}:
            abort(400, f"status {status[:40]}: must be active or one of {', '.join(STATUSES)}.")
        offset = max(request.args.get("offset", 0, int), 0)
        page = self._hooks.data.jobs(g.session, status=status, search=search, offset=offset, limit=PER_PAGE)
        counts: dict[str, int] = {name: page.counts.get(name, 0) for name in STATUSES}
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
        """Show one job."""
        job_id = request.args.get("id", "")
        job = self._hooks.data.job(g.session, job_id)
        if job is None:
            abort(404, f"There is no job {job_id[:80]} here.")
        tasks = graph.tasks_of(job.document)
        entries = [
            e for e in self._hooks.data.entries(g.session, since=0, limit=SEARCHED_ENTRIES) if e.job_id == job_id
        ][-10:]
        return render_template(
            "job.html",
            job=job,
            statuses=STATUSES,
            facts=_facts(job.document),
            drawing=graph.draw(job.document),
            tasks=[_task(key, task) for key, task in tasks.items()],
            source=None if job.document is None else json_view.pretty(job.document),
            rows=self._journal.table(entries[::-1]),
        )

    def make_jobs(self) -> Any:
        """Make jobs by the form under the list."""
        wanted: dict[str, Any] = {"status": request.form.get("status", "running")}
        try:
            for name in ("count", "tasks"):
                if request.form.get(name, "").strip():
                    wanted[name] = _whole(name, request.form[name])
            for name, key in (("age", "age_ms"), ("ends_in", "ends_in_ms")):
                if request.form.get(name, "").strip():
                    wanted[key] = 1000 * _whole(name, request.form[name])
            if "ends_in_ms" in wanted and request.form.get("ends_as"):
                wanted["ends_as"] = request.form["ends_as"]
            if request.form.get("name", "").strip():
                wanted["name"] = request.form["name"]
            made = self._hooks.data.make_jobs(g.session, wanted)
        except ConsoleError as error:
            abort(400, str(error))
        if len(made) == 1:
            return redirect(self._hooks.url("job", id=made[0]), 303)
        return redirect(self._hooks.url("", status=wanted["status"]), 303)

    def change_job(self) -> Any:
        """Give a job another status or name, by the form beside it."""
        job_id, given = request.form.get("job_id", ""), request.form
        wanted = {key: given[key] for key in ("status", "name") if given.get(key, "").strip()}
        return self._done(job_id, lambda: self._hooks.data.change_job(g.session, job_id, wanted), "job", id=job_id)

    def remove_job(self) -> Any:
        """Remove a job."""
        job_id = request.form.get("job_id", "")
        return self._done(job_id, lambda: self._hooks.data.remove_job(g.session, job_id), "")

    def _done(self, job_id: str, act: Callable[[], bool], page: str, **query: str) -> Any:
        try:
            was_there = act()
        except ConsoleError as error:
            abort(400, str(error))
        if not was_there:
            abort(404, f"There is no job {job_id[:80]} here.")
        return redirect(self._hooks.url(page, **query), 303)

    def reset(self) -> Any:
        """Go back to the start."""
        try:
            self._hooks.data.reset(g.session)
        except ConsoleError as error:
            abort(400, str(error))
        return redirect(self._hooks.url(""), 303)

    def cancel(self) -> Any:
        """Handle the form: before a cancel on a live engine, ask; then cancel the job and show the result."""
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
            return render_template(
                "confirm.html", job_id=job_id, role=role, job=self._hooks.data.job(g.session, job_id)
            )
        try:
            entry = self._hooks.data.cancel(g.session, job_id, role)
        except ConsoleError as error:
            return make_response(render_template("cancel.html", job_id=job_id, role=role, problem=str(error)), 400)
        self._journal.keep(entry)
        return redirect(self._hooks.url(f"journal/{entry.number}", at=entry.at_ms, sent=1), 303)


def _whole(name: str, value: str) -> int:
    if not value.strip().isascii() or not value.strip().isdigit():
        raise ConsoleError(f"{name} {value[:40]}: must be a whole number.")
    return int(value)


def _facts(document: Any) -> list[tuple[str, str]]:
    """Return what a job's document says at its top, in words."""
    if not isinstance(document, Mapping):
        return []
    given = document.get("metrics")
    metrics: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    error = document.get("error")
    facts = [
        ("Created", document.get("created")),
        ("By", document.get("created_by")),
        ("Last updated", document.get("last_updated")),
        ("Started", printable.moment(metrics.get("start_time"))),
        ("Ended", printable.moment(metrics.get("end_time"))),
        ("Run time", printable.duration(metrics.get("run_time"))),
    ]
    if isinstance(error, list):
        facts += [
            ("Error", f"{printable.scalar(one.get('message'))} (task {printable.scalar(one.get('task'))})")
            for one in error[:3]
            if isinstance(one, Mapping)
        ]
    return [(name, text) for name, value in facts if (text := printable.scalar(value))]


def _task(key: str, task: Mapping[str, Any]) -> dict[str, str]:
    given = task.get("metrics")
    metrics: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    app = metrics.get("app")
    return {
        "key": key,
        "name": printable.scalar(task.get("name")),
        "status": printable.scalar(task.get("status")),
        "finish": printable.scalar(metrics.get("finish_state")),
        "app": printable.scalar(app.get("id")) if isinstance(app, Mapping) else "",
        "ran": printable.duration(metrics.get("run_time")),
    }

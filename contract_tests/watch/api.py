"""The watcher's JSON API: the journal, the jobs that were seen, and a cancel as one of the roles."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from contract_tests.watch.journal import Entry, SeenJob
from contract_tests.watch.state import Watch
from engine_contract.console.interface import Finding, Message
from engine_contract.http.media_types import read_content_type
from engine_contract.text.printable import moment

MAX_LIMIT = 1000


def summary(entry: Entry) -> dict[str, Any]:
    """Return an entry without headers and bodies."""
    return {
        "number": entry.number,
        "at": moment(entry.at_ms),
        "duration_ms": entry.duration_ms,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "is_cancel": entry.is_cancel,
        "caller": entry.caller,
        "role": entry.role,
        "situation": entry.situation,
        "job_id": entry.job_id,
        "violations": list(entry.violations),
        "warnings": list(entry.warnings),
        "note": entry.reason,
        "pinned": entry.pinned,
    }


def whole(entry: Entry) -> dict[str, Any]:
    """Return an entry with all that is kept of it."""
    return summary(entry) | {
        "request": _message(entry.request),
        "answer": _message(entry.response),
        "findings": list(map(_finding, entry.findings)),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "level": rule.level,
        "title": rule.title,
        "quote": rule.quote,
        "reason": rule.reason,
        "received": finding.received,
        "documented": finding.documented,
        "pointer": finding.pointer,
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "headers": [list(pair) for pair in message.headers],
        "body": message.body,
        "size": message.size,
    }


def _job(job: SeenJob) -> dict[str, Any]:
    return {"job_id": job.job_id, "status": job.status, "name": job.name, "last_entry": job.last_entry}


def api_routes(watch: Watch, prefix: str) -> Router:
    """Return the endpoints below `prefix`."""
    api = _Api(watch)
    return Router(
        [
            Route(f"{prefix}/about", api.about),
            Route(f"{prefix}/entries", api.entries, methods=["GET"]),
            Route(f"{prefix}/entries", api.clear, methods=["DELETE"]),
            Route(f"{prefix}/entries/{{number:int}}", api.entry, methods=["GET"]),
            Route(f"{prefix}/entries/{{number:int}}", api.pin, methods=["PUT"]),
            Route(f"{prefix}/jobs", api.jobs),
            Route(f"{prefix}/cancel", api.cancel, methods=["POST"]),
        ]
    )


class _Api:
    """Answers from the journal."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._journal = watch.journal

    async def about(self, _request: Request) -> Response:
        recording = self._watch.recording
        return JSONResponse(
            {
                "engine": self._watch.settings.connection.base,
                "live": True,
                "tls_verified": not self._watch.settings.connection.insecure,
                "roles": list(self._watch.roles),
                "record": str(recording.path) if recording else None,
                "record_failure": recording.failure if recording else None,
                "notice": self._watch.observer.notice or None,
                "last": self._journal.last,
            }
        )

    async def entries(self, request: Request) -> Response:
        since, limit = _number(request, "since", 0), min(_number(request, "limit", 100), MAX_LIMIT)
        found = self._journal.entries(since=since, limit=MAX_LIMIT * 100)
        if request.query_params.get("cancels"):
            found = [entry for entry in found if entry.is_cancel]
        shown = [summary(entry) for entry in found[-limit:]] if limit else []
        return JSONResponse({"entries": shown, "last": self._journal.last})

    async def clear(self, _request: Request) -> Response:
        self._journal.clear()
        return Response(status_code=204)

    async def entry(self, request: Request) -> Response:
        found = self._journal.entry(request.path_params["number"])
        return JSONResponse(whole(found)) if found else _missing()

    async def pin(self, request: Request) -> Response:
        wanted = await _body(request)
        if not isinstance(wanted.get("pinned"), bool):
            return JSONResponse({"detail": 'Send {"pinned": true} or {"pinned": false}.'}, 400)
        found = self._journal.pin(request.path_params["number"], pinned=wanted["pinned"])
        return JSONResponse(summary(found)) if found else _missing()

    async def jobs(self, _request: Request) -> Response:
        return JSONResponse({"jobs": [_job(job) for job in self._journal.jobs()[:MAX_LIMIT]]})

    async def cancel(self, request: Request) -> Response:
        wanted = await _body(request)
        job_id, role = wanted.get("job_id"), wanted.get("role")
        if not isinstance(job_id, str) or not job_id or wanted.get("confirm") != job_id:
            detail = "A cancel on a live engine cannot be undone: name the job as job_id, and once more as confirm."
            return JSONResponse({"detail": detail}, 400)
        if role not in self._watch.roles:
            known = ", ".join(self._watch.roles) or "none: start with --login ROLE=USER:SOURCE or --token ROLE=SOURCE"
            return JSONResponse({"detail": f"There is no token for that role. Known are {known}."}, 403)
        try:
            return JSONResponse(whole(await self._watch.cancel(role, job_id)))
        except RuntimeError as error:
            return JSONResponse({"detail": self._watch.observer.redaction.text(f"No cancel: {error}.")}, 502)


def _missing() -> Response:
    return JSONResponse({"detail": "There is no such entry, or it is no longer kept."}, 404)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default


async def _body(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that was sent, else an empty one. A form of another site cannot send JSON unasked."""
    if read_content_type(request.headers.get("content-type", "")).media != "application/json":
        return {}
    try:
        value = await request.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

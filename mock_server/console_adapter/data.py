"""The console's data of a mock: its store, read from the console's thread, and cancels sent to the mock itself."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Any, TypeVar

from engine_contract.console import About, ConsoleError, Entry, FaultChoice, Job, JobLine, JobPage, Message, SessionLine
from engine_contract.contract import Operation, find_operation
from engine_contract.contract.job_status import ACTIVE
from engine_contract.environment import usual_variable
from engine_contract.http.types import http_scope
from engine_contract.text.masking import show_header
from mock_server.console_adapter.findings import violations
from mock_server.control import actions
from mock_server.control.actions import ActionError
from mock_server.jobs.documents import document, summary
from mock_server.jobs.job import State
from mock_server.jobs.turns import Turns
from mock_server.operations.credentials import Credentials, known_roles
from mock_server.operations.exchange import Change
from mock_server.settings import Settings
from mock_server.store import Store, StoreUnavailable, journal
from mock_server.store.access import real_ms
from mock_server.store.behavior import Known
from mock_server.store.jobs import Page

LONGEST_S = 10.0
"""Seconds that a cancel's response gets to arrive; then it is shown as far as it came."""

USER_AGENT = b"mock-engine console"

Result = TypeVar("Result")
Application = Callable[[Any, Any, Any], Awaitable[None]]


class MockData:
    """`ConsoleData` of a mock. `loop` is the one that the mock runs on; set before the first call."""

    loop: asyncio.AbstractEventLoop

    def __init__(  # noqa: PLR0913 - made in one place
        self,
        settings: Settings,
        store: Store,
        app: Application,
        operations: Sequence[Operation],
        known_faults: Mapping[str, Mapping[str, Change]],
        *,
        known: Known,
        credentials: Credentials,
    ) -> None:
        self._contract, *_ = self._operations = operations
        self._faults = known_faults
        self._known = known
        self._credentials = credentials
        self._settings = settings
        self._store = store
        self._app = app
        self._observed = store.observed()

    def about(self) -> About:
        return self._about

    @cached_property
    def _about(self) -> About:
        tokens = self._settings.tokens
        roles = known_roles(self._operations) if tokens is None else tuple(dict.fromkeys(tokens.values()))
        return About(
            title="Mock engine",
            roles=(*roles, ""),
            faults=tuple(
                FaultChoice(one.name, one.sentence, one.rule) for one in self._faults[self._contract.name].values()
            ),
            started_with=self._started_with(),
            has_sessions=True,
            links=(("Swagger UI", "/ui"), ("OpenAPI document", "/openapi.yaml"), ("Metrics", "/_mock/metrics")),
        )

    def _started_with(self) -> str:
        settings = self._settings
        options = [f"--fault {settings.fault}"] if settings.fault else []
        if settings.latency_ms:
            options.append("--latency {:g}-{:g}".format(*settings.latency_ms))
        return f"Started with {' and '.join(options)}: in force where nothing else is armed." if options else ""

    def sessions(self) -> Sequence[SessionLine]:
        now = real_ms()
        used = sorted(self._call(self._store.sessions()), key=lambda one: -one.last_used_ms)
        return [SessionLine(one.name, one.entries, one.jobs, max(now - one.last_used_ms, 0)) for one in used]

    def jobs(self, session: str, *, status: str, search: str, offset: int, limit: int) -> JobPage:
        wanted = None if not status else ACTIVE if status == "active" else frozenset({status})
        asked = self._find(session, search, wanted, offset=offset, limit=limit) if search else None
        page = self._call(asked or self._observed.page(session, wanted, offset=offset, limit=limit))
        total = sum(count for name, count in page.counts.items() if wanted is None or name in wanted)
        return JobPage(tuple(self._line(*one) for one in page.jobs), total, page.counts)

    async def _find(self, session: str, search: str, wanted: frozenset[str] | None, *, offset: int, limit: int) -> Page:
        """Return a part of the jobs whose id or name holds a text, and count all of them; no more than that is kept."""
        text = search.casefold()
        page, place, turns = Page([], Counter()), 0, Turns()
        async for job_id, state in self._observed.jobs(session, None):
            await turns.give()
            if text not in job_id.casefold() and text not in self._line(job_id, state).name.casefold():
                continue
            page.counts[state.status] += 1
            if wanted is None or state.status in wanted:
                if offset <= place < offset + limit:
                    page.jobs.append((job_id, state))
                place += 1
        return page

    def job(self, session: str, job_id: str) -> Job | None:
        state = self._call(self._observed.get(session, job_id))
        if state is None:
            return None
        raw = document(job_id, state, seed=self._settings.seed)
        return Job(self._line(job_id, state), json.loads(raw))

    def make_jobs(self, session: str, wanted: Mapping[str, Any]) -> Sequence[str]:
        return self._call(actions.make_jobs(self._store, session, dict(wanted)))

    def change_job(self, session: str, job_id: str, wanted: Mapping[str, Any]) -> bool:
        return self._call(actions.change_job(self._store, session, job_id, dict(wanted))) is not None

    def remove_job(self, session: str, job_id: str) -> bool:
        return self._call(self._store.remove(session, job_id))

    def reset(self, session: str) -> None:
        self._call(self._store.reset(session))

    def entries(self, session: str, *, since: int, limit: int) -> Sequence[Entry]:
        kept = self._call(self._observed.entries(session, limit=limit, since=since))
        return [self._entry(number, entry) for number, entry in kept]

    def entry(self, session: str, number: int) -> Entry | None:
        kept = self._call(self._observed.entry(session, number))
        return None if kept is None else self._entry(number, kept)

    def broken(self, session: str) -> int:  # noqa: ARG002 - that of a live engine has none either
        """Return 0: a mock only breaks rules on request."""
        return 0

    def cancel(self, session: str, job_id: str, role: str) -> Entry:
        """Send the cancel the whole way that a request takes, faults and journal included."""
        started_ms, started = real_ms(), perf_counter()
        headers, body = self._headers(session, role), json.dumps({"job_id": job_id}).encode()
        headers.append((b"content-length", b"%d" % len(body)))
        contract = self._contract
        path = self._settings.prefix + contract.path
        scope = http_scope(contract.method, path, headers)
        received = self._call(_send(self._app, scope, body))
        newest = self._call(self._observed.entries(session, limit=50, since=0))
        for number, kept in reversed(newest):
            if kept.at_ms >= started_ms and kept.job_id == job_id and (b"user-agent", USER_AGENT) in kept.headers:
                entry = self._entry(number, kept)
                break
        else:
            entry = Entry(
                number=0,
                at_ms=started_ms,
                duration_ms=(perf_counter() - started) * 1000,
                method=contract.method,
                path=path,
                request=Message(_pairs(headers), body.decode(), len(body)),
                role=role or None,
                job_id=job_id,
                status=received.status,
            )
        return received.whole(entry)

    def credential(self, role: str | None) -> str:
        """Return the role itself where its name is its token, else the variable that holds it."""
        if role and self._settings.tokens is None and not self._credentials.is_opaque:
            return role
        return f"${usual_variable(role)}"

    def armed(self, session: str) -> Sequence[Mapping[str, Any]]:
        return [one.shown() for one in self._call(self._observed.behavior(session))]

    def arm(self, session: str, behavior: Mapping[str, Any]) -> None:
        self._call(actions.arm(self._store, session, dict(behavior), self._known))

    def _call(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()
        except ActionError as error:
            raise ConsoleError(str(error)) from None
        except StoreUnavailable as error:
            raise ConsoleError(error.sentence) from None

    def _line(self, job_id: str, state: State) -> JobLine:
        return JobLine(job_id, state.status, summary(job_id, state, seed=self._settings.seed)["name"])

    def _headers(self, session: str, role: str) -> list[tuple[bytes, bytes]]:
        headers = [(b"host", b"127.0.0.1"), (b"user-agent", USER_AGENT), (b"content-type", b"application/json")]
        if role:
            token = self._call(self._credentials.give(self._store, session, "console", role))
            headers.append((b"authorization", f"Bearer {token}".encode("latin-1", "replace")))
        if session:
            headers.append((b"mock-session", session.encode()))
        return headers

    def _entry(self, number: int, kept: journal.Entry) -> Entry:
        shown: Any = journal.show(number, kept)
        request, response = shown["request"], shown["answer"]
        operation = find_operation(self._operations, kept.method, kept.path.removeprefix(self._settings.prefix))
        operation = operation or self._contract
        broken_off = kept.wire in {"reset", "truncate", "stall"}
        return Entry(
            number=number,
            at_ms=kept.at_ms,
            duration_ms=kept.duration_ms,
            method=kept.method,
            path=request["path"],
            query=request["query"],
            is_cancel=request["path"] == self._settings.prefix + self._contract.path,
            request=Message(tuple(map(tuple, request["headers"])), request["body"], request["body_size"]),
            role=kept.role,
            credential=kept.credential,
            job_id=shown["job_id"],
            status=None if kept.wire == "reset" else kept.status,
            response=Message(tuple(map(tuple, response["headers"])), response["body"], response["body_size"]),
            reason=_BROKEN_OFF[kept.wire] if broken_off and kept.wire else shown["reason"],
            fault=kept.fault,
            findings=violations(kept, operation, self._faults[operation.name]),
        )


_BROKEN_OFF = {
    "reset": "The connection was reset before an answer.",
    "truncate": "The connection was closed in the middle of the answer; it is shown as it was meant.",
    "stall": "The answer stopped in the middle; it is shown as it was meant.",
}


class _Received:
    """A response while it comes in."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.late = False

    def whole(self, entry: Entry) -> Entry:
        """Return the entry with the response that really came in, not the part that the journal kept."""
        size = next((int(value) for name, value in self.headers if name == b"content-length" and value.isdigit()), 0)
        reason = entry.reason
        if self.status is not None and len(self.body) < size:
            late = f", and no more within {LONGEST_S:.0f} seconds" if self.late else ", then the connection was closed"
            reason = f"{len(self.body):,} of {size:,} bytes came{late}."
        response = Message(
            entry.response.headers or _pairs(self.headers), self.body.decode("utf-8", "replace"), len(self.body)
        )
        return replace(entry, response=response, reason=reason)


async def _send(app: Application, scope: Mapping[str, Any], body: bytes) -> _Received:
    received = _Received()
    asked = False

    async def receive() -> Mapping[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            received.status, received.headers = message["status"], list(message["headers"])
        else:
            received.body += message.get("body", b"")

    with suppress(ConnectionResetError):  # a fault that breaks the connection
        try:
            async with asyncio.timeout(LONGEST_S):
                await app(scope, receive, send)
        except TimeoutError:
            received.late = True
    return received


def _pairs(headers: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    texts = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return tuple((name, show_header(name, value, str)) for name, value in texts)

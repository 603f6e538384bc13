# ruff: noqa: ARG002 - an engine of one job needs few of the arguments
"""A console before a live engine, with data that a test makes up."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import uvicorn

from engine_contract.console import (
    About,
    Console,
    ConsoleError,
    Entry,
    Finding,
    Guard,
    Job,
    JobLine,
    JobPage,
    Message,
    SessionLine,
)
from engine_contract.contract import Rule, rule
from tests.support.eventually import eventually

ENGINE = "https://engine.example:3443"


@dataclass
class Live:
    """`ConsoleData` of an engine that has one job, `a`."""

    roles: tuple[str, ...] = ("admin", "support")
    document: Any = None
    text: str = "Nightly backup"
    body: str | None = None
    """The answer's body, the text above where it is None."""
    pointers: tuple[str, ...] = ()
    """Where the body breaks a rule, beside the place that the text names."""
    canceled: list[tuple[str, str]] = field(default_factory=list)

    def about(self) -> About:
        """A live engine."""
        return About(
            title="Watching",
            engine=ENGINE,
            is_live=True,
            roles=self.roles,
            why_no_cancel="Start with --token ROLE=SOURCE to cancel from here.",
        )

    def sessions(self) -> Sequence[SessionLine]:
        """None."""
        return ()

    def jobs(self, session: str, *, status: str, search: str, offset: int, limit: int) -> JobPage:
        """The one job."""
        return JobPage((JobLine("a", "running", self.text),), 1, {"running": 1})

    def job(self, session: str, job_id: str) -> Job | None:
        """The one job."""
        return Job(JobLine("a", "running", self.text), self.document) if job_id == "a" else None

    def make_jobs(self, session: str, wanted: Mapping[str, Any]) -> Sequence[str]:
        """Not here."""
        raise ConsoleError("A live engine makes its own jobs.")

    def change_job(self, session: str, job_id: str, wanted: Mapping[str, Any]) -> bool:
        """Not here."""
        raise ConsoleError("A live engine's jobs are its own.")

    def remove_job(self, session: str, job_id: str) -> bool:
        """Not here."""
        raise ConsoleError("A live engine's jobs are its own.")

    def reset(self, session: str) -> None:
        """Not here."""
        raise ConsoleError("A live engine has no reset.")

    def entries(self, session: str, *, since: int, limit: int) -> Sequence[Entry]:
        """One exchange, with every text in it."""
        return [] if since else [self._entry()]

    def entry(self, session: str, number: int) -> Entry | None:
        """The one exchange."""
        return self._entry() if number == 1 else None

    def broken(self, session: str) -> int:
        """The one exchange did."""
        return 1

    def cancel(self, session: str, job_id: str, role: str) -> Entry:
        """Note it."""
        self.canceled.append((job_id, role))
        return self._entry()

    def credential(self, role: str | None) -> str:
        """A variable."""
        return f"${(role or 'NOBODY').upper()}_TOKEN"

    def armed(self, session: str) -> Sequence[Mapping[str, Any]]:
        """Nothing."""
        return ()

    def arm(self, session: str, behavior: Mapping[str, Any]) -> None:
        """Not here."""
        raise ConsoleError("A live engine cannot be armed.")

    def _entry(self) -> Entry:
        text = self.text
        return Entry(
            number=1,
            at_ms=1_700_000_000_123,
            duration_ms=12.3,
            method="POST",
            path=f"/workflow_engine/cancelJob/{text}",
            query=text,
            request=Message((("Authorization", "Bearer ***"), (text, text)), text, 9),
            role="admin",
            credential="bearer",
            job_id="a",
            status=200,
            response=Message((("Content-Type", text),), text if self.body is None else self.body, 9),
            reason=text,
            fault=text,
            findings=(
                Finding(rule("response.name"), text, text, f"/{text}"),
                Finding(rule("transport.status.exact"), "status 201", "status 200"),
                Finding(Rule(text, "documented", text), text, text),
                *(Finding(rule("response.name"), text, text, pointer) for pointer in self.pointers),
            ),
        )


@contextmanager
def live_console(data: Live, *, guard: Guard | None = None) -> Iterator[str]:
    """Serve the console at `/_watch`; its address."""
    console = Console(data, prefix="/_watch", home="/_watch/", guard=guard)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        assert scope["path"].startswith("/_watch"), scope["path"]
        await console(scope, receive, send)

    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical"))
    thread = Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/_watch"
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()

"""The mock inside another process: a server in a thread, for tests and for check-engine's own run."""

import asyncio
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any, TypeVar

from engine_contract.http.server import Server
from mock_server.app import Mock, create_app
from mock_server.control import actions
from mock_server.serving.server import close, listen, make_server, url_of
from mock_server.settings import Settings
from mock_server.store import DEFAULT_SESSION
from mock_server.store.behavior import Behavior

START_S = 30.0

Result = TypeVar("Result")


class RunningMock:
    """A mock that is being served. Its methods may be called from any thread."""

    def __init__(self, mock: Mock, server: Server, url: str, console_url: str) -> None:
        self._mock = mock
        self._server = server
        self.url = url
        """The base URL, without a slash at the end; with the base path, if there is one."""
        self.console_url = console_url
        """Where the console is: at the base URL, but for a mock before an upstream."""

    def add_jobs(self, count: int = 1, *, session: str = DEFAULT_SESSION, **fields: Any) -> list[str]:
        """Make jobs, running ones by default, and return their ids. `fields` as `POST /_mock/jobs` takes them."""
        wanted = fields if "job_id" in fields else {"count": count, **fields}
        return self._call(actions.make_jobs(self._mock.store, session, wanted))

    def requests(self, *, session: str = DEFAULT_SESSION, limit: int = 1000, since: int = 0) -> list[dict[str, object]]:
        """Return the journal, newest last, as `GET /_mock/requests` shows it."""
        return self._call(self._mock.journal(session, limit=limit, since=since))

    def behave(
        self, *in_order: Mapping[str, Any], session: str = DEFAULT_SESSION, **behavior: Any
    ) -> tuple[Behavior, ...]:
        """Arm a behaviour, or several in order, in place of what was armed, as `PUT /_mock/behavior`; nothing disarms."""
        return self._call(self._mock.arm(session, [*map(dict, in_order), *([behavior] if behavior else [])]))

    def reset(self, *, session: str = DEFAULT_SESSION) -> None:
        """Go back to the start: jobs, behaviour, journal."""
        self._call(self._mock.store.reset(session))

    def advance(self, by_ms: int, *, session: str = DEFAULT_SESSION) -> None:
        """Move the session's clock on, in milliseconds."""
        self._call(self._mock.store.advance(session, by_ms))

    def _call(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        assert self._server.loop is not None  # noqa: S101 - it is served
        return asyncio.run_coroutine_threadsafe(coroutine, self._server.loop).result()


@contextmanager
def running_mock(settings: Settings | None = None, *, port: int = 0) -> Generator[RunningMock, None, None]:
    """Serve a mock on loopback while the context lasts; port 0 takes a free one, whatever the settings say.

    Raise SettingsError for settings that cannot be used.
    """
    settings = replace(settings or Settings(), host="127.0.0.1", port=port)
    mock = create_app(settings)
    mock.settings, bound = listen(mock.settings)
    ready = Event()
    server = make_server(mock, settings, ready=ready.set, grace_s=0.5)
    thread = Thread(target=server.run, args=(bound,), name="mock-engine", daemon=True)
    thread.start()
    try:
        if not ready.wait(START_S):
            raise RuntimeError(f"The mock did not start within {START_S:.0f} seconds.")
        yield RunningMock(mock, server, url_of(settings, bound[0]), url_of(settings, bound[-1]))
    finally:
        server.stop()
        thread.join(START_S)
        close(bound)

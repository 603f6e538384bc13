"""The watcher's parts, wired together once, and the actions of its console."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from contract_tests.config.auth import place_credential
from contract_tests.judge.document import judge_document
from contract_tests.recording.callers import Callers
from contract_tests.recording.profile import ProfileWriter
from contract_tests.recording.proxied_exchange import ProxiedExchange
from contract_tests.recording.recording_file import Recording
from contract_tests.recording.redaction import Redaction
from contract_tests.watch.access import CallerAccess
from contract_tests.watch.credentials import WatchCredentials
from contract_tests.watch.http_proxy import HttpProxy
from contract_tests.watch.journal import Entry
from contract_tests.watch.observer import Observer, Tell
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.upstream import Upstream
from engine_contract.http.types import http_scope
from engine_contract.text.masking import is_secret


class Watch:
    """Proxy, observer, journal and recording; cancels on the console's behalf."""

    def __init__(
        self, settings: WatchSettings, *, tell: tuple[Tell, ...] = (), say: Callable[[str], None] = print
    ) -> None:
        """Wire the parts. Raises SettingError for tokens, certificates or files that cannot be used."""
        self.settings = settings
        connection = settings.connection
        self.credentials = WatchCredentials(
            settings.operation, connection, learn=lambda secret: redaction.learn([secret])
        )
        self.roles = tuple(sorted(connection.tokens))
        """The roles as which the console can cancel jobs."""
        self.upstream = Upstream(connection)
        known = {role for one in settings.operations for role in (*one.roles, *one.unlisted_roles)}
        redaction = Redaction(self.credentials.secrets(), ordinary=(*self.roles, *known))
        self.profile = _profile_writer(settings, redaction)
        callers = Callers(
            connection.auth,
            self.credentials.known,
            vouched=connection.client_cert is not None or any(map(is_secret, connection.headers)),
        )
        self.recording = (
            Recording(settings.record, connection.base, tls_verified=not connection.insecure)
            if settings.record
            else None
        )
        self.observer = Observer(
            settings,
            own_origin=self.upstream.own_origin,
            say=say,
            callers=callers,
            redaction=redaction,
            recording=self.recording,
            tell=(*tell, self._complain),
            learn=(self.profile.learn,) if self.profile else (),
        )
        self.journal = self.observer.journal
        self.access = CallerAccess.of(settings)
        self.http_proxy = HttpProxy(self.upstream, self.observer, self.access)
        self._complained: str | None = None
        for operation in settings.operations:
            # So that the first call is judged as fast as the next.
            judge_document(operation, operation.response_example)
        self.loop: asyncio.AbstractEventLoop | None = None

    async def cancel(self, role: str, job_id: str) -> Entry:
        """Cancel a job as one of the roles with a token. Raises KeyError for another role, RuntimeError where that fails."""
        proxied = await self._cancel(role, job_id)
        if proxied.status == 401 and await self.credentials.renew(role):
            proxied = await self._cancel(role, job_id)
            if proxied.status == 401:
                self.credentials.refused(role)
        entry = self.journal.entry(proxied.number)
        if entry is None:
            raise RuntimeError("The journal has no room for an entry.")
        return entry

    async def _cancel(self, role: str, job_id: str) -> ProxiedExchange:
        operation = self.settings.operation
        auth, credential = await self.credentials.of(role)
        query: list[tuple[str, str]] = []
        headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        place_credential(auth, credential, query, headers)
        body = json.dumps({"job_id": job_id}).encode()
        headers.append(("Content-Length", str(len(body))))
        sent = [(name.lower().encode(), value.encode()) for name, value in headers]
        scope = http_scope(operation.method, operation.path, sent, urlencode(query, quote_via=quote).encode())

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(_message: Any) -> None:
            return

        return await self.http_proxy(scope, receive, send)

    async def close(self) -> None:
        """Let go of connections and files; the profile is written."""
        await self.upstream.close()
        await self.credentials.close()
        if self.recording is not None:
            self.recording.close()
        if self.profile is not None:
            self.profile.write()

    def _complain(self, _entry: Entry) -> None:
        """Report once each failure to write."""
        for writer in (self.recording, self.profile):
            failure = writer.failure if writer else None
            if failure and failure != self._complained:
                self._complained = failure
                print(f"watch-engine: {failure}.", file=sys.stderr, flush=True)  # noqa: T201 - there is no other place


def _profile_writer(settings: WatchSettings, redaction: Redaction) -> ProfileWriter | None:
    if settings.write_profile is None:
        return None
    writer = ProfileWriter(settings.operation, settings.write_profile, settings.connection.base, redact=redaction.text)
    writer.check()
    return writer

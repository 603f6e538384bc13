"""Judges each exchange once its response is known, records it, keeps it and reports it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import starmap
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from contract_tests import model
from contract_tests.judge.passive import JudgedCall, ObservedCall, PassiveJudge
from contract_tests.model import Exchange
from contract_tests.recording.callers import Callers, PresentedCredential
from contract_tests.recording.har_writer import har_entry, shown_headers
from contract_tests.recording.observed import ObservedExchange, exchange_of, jobs_in, obstacle_of, texts
from contract_tests.recording.proxied_exchange import ProxiedExchange
from contract_tests.recording.recording_file import LARGE_BYTES, Recording
from contract_tests.recording.redaction import HIDDEN, Redaction, is_login
from contract_tests.watch.journal import BODY_SHOWN_BYTES, Entry, Journal, SeenJob
from contract_tests.watch.settings import WatchSettings
from engine_contract.console.interface import Finding, Message
from engine_contract.contract import Rule
from engine_contract.http.media_types import read_content_type
from engine_contract.http.own_origin import POLICIES, OwnOrigin, is_text
from engine_contract.http.types import HeaderList
from engine_contract.text.masking import is_job_id
from engine_contract.text.printable import one_line, visible

SHOWN_FROM = BODY_SHOWN_BYTES + 8192
"""Bytes of a body that are searched for secrets before it is cut to what is shown."""

Result = TypeVar("Result")
Tell = Callable[[Entry], None]
Learn = Callable[[JudgedCall], None]


class Observer:
    """Knows all that has passed, and what it says of the engine."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        settings: WatchSettings,
        *,
        callers: Callers,
        redaction: Redaction,
        own_origin: OwnOrigin,
        say: Callable[[str], None],
        recording: Recording | None = None,
        tell: Sequence[Tell] = (),
        learn: Sequence[Learn] = (),
    ) -> None:
        self.settings = settings
        self.callers = callers
        self.redaction = redaction
        self.recording = recording
        self.journal = Journal(settings.journal)
        self.passive_judge = PassiveJudge()
        self.notice = ""
        """Says once which exchange named the engine's own origin, where what a page does passes by unseen."""
        self._own_origin = own_origin
        self._say = say
        self._tell = tell
        self._learn = learn
        self._exchanges_under_way: dict[int, ProxiedExchange] = {}

    @contextmanager
    def under_way(self, proxied: ProxiedExchange) -> Iterator[None]:
        """Mark the cancels that overlap with this one, which is under way while inside."""
        if not proxied.is_cancel:
            yield
            return
        for other in self._exchanges_under_way.values():
            other.overlapping = proxied.overlapping = True
        self._exchanges_under_way[id(proxied)] = proxied
        try:
            yield
        finally:
            del self._exchanges_under_way[id(proxied)]

    async def observe(self, proxied: ProxiedExchange) -> HeaderList:
        """Judge the exchange, write it down, and keep it; return the headers that mark its response.

        When this returns, the exchange is in the recording.
        """
        headers = texts(proxied.headers)
        query = _pairs(proxied.query)
        shown = self.callers.of(headers, query)
        exchange = exchange_of(proxied, shown.caller)
        judged = self._judge(proxied, exchange, shown) if proxied.operation is not None else None
        if judged is not None and proxied.is_cancel:
            self.redaction.show_jobs(_ids_of(judged.exchange))
        weight = proxied.body.size + len(exchange.response.body if exchange.response else b"")
        seen = await _aside(weight, self._seen, proxied, exchange, shown, judged)
        if self.recording is not None:
            entry = await _aside(weight, har_entry, seen, self.redaction, self.settings.connection.base)
            await self.recording.append(entry, weight)
        kept = self.journal.add(await _aside(weight, self._entry, seen))
        for learn in self._learn:
            learn(judged or JudgedCall(exchange))
        for tell in self._tell:
            tell(kept)
        if not self.notice and (what := self._names_itself(proxied, exchange)):
            self._notice(f"{what} of {kept.method} {kept.path}")
        proxied.number = kept.number
        if proxied.is_cancel:
            self._see_jobs(exchange, kept, is_cancel=True)
        else:
            # Once the response has been passed on: that can wait.
            asyncio.get_running_loop().call_soon(partial(self._see_jobs, exchange, kept, is_cancel=False))
        return _marks(judged)

    def _names_itself(self, proxied: ProxiedExchange, exchange: Exchange) -> str:
        """Return what of a response names the engine's own origin where a browser follows it; empty if nothing does."""
        if proxied.operation is not None or exchange.response is None or 300 <= exchange.response.status < 400:
            return ""
        origin, body = self._own_origin, exchange.response.body
        if self.settings.rewrite:
            body = origin.moved(body, b"") if proxied.status != 206 else body
        elif any(name.lower() in POLICIES and origin.is_in(value) for name, value in proxied.response_headers):
            return "The Content-Security-Policy"
        media = next((value for name, value in exchange.response.headers if name.lower() == "content-type"), "")
        return "The body" if is_text(read_content_type(media).media) and origin.is_in(body) else ""

    def _notice(self, what: str) -> None:
        advice = (
            "--rewrite does not reach it"
            if self.settings.rewrite
            else "start with --rewrite to change it in text bodies"
        )
        self.notice = visible(
            f"{one_line(what)} names the engine's own address, {self._own_origin.server.origin}: "
            f"what a browser sends there passes the watcher by, unseen; {advice}."
        )
        self._say(f"NOTE  {self.notice}")

    def _seen(
        self,
        proxied: ProxiedExchange,
        exchange: Exchange,
        shown: PresentedCredential,
        judged: JudgedCall | None,
    ) -> ObservedExchange:
        """Learn the secrets of an exchange, and return it."""
        headers, sent = texts(proxied.headers), bytes(proxied.body.data)
        self.redaction.learn(shown.secrets)
        is_traced = self.redaction.learn_from_request(headers, (proxied.path, proxied.query), sent)
        asks_for_credential = is_login(proxied.path, sent, headers)
        if exchange.response is not None:
            response = exchange.response
            self.redaction.learn_from_answer(response.headers, response.body, is_login=asks_for_credential)
        return ObservedExchange(proxied, exchange, shown, judged, asks_for_credential, has_untraced=not is_traced)

    def _judge(self, proxied: ProxiedExchange, exchange: Exchange, shown: PresentedCredential) -> JudgedCall:
        observed = ObservedCall(
            exchange, proxied.operation, shown.credential, proxied.overlapping, obstacle_of(proxied)
        )
        return self.passive_judge.judge(observed)

    def _entry(self, seen: ObservedExchange) -> Entry:
        proxied, exchange, shown, judged = seen.proxied, seen.exchange, seen.shown, seen.judged
        hidden = seen.hides_bodies
        response = exchange.response
        sent, received = bytes(proxied.body.data), response.body if response else b""
        headers = texts(proxied.headers)
        request_body = self.redaction.request_body(sent[:SHOWN_FROM], headers, is_cut=proxied.body.size > SHOWN_FROM)[
            :BODY_SHOWN_BYTES
        ]
        if hidden and sent:
            request_body = HIDDEN.encode()
        is_cut = len(received) > SHOWN_FROM or proxied.response.is_cut
        answer_body = self.redaction.answer(received[:SHOWN_FROM], is_login=seen.is_login, is_cut=is_cut)
        answer_body = answer_body[:BODY_SHOWN_BYTES]
        if hidden and received:
            answer_body = HIDDEN.encode()
        note = judged.note if judged else None
        if proxied.detail:
            note = f"No whole answer: {proxied.detail}." if note is None else note
        return Entry(
            at_ms=int(proxied.started_at * 1000),
            duration_ms=round(proxied.elapsed * 1000, 3),
            method=proxied.method,
            path=self.redaction.path(proxied.path),
            query=self.redaction.query(proxied.query),
            request=Message(tuple(shown_headers(proxied, self.redaction)), _text(request_body), proxied.body.size),
            status=proxied.status,
            response=Message(self._answer_headers(proxied), _text(answer_body), proxied.response.size),
            is_cancel=proxied.is_cancel,
            caller=str(shown.caller),
            role=shown.caller.role,
            credential="" if shown.caller.role else str(shown.caller),
            situation=self.redaction.text(judged.exchange.situation) if judged else "",
            job_id=None
            if judged is None or judged.exchange.job_id is None
            else self.redaction.text(judged.exchange.job_id),
            findings=tuple(starmap(self._shown_finding, judged.findings)) if judged else (),
            reason=None if note is None else self.redaction.message(note),
        )

    def _answer_headers(self, proxied: ProxiedExchange) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.redaction.header(name, value)) for name, value in texts(proxied.response_headers))

    def _shown_finding(self, rule: Rule, finding: model.Finding) -> Finding:
        """Return the finding without secrets, and without the exchange, which is in the entry."""
        text = self.redaction.message
        return Finding(rule, text(finding.received), text(finding.documented), finding.pointer)

    def _see_jobs(self, exchange: Exchange, entry: Entry, *, is_cancel: bool) -> None:
        """Take note of the jobs that the exchange names."""
        seen = []
        for job_id, status, name in jobs_in(exchange):
            if not is_cancel:
                self.passive_judge.jobs.see(job_id, status)
            document = entry.response.body.encode() if is_cancel and entry.response.size <= BODY_SHOWN_BYTES else None
            seen.append(SeenJob(job_id, status, name, entry.number, document))
        if entry.job_id and all(job.job_id != entry.job_id for job in seen):
            seen.append(SeenJob(entry.job_id, last_entry=entry.number))
        self.redaction.show_jobs(job.job_id for job in seen if job.status)
        self.journal.see_jobs(seen)


async def _aside(weight: int, function: Callable[..., Result], *args: Any) -> Result:
    """Call a function, in a thread if the bodies that it reads are large: others are served meanwhile."""
    return function(*args) if weight < LARGE_BYTES else await asyncio.to_thread(function, *args)


def _ids_of(exchange: Exchange) -> Iterator[str]:
    """Yield the ids of the jobs that an exchange is about; a request may name anything, so there they have an id's form."""
    yield from (job_id for job_id, _, _ in jobs_in(exchange))
    if exchange.job_id and is_job_id(exchange.job_id):
        yield exchange.job_id


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True) if query else []


def _marks(judged: JudgedCall | None) -> HeaderList:
    if judged is None:
        return []
    marks = ((b"contract-violations", judged.broken), (b"contract-warnings", judged.warned))
    return [(name, ", ".join(rules).encode()) for name, rules in marks if rules]

"""What is done with each exchange once its answer is known: judged, written down, kept, told."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from contract_tests.judge.passive import Onlooker, Opinion, Sighting
from contract_tests.model import Exchange, Finding
from contract_tests.recording.callers import Callers, Shown
from contract_tests.recording.har_writer import har_entry, shown_headers
from contract_tests.recording.observed import Seen, exchange_of, jobs_in, obstacle_of, texts
from contract_tests.recording.proxied_exchange import Headers, Passage
from contract_tests.recording.recording_file import LARGE, Recording
from contract_tests.recording.redaction import HIDDEN, Redaction, is_login
from contract_tests.report.presenter import MASK
from contract_tests.watch.journal import BODY_SHOWN, Entry, Journal, Message, SeenJob
from contract_tests.watch.settings import WatchSettings

Tell = Callable[[Entry], None]
Learn = Callable[[Opinion], None]


class Observer:
    """Knows all that has passed, and what it says of the engine."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        settings: WatchSettings,
        *,
        callers: Callers,
        redaction: Redaction,
        recording: Recording | None = None,
        tell: Sequence[Tell] = (),
        learn: Sequence[Learn] = (),
    ) -> None:
        self.settings = settings
        self.callers = callers
        self.redaction = redaction
        self.recording = recording
        self.journal = Journal(settings.journal)
        self.onlooker = Onlooker()
        self._tell = tell
        self._learn = learn
        self._passages: dict[int, Passage] = {}

    @contextmanager
    def under_way(self, passage: Passage) -> Iterator[None]:
        """While inside, a cancel is under way: those that overlap with it are marked."""
        if not passage.is_cancel:
            yield
            return
        for other in self._passages.values():
            other.overlapping = passage.overlapping = True
        self._passages[id(passage)] = passage
        try:
            yield
        finally:
            del self._passages[id(passage)]

    async def observe(self, passage: Passage) -> Headers:
        """Judge the exchange, write it down, and keep it; the headers that mark its answer.

        When this returns, the exchange is in the recording.
        """
        headers = texts(passage.headers)
        query = _pairs(passage.query)
        shown = self.callers.of(headers, query)
        self.redaction.learn(shown.secrets)
        exchange = exchange_of(passage, shown.caller)
        if exchange.answer is not None:
            answer = exchange.answer
            self.redaction.learn_from_answer(answer.headers, answer.body, is_login=is_login(passage.path))
        opinion = self._judge(passage, exchange, shown) if passage.is_cancel else None
        seen = Seen(passage, exchange, shown, opinion)
        if self.recording is not None:
            weight = passage.body.size + len(exchange.answer.body if exchange.answer else b"")
            await self.recording.append(await self._har_entry(seen, weight), weight)
        kept = self.journal.add(self._entry(seen))
        for learn in self._learn:
            learn(opinion or Opinion(exchange))
        for tell in self._tell:
            tell(kept)
        passage.number = kept.number
        if passage.is_cancel:
            self._see_jobs(exchange, opinion, kept)
        else:
            # Once the answer has been passed on: that can wait.
            asyncio.get_running_loop().call_soon(self._see_jobs, exchange, opinion, kept)
        return _marks(opinion)

    async def _har_entry(self, seen: Seen, weight: int) -> dict[str, Any]:
        base = self.settings.connection.base
        if weight < LARGE:
            return har_entry(seen, self.redaction, base)
        return await asyncio.to_thread(har_entry, seen, self.redaction, base)

    def _judge(self, passage: Passage, exchange: Exchange, shown: Shown) -> Opinion:
        sighting = Sighting(exchange, shown.credential, passage.overlapping, obstacle_of(passage))
        return self.onlooker.judge(sighting)

    def _entry(self, seen: Seen) -> Entry:
        passage, exchange, shown, opinion = seen.passage, seen.exchange, seen.shown, seen.opinion
        hidden = is_login(passage.path)
        answer = exchange.answer
        request_body = self._shown_body(bytes(passage.body.data), hidden=hidden)
        answer_body = self._shown_body(answer.body if answer else b"", hidden=hidden)
        note = opinion.note if opinion else None
        if passage.detail:
            note = f"No whole answer: {passage.detail}." if note is None else note
        return Entry(
            number=0,
            at=passage.started_at,
            duration=passage.elapsed,
            method=passage.method,
            path=self.redaction.text(passage.path),
            query=self.redaction.query(passage.query),
            request=Message(tuple(shown_headers(passage, self.redaction)), request_body, passage.body.size),
            status=passage.status,
            answer=Message(self._answer_headers(passage), answer_body, passage.answer.size),
            is_cancel=passage.is_cancel,
            caller=str(shown.caller),
            role=shown.caller.role,
            situation=self.redaction.text(opinion.exchange.situation) if opinion else "",
            job_id=None
            if opinion is None or opinion.exchange.job_id is None
            else self.redaction.text(opinion.exchange.job_id),
            findings=tuple(map(self._shown_finding, opinion.findings)) if opinion else (),
            note=None if note is None else self.redaction.text(note),
        )

    def _answer_headers(self, passage: Passage) -> tuple[tuple[str, str], ...]:
        shown = []
        for name, value in texts(passage.answer_headers):
            if name.lower() == "set-cookie":
                cookie, semicolon, attributes = value.partition(";")
                value = f"{cookie.partition('=')[0]}={MASK}{semicolon}{attributes}"  # noqa: PLW2901 - the same header
            shown.append((name, self.redaction.header(value)))
        return tuple(shown)

    def _shown_body(self, body: bytes, *, hidden: bool) -> bytes:
        if hidden and body:
            return HIDDEN.encode()
        return self.redaction.body(body[: BODY_SHOWN + 8192])[:BODY_SHOWN]

    def _shown_finding(self, finding: Finding) -> Finding:
        """The finding without secrets, and without the exchange: that is in the entry."""
        text = self.redaction.text
        return replace(finding, received=text(finding.received), documented=text(finding.documented), exchange=None)

    def _see_jobs(self, exchange: Exchange, opinion: Opinion | None, entry: Entry) -> None:
        """Take note of the jobs that the exchange tells of."""
        seen = []
        for job_id, status, name in jobs_in(exchange):
            if opinion is None:
                self.onlooker.see_job(job_id, status)
            document = entry.answer.body if opinion is not None and entry.answer.size <= BODY_SHOWN else None
            seen.append(SeenJob(job_id, status, name, entry.number, document))
        if entry.job_id and all(job.job_id != entry.job_id for job in seen):
            seen.append(SeenJob(entry.job_id, last_entry=entry.number))
        self.journal.see_jobs(seen)


def _pairs(query: str) -> list[tuple[str, str]]:

    return parse_qsl(query, keep_blank_values=True) if query else []


def _marks(opinion: Opinion | None) -> Headers:
    if opinion is None:
        return []
    marks = ((b"contract-violations", opinion.broken), (b"contract-warnings", opinion.warned))
    return [(name, ", ".join(rules).encode()) for name, rules in marks if rules]

"""The store in the memory of one process."""

import random
import re
from asyncio import sleep
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from copy import copy
from heapq import heapify, heappop, heapreplace
from itertools import islice, takewhile
from time import monotonic
from typing import NamedTuple

from engine_contract.contract import load_contract
from engine_contract.contract.job_status import Status
from mock_server.jobs import documents
from mock_server.jobs.job import State
from mock_server.settings import Settings
from mock_server.store import DEFAULT_SESSION
from mock_server.store.access import MAX_LOGINS, UNUSED_S, Clock, Login, SessionUse, real_ms
from mock_server.store.behavior import Behavior
from mock_server.store.jobs import Cancel, Page
from mock_server.store.journal import MAX_BYTES, Counted, Entry, Exchanges, counted, weigh
from mock_server.store.masker import Masker

IDLE_S = 3600.0
"""Sessions idle for this many seconds are dropped."""

MAX_SESSIONS = 10_000
"""At most this many sessions are kept; the one idle longest goes first, whoever names new ones."""

CHUNK_JOBS = 5_000
"""How many jobs are made or listed before other requests get their turn."""

WELL_FORMED = re.compile(r"[0-9a-f]{24}").fullmatch


class _Kept:
    """One entry of the journal; its secrets are masked when it is read for the first time."""

    __slots__ = ("entry", "is_masked", "number", "weight")

    def __init__(self, number: int, entry: Entry) -> None:
        self.number = number
        self.entry = entry
        self.is_masked = False
        self.weight = weigh(entry)

    def masked(self, masker: Masker) -> Entry:
        if not self.is_masked:
            self.entry, self.is_masked = masker.mask(self.entry), True
        return self.entry


class _Session:
    """One session. `changed` holds only what differs from the start, whose ids all sessions share."""

    __slots__ = (
        *("armed", "canceled", "changed", "clock", "dice", "entries", "extra", "minted", "notes", "number"),
        *("running", "used"),
    )

    def __init__(self, seed: int, minted: int, clock: Clock) -> None:
        self.entries: deque[_Kept] = deque()
        self.number = 0
        self.used = monotonic()
        self.begin(seed, minted, clock)

    def begin(self, seed: int, minted: int, clock: Clock) -> None:
        self.clock = clock
        # All jobs of which nothing is known share it: a million of them cost no more than their ids.
        self.running = State(made_at_ms=clock.at(real_ms()))
        self.changed: dict[str, State | None] = {}
        """None for a job that was removed."""
        self.extra = 0
        """How many jobs there are more than at the start."""
        self.minted = minted
        self.canceled = 0
        self.armed: tuple[Behavior, ...] = ()
        self.notes: dict[str, float] = {}
        self.dice = random.Random(seed)  # noqa: S311 - the same draws on every start


class _KeptLogin(NamedTuple):
    login: Login
    expires_ms: int | None
    """By the clock of the session that admitted it; None for one that does not expire."""
    unused_s: float
    """For how many seconds it is kept unused."""
    used: float
    """When it was used last, on the monotonic clock."""


class MemoryStore:
    """A `Store` that keeps every session in dictionaries. All of it runs on one event loop, so a step without `await` is atomic."""

    is_shared = False

    def __init__(self, settings: Settings, *, sessions: int = MAX_SESSIONS, logins: int = MAX_LOGINS) -> None:
        self._most = sessions
        self._most_logins = logins
        self._seed = settings.seed
        self._any_job = settings.any_job
        self._journal = settings.journal
        self._masker = Masker(settings)
        self._clock = Clock(settings.now_ms)
        self._start = dict.fromkeys(start_ids(settings.seed, settings.jobs))
        self._minted = max(settings.jobs - 1, 0)
        self._sessions: dict[str, _Session] = {}
        self._swept = monotonic()
        self._weight = 0
        """Bytes of the entries of all sessions."""
        self._counts: dict[Counted, int] = {}
        self._duration_ms = 0.0
        self._logins: OrderedDict[str, _KeptLogin] = OrderedDict()
        """By token; the one unused longest is first."""
        self._session(DEFAULT_SESSION)

    def _session(self, name: str) -> _Session:
        session = self._sessions.get(name)
        if session is None:
            self._sweep()
            session = self._sessions[name] = _Session(self._seed, self._minted, self._clock)
        session.used = monotonic()
        return session

    def observed(self) -> "MemoryStore":
        observed = copy(self)
        observed.__class__ = _Observed
        return observed

    def _sweep(self) -> None:
        now = monotonic()
        if len(self._sessions) >= self._most:
            idle = min((name for name in self._sessions if name), key=lambda name: self._sessions[name].used)
            self._forget_all(self._sessions.pop(idle))
        if now - self._swept < 1:
            return
        self._swept = now
        for name in [name for name, kept in self._sessions.items() if name and now - kept.used > IDLE_S]:
            self._forget_all(self._sessions.pop(name))

    def _forget_all(self, session: _Session) -> None:
        while session.entries:
            self._forget_oldest(session)

    def _forget_oldest(self, session: _Session) -> None:
        self._weight -= session.entries.popleft().weight

    def _make_room(self) -> None:
        """Forget the oldest entries of all sessions, a 64th of the bytes at once: to find them takes a while."""
        oldest = [(kept.entries[0].entry.at_ms, name) for name, kept in self._sessions.items() if kept.entries]
        heapify(oldest)
        while oldest and self._weight > MAX_BYTES - MAX_BYTES // 64:
            name = oldest[0][1]
            session = self._sessions[name]
            self._forget_oldest(session)
            if session.entries:
                heapreplace(oldest, (session.entries[0].entry.at_ms, name))
            else:
                heappop(oldest)

    def _get(self, session: _Session, job_id: str) -> State | None:
        if job_id in session.changed:
            return session.changed[job_id]
        return session.running if self._is_unseen(job_id) else None

    def _is_unseen(self, job_id: str) -> bool:
        """Return whether a job is running as long as nothing is known of it."""
        return job_id in self._start or (self._any_job and WELL_FORMED(job_id) is not None)

    async def cancel(self, session: str, job_id: str, at_ms: int, by: str) -> Cancel:
        kept = self._session(session)
        state = self._get(kept, job_id)
        if state is None:
            return Cancel("unknown")
        at_ms = kept.clock.at(at_ms)
        state = state.at(at_ms)
        was = state.status
        if was == "canceled" or was == "complete" or was == "incomplete":  # noqa: PLR1714 - narrows the type
            return Cancel("not-active", state)
        kept.canceled += 1
        state = State(
            *("canceled", state.tasks, state.name, was, at_ms, by, state.made_at_ms, state.age_ms),
            was_since_ms=state.changed_at_ms,
        )
        self._keep(kept, job_id, state)
        return Cancel("canceled", state, kept.canceled)

    def _keep(self, session: _Session, job_id: str, state: State) -> None:
        if job_id not in session.changed and job_id not in self._start:
            session.extra += 1
        session.changed[job_id] = state

    async def get(self, session: str, job_id: str) -> State | None:
        kept = self._session(session)
        state = self._get(kept, job_id)
        return None if state is None else state.at(kept.clock.at(real_ms()))

    async def put(self, session: str, job_id: str, state: State) -> bool:
        kept = self._session(session)
        if job_id in kept.changed:
            if kept.changed[job_id] is not None:
                return False
            kept.extra += 1
        elif job_id in self._start:
            return False
        self._keep(kept, job_id, state)
        return True

    async def mint(self, session: str, count: int, state: State) -> list[str]:
        kept = self._session(session)
        minted: list[str] = []
        while len(minted) < count:
            chunk = documents.ids(self._seed, kept.minted, min(CHUNK_JOBS, count - len(minted)))
            kept.minted += len(chunk)
            fresh = [job_id for job_id in chunk if job_id not in kept.changed and job_id not in self._start]
            kept.changed.update(dict.fromkeys(fresh, state))
            kept.extra += len(fresh)
            minted += fresh
            if len(minted) < count:
                await sleep(0)
        return minted

    async def change(
        self, session: str, job_id: str, *, status: Status | None, name: str | None, by: str
    ) -> State | None:
        kept = self._session(session)
        state = self._get(kept, job_id)
        if state is None:
            return None
        at_ms = kept.clock.at(real_ms())
        state = state.at(at_ms).changed(status, name, at_ms, by)
        self._keep(kept, job_id, state)
        return state

    async def remove(self, session: str, job_id: str) -> bool:
        kept = self._session(session)
        if self._get(kept, job_id) is None:
            return False
        if self._is_unseen(job_id):
            kept.extra -= job_id in self._start or job_id in kept.changed
            kept.changed[job_id] = None
        else:
            kept.extra -= 1
            del kept.changed[job_id]
        return True

    async def _chunks(self, session: str) -> AsyncIterator[list[tuple[str, State]]]:
        kept = self._session(session)
        changed, running, now = kept.changed, kept.running, kept.clock.at(real_ms())
        ids = [*self._start, *(job_id for job_id in changed if job_id not in self._start)]
        for place in range(0, len(ids), CHUNK_JOBS):
            found = ((job_id, changed.get(job_id, running)) for job_id in ids[place : place + CHUNK_JOBS])
            yield [(job_id, state.at(now)) for job_id, state in found if state is not None]
            await sleep(0)

    async def jobs(self, session: str, statuses: frozenset[str] | None) -> AsyncIterator[tuple[str, State]]:
        async for chunk in self._chunks(session):
            for job_id, state in chunk:
                if statuses is None or state.status in statuses:
                    yield job_id, state

    async def page(self, session: str, statuses: frozenset[str] | None, *, offset: int, limit: int) -> Page:
        page, place = Page([], Counter()), 0
        async for chunk in self._chunks(session):
            for job in chunk:
                status = job[1].status
                page.counts[status] += 1
                if statuses is None or status in statuses:
                    if offset <= place < offset + limit:
                        page.jobs.append(job)
                    place += 1
        return page

    async def reset(self, session: str) -> None:
        kept = self._session(session)
        kept.begin(self._seed, self._minted, self._clock)
        self._forget_all(kept)
        kept.number = 0

    async def behavior(self, session: str) -> tuple[Behavior, ...]:
        return self._session(session).armed

    async def arm(self, session: str, behaviors: tuple[Behavior, ...]) -> None:
        self._session(session).armed = behaviors

    async def spend(
        self, session: str, job_id: str | None, role: str | None, operation: str | None = None
    ) -> Behavior | None:
        kept = self._session(session)
        for place, armed in enumerate(kept.armed):
            if not armed.matches(job_id, role, operation):
                continue
            if armed.percentage is not None and kept.dice.random() * 100 >= armed.percentage:
                continue
            if armed.times is not None:
                left = (armed._replace(times=armed.times - 1),) if armed.times > 1 else ()
                kept.armed = (*kept.armed[:place], *left, *kept.armed[place + 1 :])
            return armed
        return None

    async def note(self, session: str, key: str, value: float) -> None:
        self._session(session).notes[key] = value

    async def noted(self, session: str, key: str) -> float:
        return self._session(session).notes.get(key, 0.0)

    async def tally(self, session: str, key: str) -> int:
        notes = self._session(session).notes
        notes[key] = count = notes.get(key, 0) + 1
        return int(count)

    async def record(self, session: str, entry: Entry) -> None:
        key = counted(entry)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._duration_ms += entry.duration_ms
        kept = self._session(session)
        kept.number += 1
        kept.entries.append(_Kept(kept.number, entry))
        self._weight += kept.entries[-1].weight
        if len(kept.entries) > self._journal:
            self._forget_oldest(kept)
        if self._weight > MAX_BYTES:
            self._make_room()

    async def entries(self, session: str, *, limit: int, since: int) -> list[tuple[int, Entry]]:
        newest = takewhile(lambda kept: kept.number > since, reversed(self._session(session).entries))
        found = []
        for kept in list(islice(newest, limit))[::-1]:
            if not kept.is_masked:
                await sleep(0)  # a thousand long bodies take seconds: other requests are served meanwhile
            found.append((kept.number, kept.masked(self._masker)))
        return found

    async def entry(self, session: str, number: int) -> Entry | None:
        entries = self._session(session).entries
        place = number - entries[0].number if entries else 0  # numbers have no gaps
        return entries[place].masked(self._masker) if 0 <= place < len(entries) else None

    async def forget(self, session: str) -> None:
        self._forget_all(self._session(session))

    async def exchanges(self) -> Exchanges:
        return Exchanges(self._counts, self._duration_ms)

    async def admit(self, session: str, token: str, login: Login, *, lifetime_ms: int | None) -> None:
        now = monotonic()
        expires_ms = None if lifetime_ms is None else self._session(session).clock.at(real_ms()) + lifetime_ms
        self._logins[token] = _KeptLogin(login, expires_ms, UNUSED_S + (lifetime_ms or 0) / 1000, now)
        self._logins.move_to_end(token)
        while len(self._logins) > self._most_logins or self._is_oldest_unused(now):
            self._logins.popitem(last=False)

    def _is_oldest_unused(self, now: float) -> bool:
        oldest = next(iter(self._logins.values()))
        return now - oldest.used > oldest.unused_s

    async def login(self, session: str, token: str) -> Login | None:
        kept = self._logins.get(token)
        if kept is None:
            return None
        self._logins[token] = kept._replace(used=monotonic())
        self._logins.move_to_end(token)
        expires_ms = kept.expires_ms
        is_expired = expires_ms is not None and self._session(session).clock.at(real_ms()) >= expires_ms
        return kept.login._replace(is_expired=is_expired)

    async def dismiss(self, token: str) -> bool:
        return self._logins.pop(token, None) is not None

    async def sessions(self) -> list[SessionUse]:
        self._sweep()
        now, now_s = real_ms(), monotonic()
        return [
            SessionUse(name, len(kept.entries), len(self._start) + kept.extra, now - int(1000 * (now_s - kept.used)))
            for name, kept in sorted(self._sessions.items())
        ]

    async def clock(self, session: str) -> Clock:
        return self._session(session).clock

    async def set_clock(self, session: str, stopped_at_ms: int | None) -> Clock:
        kept = self._session(session)
        kept.clock = Clock(stopped_at_ms)
        return kept.clock

    async def advance(self, session: str, by_ms: int) -> Clock:
        kept = self._session(session)
        kept.clock = kept.clock._replace(ahead_ms=kept.clock.ahead_ms + by_ms)
        return kept.clock

    async def counts(self) -> dict[str, int]:
        sessions = self._sessions.values()
        return {
            "sessions": len(sessions),
            "jobs": sum(len(self._start) + kept.extra for kept in sessions),
            "canceled": sum(kept.canceled for kept in sessions),
        }

    async def health(self) -> str | None:
        return None

    async def close(self) -> None:
        pass


class _Observed(MemoryStore):
    """Shares all with the store that it was copied from, and takes no note of uses. For reading alone."""

    def _session(self, name: str) -> _Session:
        return self._sessions.get(name) or _Session(self._seed, self._minted, self._clock)


def start_ids(seed: int, count: int) -> list[str]:
    """Return the ids of the jobs that a mock starts with: the documentation's, then minted ones."""
    return [load_contract().request_example["job_id"], *documents.ids(seed, 0, count - 1)] if count else []

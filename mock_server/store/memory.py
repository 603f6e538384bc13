"""The store in the memory of one process."""

import random
import re
from asyncio import sleep
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import islice, takewhile
from time import monotonic

from engine_contract.contract import load_contract
from mock_server.jobs import documents
from mock_server.jobs.job import RUNNING, State
from mock_server.settings import Settings
from mock_server.store import DEFAULT_SESSION, Cancel
from mock_server.store.behavior import Behavior
from mock_server.store.journal import MAX_BYTES, Entry, weigh

IDLE_S = 3600.0
"""Sessions idle for this many seconds are dropped."""

MAX_SESSIONS = 10_000
"""At most this many sessions are kept; the one idle longest goes first, whoever names new ones."""

CHUNK_JOBS = 5_000
"""How many jobs are made or listed before other requests get their turn."""

WELL_FORMED = re.compile(r"[0-9a-f]{24}").fullmatch


class _Session:
    """One session. `changed` holds only what differs from the start, which all sessions share."""

    __slots__ = ("armed", "canceled", "changed", "dice", "entries", "minted", "notes", "number", "used")

    def __init__(self, seed: int, minted: int) -> None:
        self.entries: deque[tuple[int, Entry]] = deque()
        self.number = 0
        self.used = monotonic()
        self.begin(seed, minted)

    def begin(self, seed: int, minted: int) -> None:
        self.changed: dict[str, State] = {}
        self.minted = minted
        self.canceled = 0
        self.armed: Behavior | None = None
        self.notes: dict[str, float] = {}
        self.dice = random.Random(seed)  # noqa: S311 - the same draws on every start


class MemoryStore:
    """A `Store` that keeps every session in dictionaries. All of it runs on one event loop, so a step without `await` is atomic."""

    is_shared = False

    def __init__(self, settings: Settings, *, sessions: int = MAX_SESSIONS) -> None:
        self._most = sessions
        self._seed = settings.seed
        self._any_job = settings.any_job
        self._journal = settings.journal
        self._start = dict.fromkeys(start_ids(settings.seed, settings.jobs), RUNNING)
        self._minted = max(settings.jobs - 1, 0)
        self._sessions: dict[str, _Session] = {}
        self._swept = monotonic()
        # Session and number of each entry that is kept, the oldest first, and its weight.
        self._weights: OrderedDict[tuple[_Session, int], int] = OrderedDict()
        self._weight = 0
        self._session(DEFAULT_SESSION)

    def _session(self, name: str) -> _Session:
        session = self._sessions.get(name)
        if session is None:
            self._sweep()
            session = self._sessions[name] = _Session(self._seed, self._minted)
        session.used = monotonic()
        return session

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
        number, _ = session.entries.popleft()
        self._weight -= self._weights.pop((session, number))

    def _get(self, session: _Session, job_id: str) -> State | None:
        state = session.changed.get(job_id) or self._start.get(job_id)
        if state is None and self._any_job and WELL_FORMED(job_id):
            return RUNNING
        return state

    async def cancel(self, session: str, job_id: str, at_ms: int, by: str) -> Cancel:
        kept = self._session(session)
        state = self._get(kept, job_id)
        if state is None:
            return Cancel("unknown")
        was = state.status
        if was == "canceled" or was == "complete" or was == "incomplete":  # noqa: PLR1714 - narrows the type
            return Cancel("not-active", state)
        kept.canceled += 1
        kept.changed[job_id] = state = State("canceled", state.tasks, state.name, was, at_ms, by)
        return Cancel("canceled", state, kept.canceled)

    async def get(self, session: str, job_id: str) -> State | None:
        return self._get(self._session(session), job_id)

    async def put(self, session: str, job_id: str, state: State) -> bool:
        kept = self._session(session)
        if job_id in kept.changed or job_id in self._start:
            return False
        kept.changed[job_id] = state
        return True

    async def mint(self, session: str, count: int, state: State) -> list[str]:
        kept = self._session(session)
        minted: list[str] = []
        while len(minted) < count:
            chunk = documents.ids(self._seed, kept.minted, min(CHUNK_JOBS, count - len(minted)))
            kept.minted += len(chunk)
            fresh = [job_id for job_id in chunk if job_id not in kept.changed and job_id not in self._start]
            kept.changed.update(dict.fromkeys(fresh, state))
            minted += fresh
            if len(minted) < count:
                await sleep(0)
        return minted

    async def jobs(self, session: str, statuses: frozenset[str] | None) -> AsyncIterator[tuple[str, State]]:
        kept = self._session(session)
        changed, start = kept.changed, self._start
        for number, job_id in enumerate([*start, *(key for key in changed if key not in start)], 1):
            state = changed.get(job_id) or start.get(job_id)
            if state is not None and (statuses is None or state.status in statuses):
                yield job_id, state
            if number % CHUNK_JOBS == 0:
                await sleep(0)

    async def reset(self, session: str) -> None:
        kept = self._session(session)
        kept.begin(self._seed, self._minted)
        self._forget_all(kept)
        kept.number = 0

    async def behavior(self, session: str) -> Behavior | None:
        return self._session(session).armed

    async def arm(self, session: str, behavior: Behavior | None) -> None:
        self._session(session).armed = behavior

    async def spend(self, session: str, job_id: str | None, role: str | None) -> Behavior | None:
        kept = self._session(session)
        armed = kept.armed
        if armed is None or not armed.matches(job_id, role):
            return None
        if armed.percentage is not None and kept.dice.random() * 100 >= armed.percentage:
            return None
        if armed.times is not None:
            kept.armed = replace(armed, times=armed.times - 1) if armed.times > 1 else None
        return armed

    async def record(self, session: str, entry: Entry) -> None:
        kept = self._session(session)
        kept.number += 1
        kept.entries.append((kept.number, entry))
        self._weights[kept, kept.number] = weight = weigh(entry)
        self._weight += weight
        if len(kept.entries) > self._journal:
            self._forget_oldest(kept)
        while self._weight > MAX_BYTES:
            self._forget_oldest(next(iter(self._weights))[0])

    async def entries(self, session: str, *, limit: int, since: int) -> list[tuple[int, Entry]]:
        newest = takewhile(lambda item: item[0] > since, reversed(self._session(session).entries))
        return list(islice(newest, limit))[::-1]

    async def entry(self, session: str, number: int) -> Entry | None:
        return next((entry for at, entry in self._session(session).entries if at == number), None)

    async def forget(self, session: str) -> None:
        self._forget_all(self._session(session))

    async def note(self, session: str, key: str, value: float) -> None:
        self._session(session).notes[key] = value

    async def noted(self, session: str, key: str) -> float:
        return self._session(session).notes.get(key, 0.0)

    async def tally(self, session: str, key: str) -> int:
        notes = self._session(session).notes
        notes[key] = count = notes.get(key, 0) + 1
        return int(count)

    async def counts(self) -> dict[str, int]:
        sessions = self._sessions.values()
        return {
            "sessions": len(self._sessions),
            "jobs": sum(len(self._start) + len(kept.changed.keys() - self._start.keys()) for kept in sessions),
            "canceled": sum(kept.canceled for kept in sessions),
        }

    async def health(self) -> str | None:
        return None

    async def close(self) -> None:
        pass


def start_ids(seed: int, count: int) -> list[str]:
    """Return the ids of the jobs that a mock starts with: the documentation's, then minted ones."""
    return [load_contract().request_example["job_id"], *documents.ids(seed, 0, count - 1)] if count else []

"""The store in Redis, for replicas that share their state. Each step is one script, which Redis runs alone."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from copy import copy
from functools import lru_cache, partial
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

import orjson

from engine_contract.contract.job_status import ACTIVE, Status
from mock_server.jobs import documents
from mock_server.jobs.job import State
from mock_server.settings import Settings
from mock_server.store import StoreUnavailable
from mock_server.store.access import UNUSED_S, Clock, Login, SessionUse, real_ms
from mock_server.store.behavior import Behavior
from mock_server.store.jobs import Cancel, Page
from mock_server.store.journal import MAX_BYTES, Counted, Entry, Exchanges, counted
from mock_server.store.masker import Masker
from mock_server.store.memory import IDLE_S, MAX_SESSIONS, WELL_FORMED, start_ids
from mock_server.store.redis_address import Address
from mock_server.store.redis_client import Client, load_script, start_of

CHUNK_JOBS = 1_000
"""How many jobs one step makes or lists: Redis does nothing else meanwhile, so it must be short."""

_NO_SESSION = "*"
"""Stands for the name of a session in steps that are of none; no session is named so."""

_CONDITIONS = ("job_id", "role", "operation", "percentage")
_WRITTEN = tuple(name for name in Entry._fields if name != "is_document")
"""The parts of an entry that are kept: that one was for the masks, which it wears."""
_ENTRY_BYTES = frozenset({"query", "body", "answer_body"})
_ENTRY_HEADERS = frozenset({"headers", "answer_headers"})

_JOB_SCRIPTS = ("cancel", "change", "get", "page")
_SCRIPTS = (
    *("admit", "arm", "behavior", "clock", "counts", "dismiss", "entries", "entry", "exchanges", "forget", "login"),
    *("make", "note", "noted", "number", "put", "record", "remove", "reset", "spend", "tally"),
)


class _Chunk(NamedTuple):
    """A part of the jobs, as `page.lua` answers it."""

    counts: list[Any]
    """Each status, and after it how many jobs have it."""
    matching: int
    """How many jobs have one of the wanted statuses."""
    ids: list[bytes]
    states: list[bytes]
    seen: int
    """How many jobs were looked at."""

    def jobs(self) -> list[tuple[str, State]]:
        return [
            (job_id.decode("utf-8", "surrogatepass"), _read_state(kept))
            for job_id, kept in zip(self.ids, self.states, strict=True)
        ]


class RedisStore:
    """A `Store` that keeps every session in Redis; of its own it has only what all replicas know from the settings."""

    is_shared = True

    def __init__(
        self, settings: Settings, address: Address, *, idle_s: float = IDLE_S, sessions: int = MAX_SESSIONS
    ) -> None:
        self._seed = settings.seed
        self._any_job = settings.any_job
        self._journal = settings.journal
        self._masker = Masker(settings)
        self._start = dict.fromkeys(start_ids(settings.seed, settings.jobs))
        self._minted = max(settings.jobs - 1, 0)
        constants = f"local IDLE, MOST, SEED = {int(idle_s * 1000)}, {sessions}, '{settings.seed}'\n"
        constants += f"local NOW, MAX_BYTES = '{'' if settings.now_ms is None else settings.now_ms}', {MAX_BYTES}\n"
        constants += f"local ACTIVE = {{ {', '.join(f'{status} = true' for status in sorted(ACTIVE))} }}\n"
        scripts = {name: load_script(name, constants, "session") for name in _SCRIPTS}
        scripts |= {name: load_script(name, constants, "session", "job_state") for name in _JOB_SCRIPTS}
        self._client = Client(address, start_of(settings), scripts)
        self._run = self._client.run
        # Exchanges that could not be counted yet: Redis was away.
        self._uncounted: Counter[bytes] = Counter()

    def _unseen(self, job_id: str) -> str:
        """Return the initial state of a job that Redis has not stored yet."""
        if job_id in self._start:
            return "start"
        return "any" if self._any_job and WELL_FORMED(job_id) else ""

    async def cancel(self, session: str, job_id: str, at_ms: int, by: str) -> Cancel:
        answer = await self._run("cancel", session, _bytes(job_id), self._unseen(job_id), at_ms, orjson.dumps(by))
        if answer is None:
            return Cancel("unknown")
        serial, kept = answer
        return Cancel("canceled" if serial else "not-active", _read_state(kept), serial)

    async def get(self, session: str, job_id: str) -> State | None:
        kept = await self._run("get", session, _bytes(job_id), self._unseen(job_id), real_ms())
        return None if kept is None else _read_state(kept)

    async def put(self, session: str, job_id: str, state: State) -> bool:
        is_of_start = "1" if job_id in self._start else ""
        return bool(await self._run("put", session, _bytes(job_id), is_of_start, _write_state(state)))

    async def mint(self, session: str, count: int, state: State) -> list[str]:
        minted: list[str] = []
        written, batch = _write_state(state), ""
        while len(minted) < count:
            wanted = min(CHUNK_JOBS, count - len(minted))
            first = await self._run("number", session, wanted, self._minted)
            batch = batch or f"#{first}"
            fresh = [job_id for job_id in documents.ids(self._seed, first, wanted) if job_id not in self._start]
            taken = {job_id.decode() for job_id in await self._run("make", session, batch, written, *fresh)}
            minted += [job_id for job_id in fresh if job_id not in taken]
        return minted

    async def change(
        self, session: str, job_id: str, *, status: Status | None, name: str | None, by: str
    ) -> State | None:
        named = "" if name is None else _json(name)
        kept = await self._run(
            *("change", session, _bytes(job_id), self._unseen(job_id), real_ms()), status or "", named, orjson.dumps(by)
        )
        return None if kept is None else _read_state(kept)

    async def remove(self, session: str, job_id: str) -> bool:
        return bool(await self._run("remove", session, _bytes(job_id), self._unseen(job_id)))

    async def _chunks(self, session: str, statuses: str, skip: int, most: int) -> AsyncIterator["_Chunk"]:
        """Yield one part of the jobs after the other, `most` jobs of all parts at most."""
        start = list(self._start)
        parts: Sequence[Any] = [("", *start[place : place + CHUNK_JOBS]) for place in range(0, len(start), CHUNK_JOBS)]
        made = ((place, CHUNK_JOBS) for place in count(0, CHUNK_JOBS))
        for source in (parts, made):
            for part in source:
                chunk = _Chunk(*await self._run("page", session, real_ms(), statuses, skip, most, *part))
                skip, most = max(skip - chunk.matching, 0), most - len(chunk.ids)
                yield chunk
                if source is made and chunk.seen < CHUNK_JOBS:
                    return

    async def jobs(self, session: str, statuses: frozenset[str] | None) -> AsyncIterator[tuple[str, State]]:
        async for chunk in self._chunks(session, _spaced(statuses), 0, 1 << 50):
            for found in chunk.jobs():
                yield found

    async def page(self, session: str, statuses: frozenset[str] | None, *, offset: int, limit: int) -> Page:
        page = Page([], {})
        async for chunk in self._chunks(session, _spaced(statuses), offset, limit):
            page.jobs.extend(chunk.jobs())
            for status, number in zip(chunk.counts[::2], chunk.counts[1::2], strict=True):
                page.counts[status.decode()] = page.counts.get(status.decode(), 0) + number
        return page

    def observed(self) -> "RedisStore":
        observed = copy(self)
        observed._run = partial(self._client.run, is_use=False)  # noqa: SLF001 - its own
        return observed

    async def reset(self, session: str) -> None:
        await self._run("reset", session)

    async def behavior(self, session: str) -> tuple[Behavior, ...]:
        armed, times = await self._run("behavior", session)
        return () if armed is None else tuple(_read_armed(armed, times.decode().split(",")))

    async def arm(self, session: str, behaviors: tuple[Behavior, ...]) -> None:
        if not behaviors:
            await self._run("arm", session, "", "", "")
            return
        shown = [one.shown() for one in behaviors]
        conditions = [{key: one[key] for key in _CONDITIONS if key in one} or {"any": True} for one in shown]
        times = ",".join("" if one.times is None else str(one.times) for one in behaviors)
        await self._run("arm", session, orjson.dumps(shown), _json(conditions), times)

    async def spend(
        self, session: str, job_id: str | None, role: str | None, operation: str | None = None
    ) -> Behavior | None:
        named = map(_bytes, (job_id or "", role or "", operation or ""))
        applied = await self._run("spend", session, *named)
        if applied is None:
            return None
        armed, place, times = applied
        return _read_behavior(orjson.loads(armed)[place - 1], times.decode())

    async def note(self, session: str, key: str, value: float) -> None:
        await self._run("note", session, key, repr(float(value)))

    async def noted(self, session: str, key: str) -> float:
        return float(await self._run("noted", session, key) or 0)

    async def tally(self, session: str, key: str) -> int:
        return int(await self._run("tally", session, key))

    async def record(self, session: str, entry: Entry) -> None:
        """Mask the secrets before the entry leaves this process, and before its request is answered.

        To mask it when somebody reads it, as memory does, costs less. But Redis writes what it gets into files, and
        others may look into it. To mask it behind the answer costs the same, and other replicas would show the entry late.
        """
        written = _write_entry(self._masker.mask(entry)) if self._journal else b""
        counts, self._uncounted = self._uncounted, Counter()
        counts[_json(counted(entry))] += 1
        counts[_DURATION] += round(entry.duration_ms * 1000)
        try:
            await self._run(
                "record", session, self._journal, written, *(item for pair in counts.items() for item in pair)
            )
        except StoreUnavailable as error:
            if not error.may_be_done:
                self._uncounted += counts
            raise

    async def entries(self, session: str, *, limit: int, since: int) -> list[tuple[int, Entry]]:
        number, kept = await self._run("entries", session, since, min(limit, self._journal))
        return [(at, _read_entry(one)) for at, one in enumerate(kept, number - len(kept) + 1)]

    async def entry(self, session: str, number: int) -> Entry | None:
        kept = await self._run("entry", session, number)
        return None if kept is None else _read_entry(kept)

    async def forget(self, session: str) -> None:
        await self._run("forget", session)

    async def exchanges(self) -> Exchanges:
        flat = await self._run("exchanges", _NO_SESSION)
        counts = dict(zip(flat[::2], map(int, flat[1::2]), strict=True))
        duration_us = counts.pop(_DURATION, 0)
        return Exchanges({Counted(*orjson.loads(key)): number for key, number in counts.items()}, duration_us / 1000)

    async def admit(self, session: str, token: str, login: Login, *, lifetime_ms: int | None) -> None:
        who = _json([login.user, login.role])
        kept_ms = 1000 * UNUSED_S + (lifetime_ms or 0)
        await self._run("admit", session, _digest(token), who, "" if lifetime_ms is None else lifetime_ms, kept_ms)

    async def login(self, session: str, token: str) -> Login | None:
        held = await self._run("login", session, _digest(token))
        if held is None:
            return None
        user, role = orjson.loads(held[0])
        return Login(user, role, bool(held[1]))

    async def dismiss(self, token: str) -> bool:
        return bool(await self._run("dismiss", _NO_SESSION, _digest(token)))

    async def sessions(self) -> list[SessionUse]:
        return [
            SessionUse(name.decode(), entries, len(self._start) + made, used_ms)
            for name, used_ms, entries, made, _ in sorted(await self._run("counts", _NO_SESSION))
        ]

    async def clock(self, session: str) -> Clock:
        return _read_clock(*await self._run("clock", session, "read", ""))

    async def set_clock(self, session: str, stopped_at_ms: int | None) -> Clock:
        how = ("run", "") if stopped_at_ms is None else ("stop", stopped_at_ms)
        return _read_clock(*await self._run("clock", session, *how))

    async def advance(self, session: str, by_ms: int) -> Clock:
        return _read_clock(*await self._run("clock", session, "advance", by_ms))

    async def counts(self) -> dict[str, int]:
        sessions = await self._run("counts", _NO_SESSION)
        return {
            "sessions": len(sessions),
            "jobs": sum(len(self._start) + made for _, _, _, made, _ in sessions),
            "canceled": sum(canceled for *_, canceled in sessions),
        }

    async def health(self) -> str | None:
        return await self._client.health()

    async def close(self) -> None:
        await self._client.close()


_DURATION = b"us"
"""The key of the time of all exchanges, in microseconds, among what they are counted by."""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digest(token: str) -> str:
    """Return what stands for a token in Redis: nobody can log in by it."""
    return sha256(_bytes(token)).hexdigest()


def _spaced(statuses: frozenset[str] | None) -> str:
    return "" if statuses is None else f" {' '.join(sorted(statuses))} "


def _write_state(state: State) -> bytes:
    """Write the lines that `session.lua` tells of."""
    lines = (
        *(state.status, state.was, state.changed_at_ms, state.made_at_ms, _text(state.age_ms), _text(state.ends_at_ms)),
        *(state.ends_as, _text(state.tasks)),
    )
    name = b"" if state.name is None else _json(state.name)
    since = str(state.was_since_ms).encode()
    return b"\n".join((*(str(line).encode() for line in lines), orjson.dumps(state.changed_by), name, since))


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


@lru_cache(maxsize=1024)  # jobs that were made together share a state here as well
def _read_state(kept: bytes) -> State:
    status, was, changed, made, age, ends, ends_as, tasks, by, name, since = kept.split(b"\n")
    return State(
        status.decode(),  # type: ignore[arg-type]
        int(tasks) if tasks else None,
        orjson.loads(name) if name else None,
        was.decode(),  # type: ignore[arg-type]
        int(changed),
        orjson.loads(by),
        int(made),
        int(age) if age else None,
        int(ends) if ends else None,
        ends_as.decode(),  # type: ignore[arg-type]
        int(since),
    )


def _read_clock(stopped: bytes, ahead_ms: int) -> Clock:
    return Clock(int(stopped) if stopped else None, ahead_ms)


def _read_armed(armed: bytes, times: list[str]) -> Iterator[Behavior]:
    for fields, left in zip(orjson.loads(armed), times, strict=True):
        if left != "0":
            yield _read_behavior(fields, left)


def _read_behavior(fields: dict[str, Any], times: str) -> Behavior:
    for key in ("latency_ms", "latency_before_ms"):
        if key in fields:
            fields[key] = tuple(fields[key])
    return Behavior(**{**fields, "times": int(times) if times else None})


def _write_entry(entry: Entry) -> bytes:
    fields = {name: getattr(entry, name) for name in _WRITTEN}
    for name in _ENTRY_BYTES:
        fields[name] = fields[name].decode("latin-1")
    for name in _ENTRY_HEADERS:
        fields[name] = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in fields[name]]
    return _json(list(fields.values()))


def _read_entry(kept: bytes) -> Entry:
    written = kept.partition(b"\n")[2]  # before it stands when it was written
    fields = dict(zip(_WRITTEN, orjson.loads(written), strict=True))
    for name in _ENTRY_BYTES:
        fields[name] = fields[name].encode("latin-1")
    for name in _ENTRY_HEADERS:
        fields[name] = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in fields[name]]
    return Entry(**fields)


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair, which only the standard library writes
        from json import dumps

        return dumps(value).encode()

"""The store in Redis, for replicas that share their state. Each step is one script, which Redis runs alone."""

from collections.abc import AsyncIterator
from itertools import count
from os import urandom
from typing import Any

import orjson

from engine_contract.contract.job_status import ACTIVE
from mock_server.jobs import documents
from mock_server.jobs.job import RUNNING, State
from mock_server.settings import Settings
from mock_server.store import Cancel
from mock_server.store.behavior import Behavior
from mock_server.store.journal import Entry, mask
from mock_server.store.memory import IDLE_S, MAX_SESSIONS, WELL_FORMED, start_ids
from mock_server.store.redis_address import Address
from mock_server.store.redis_client import Client, load_script, start_of

CHUNK_JOBS = 1_000
"""How many jobs one step makes or lists: Redis does nothing else meanwhile, so it must be short."""

_ENTRY_BYTES = frozenset({"query", "body", "answer_body"})
_ENTRY_HEADERS = frozenset({"headers", "answer_headers"})


class RedisStore:
    """A `Store` that keeps every session in Redis; of its own it has only what all replicas know from the settings."""

    is_shared = True

    def __init__(
        self, settings: Settings, address: Address, *, idle_s: float = IDLE_S, sessions: int = MAX_SESSIONS
    ) -> None:
        self._seed = settings.seed
        self._any_job = settings.any_job
        self._journal = settings.journal
        self._secrets = settings.tokens
        self._start = dict.fromkeys(start_ids(settings.seed, settings.jobs), RUNNING)
        self._minted = max(settings.jobs - 1, 0)
        constants = f"local IDLE, MOST, SEED = {int(idle_s * 1000)}, {sessions}, '{settings.seed}'\n"
        constants += f"local ACTIVE = {{ {', '.join(f'{status} = true' for status in sorted(ACTIVE))} }}\n"
        names = (
            *(
                "arm",
                "behavior",
                "cancel",
                "counts",
                "entries",
                "entry",
                "forget",
                "get",
                "make",
                "note",
                "noted",
                "number",
            ),
            *("page", "put", "record", "reset", "spend", "tally"),
        )
        self._scripts = {name: load_script(name, constants) for name in names}
        self._client = Client(address, start_of(settings), list(self._scripts.values()))
        # A call's mark is its own over all replicas: one that is asked again is known by it.
        self._replica, self._calls = urandom(6).hex(), count()

    async def _run(self, name: str, session: str, *arguments: Any) -> Any:
        return await self._client.run(self._scripts[name], session, *arguments)

    def _mark(self) -> str:
        return f"{self._replica}{next(self._calls):x}"

    def _unseen(self, job_id: str) -> str:
        """Return the initial state of a job that Redis has not stored yet."""
        if job_id in self._start:
            return "start"
        return "any" if self._any_job and WELL_FORMED(job_id) else ""

    def _state(self, job_id: str, kept: bytes | None) -> State | None:
        if kept is None:
            return RUNNING if self._unseen(job_id) else None
        return _read_state(kept)

    async def cancel(self, session: str, job_id: str, at_ms: int, by: str) -> Cancel:
        unseen, who = self._unseen(job_id), orjson.dumps(by)
        answer = await self._run("cancel", session, _bytes(job_id), unseen, at_ms, who, self._mark())
        if answer is None:
            return Cancel("unknown")
        if not answer[0]:
            return Cancel("not-active", _read_state(answer[1]))
        _, was, detail, serial = answer
        tasks, name = orjson.loads(detail) if detail else (None, None)
        return Cancel("canceled", State("canceled", tasks, name, was.decode(), at_ms, by), serial)

    async def get(self, session: str, job_id: str) -> State | None:
        (kept,) = await self._run("get", session, _bytes(job_id))
        return self._state(job_id, kept)

    async def put(self, session: str, job_id: str, state: State) -> bool:
        if job_id in self._start:
            return False
        mark = self._mark()
        return bool(await self._run("put", session, _bytes(job_id), _write_state(state, mark), mark))

    async def mint(self, session: str, count: int, state: State) -> list[str]:
        minted: list[str] = []
        written = b"" if state == RUNNING else _write_state(state, "")
        while len(minted) < count:
            wanted = min(CHUNK_JOBS, count - len(minted))
            first = await self._run("number", session, wanted, self._minted)
            fresh = [job_id for job_id in documents.ids(self._seed, first, wanted) if job_id not in self._start]
            minted += [job_id.decode() for job_id in await self._run("make", session, written, *fresh)]
        return minted

    async def jobs(self, session: str, statuses: frozenset[str] | None) -> AsyncIterator[tuple[str, State]]:
        start = list(self._start)
        for place in range(0, len(start), CHUNK_JOBS):
            ids = start[place : place + CHUNK_JOBS]
            for job_id, kept in zip(ids, await self._run("get", session, *ids), strict=True):
                state = RUNNING if kept is None else _read_state(kept)
                if statuses is None or state.status in statuses:
                    yield job_id, state
        for place in count(0, CHUNK_JOBS):
            made, states = await self._run("page", session, place, place + CHUNK_JOBS - 1)
            for raw, kept in zip(made, states, strict=True):
                state = RUNNING if kept is None else _read_state(kept)
                if statuses is None or state.status in statuses:
                    yield raw.decode("utf-8", "surrogatepass"), state
            if len(made) < CHUNK_JOBS:
                return

    async def reset(self, session: str) -> None:
        await self._run("reset", session)

    async def behavior(self, session: str) -> Behavior | None:
        return _read_behavior(*await self._run("behavior", session))

    async def arm(self, session: str, behavior: Behavior | None) -> None:
        if behavior is None:
            await self._run("arm", session, "", "")
            return
        shown = behavior.shown()
        times = shown.pop("times", "")
        await self._run("arm", session, orjson.dumps(shown), times)

    async def spend(self, session: str, job_id: str | None, role: str | None) -> Behavior | None:
        applied = await self._run("spend", session, _bytes(job_id or ""), _bytes(role or ""), self._mark())
        return None if applied is None else _read_behavior(*applied)

    async def record(self, session: str, entry: Entry) -> None:
        """Mask the secrets before the entry leaves this process."""
        if self._journal:
            written = _write_entry(mask(entry, self._secrets))
            await self._run("record", session, self._journal, written, self._mark())

    async def entries(self, session: str, *, limit: int, since: int) -> list[tuple[int, Entry]]:
        most = min(limit, self._journal)
        if most <= 0:
            return []
        found = await self._run("entries", session, since + 1, most)
        return [(int(number.partition(b"-")[0]), _read_entry(fields[1])) for number, fields in reversed(found)]

    async def entry(self, session: str, number: int) -> Entry | None:
        found = await self._run("entry", session, number, self._journal) if self._journal else []
        return _read_entry(found[0][1][1]) if found else None

    async def forget(self, session: str) -> None:
        await self._run("forget", session)

    async def note(self, session: str, key: str, value: float) -> None:
        await self._run("note", session, key, repr(float(value)))

    async def noted(self, session: str, key: str) -> float:
        return float(await self._run("noted", session, key) or 0)

    async def tally(self, session: str, key: str) -> int:
        return int(await self._run("tally", session, key))

    async def counts(self) -> dict[str, int]:
        sessions, made, canceled = await self._run("counts", "")
        return {"sessions": sessions, "jobs": made + sessions * len(self._start), "canceled": canceled}

    async def health(self) -> str | None:
        return await self._client.health()

    async def close(self) -> None:
        await self._client.close()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _write_state(state: State, mark: str) -> bytes:
    detail = b"" if state.tasks is None and state.name is None else _json([state.tasks, state.name])
    lines = (state.status, state.was, str(state.canceled_at_ms), mark)
    return b"\n".join((*map(str.encode, lines), orjson.dumps(state.canceled_by), detail))


def _read_state(kept: bytes) -> State:
    if not kept:
        return RUNNING
    status, was, at_ms, _, by, detail = kept.split(b"\n", 5)
    tasks, name = orjson.loads(detail) if detail else (None, None)
    return State(status.decode(), tasks, name, was.decode(), int(at_ms), orjson.loads(by))  # type: ignore[arg-type]


def _read_behavior(armed: bytes | None, times: bytes | None) -> Behavior | None:
    if armed is None:
        return None
    fields = orjson.loads(armed)
    if "latency_ms" in fields:
        fields["latency_ms"] = tuple(fields["latency_ms"])
    return Behavior(**fields, times=int(times) if times else None)


def _write_entry(entry: Entry) -> bytes:
    fields = entry._asdict()
    for name in _ENTRY_BYTES:
        fields[name] = fields[name].decode("latin-1")
    for name in _ENTRY_HEADERS:
        fields[name] = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in fields[name]]
    return _json(list(fields.values()))


def _read_entry(kept: bytes) -> Entry:
    fields = dict(zip(Entry._fields, orjson.loads(kept), strict=True))
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

"""Runs scripts in Redis. One whose answer was lost is run again, and is told so; while Redis is away, one task asks for it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import count
from os import urandom
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any, NamedTuple

import orjson
from redis import Redis as BlockingRedis
from redis import RedisError, ResponseError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ClusterDownError, NoScriptError, ReadOnlyError, TryAgainError
from redis.retry import Retry as BlockingRetry

from mock_server.settings import Settings, SettingsError
from mock_server.store import StoreUnavailable
from mock_server.store.redis_address import Address

PATIENCE_S = 1.2
"""Seconds that Redis gets to answer a step. A request is three steps: it is answered within 4 seconds."""

CONNECT_S = 1.0
"""Seconds that a connection gets to stand, log-in included."""

SENDERS = 2
"""How many packets of steps are on their way at most. Steps that are asked for meanwhile wait, and go together in the next
one: what redis-py does for a packet costs as much as what it does for ten steps."""

WAIT_MS = 1000
"""Milliseconds that Redis's own replicas get to have a change."""

_AGAIN_S = 0.15
_START_S = 2.4

SCRIPTS = Path(__file__).parent / "scripts"

# Answers of a Redis that cannot serve now, though its connection stands: it is another's replica by now, is busy, or
# forgot the scripts, which are told it again when it is asked for.
_UNFIT = (NoScriptError, ReadOnlyError, ClusterDownError, TryAgainError)
_UNFIT_WORDS = ("MISCONF", "NOREPLICAS", "UNBLOCKED", "LATE", "BUSY ")


class _Step(NamedTuple):
    """A script that is asked for, and the future of its answer."""

    digest: str
    arguments: tuple[Any, ...]
    answer: asyncio.Future[Any]


class Start(NamedTuple):
    """The settings on which all replicas of a mock must agree: kept beside the state, by the first that comes."""

    seed: int
    jobs: int
    any_job: bool
    journal: int
    now_ms: int | None

    def encoded(self) -> bytes:
        """Return the settings as they are kept."""
        return orjson.dumps(self._asdict())


def start_of(settings: Settings) -> Start:
    """Return the settings that are part of the state."""
    return Start(settings.seed, settings.jobs, settings.any_job, settings.journal, settings.now_ms)


@cache
def load_script(name: str, constants: str = "", *before: str) -> str:
    """Return a script, with `constants` and the code of other files before it."""
    return constants + "".join((SCRIPTS / f"{part}.lua").read_text("utf-8") for part in (*before, name))


def join(settings: Settings, address: Address) -> Settings:
    """Seed the store, or take over the start that it holds. Raise SettingsError for a store that cannot be reached.

    Block for 2.4 seconds at most, also for names that no server resolves.
    """
    found: list[bytes | Exception] = []
    thread = Thread(target=lambda: found.append(_ask(settings, address)), daemon=True)
    thread.start()
    thread.join(_START_S)
    held = found[0] if found else TimeoutError(f"no answer within {_START_S:g} s")
    if isinstance(held, Exception):
        reason = " ".join(str(held).split()).rstrip(".") or type(held).__name__
        raise SettingsError(f"--store {address.shown}: cannot be reached: {reason}.") from None
    try:
        start = Start(**orjson.loads(held))
    except (ValueError, TypeError):
        raise SettingsError(
            f"--store {address.shown}: prefix {address.prefix}: holds the state of another version; take another prefix."
        ) from None
    return replace(settings, **start._asdict())


def _ask(settings: Settings, address: Address) -> bytes | Exception:
    until = monotonic() + _START_S / 2
    while True:
        try:
            with BlockingRedis(
                **address.options,
                ssl=address.is_secure,
                socket_timeout=_START_S / 2,
                socket_connect_timeout=_START_S / 2,
                retry=BlockingRetry(NoBackoff(), 0),
                protocol=2,
            ) as redis:
                held: Any = redis.eval(load_script("start"), 1, base_key(address), start_of(settings).encoded())  # type: ignore[no-untyped-call, unused-ignore]
                return bytes(held)
        except (BusyLoadingError, ReadOnlyError) as error:  # it is about to be what is wanted
            if monotonic() > until:
                return error
            sleep(_AGAIN_S)
        except Exception as error:  # noqa: BLE001 - handed to the thread that asked
            return error


def base_key(address: Address) -> str:
    """Return the beginning of all keys of a mock; the braces keep them together in a cluster."""
    return f"{{{address.prefix}}}:"


class Client:
    """Shared by all requests of a process. It connects when first asked, on the loop that asks."""

    def __init__(self, address: Address, start: Start, scripts: Mapping[str, str]) -> None:
        self._address = address
        self._start = start.encoded()
        self._base = base_key(address)
        self._pool = BlockingConnectionPool(
            max_connections=SENDERS + 1,  # one more, to ask for Redis by while packets wait in vain
            timeout=None,
            connection_class=SSLConnection if address.is_secure else Connection,
            **address.options,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=CONNECT_S,
            retry=Retry(NoBackoff(), 0),
            client_name="mock-engine",
        )
        self._redis = Redis(connection_pool=self._pool)
        self._scripts = {name: self._redis.register_script(text) for name, text in scripts.items()}
        self._scripts["start"] = self._redis.register_script(load_script("start"))
        self._steps: list[_Step] = []
        self._senders: set[asyncio.Task[None]] = set()
        # A call's mark is its own over all replicas: one that is asked again is known by it.
        self._replica, self._calls = urandom(6).hex().encode(), count()
        self._up = asyncio.Event()
        self._times_up = 0
        self._asking: asyncio.Task[None] | None = None
        self._down_since = 0.0
        self._reason = "not connected yet"
        self._clock = 0.0
        """Redis's clock minus this process's monotonic one, in seconds."""

    async def run(self, name: str, session: str, *arguments: Any, is_use: bool = True) -> Any:
        """Return the script's answer for a session. Raise StoreUnavailable, after PATIENCE_S at the latest.

        A script whose answer was lost is run again with a mark that says so: it must do its work once. Once the caller
        got an error, Redis no longer runs the script. A script that only reads need not be a use of the session.
        """
        until, again = monotonic() + PATIENCE_S, b"0" if is_use else b"look"
        mark = b"%b%x" % (self._replica, next(self._calls))
        loop = asyncio.get_running_loop()
        while True:
            if not self._up.is_set() and not await self._is_back(until):
                raise self._unavailable(self._reason, may_be_done=again == b"1")
            times_up, expires = self._times_up, int((until + self._clock) * 1000)
            answer = self._evaluate(name, expires, session, mark, again, *arguments)
            # A timer of the loop costs a tenth of what `asyncio.timeout` does.
            patience = loop.call_later(until - monotonic(), _give_up, answer)
            try:
                return await answer
            except (RedisError, OSError, TimeoutError) as error:
                if isinstance(error, ResponseError) and not _is_unfit(error):
                    raise self._unavailable(_sentence(error)[:300]) from None
                again = b"1" if is_use else again
                self._lose(times_up, _sentence(error))
                if monotonic() >= until:
                    raise self._unavailable(_sentence(error), may_be_done=True) from None
            finally:
                patience.cancel()

    async def health(self) -> str | None:
        """Return why the store cannot be used; None if it can."""
        if not self._up.is_set() and not await self._is_back(monotonic() + PATIENCE_S):
            return f"{self._address.shown}: {self._reason}"
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._agree()
        except (RedisError, OSError, TimeoutError, StoreUnavailable) as error:
            return f"{self._address.shown}: {_sentence(error)}"
        return None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
        for sender in self._senders:
            sender.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)
        await self._pool.disconnect()

    def _evaluate(self, name: str, *arguments: Any) -> asyncio.Future[Any]:
        """Run a script once; return a future of its answer, which raises RedisError or OSError."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._steps.append(_Step(self._scripts[name].sha, arguments, answer))
        if len(self._senders) < SENDERS:
            sender = asyncio.create_task(self._send())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return answer

    async def _send(self) -> None:
        """Send the steps that are asked for, all of them at once, until there is none."""
        while self._steps:
            steps, self._steps = self._steps, []
            try:
                async with asyncio.timeout(PATIENCE_S):
                    answers = await self._carry_out(steps)
            except (RedisError, OSError, TimeoutError) as error:
                answers = [error] * len(steps)
            for step, answer in zip(steps, answers, strict=True):
                if step.answer.done():  # its caller gave up
                    continue
                if isinstance(answer, Exception):
                    step.answer.set_exception(answer)
                else:
                    step.answer.set_result(answer)

    async def _carry_out(self, steps: list[_Step]) -> list[Any]:
        """Return the answers when as many of Redis's replicas as are wanted have what was changed."""
        copies = self._address.copies
        async with self._redis.pipeline(transaction=False) as pipeline:
            for step in steps:
                pipeline.evalsha(step.digest, 1, self._base, *step.arguments)
            if copies:  # WAIT speaks of its own connection's changes
                pipeline.wait(copies, WAIT_MS)
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        if copies:
            have = answers.pop()
            if isinstance(have, Exception):
                raise have
            if have < copies:
                raise RedisError(f"{have} of {copies} replicas of Redis have the change")
        return answers

    def _unavailable(self, reason: str, *, may_be_done: bool = False) -> StoreUnavailable:
        error = StoreUnavailable(f"{self._address.shown}: {reason}")
        error.may_be_done = may_be_done
        return error

    async def _is_back(self, until: float) -> bool:
        """Wait for Redis, and return whether it is there; a caller that comes late into an outage does not wait."""
        if self._asking is None:
            self._down_since = monotonic()
            self._asking = asyncio.create_task(self._ask_for_it())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._up.wait(), min(until, self._down_since + PATIENCE_S) - monotonic())
        return self._up.is_set()

    def _lose(self, times_up: int, reason: str) -> None:
        if times_up != self._times_up or not self._up.is_set():
            return  # it was lost before, and is back
        self._up.clear()
        self._reason = reason
        self._down_since = monotonic()
        self._asking = asyncio.create_task(self._ask_for_it())

    async def _ask_for_it(self) -> None:
        """Ask for Redis until it is there, holds this mock's state, and takes changes."""
        while True:
            await self._pool.disconnect(inuse_connections=False)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    seconds, micros = await self._redis.time()
                    self._clock = int(seconds) + int(micros) / 1e6 - monotonic()
                    for script in self._scripts.values():
                        await self._redis.script_load(script.script)
                    await self._agree()
                break
            except (RedisError, OSError, TimeoutError, StoreUnavailable) as error:
                self._reason = _sentence(error)
            await asyncio.sleep(_AGAIN_S)
        self._times_up += 1
        self._up.set()

    async def _agree(self) -> None:
        """Seed a store that is empty. Raise StoreUnavailable where it is another mock's by now."""
        if await self._evaluate("start", self._start) != self._start:
            raise StoreUnavailable("was started anew with other settings; start this replica again to take them over")


def _give_up(answer: asyncio.Future[Any]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _is_unfit(error: ResponseError) -> bool:
    return isinstance(error, _UNFIT) or str(error).startswith(_UNFIT_WORDS)


def _sentence(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE_S:g} s"
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__

"""Runs scripts in Redis, and keeps a connection up: lost ones are replaced, and what was on its way is asked again."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha1
from itertools import count
from os import urandom
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple, NoReturn

import orjson
from redis import ResponseError
from redis.exceptions import BusyLoadingError, NoScriptError, ReadOnlyError

from mock_server.settings import Settings, SettingsError
from mock_server.store import StoreUnavailable
from mock_server.store.redis_address import Address
from mock_server.store.redis_link import Link, LostError, open_link

PATIENCE_S = 1.2
"""Seconds that Redis gets to answer a step. A request is three steps: it is answered within 4 seconds."""

_AGAIN_S = 0.15
_START_S = 2.4

SCRIPTS = Path(__file__).parent / "scripts"


class Script(NamedTuple):
    """A Lua script and the name by which Redis knows it."""

    text: str
    digest: str


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
def load_script(name: str, constants: str = "") -> Script:
    """Read a script, with `constants` and the code that all scripts of a session share before it."""
    shared = (SCRIPTS / "session.lua").read_text("utf-8") if constants else ""
    text = constants + shared + (SCRIPTS / f"{name}.lua").read_text("utf-8")
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


def join(settings: Settings, address: Address) -> Settings:
    """Seed the store, or take over the start that it holds. Raise SettingsError for a store that cannot be reached.

    Block for 2.4 seconds at most, also for names that no server resolves.
    """
    from threading import Thread

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
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    script = load_script("start")
    until = monotonic() + _START_S / 2
    while True:
        try:
            with Redis(
                **address.options,
                ssl=address.is_secure,
                socket_timeout=_START_S / 2,
                socket_connect_timeout=_START_S / 2,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            ) as redis:
                held: Any = redis.eval(script.text, 1, base_key(address), start_of(settings).encoded())  # type: ignore[no-untyped-call, unused-ignore]
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

    def __init__(self, address: Address, start: Start, scripts: list[Script]) -> None:
        self._address = address
        self._start = start
        self._scripts = scripts
        self._base = base_key(address)
        self._link: Link | None = None
        self._up = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._down_since = 0.0
        self._reason = "not connected yet"
        # A call's mark is its own over all replicas: one that is asked again is known by it.
        self._replica, self._calls = urandom(6).hex(), count()
        self._clock = 0.0
        """Redis's clock minus this process's monotonic one, in seconds."""

    async def run(self, script: Script, session: str, *arguments: Any) -> Any:
        """Return the script's answer for a session. Raise StoreUnavailable, after PATIENCE_S at the latest.

        A script whose answer was lost with its connection is run again with a mark that says so: it must do its work once.
        Once the caller got an error, Redis no longer runs the script.
        """
        until, again = monotonic() + PATIENCE_S, b"0"
        mark = f"{self._replica}{next(self._calls):x}"
        while True:
            try:
                link = self._link or await self._connected(until)
            except StoreUnavailable as error:
                error.may_be_done = again == b"1"
                raise
            expires = int((until + self._clock) * 1000)
            try:
                try:
                    return await link.call(
                        "EVALSHA", script.digest, 1, self._base, expires, session, mark, again, *arguments
                    )
                except NoScriptError:
                    return await link.call(
                        "EVAL", script.text, 1, self._base, expires, session, mark, again, *arguments
                    )
            except LostError as lost:
                again = b"1"
                if link is self._link:
                    self._lose(str(lost))
                if monotonic() >= until:
                    self._fail(str(lost), may_be_done=True)
            except ResponseError as error:
                self._fail(" ".join(str(error).split())[:300])

    async def health(self) -> str | None:
        """Return why the store cannot be used; None if it can."""
        try:
            link = self._link or await self._connected(monotonic() + PATIENCE_S)
            await self._agree(link)
        except StoreUnavailable as error:
            return str(error)
        except (LostError, ResponseError) as error:
            return f"{self._address.shown}: {error}"
        return None

    async def close(self) -> None:
        """Let go of the connection."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper

    def _fail(self, reason: str, *, may_be_done: bool = False) -> NoReturn:
        error = StoreUnavailable(f"{self._address.shown}: {reason}")
        error.may_be_done = may_be_done
        raise error

    async def _connected(self, until: float) -> Link:
        if self._keeper is None or self._keeper.done():
            self._down_since = monotonic()
            self._keeper = asyncio.create_task(self._keep())
        # A caller that comes late into an outage gets the error at once.
        until = min(until, self._down_since + PATIENCE_S)
        while self._link is None:
            left = until - monotonic()
            if left <= 0:
                self._fail(self._reason)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), left)
        return self._link

    def _lose(self, reason: str) -> None:
        self._link = None
        self._up.clear()
        self._reason = reason
        self._down_since = monotonic()

    async def _keep(self) -> None:
        """Connect, wait until the connection is lost, connect again."""
        while True:
            try:
                link = await open_link(self._address, patience_s=PATIENCE_S)
            except LostError as lost:
                self._reason = str(lost)
                await asyncio.sleep(_AGAIN_S)
                continue
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._prepare(link)
            except (LostError, ResponseError, StoreUnavailable, TimeoutError) as error:
                self._reason = str(error).removeprefix(f"{self._address.shown}: ") or "no answer to the first command"
                await link.close()
                await asyncio.sleep(_AGAIN_S)
                continue
            self._link = link
            self._up.set()
            try:
                await link.lost.wait()
            finally:
                if self._link is link:
                    self._lose(link.reason)
                await link.close()

    async def _prepare(self, link: Link) -> None:
        seconds, micros = await link.call("TIME")
        self._clock = int(seconds) + int(micros) / 1e6 - monotonic()
        await asyncio.gather(*(link.call("SCRIPT", "LOAD", script.text) for script in self._scripts))
        await self._agree(link)

    async def _agree(self, link: Link) -> None:
        """Seed a store that is empty. Raise StoreUnavailable where it is another mock's by now."""
        held = await link.call("EVAL", load_script("start").text, 1, self._base, self._start.encoded())
        if held != self._start.encoded():
            self._fail("was started anew with other settings; start this replica again to take them over")

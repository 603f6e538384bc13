"""A TCP proxy that passes bytes on in chunks and resets connections at random, with a fixed seed."""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for 0 s


class ResettingProxy:
    """Passes connections on to one engine, and counts those that it has reset."""

    def __init__(self, target: str, *, share: float, seed: int, chunk: int) -> None:
        """Take the `share` of the chunks of at most `chunk` bytes that are dropped, each with its connection."""
        self.url = ""
        self.reset = 0
        self._target = urlsplit(target)
        self._share = share
        self._chunk = chunk
        self._dice = random.Random(seed)  # noqa: S311 - no secret

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes on one connection, in both directions."""
        engine_reader, engine_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        ends = (writer, engine_writer)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass_on(reader, engine_writer, ends), self._pass_on(engine_reader, writer, ends))
        for end in ends:
            end.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: tuple[asyncio.StreamWriter, ...]
    ) -> None:
        while data := await reader.read(self._chunk):
            if self._dice.random() < self._share:
                self.reset += 1
                for end in ends:
                    link = end.get_extra_info("socket")
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
                    end.transport.abort()
                return
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()


@contextmanager
def resetting_proxy(target: str, *, share: float, seed: int, chunk: int = 4096) -> Iterator[ResettingProxy]:
    """Serve a proxy before the engine at the URL `target`."""
    proxy = ResettingProxy(target, share=share, seed=seed, chunk=chunk)
    listener = socket.create_server(("127.0.0.1", 0))
    proxy.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(proxy.join, sock=listener)
        async with server:
            await server.serve_forever()

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serve())
        loop.run_until_complete(asyncio.sleep(0.05))  # what is under way ends

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(5)
        loop.close()

"""The command watch-engine: a watcher that is served until a signal comes."""

import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from contract_tests.config.settings_file import EngineCommand
from contract_tests.errors import SettingError
from engine_contract.click_options import command, say
from engine_contract.options import WatchOptions

if TYPE_CHECKING:
    from socket import socket

    from contract_tests.watch.settings import WatchSettings

GRACE_S = 3.0
"""Seconds that running requests get to finish at shutdown."""

MAX_PORT = 65535
KEY_VARIABLE = "WATCH_ENGINE_CONSOLE_KEY"

MAX_MESSAGE_BYTES = 64 << 20
"""Bytes of one WebSocket message."""


@command(
    EngineCommand,
    "watch-engine",
    WatchOptions,
    epilog=(
        "SOURCE is env:NAME, file:PATH, cmd:COMMAND, or the value itself. Each option can be set by an environment "
        "variable, such as WATCH_ENGINE_PORT; repeated ones are separated by line breaks. WATCH_ENGINE_CONSOLE_KEY sets "
        "the console's key, which is another one each time otherwise."
    ),
    variables=[KEY_VARIABLE],
)
def main(options: WatchOptions) -> None:
    """Stand before a live engine, record what passes, and check each cancel against the contract.

    URL is the engine's base, with any path before /workflow_engine/cancelJob, or an engine's name in the
    settings file. Point clients and browsers at the address that is printed first; the second is the console's.
    """
    from contract_tests.config.options import live_connection, read_pages
    from contract_tests.watch.settings import WatchSettings

    connection, warnings = live_connection(options)
    for warning in warnings:
        say("watch-engine", warning)
    settings = WatchSettings(
        connection=connection,
        pages=read_pages(options.pages),
        host=options.host,
        allow_hosts=frozenset(map(_host_name, options.allow_hosts)),
        rewrite=options.rewrite,
        record=options.record,
        write_profile=options.write_profile,
        journal=options.journal,
    )
    if key := os.environ.get(KEY_VARIABLE):
        settings = replace(settings, console_key=_checked_key(key))
    after = options.port + 1 if 0 < options.port < MAX_PORT else 0
    console_port = after if options.console_port is None else options.console_port
    _serve(settings, options.port, console_port, open_console=options.open_console)


def _checked_key(key: str) -> str:
    """Return a key that can stand in a path, beside `api`."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", key) or key in {"api", ".", ".."}:
        raise SettingError(f"{KEY_VARIABLE}: a key is letters, digits and the signs . _ ~ - alone, and is not api.")
    return key


def _host_name(name: str) -> str:
    if not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[^\s\[\]:@/\\?#*]+", name):
        raise SettingError(
            f"--allow-host {name}: is not a name such as engine.test, without scheme, port and wildcard."
        )
    return name.lower()


def _serve(settings: "WatchSettings", port: int, console_port: int, *, open_console: bool) -> None:
    from threading import Thread

    from contract_tests.watch.app import WatchApp
    from contract_tests.watch.state import Watch
    from contract_tests.watch.terminal import Terminal
    from engine_contract.http.net import is_loopback, url_of

    bound = _bind(settings.host, port, "--port")
    # Wherever the watcher listens, its console is at loopback: it sends cancels to a live engine.
    console_host = settings.host if is_loopback(settings.host) else "127.0.0.1"
    terminal = Terminal()
    console = None
    try:
        console = _bind(console_host, console_port, "--console-port", beside=bound)
        watch = Watch(settings, tell=(terminal.tell,), say=terminal.say)
    except SettingError:
        for opened in (*bound, *(console or ())):
            opened.close()
        raise
    url, console_url = url_of(settings.host, bound[0]), f"{url_of(console_host, console[0])}/{settings.console_key}/"
    if not is_loopback(settings.host):
        click.echo(
            f"watch-engine: Warning: {settings.host} can be reached from other machines, and so can the engine through it.",
            err=True,
        )

    def ready() -> None:
        terminal.say(f"Watching {settings.connection.base} on {url}")
        terminal.say(f"Console on {console_url}")
        if open_console:
            import webbrowser

            Thread(target=webbrowser.open, args=(console_url,), daemon=True).start()

    app = WatchApp(watch, console[0].getsockname()[1])
    make_server(app, ready=ready, closing=watch.close).run(sockets=[*bound, *console])
    terminal.close()


def _bind(host: str, port: int, option: str, *, beside: "list[socket] | None" = None) -> "list[socket]":
    """Return sockets at a port that `beside` does not have at another address: the port tells the two apart."""
    from engine_contract.http.net import bind

    try:
        bound = bind(host, port)
    except OSError as error:
        raise SettingError(f"{option} {error}") from None
    except ValueError as error:
        raise SettingError(f"--host {error}") from None
    if beside is not None and beside[0].getsockname()[1] == bound[0].getsockname()[1]:
        for each in bound:
            each.close()
        raise SettingError(f"{option} {port}: is the port of the engine's pages. Give another one.")
    return bound


def make_server(app: Any, *, ready: Callable[[], None], closing: Callable[[], Awaitable[None]]) -> Any:
    """Return the server of a watcher: it adds no headers of its own, and no messages to WebSockets."""
    from engine_contract.http.server import Server

    return Server(
        app,
        ready=ready,
        closing=closing,
        grace_s=GRACE_S,
        lifespan="off",
        date_header=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=None,
    )


if __name__ == "__main__":
    main()

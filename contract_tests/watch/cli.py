"""The command watch-engine: a watcher that is served until a signal comes."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click

from contract_tests.config.settings_file import EngineCommand
from contract_tests.errors import SettingError
from engine_contract.click_options import command
from engine_contract.options import WatchOptions

if TYPE_CHECKING:
    from contract_tests.watch.settings import WatchSettings

GRACE_S = 3.0
"""Seconds that running requests get to finish at shutdown."""

MAX_MESSAGE_BYTES = 64 << 20
"""Bytes of one WebSocket message."""


@command(
    EngineCommand,
    "watch-engine",
    WatchOptions,
    epilog=(
        "SOURCE is env:NAME, file:PATH, cmd:COMMAND, or the value itself. Each option can be set by an environment "
        "variable, such as WATCH_ENGINE_PORT; repeated ones are separated by line breaks."
    ),
)
def main(options: WatchOptions) -> None:
    """Stand before a live engine, record what passes, and check each cancel against the contract.

    URL is the engine's base, with any path before /workflow_engine/cancelJob, or an engine's name in the
    settings file. Point clients and browsers at the address that is printed; the console is at /_watch/.
    """
    from contract_tests.config.options import live_connection
    from contract_tests.watch.settings import WatchSettings

    connection, warnings = live_connection(options)
    for warning in warnings:
        click.echo(f"watch-engine: {warning}", err=True)
    settings = WatchSettings(
        connection=connection,
        host=options.host,
        port=options.port,
        record=options.record,
        write_profile=options.write_profile,
        journal=options.journal,
    )
    _serve(settings, open_console=options.open_console)


def _serve(settings: "WatchSettings", *, open_console: bool) -> None:
    from threading import Thread

    from contract_tests.watch.app import WatchApp
    from contract_tests.watch.settings import PREFIX
    from contract_tests.watch.state import Watch
    from contract_tests.watch.terminal import Terminal
    from engine_contract.http.net import bind, is_loopback, url_of

    try:
        bound = bind(settings.host, settings.port)
    except OSError as error:
        raise SettingError(f"--port {error}") from None
    except ValueError as error:
        raise SettingError(f"--host {error}") from None
    url = url_of(settings.host, bound)
    terminal = Terminal()
    try:
        watch = Watch(settings, tell=(terminal.tell,))
    except SettingError:
        bound.close()
        raise
    if not is_loopback(settings.host):
        click.echo(
            f"watch-engine: Warning: {settings.host} can be reached from other machines, and so can the engine through it.",
            err=True,
        )

    def ready() -> None:
        terminal.say(f"Watching {settings.connection.base} on {url}")
        terminal.say(f"Console on {url}{PREFIX}/")
        if open_console:
            import webbrowser

            Thread(target=webbrowser.open, args=(f"{url}{PREFIX}/",), daemon=True).start()

    make_server(WatchApp(watch), ready=ready, closing=watch.close).run(sockets=[bound])
    terminal.close()


def make_server(app: Any, *, ready: Callable[[], None], closing: Callable[[], Awaitable[None]]) -> Any:
    """Return the server of a watcher: it adds no headers of its own, and no messages to WebSockets."""
    import logging

    from engine_contract.http.server import Server

    return Server(
        app,
        ready=ready,
        closing=closing,
        grace_s=GRACE_S,
        log_level=logging.CRITICAL + 1,  # bad requests are answered, not logged
        lifespan="off",
        date_header=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=None,
    )


if __name__ == "__main__":
    main()

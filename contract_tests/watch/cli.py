"""The command watch-engine: options and environment to a watcher that is served until a signal comes."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

from contract_tests.config.connection_options import FILE, connection_options
from contract_tests.config.settings_file import CONNECTION_KEYS, EngineCommand
from contract_tests.errors import SettingError
from engine_contract.dependencies import DependencyError
from engine_contract.version import DISTRIBUTION

GRACE_S = 3.0
"""Seconds that running requests get to finish at shutdown."""

MAX_MESSAGE = 64 << 20
"""Bytes of one WebSocket message."""


class WatchCommand(EngineCommand):
    """The command, which takes from a settings file how an engine is reached and nothing else."""

    file_keys = CONNECTION_KEYS


@click.command(
    cls=WatchCommand,
    context_settings={
        "auto_envvar_prefix": "WATCH_ENGINE",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
    epilog=(
        "SOURCE is env:NAME, file:PATH, cmd:COMMAND, or the value itself. Each option can be set by an environment "
        "variable, such as WATCH_ENGINE_PORT; repeated ones are separated by line breaks."
    ),
)
@click.argument("url", envvar="WATCH_ENGINE_URL")
@connection_options("WATCH_ENGINE")
@click.option("--host", default="127.0.0.1", metavar="HOST", help="Address to listen on.")
@click.option("--port", default=4011, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option(
    "--record",
    type=FILE,
    metavar="FILE.har",
    help="Write every exchange into FILE.har, without secrets; never over an older file.",
)
@click.option(
    "--write-profile",
    type=FILE,
    metavar="FILE",
    help="Write how the engine refuses into FILE, for mock-engine --profile.",
)
@click.option("--open", "open_console", is_flag=True, envvar="WATCH_ENGINE_OPEN", help="Open the console in a browser.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    metavar="S",
    help="Seconds for which the engine may send nothing before 504 is answered.",
)
@click.option("--journal", default=1000, type=click.IntRange(1), metavar="N", help="Exchanges that are kept in memory.")
@click.version_option(package_name=DISTRIBUTION)
def command(**options: Any) -> None:
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
        host=options["host"],
        port=options["port"],
        record=options["record"],
        write_profile=options["write_profile"],
        journal=options["journal"],
    )
    _serve(settings, open_console=options["open_console"])


def _serve(settings: Any, *, open_console: bool) -> None:
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
        ws_max_size=MAX_MESSAGE,
        ws_ping_interval=None,
    )


def main() -> None:
    """Entry point of the console script. Wrong usage is one line on stderr, and exit status 2."""
    try:
        command.main(prog_name="watch-engine", standalone_mode=False)
    except click.ClickException as error:
        sys.exit(_complain(error.format_message()))
    except (SettingError, DependencyError) as error:
        sys.exit(_complain(str(error)))
    except click.Abort:
        sys.exit(130)


def _complain(message: str) -> int:
    click.echo(f"watch-engine: {' '.join(message.split())}", err=True)
    return 2


if __name__ == "__main__":
    main()

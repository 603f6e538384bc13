"""The command `mock-engine`: options, the first line, exit statuses."""

import gc
import sys
from pathlib import Path
from typing import Any

import click

from engine_contract.dependencies import DependencyError
from engine_contract.version import DISTRIBUTION
from mock_server.settings import Settings, SettingsError, read_settings

PREFIX = "MOCK_ENGINE"

_HELP = """Serve the contract of POST /workflow_engine/cancelJob as a stateful mock engine.

Every option can be set by an environment variable, MOCK_ENGINE_PORT for --port; repeated ones are
separated by line breaks. Once it accepts requests, the first line on stdout names its address.

\b
  mock-engine &
  curl -X POST http://127.0.0.1:4010/workflow_engine/cancelJob -H 'Authorization: Bearer admin' \\
       -H 'Content-Type: application/json' -d '{"job_id": "4321abcdef694aa79dae47ad"}'
"""

_STORE_HELP = (
    "Where state is kept: memory, or redis://[USER@]HOST[:PORT]/DB (rediss:// for TLS), which replicas share. "
    "?prefix=NAME parts mocks. The password: in the URL, or in MOCK_ENGINE_STORE_PASSWORD."
)


class _Lines(click.Option):
    """An option that may be repeated; in the environment line breaks separate its values."""

    def value_from_envvar(self, ctx: click.Context) -> Any:
        text = self.resolve_envvar_value(ctx)
        return None if text is None else tuple(line.strip() for line in text.splitlines() if line.strip())


def _listed() -> str:
    """The catalogue as text, by aspect, variations in a section of their own."""
    from mock_server import faults

    lines: list[str] = []
    broken, odd = faults.faults(), faults.variations()
    width = max((len(change.name) for change in (*broken, *odd)), default=0)
    lines.append(f"Faults ({len(broken)}): each breaks the rule named after it.")
    aspect = ""
    for change in broken:
        rule = change.rule or ""
        if rule.partition(".")[0] != aspect:
            aspect = rule.partition(".")[0]
            lines += ["", f"  {aspect}"]
        lines.append(f"    {change.name:<{width}}  {change.sentence} [{rule}]")
    lines += ["", f"Variations ({len(odd)}): odd engines that conform.", ""]
    lines += [f"    {change.name:<{width}}  {change.sentence}" for change in odd]
    return "\n".join(lines)


def _show_faults(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
    if value:
        click.echo(_listed())
        context.exit()


@click.command(
    help=_HELP, context_settings={"auto_envvar_prefix": PREFIX, "max_content_width": 110, "show_default": True}
)
@click.option("--host", default="127.0.0.1", metavar="HOST", help="Address to listen on.")
@click.option("--port", default=4010, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option(
    "--jobs", default=20, type=click.IntRange(0, 1_000_000), help="Active jobs at the start; the page's own id is one."
)
@click.option("--seed", default=0, type=int, help="Seed from which ids and documents are drawn.")
@click.option(
    "--any-job", is_flag=True, help="Every id of 24 lowercase hex characters not seen before is an active job."
)
@click.option(
    "--tokens",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON that maps tokens to roles: {"s3cret": "support"}.',
)
@click.option("--default-role", metavar="ROLE", help="Role of those who send no credential.")
@click.option("--base-path", default="/", metavar="PATH", help="Path before /workflow_engine/cancelJob.")
@click.option(
    "--cors",
    multiple=True,
    cls=_Lines,
    metavar="ORIGIN",
    help="Origin whose pages may call, beside localhost; * for any. Repeatable.",
)
@click.option("--upstream", metavar="URL", help="Where requests for all other paths go.")
@click.option("--latency", metavar="MS | MIN-MAX", help="Delay before each answer of the operation, in milliseconds.")
@click.option("--fault", metavar="NAME", help="Fault or variation in force from the start.")
@click.option("--profile", metavar="FILE | NAME", help="How refusals look: a file, or one that is shipped.")
@click.option("--store", default="memory", metavar="URL", help=_STORE_HELP)
@click.option(
    "--workers", default=1, type=click.IntRange(1), help="Processes; more than one need a store that they share."
)
@click.option("--control-token", metavar="TOKEN", help="Token that the control API asks for.")
@click.option(
    "--control-origin",
    multiple=True,
    cls=_Lines,
    metavar="ORIGIN",
    help="Origin whose pages may use the control API. Repeatable.",
)
@click.option(
    "--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Certificate chain (PEM), to serve https."
)
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="Its private key (PEM).")
@click.option(
    "--max-body", default=1 << 20, type=click.IntRange(1), metavar="BYTES", help="Largest body of a request, in bytes."
)
@click.option(
    "--journal", default=1000, type=click.IntRange(0), metavar="N", help="Entries that a session's journal keeps."
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_faults,
    help="List faults and variations.",
)
@click.version_option(package_name=DISTRIBUTION)
def command(**options: Any) -> None:
    """Serve until a signal comes."""
    _serve(read_settings(options))


def _serve(settings: Settings) -> None:
    if settings.store != "memory":
        # Before all else, so that a store which cannot be reached is told of soon.
        from mock_server.store.redis_address import read_address
        from mock_server.store.redis_client import join

        held = join(settings, read_address(settings.store))
        _say_what_holds(settings, held)
        settings = held
    # Imported here: --help and --list-faults must not wait for the framework.
    from mock_server.app import create_app
    from mock_server.serving.server import bind, make_server, url_of

    app = create_app(settings)
    # What is there now stays; the collector need not look through it again, nor as often as by default.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    bound = bind(settings)
    url = url_of(settings, bound)
    if not settings.is_loopback:
        control = (
            "is open to those who have --control-token"
            if settings.control_token
            else "is closed without --control-token"
        )
        click.echo(f"Warning: {settings.host} can be reached from other machines; the control API {control}.", err=True)

    def ready() -> None:
        click.echo(f"Mock engine ready on {url}")
        sys.stdout.flush()

    if settings.workers > 1:
        from mock_server.serving.workers import Supervisor

        Supervisor(settings, bound, ready=ready, say=lambda text: click.echo(text, err=True)).run()
        return
    make_server(app, settings, ready=ready).run(sockets=[bound])


def _say_what_holds(asked: Settings, held: Settings) -> None:
    """Tell of options that the store's state answers by itself: it was there first."""
    for option in ("seed", "jobs", "any_job", "journal"):
        theirs = getattr(held, option)
        if theirs != getattr(asked, option):
            name = f"--{option.replace('_', '-')}"
            text = f"{name} {theirs}" if not isinstance(theirs, bool) else name if theirs else f"no {name}"
            click.echo(f"Note: the store holds the state of a mock with {text}; so it is here.", err=True)


def main() -> None:
    """Entry point of the console script. Wrong usage is one line on stderr, and exit status 2."""
    try:
        command.main(prog_name="mock-engine", standalone_mode=False)
    except click.ClickException as error:
        sys.exit(_complain(error.format_message()))
    except (SettingsError, DependencyError) as error:
        sys.exit(_complain(str(error)))


def _complain(message: str) -> int:
    click.echo(f"mock-engine: {' '.join(message.split())}", err=True)
    return 2


if __name__ == "__main__":
    main()

"""The command `mock-engine`: the first line, and what is served until a signal comes."""

import gc
import sys
from dataclasses import replace

import click
from click.core import ParameterSource

from engine_contract.click_options import OptionsCommand, command
from engine_contract.mock_options import MockOptions
from mock_server.jobs.timestamps import rfc3339
from mock_server.settings import PASSWORD_VARIABLE, Settings, SettingsError, read_settings

SCREENS = {
    "wrong-credential": "not logged in",
    "other-role": "may not",
    "unknown-job": "unknown job",
    "not-active": "not active",
}
"""The situations that every screen meets, in a word or two."""


class MockCommand(OptionsCommand):
    """The command, for which a setting that cannot be used is wrong usage."""

    errors = (SettingsError,)


@command(MockCommand, "mock-engine", MockOptions, variables=[PASSWORD_VARIABLE])
def main(options: MockOptions) -> None:
    """Serve the contract of POST /workflow_engine/cancelJob as a stateful mock engine.

    Every option can be set by an environment variable, MOCK_ENGINE_PORT for --port; repeated ones are
    separated by line breaks. Once it accepts requests, the first line on stdout names its address.

    \b
      mock-engine &
      curl -X POST http://127.0.0.1:4010/workflow_engine/cancelJob -H 'Authorization: Bearer admin' \\
           -H 'Content-Type: application/json' -d '{"job_id": "4321abcdef694aa79dae47ad"}'
    """  # noqa: D301 - \b is click's: a block that is not wrapped
    if options.list_faults:
        click.echo(_listed())
    elif options.list_profiles:
        click.echo(_listed_profiles())
    else:
        context = click.get_current_context()
        _warn_of_secret(context, options)
        _serve(replace(read_settings(options), log=_is_logging(context, options)))


def _is_logging(context: click.Context, options: MockOptions) -> bool:
    """Return whether requests are logged: as --log or its variable says, else where somebody watches."""
    is_said = context.get_parameter_source("log") is not ParameterSource.DEFAULT
    return options.log if is_said else sys.stderr.isatty()


def _warn_of_secret(context: click.Context, options: MockOptions) -> None:
    is_typed = context.get_parameter_source("control_token") is ParameterSource.COMMANDLINE
    if is_typed and (options.control_token or "").partition(":")[0] not in {"env", "file", ""}:
        click.echo(
            "Warning: --control-token: the token itself shows in the process list. Use env:NAME or file:PATH.", err=True
        )


def _serve(settings: Settings) -> None:
    if settings.store != "memory":
        # Before all else, so that an unreachable store is reported soon.
        from mock_server.store.redis_address import read_address
        from mock_server.store.redis_client import join

        held = join(settings, read_address(settings.store))
        _say_what_holds(settings, held)
        settings = held
    # Imported here: --help and --list-faults must not wait for the framework.
    from mock_server.app import create_app
    from mock_server.serving.server import freeze_start, listen, make_server, url_of

    app = create_app(settings)
    settings, bound = listen(settings)
    app.settings = settings
    url, console_url = url_of(settings, bound[0]), url_of(settings, bound[-1])
    freeze_start()
    gc.enable()
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
        if settings.console_port is not None:
            click.echo(f"Console on {console_url}/", err=True)

    if settings.workers > 1:
        from mock_server.serving.workers import Supervisor

        Supervisor(settings, bound, ready=ready, say=lambda text: click.echo(text, err=True)).run()
        return
    make_server(app, settings, ready=ready).run(sockets=bound)


def _say_what_holds(asked: Settings, held: Settings) -> None:
    """Name the options that the store overrides: its state was there first."""
    for option in ("seed", "jobs", "any_job", "journal", "now_ms"):
        theirs = getattr(held, option)
        if theirs != getattr(asked, option):
            name = f"--{option.removesuffix('_ms').replace('_', '-')}"
            shown = rfc3339(theirs).decode() if option == "now_ms" and theirs else theirs
            text = (
                f"with {name}"
                if theirs is True
                else f"with {name} {shown}"
                if theirs or theirs == 0
                else f"without {name}"
            )
            click.echo(f"Note: this store was created {text}; using that value.", err=True)


def _listed() -> str:
    """Return the catalogue as text, by aspect, variations in a section of their own."""
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


def _listed_profiles() -> str:
    """Return the shipped profiles as text: what each is, and the status of the refusals that screens meet."""
    from textwrap import fill

    from mock_server.operations.profile import load_profile, names
    from mock_server.operations.refusals import asked_for

    lines = ["Profiles: how other engines refuse. --profile NAME for all requests, Prefer: profile=NAME for one.", ""]
    for name in names():
        profile = load_profile(name)
        shown = {
            said: profile.render(asked_for(situation, role="apiread", job_id="…"), "…").status
            for situation, said in SCREENS.items()
        }
        lines += [
            f"  {name}",
            fill(profile.description, 100, initial_indent="    ", subsequent_indent="    "),
            "    " + ", ".join(f"{said} {status}" for said, status in shown.items()),
            "",
        ]
    return "\n".join(lines).rstrip()


if __name__ == "__main__":
    main()

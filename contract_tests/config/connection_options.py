"""The options that check-engine and watch-engine share: how to reach an engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Lines(click.ParamType[str]):
    """A text; in an environment variable several of them are separated by line breaks."""

    name = "text"

    def split_envvar_value(self, rv: str) -> list[str]:
        """The lines that say something: a block of YAML ends with a line break."""
        return [line for line in rv.splitlines() if line.strip()]


LINES = Lines()
FILE = click.Path(dir_okay=False, path_type=Path)


def connection_options(prefix: str) -> Callable[[Command], Command]:
    """Options for settings, tokens, headers, proxy and TLS; `prefix` is that of their environment variables."""
    options = (
        click.option(
            "--settings",
            type=FILE,
            metavar="FILE",
            help="Where engines have names.  [default: engine.toml, or pyproject.toml's [tool.engine-contract]]",
        ),
        click.option(
            "--token",
            "tokens",
            multiple=True,
            type=LINES,
            envvar=f"{prefix}_TOKEN",
            metavar="ROLE=SOURCE",
            help="A role's token; for basic user:password. Repeatable.",
        ),
        click.option(
            "--auth",
            default="bearer",
            show_default=True,
            metavar="WAY",
            help="How tokens travel: bearer, basic, cookie:NAME, query:NAME or header:NAME.",
        ),
        click.option(
            "--header",
            "headers",
            multiple=True,
            type=LINES,
            envvar=f"{prefix}_HEADER",
            metavar="NAME=SOURCE",
            help="A header for every request to the engine. Repeatable.",
        ),
        click.option("--proxy", metavar="URL", help="A proxy.  [default: the environment's, never for loopback]"),
        click.option(
            "--ca-bundle", type=FILE, metavar="FILE", help="Certificates to trust (PEM).  [default: the system's]"
        ),
        click.option("--client-cert", type=FILE, metavar="FILE", help="A client certificate with its key (PEM)."),
        click.option("--insecure", is_flag=True, help="Do not verify the engine's certificate."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add

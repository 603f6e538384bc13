"""Commands of click, made of a table of options."""

import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from engine_contract.dependencies import DependencyError
from engine_contract.environment import second_variables, strange_variables, value_of
from engine_contract.option_rows import Option, rows
from engine_contract.standard_streams import Outlet, guard_streams
from engine_contract.version import DISTRIBUTION

Options = TypeVar("Options")


CRASHED = 70
"""The exit status where the kit itself fails (EX_SOFTWARE of sysexits.h), so that 1 means a broken contract alone."""


def say(name: str | None, sentence: str) -> None:
    """Print a command's sentence on standard error, without the values of secret variables."""
    from engine_contract.text.masking import hide_variables

    click.echo(f"{name}: {hide_variables(sentence)}", err=True)


class KitCommand(click.Command):
    """A command whose wrong usage, and each of its own `errors`, is one line on stderr and exit status 2.

    A defect of the kit is one line too, and exit status 70; with -v the traceback is shown.
    """

    errors: tuple[type[Exception], ...] = ()

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's
        **extra: Any,
    ) -> Any:
        """Run the command and end the process with the status that its function returns."""
        arguments = (args, prog_name or self.name, complete_var)
        expected: tuple[type[Exception], ...] = (DependencyError, *self.errors)
        if not standalone_mode:
            return super().main(*arguments, standalone_mode=False, **extra)
        out = guard_streams()
        try:
            status = super().main(*arguments, standalone_mode=False, **extra)
        except click.Abort:
            sys.exit(130)
        except click.ClickException as error:
            message = error.format_message()
        except expected as error:
            message = " ".join([str(error), *getattr(error, "__notes__", ())])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the kit's
            if _is_folder_gone():
                click.echo(f"{self.name}: the current folder was removed. Change to one that is there.", err=True)
                sys.exit(2)
            self._tell_crash(error, with_traceback="-v" in (sys.argv[1:] if args is None else args))
            sys.exit(CRASHED)
        else:
            sys.exit(status or self._lost(out))
        say(self.name, " ".join(message.split()))
        sys.exit(2)

    def _lost(self, out: Outlet) -> int:
        """Return 2, and say why, where not all of the output could be written; 0 where it was, or nobody reads it."""
        out.flush()
        if out.failure is None:
            return 0
        click.echo(f"{self.name}: standard output cannot be written: {out.failure}. Give it another place.", err=True)
        return 2

    def _tell_crash(self, error: Exception, *, with_traceback: bool) -> None:
        import traceback

        from engine_contract.text.masking import mask_output
        from engine_contract.version import kit_version

        if with_traceback:
            traceback.print_exception(error)
        notes = " ".join(getattr(error, "__notes__", ()))
        what = mask_output(" ".join(f"{type(error).__name__}: {error}".split()))[:300]
        click.echo(
            f"{self.name}: The kit itself failed, which says nothing of the engine: {what}. {notes}"
            f"{' ' if notes else ''}Please report it where {DISTRIBUTION} {kit_version()} comes from, as an issue, "
            f"with {'the traceback above' if with_traceback else 'the traceback that -v prints'}.",
            err=True,
        )


def _is_folder_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - no Path is needed
    except OSError:
        return True
    return False


class OptionsCommand(KitCommand):
    """A command with the options of a table."""

    def __init__(self, name: str, table: type, *, variables: Sequence[str] = (), **attributes: Any) -> None:
        """Take the table; environment variables begin with the command's name, such as `CHECK_ENGINE`.

        `variables` are those that are read elsewhere.
        """
        super().__init__(name, params=[_parameter(row, row.variables(name)) for row in _given(table)], **attributes)
        self.table = table
        self._variables = {*variables, *(variable for row in _given(table) for variable in row.variables(name))}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, once it is said which variables set nothing."""
        prefix = f"{self.name}_".upper().replace("-", "_")
        sentences = strange_variables(prefix, self._variables, os.environ)
        for sentence in (*sentences, *second_variables(map(_names, self.params), os.environ)):
            click.echo(f"{self.name}: {sentence}", err=True)
        return super().parse_args(ctx, args)


Made = TypeVar("Made", bound=OptionsCommand)


def command(
    cls: type[Made],
    name: str,
    table: type[Options],
    *,
    epilog: str | None = None,
    variables: Sequence[str] = (),
) -> Callable[[Callable[[Options], int | None]], Made]:
    """Make a command of a function that takes the options and returns the exit status; its docstring is the help."""

    def make(function: Callable[[Options], int | None]) -> Made:
        made = cls(
            name,
            table,
            callback=lambda **values: function(table(**values)),
            help=function.__doc__,
            epilog=epilog,
            variables=variables,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True},
        )
        return click.version_option(package_name=DISTRIBUTION)(made)

    return make


def _given(table: type) -> list[Option]:
    """Return the rows that a command line or a variable may give."""
    return [row for row in rows(table) if not row.setting_only]


def _parameter(row: Option, variables: list[str]) -> click.Parameter:
    if row.is_argument:
        return _Argument([row.field], required=row.is_required, envvar=variables, is_eager=row.is_eager)
    if row.is_switch:
        return _Option([row.flag, row.field], is_flag=True, envvar=variables, help=row.help)
    return (_Repeatable if row.is_repeatable else _Option)(
        [row.flag, row.field],
        type=_type(row),
        multiple=row.is_repeatable,
        default=None if row.is_repeatable else row.default,
        envvar=variables,
        metavar=row.metavar,
        is_eager=row.is_eager,
        help=row.help,
    )


class _Argument(click.Argument):
    """An argument that an empty variable sets too: a pipeline's variable that is not filled in decides nothing."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:  # noqa: ARG002 - click's
        return next((value for name in _names(self) if (value := value_of(name, os.environ)) is not None), None)


class _Option(click.Option):
    """An option that a variable sets which holds more than blanks."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:  # noqa: ARG002 - click's
        return next((value for name in _names(self) if (value := value_of(name, os.environ))), None)


def _names(parameter: click.Parameter) -> Sequence[str]:
    return [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or ()


class _Repeatable(_Option):
    """An option that may be repeated; in the environment line breaks separate its values."""

    def value_from_envvar(self, ctx: click.Context) -> Any:
        text = self.resolve_envvar_value(ctx)
        # A block of YAML ends with a line break.
        return None if text is None else tuple(line.strip() for line in text.splitlines() if line.strip())


class _Whole(click.IntRange):
    name = "whole number"


class _Finite(click.FloatRange):
    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number of seconds or requests.", param, ctx)
        return number


def _type(row: Option) -> Any:
    if row.type is Path:
        return click.Path(file_okay=row.path != "folder", dir_okay=row.path != "file", path_type=Path)
    if row.type is float:
        low = row.least if row.above is None else row.above
        return _Finite(min=low, min_open=row.above is not None, max=row.most)
    if row.type is int and (row.least, row.most) != (None, None):
        return _Whole(row.least, row.most)
    return row.type

"""The command `draft-contract`: a documentation page becomes an OpenAPI document and a ledger of rules to finish."""

from collections import Counter
from pathlib import Path
from typing import Any

import click
import yaml

from engine_contract.click_options import KitCommand
from engine_contract.contract.draft import Draft, PageError, draft
from engine_contract.contract.draft.notes import guesses, open_places
from engine_contract.private_files import replacing
from engine_contract.text.printable import plural, visible
from engine_contract.text.unmarked import read_text, why_unread
from engine_contract.version import DISTRIBUTION

_HEADS = {
    "openapi.yaml": (
        "# Drafted from {page}. For a person to finish: x-guessed and x-open say what was guessed and left open. Then\n"
        "# descriptions, the ways of a credential (security), refusals, which fields an engine may leave out (required),\n"
        "# and values that are fixed (enum).\n"
    ),
    "rules.yaml": (
        "# Drafted from {page}. For a person to finish: titles, what is implied of effects, what is assumed where the\n"
        "# page is silent, and which fields may be absent.\n"
    ),
}


@click.command("draft-contract", cls=KitCommand)
@click.argument("page", type=click.Path(path_type=Path), metavar="PAGE.txt")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the two files there.  [default: beside the page]",
)
@click.option("-v", "verbose", is_flag=True, help="Print the traceback where the command itself fails.")
@click.version_option(package_name=DISTRIBUTION)
def main(page: Path, output: Path | None, *, verbose: bool) -> None:
    """Draft the contract of another page in the format of cancelJob.txt, for a person to finish.

    Writes PAGE.openapi.yaml and PAGE.rules.yaml, never over files that are there. Prints their names, and on standard
    error what the page says for sure, what was guessed, and what was left open.
    """
    del verbose  # KitCommand's
    try:
        drafted = draft(read_text(page), page.stem)
    except PageError as error:
        raise click.ClickException(f"{page}, {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(
            f"{page}: the page cannot be read: {why_unread(error)}. Give a text file in UTF-8."
        ) from error
    folder = output or page.parent
    texts = {folder / f"{page.stem}.{name}": text for name, text in _texts(drafted, page.name).items()}
    for path in texts:
        if path.exists() or path.is_symlink():
            raise click.ClickException(
                f"{path} is there already, and is not written over. Move it away, or give --output DIR."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with replacing(path) as file:
                file.write(text)
            click.echo(path)
        click.echo("\n".join(map(visible, _summary(drafted))), err=True)
    except OSError as error:
        raise click.ClickException(
            f"{folder}: the drafts cannot be written: {error.strerror or error}. Give --output DIR."
        ) from error


def _texts(drafted: Draft, page: str) -> dict[str, str]:
    documents: dict[str, Any] = {"openapi.yaml": drafted.openapi, "rules.yaml": drafted.rules}
    return {name: _HEADS[name].format(page=visible(page)) + _yaml(document) for name, document in documents.items()}


_ASPECTS = {
    "route": "the route",
    "roles": "roles",
    "request": "the request",
    "effects": "effects",
    "response": "the answer",
}


def _summary(drafted: Draft) -> list[str]:
    """Return the lines of the summary: what is sure, guessed and open."""
    ((path, item),) = drafted.openapi["paths"].items()
    ((method, operation),) = item.items()
    documented = [rule["id"].partition(".")[0] for rule in drafted.rules["rules"] if rule["level"] == "documented"]
    sure = [f"{plural(number, 'rule')} of {_ASPECTS[aspect]}" for aspect, number in Counter(documented).items()]
    return [
        f"{operation['operationId']}, {method.upper()} {path}",
        f"Sure, by lines of the page: {', '.join(sure)}",
        *_section("Guessed", guesses(drafted.openapi)),
        *_section("Open", [*open_places(drafted.openapi), "how a credential travels, and how a request is refused"]),
    ]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines)] if lines else [f"{title}: nothing"]


def _yaml(document: Any) -> str:
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    if text.replace("\n", "").isprintable():
        return text
    return yaml.safe_dump(document, sort_keys=False, width=110)  # escapes what turns the direction of writing


if __name__ == "__main__":
    main()

"""The command: `python -m spec draft PAGE.txt [--output DIR]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from spec.draft import Draft, PageError, draft

_HEADS = {
    "openapi.yaml": (
        "# Drafted from {page}. For a person to finish: descriptions, the ways of a credential (security), refusals,\n"
        "# which fields an engine may leave out (required), and values that are fixed (enum).\n"
    ),
    "rules.yaml": (
        "# Drafted from {page}. For a person to finish: titles, what is implied of effects, what is assumed where the\n"
        "# page is silent, and which fields may be absent.\n"
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Draft the page that is named. Exit status: 0, or 2 for a page that cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m spec", description="Work on the spec.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("draft", help="draft an OpenAPI document and a ledger of rules from a page")
    command.add_argument("page", type=Path, metavar="PAGE.txt", help="a page in the format of spec/cancelJob.txt")
    command.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="write openapi.yaml and rules.yaml there, never over others  [default: both to stdout]",
    )
    chosen = parser.parse_args(arguments)
    try:
        drafted = draft(chosen.page.read_text(encoding="utf-8-sig"))
    except PageError as error:
        return _fail(f"{chosen.page}, {error}")
    except (OSError, UnicodeDecodeError) as error:
        return _fail(f"{chosen.page}: the page cannot be read: {error}. Give a text file in UTF-8.")
    texts = _texts(drafted, chosen.page.name)
    if chosen.output is None:
        sys.stdout.write("---\n".join(f"# {name}\n{text}" for name, text in texts.items()))
        return 0
    return _write(texts, chosen.output)


def _texts(drafted: Draft, page: str) -> dict[str, str]:
    documents: dict[str, Any] = {"openapi.yaml": drafted.openapi, "rules.yaml": drafted.rules}
    return {
        name: _HEADS[name].format(page=page) + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
        for name, document in documents.items()
    }


def _write(texts: dict[str, str], folder: Path) -> int:
    for name in texts:
        if (folder / name).exists():
            return _fail(f"--output {folder}: {name} is there already. Give an empty folder, or move it away.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"python -m spec draft: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

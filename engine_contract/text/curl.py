"""A request as a command line: pasted into a shell, curl sends it again, and the shell fills in the credential."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

CREDENTIAL = "\x1a"
"""Marks the credential's place in a query or a header; no URL or header can hold this character otherwise."""


@dataclass(frozen=True, slots=True)
class Added:
    """Headers, with the variables that hold them, and options that each request to an engine needs beside its own."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Names, and variables such as `$GATEWAY_KEY`."""
    options: tuple[str, ...] = ()
    """Words, such as `--cert` and a path, or `--proxy` and a variable."""


# A variable is expanded within double quotes; what else they would change is not let in.
_DOUBLE_QUOTED = re.compile(rf'(?:[^"\\`!${CREDENTIAL}]++|{CREDENTIAL}(?!\w))*+').fullmatch
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*+").fullmatch
JOB_WORD = '"$JOB"'
"""Stands in a command line for the id of a job that the reader starts first."""
_URL = re.compile(r"(\w+://[^/?]*)?(.*)", re.DOTALL)
_URL_SAFE = "%/:?@!$&'()*+,;=~" + CREDENTIAL  # no brackets: curl would read them as ranges


def curl(  # noqa: PLR0913 - what a request consists of
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
    *,
    credential: str = "",
    separator: str = " ",
    added: Added = Added(),
    job_id: str | None = None,
) -> str:
    """Return the command line; `separator` stands between its options. If it has a line break, a body keeps its own.

    `credential` takes the place of `CREDENTIAL`. It is a variable such as `$ADMIN_TOKEN`, which the shell expands, or
    a text that is not secret. After `Basic ` it is `user:password`. `job_id` is an id for which the line holds `$JOB`.
    """
    shell = _Shell(credential)
    address, *query = re.split(r"[?&]", _encoded(url))
    kept = [shell.filled(pair, quoted=True) for pair in query if not shell.expands(pair)]
    options = _method_options(method, has_body=body is not None) + (["--path-as-is"] if "/." in address else [])
    options += [f'"{word}"' if _VARIABLE(word) else shlex.quote(word) for word in added.options]
    lines = [" ".join(["curl", *options, shell.word(address + ("?" if kept else "") + "&".join(kept))])]
    for name, _, value in (pair.partition("=") for pair in query if shell.expands(pair)):
        lines.append(f"--url-query {shell.word(f'{name}={unquote(value)}')}")  # curl encodes what the shell fills in
    lines += [f"-H {_Shell(variable).word(f'{name}: {CREDENTIAL}')}" for name, variable in added.headers.items()]
    replaced = {name.lower() for name in added.headers}
    headers = [(name, value) for name, value in headers if name.lower() not in replaced]
    for name, value in headers:
        if value.startswith("Basic ") and CREDENTIAL in value:
            lines.append(f"-u {shell.word(value.removeprefix('Basic '))}")
            continue
        text = shell.filled(value).rstrip()
        lines.append("-H " + shell.word(f"{name}: {text}" if text else f"{name};"))
    if body is None:
        return separator.join(lines)
    if all(name.lower() != "content-type" for name, _ in headers):
        lines.append("-H 'Content-Type:'")  # else curl would call it a form
    text = body.decode("utf-8", "surrogateescape")
    line_break = "\n" if "\n" in separator else "\\n"
    if (text.replace("\n", "") if line_break == "\n" else text).isprintable():
        parts = text.split(job_id) if job_id else [text]
        return separator.join([*lines, f"--data-raw {JOB_WORD.join(shlex.quote(part) for part in parts)}"])
    made = shlex.quote(_printf_format(text, line_break))
    return f"printf {made} | {separator.join([*lines, '--data-binary @-'])}"


def _method_options(method: str, *, has_body: bool) -> list[str]:
    if method == "HEAD" and not has_body:
        return ["-I"]
    if method == ("POST" if has_body else "GET"):
        return ["-i"]
    options = ["-i", "-X", shlex.quote(method)]
    if method == "HEAD":
        # -I takes no body; with -X curl would wait for the body that a response to HEAD only announces.
        options += ["--ignore-content-length", "-H", "'Connection: close'"]
    return options


class _Shell:
    """Writes words for a POSIX shell, with the credential in its place."""

    def __init__(self, credential: str) -> None:
        self._credential = credential
        self._is_variable = credential.startswith("$")

    def expands(self, text: str) -> bool:
        """Return whether the shell fills something in."""
        return self._is_variable and CREDENTIAL in text

    def filled(self, text: str, *, quoted: bool = False) -> str:
        """Return the text with a credential that is not secret in its place."""
        if self._is_variable:
            return text
        return text.replace(CREDENTIAL, quote(self._credential, safe="") if quoted else self._credential)

    def word(self, text: str) -> str:
        """Return the text as one word, of which the shell expands the credential and nothing else."""
        text = self.filled(text)
        if CREDENTIAL not in text:
            return shlex.quote(text)
        if _DOUBLE_QUOTED(text):
            return f'"{text.replace(CREDENTIAL, self._credential)}"'
        return f'"{self._credential}"'.join(shlex.quote(part) if part else "" for part in text.split(CREDENTIAL))


def _encoded(url: str) -> str:
    """Return the URL with what curl does not take percent-encoded; what is encoded already stays."""
    origin, rest = _URL.fullmatch(url).groups(default="")  # type: ignore[union-attr]  # it matches any text
    return origin + quote(rest, safe=_URL_SAFE, errors="replace")


def _printf_format(text: str, line_break: str) -> str:
    """Return the format with which printf writes the text: octal numbers for bytes that are not printable."""
    named = {"\n": line_break, "\t": "\\t", "\r": "\\r"}
    parts = []
    for number, character in enumerate(text):
        if character in "%\\":
            parts.append(character * 2)
        elif character in named:
            parts.append(named[character])
        elif character.isprintable() and not (number == 0 and character == "-"):
            parts.append(character)
        else:
            parts += [f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape")]
    return "".join(parts)

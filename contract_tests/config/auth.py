"""Where a token comes from, how it travels, and how to keep it out of sight."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, quote_plus

from contract_tests.errors import SettingError

Scheme = Literal["bearer", "basic", "cookie", "query", "header"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # what may be the name of a header or a cookie
_SECRETS = re.compile(
    r"((?:\b(?:bearer|basic)\s+)|(?:\b[\w-]*(?:token|passw(?:or)?d|secret|api-?key)\b[\"']?[=: ]\s*))\S+", re.IGNORECASE
)
COMMAND_TIMEOUT = 60.0  # seconds a `cmd:` source may take


@dataclass(frozen=True, slots=True)
class Auth:
    """How a credential travels: `name` is the cookie's, parameter's or header's."""

    scheme: Scheme = "bearer"
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Auth:
        """`bearer`, `basic`, `cookie:NAME`, `query:NAME` or `header:NAME`. Raises SettingError for others."""
        scheme, _, name = text.partition(":")
        match scheme:
            case "bearer" | "basic" if not name:
                return cls(scheme)
            case "cookie" | "query" | "header" if _TOKEN.fullmatch(name):
                return cls(scheme, name)
        raise SettingError(
            f"--auth {text}: that is no way for a credential to travel. "
            "Allowed are bearer, basic, cookie:NAME, query:NAME and header:NAME."
        )

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}" if self.name else self.scheme


def usual_variable(role: str) -> str:
    """The environment variable that texts name for a role's token, such as `ADMIN_TOKEN`."""
    return f"{re.sub('[^A-Z0-9]', '_', role.upper())}_TOKEN"


def place_credential(
    auth: Auth, credential: str | None, query: list[tuple[str, str]], headers: list[tuple[str, str]]
) -> None:
    """Put a credential where `auth` says, as it is; None sends none. For basic it is `user:password`."""
    if credential is None:
        return
    match auth.scheme:
        case "bearer":
            headers.append(("Authorization", f"Bearer {credential}".rstrip()))
        case "basic":
            headers.append(("Authorization", f"Basic {credential}"))
        case "cookie":
            headers.append(("Cookie", f"{auth.name}={credential}"))
        case "query":
            query.append((auth.name, credential))
        case "header":
            headers.append((auth.name, credential))


def on_the_wire(auth: Auth, credential: str) -> str:
    """The credential as it is sent: basic is base64, the others are themselves."""
    if auth.scheme == "basic":
        return b64encode((credential or ":").encode()).decode()
    return credential


def spellings(secret: str) -> tuple[str, ...]:
    """How a secret may be written in a URL, a header or a document, longest first."""
    if not secret:
        return ()
    forms = {
        secret,
        json.dumps(secret)[1:-1],
        html.escape(secret),
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        b64encode(secret.encode()).decode(),
        quote(b64encode(secret.encode()).decode(), safe=""),
    }
    return tuple(sorted(forms, key=len, reverse=True))


@dataclass(slots=True)
class Source:
    """A value that is somewhere else: `env:NAME`, `file:PATH`, `cmd:COMMAND`, or the value itself.

    `option` is how the user named it, for messages. A command runs in `folder`, by default the current one.
    """

    text: str
    option: str
    folder: Path | None = None
    _value: str | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """`env`, `file`, `cmd`, or `literal` for a value given as it is."""
        prefix, colon, _ = self.text.partition(":")
        return prefix if colon and prefix in {"env", "file", "cmd"} else "literal"

    @property
    def variable(self) -> str | None:
        """The environment variable that holds the value, if one does."""
        return self.text.removeprefix("env:") if self.kind == "env" else None

    def read(self, *, again: bool = False) -> str:
        """The value. A command is run once, and once more if `again`. Raises SettingError."""
        if self._value is None or (again and self.kind == "cmd"):
            self._value = self._load()
        return self._value

    def _load(self) -> str:
        rest = self.text.partition(":")[2]
        match self.kind:
            case "env":
                if rest not in os.environ:
                    raise SettingError(f"{self.option} env:{rest}: the environment has no variable {rest}. Set it.")
                value = os.environ[rest]
            case "file":
                try:
                    value = Path(rest).expanduser().read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    raise SettingError(f"{self.option} file:{rest}: the file cannot be read: {error}.") from error
            case "cmd":
                value = run_command(rest, option=f"{self.option} cmd:", folder=self.folder)
            case _:
                value = self.text
        value = value.strip()
        if not value:
            raise SettingError(f"{self.option} {self._shown()}: that is empty. It must hold the credential.")
        if not value.isprintable():
            raise SettingError(f"{self.option} {self._shown()}: that holds more than one line of text.")
        return value

    def _shown(self) -> str:
        return "(given as it is)" if self.kind == "literal" else self.text


def run_command(
    command: str, *, option: str, environment: dict[str, str] | None = None, folder: Path | None = None
) -> str:
    """What a shell command prints. Raises SettingError if it fails, prints no text or takes over a minute."""
    with subprocess.Popen(  # noqa: S602 - the user asked for a shell command
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        cwd=folder,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=COMMAND_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise SettingError(f"{option} The command did not end within {COMMAND_TIMEOUT:.0f} s: {command}") from error
        except BaseException:
            _end(process)
            raise
    if process.returncode != 0:
        complaint = err.decode(errors="replace").strip().splitlines()
        said = f" It said: {without_secrets(complaint[-1])[:200]}" if complaint else ""
        raise SettingError(f"{option} The command ended with status {process.returncode}: {command}.{said}")
    try:
        return out.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingError(f"{option} The command printed what is no UTF-8 text: {command}") from error


def without_secrets(text: str) -> str:
    """What a command printed, without what looks like a credential."""
    return _SECRETS.sub(r"\g<1>***", text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it started, which would hold its output open."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()

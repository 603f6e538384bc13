"""Values that are somewhere else: in the environment, in a file, in what a command prints."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from contract_tests.config.command import Command
from contract_tests.errors import CommandError, SettingError
from engine_contract.environment import no_variable
from engine_contract.private_files import is_special
from engine_contract.text.masking import mask_command
from engine_contract.text.unmarked import MARK, read_text, why_unread

SourceKind = Literal["env", "file", "cmd", "literal"]
_PREFIXES: tuple[SourceKind, ...] = ("env", "file", "cmd")


@dataclass(slots=True)
class Source:
    """A value that is somewhere else: `env:NAME`, `file:PATH`, `cmd:COMMAND`, or the value itself.

    `option` is how the user named it, for messages. A command runs in `folder`, by default the current one.
    """

    text: str
    option: str
    folder: Path | None = None
    user: str | None = None
    """Who logs in with this as the password; None where it is the value itself that is sent."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that a command finds in its environment beside this process's own."""
    hidden: frozenset[str] = frozenset()
    """Values that a failing command's last words are shown without."""
    _value: str | None = field(default=None, repr=False)

    @property
    def kind(self) -> SourceKind:
        """Where the value is; `literal` for one given as it is."""
        return next((kind for kind in _PREFIXES if self.text.startswith(f"{kind}:")), "literal")

    @property
    def variable(self) -> str | None:
        """The environment variable that holds the value, if one does."""
        return self.text.removeprefix("env:") if self.kind == "env" else None

    @property
    def is_ready(self) -> bool:
        """Whether the value is there without a command or a login."""
        return self.kind != "cmd" and self.user is None

    def read(self, *, again: bool = False) -> str:
        """Return the value. With `again`, a command is run and a file is read once more. Raises SettingError."""
        if self._value is None or (again and (self.kind == "cmd" or self._is_file())):
            self._value = self._load()
        return self._value

    def _is_file(self) -> bool:
        """Return whether a file can be read again: standard input and a shell's `<(…)` are empty then."""
        return self.kind == "file" and not is_special(self._path())

    def _path(self) -> Path:
        return Path(self.text.removeprefix("file:")).expanduser()

    def _load(self) -> str:
        rest = self.text.partition(":")[2]
        match self.kind:
            case "env":
                if rest not in os.environ:
                    raise SettingError(f"{self.option} env:{rest}: {no_variable(rest)}")
                value = os.environ[rest]
            case "file":
                try:
                    value = read_text(self._path())
                except (OSError, RuntimeError, UnicodeDecodeError) as error:  # RuntimeError: a ~ without a home
                    raise SettingError(
                        f"{self.option} file:{rest}: the file cannot be read: {why_unread(error)}."
                    ) from error
            case "cmd":
                option = f"{self.option} cmd:"
                value = Command(rest, option, self.environment, self.folder, hidden=self.hidden).run()
            case _:
                value = self.text
        value = value.removeprefix(MARK).strip()
        refused = CommandError if self.kind == "cmd" else SettingError
        if not value:
            raise refused(f"{self.option} {self._shown()}: is empty. It must hold the credential.")
        if not value.isprintable():
            raise refused(f"{self.option} {self._shown()}: holds more than one line of text, or what is not text.")
        if _is_unfilled(value):
            raise refused(f"{self.option} {self._shown()}: holds {value}, a variable that nobody filled in. Set it.")
        return value

    def _shown(self) -> str:
        return "(given as it is)" if self.kind == "literal" else mask_command(self.text)


def _is_unfilled(value: str) -> bool:
    """Return whether a value is what a pipeline leaves where its variable is not set, such as `$(ADMIN_TOKEN)`."""
    name = value.strip("${(% )}")
    is_marked = value[0] in "${%" and (value[-1] in ")}%" or name.isupper())
    return is_marked and value != name and name.replace(".", "_").isidentifier()


def parse_sources(texts: Iterable[str], *, option: str, left: str) -> dict[str, Source]:
    """Parse `NAME=SOURCE` texts; return the sources by name. Raises SettingError."""
    sources: dict[str, Source] = {}
    for text in texts:
        name, equals, value = text.strip().partition("=")
        if not name or not equals or not value:
            shown = f" {name}=…" if equals else ""  # it may be a token
            raise SettingError(
                f"{option}{shown}: is not {left}=SOURCE. Allowed sources are env:NAME, file:PATH, cmd:COMMAND "
                "and the value itself."
            )
        if name in sources:
            raise SettingError(f"{option} {name}: given twice. Give each {left} once.")
        if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise SettingError(f"{option} {name}: is not a valid {left}: use letters, digits, - and _.")
        sources[name] = Source(value, f"{option} {name}")
    return sources


def parse_logins(texts: Iterable[str]) -> dict[str, Source]:
    """Return where the passwords of `ROLE=USER:SOURCE` texts are, by role. Raises SettingError."""
    return {role: login(source) for role, source in parse_sources(texts, option="--login", left="ROLE").items()}


def login(source: Source) -> Source:
    """Return the password's source of one whose text is `USER:SOURCE`. Raises SettingError."""
    user, _, place = source.text.partition(":")
    if not user or not place:
        raise SettingError(f"{source.option}: is not ROLE=USER:SOURCE. SOURCE is env:NAME, file:PATH or cmd:COMMAND.")
    return replace(source, text=place, user=user)

"""Requests as people may see them: with the variable that holds a secret in the secret's place."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from contract_tests.config.auth import Auth, place_credential
from contract_tests.model import Exchange, Request
from engine_contract.text.masking import MASK, hide


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A whole request without its secrets."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Presenter:
    """What may be shown of a run's exchanges.

    `variables` names for each role what holds its token, such as `$ADMIN_TOKEN`; `secrets` are the
    tokens and header values that must appear nowhere.
    """

    base: str
    auth: Auth
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    extra_headers: tuple[str, ...] = ()
    """Names of the headers set for every request; their values may be secret."""

    def request(self, exchange: Exchange) -> ShownRequest:
        """The exchange's request, with variables for its secrets."""
        request = exchange.request
        query, headers = list(request.query), list(_plain_headers(request))
        headers += [(name, MASK) for name in self.extra_headers]
        auth = Auth.parse(request.caller.way) if request.caller.way else self.auth
        place_credential(auth, self._credential(request), query, headers)
        url = self.base.rstrip("/") + request.path
        if query:
            url += "?" + urlencode(query, safe="$", quote_via=quote)
        return ShownRequest(request.method, self.redact(url), tuple(headers), request.body)

    def _credential(self, request: Request) -> str | None:
        kind, role = request.caller.kind, request.caller.role
        if kind == "none":
            return None
        if kind == "empty":
            return ""
        if kind in {"wrong", "cut"}:
            return "wrong"
        return self.variables.get(role or "", "$TOKEN")

    def redact(self, text: str) -> str:
        """The text with every secret in it, however spelled, replaced by `***`."""
        return hide(text, self.secrets)

    def curl(self, exchange: Exchange) -> str:
        """A command line that sends the request again; the shell fills in the variables."""
        shown = self.request(exchange)
        words = ["curl", "-i"]
        if shown.method == "HEAD":
            words.append("-I")
        elif shown.method != "POST" or shown.body is None:
            words += ["-X", shown.method]
        words.append(_shell_word(shown.url))
        for name, value in shown.headers:
            if self.auth.scheme == "basic" and name == "Authorization" and value.startswith("Basic "):
                words += ["-u", _shell_word(value.removeprefix("Basic "))]
            else:
                words += ["-H", _shell_word(f"{name}: {value}" if value else f"{name};")]
        if shown.body is not None:
            words += ["--data-binary", _shell_bytes(shown.body)]
        return self.redact(" ".join(words))


def _plain_headers(request: Request) -> tuple[tuple[str, str], ...]:
    if request.body is None or request.content_type is None:
        return ()
    return (("Content-Type", request.content_type),)


def _shell_word(text: str) -> str:
    """Quoted for a shell; double quotes where a variable is to be expanded."""
    if "$" not in text:
        return shlex.quote(text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`") + '"'


def _shell_bytes(body: bytes) -> str:
    """Quoted for a shell, also where the bytes are no text."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and (text or not body):
        return shlex.quote(text)
    return "$'" + "".join(f"\\x{byte:02x}" for byte in body) + "'"

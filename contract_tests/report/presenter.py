"""Redacted requests: each secret is replaced by the variable that holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from contract_tests.config.auth import Auth, place_credential
from contract_tests.model import Exchange, Request
from engine_contract.text.curl import CREDENTIAL, Added, curl
from engine_contract.text.masking import MASK, hide, mask_text


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A whole request without its secrets."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Presenter:
    """The means to show a run's exchanges without secrets.

    `variables` names for each role what holds its token, such as `$ADMIN_TOKEN`; `secrets` are the
    tokens and header values that must appear nowhere.
    """

    base: str
    auth: Auth
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    added: Added = field(default_factory=Added)
    """The headers that are set for every request, whose values may be secret, and curl's options."""

    def request(self, exchange: Exchange) -> ShownRequest:
        """Return the exchange's request, with variables for its secrets."""
        return self._request(exchange.request, self._credential(exchange.request))

    def _request(self, request: Request, credential: str | None) -> ShownRequest:
        query, headers = list(request.query), list(_plain_headers(request))
        headers += [(name, MASK) for name in self.added.headers]
        place_credential(self._auth(request), credential, query, headers)
        url = self.base.rstrip("/") + request.path
        if query:
            url += "?" + urlencode(query, safe=f"${CREDENTIAL}", quote_via=quote)
        return ShownRequest(request.method, self.redact(url), tuple(headers), request.body)

    def _auth(self, request: Request) -> Auth:
        return Auth.parse(request.caller.way) if request.caller.way else self.auth

    def _credential(self, request: Request) -> str | None:
        kind, role = request.caller.kind, request.caller.role
        if kind == "none":
            return None
        if kind == "empty":
            return ""
        if kind in {"wrong", "cut", "recased"}:
            return "wrong"
        return self.variables.get(role or "", "$TOKEN")

    def redact(self, text: str, *, is_cut: bool = False) -> str:
        """Return the text with every secret in it, however spelled, replaced by `***`; `is_cut` if it goes on elsewhere."""
        return hide(text, self.secrets, is_cut=is_cut)

    def mask(self, text: str) -> str:
        """Return a text that quotes an engine, without known secrets and without values of secret names."""
        return mask_text(self.redact(text))

    def curl(self, exchange: Exchange, *, job_id: str | None = None) -> str:
        """Return a command line that sends the request again; the shell fills in the variables.

        It names the job `job_id` by a variable too: one that the reader starts, where this one is canceled.
        """
        request, credential = exchange.request, self._credential(exchange.request)
        if (made := _MADE_BY_SHELL.get(request.caller.kind)) is not None:
            credential = made.format(self.variables.get(request.caller.role or "", "$TOKEN")[1:])
        credential = None if credential is None else self._auth(request).curl(credential)
        shown = self._request(request, credential and CREDENTIAL)
        body = None if shown.body is None else self.redact(shown.body.decode("utf-8", "surrogateescape"))
        line = curl(
            shown.method,
            shown.url,
            shown.headers,
            None if body is None else body.encode("utf-8", "surrogateescape"),
            credential=credential or "",
            added=self.added,
            job_id=job_id,
        )
        return self.redact(line)


# The shell makes these of the variable of a role's token; {{ and }} are format's own.
_MADE_BY_SHELL = {"cut": "${{{}%???}}", "recased": '$(printf %s "${}" | tr A-Za-z a-zA-Z)'}


def _plain_headers(request: Request) -> tuple[tuple[str, str], ...]:
    if request.body is None or request.content_type is None:
        return ()
    return (("Content-Type", request.content_type),)

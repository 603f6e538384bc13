"""What must not be shown or kept: tokens that are known, and those that are seen on their way."""

import re
from collections.abc import Iterable

from contract_tests.config.auth import Auth
from contract_tests.judge.passive import CONTRACT
from contract_tests.recording.callers import CREDENTIAL_NAME, SECRET_PARAMETER
from contract_tests.report.presenter import MASK, Presenter
from engine_contract.http.cookies import read_cookies

MAX_LEARNED = 64  # the newest ones; each is looked for in all that is kept
SHORTEST = 8  # characters of a value that is taken for a secret
HIDDEN = f"{MASK} (left out: it may hold a password or a token)"

_LOGIN = re.compile(
    r"/(?:log-?in|sign-?in|auth(?:enticate|orize|entication)?|oauth2?|sso|saml|token)(?:/|\Z)", re.IGNORECASE
)
_NAMES = (
    r"pass(?:w(?:or)?d|phrase)?|pwd|secret|client_secret|(?:access_|refresh_|id_)?token|api_?key|private_?key"
    r"|auth|credentials?"
)
_IN_JSON = re.compile(rf'("(?:\w*_)?(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")', re.IGNORECASE)
_IN_FORM = re.compile(rf"((?:\A|[&?\n])(?:\w*_)?(?:{_NAMES})=)([^&\s\"'<>\\]+)", re.IGNORECASE)
_PARAMETER = re.compile(r"([?&#]([\w.\[\]-]+)=)[^&#\s\"'<>]+")
_TOKEN_IN_JSON = re.compile(r'"(?:access_|refresh_|id_)?token"\s*:\s*"((?:[^"\\]|\\.)+)"', re.IGNORECASE)


class Redaction:
    """Removes secrets from texts. `known` are those that were given; others are learned from what passes."""

    def __init__(self, known: Iterable[str] = (), *, ordinary: Iterable[str] = ()) -> None:
        """`ordinary` are words that are no secrets though they serve as tokens: the names of roles."""
        self._known = frozenset(filter(None, known))
        self._ordinary = {*ordinary, *CONTRACT.roles, "apiread", "operator"}
        self._learned: dict[str, None] = {}
        self._presenter: Presenter | None = None

    @property
    def presenter(self) -> Presenter:
        """What the writers of reports ask to remove the secrets known by now."""
        if self._presenter is None:
            secrets = self._known | frozenset(self._learned)
            self._presenter = Presenter(base="", auth=Auth(), secrets=secrets)
        return self._presenter

    def learn(self, values: Iterable[str]) -> None:
        """Take values for secrets from now on, but for short ones and ordinary words."""
        for value in values:
            if len(value) < SHORTEST or value in self._ordinary or value in self._known or MASK in value:
                continue
            if value.partition(":")[0] in self._ordinary and value.partition(":")[2] in self._ordinary:
                continue
            if value not in self._learned:
                self._presenter = None
            self._learned.pop(value, None)
            self._learned[value] = None
            if len(self._learned) > MAX_LEARNED:
                del self._learned[next(iter(self._learned))]

    def learn_from_answer(self, headers: Iterable[tuple[str, str]], body: bytes, *, is_login: bool) -> None:
        """Take what an answer hands out for secrets: cookies that are credentials, and what a login answers."""
        for name, value in headers:
            if name.lower() == "set-cookie":
                cookies = read_cookies(value.partition(";")[0])
                self.learn(text for key, text in cookies.items() if CREDENTIAL_NAME.search(key))
        if is_login and len(body) < 65_536:
            text = body.decode("utf-8", "replace")
            self.learn(_TOKEN_IN_JSON.findall(text))
            bare = text.strip().strip('"')
            if bare and not re.search(r"[\s{}<>]", bare):
                self.learn([bare])  # field notes: a login answers a bare token

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self.presenter.redact(text)

    def body(self, body: bytes) -> bytes:
        """A body without secrets; bytes that are no text stay what they are."""
        text = body.decode("utf-8", "surrogateescape")
        shown = self.presenter.redact(text)
        if any(part in shown for part in ("ass", "oken", "ecret", "ey", "wd", "uth", "redential")):
            shown = _IN_JSON.sub(rf"\g<1>{MASK}", shown)
            if "=" in shown:
                shown = _IN_FORM.sub(rf"\g<1>{MASK}", shown)
        return body if shown is text else shown.encode("utf-8", "surrogateescape")

    def header(self, value: str) -> str:
        """The value of a header, with masks for credentials in the queries of URLs."""
        return self.text(_PARAMETER.sub(_masked, value) if "=" in value else value)

    def query(self, query: str) -> str:
        """A query as it was sent, with masks for the values of credentials."""
        parts = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            parts.append(f"{name}={MASK}" if value and SECRET_PARAMETER.search(name) else name + equals + value)
        return self.text("&".join(parts))


def _masked(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}" if SECRET_PARAMETER.search(match[2]) else match[0]


def is_login(path: str) -> bool:
    """Whether a route is where credentials are handed out: its bodies are nobody's to see."""
    return bool(_LOGIN.search(path))

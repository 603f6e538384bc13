"""Redaction of secrets: tokens that are known, and those that are seen on their way."""

from collections.abc import Container, Iterable, Sequence
from threading import RLock

from contract_tests.config.auth import Bearer
from contract_tests.report.presenter import Presenter
from engine_contract.http.content_encoding import decode_content
from engine_contract.text import masking

Headers = Iterable[tuple[str, str]]

MAX_LEARNED = 256  # the newest ones; each is looked for in all that is kept
MAX_LEARNED_CHARS = 128 * 1024  # of all of them together
LONGEST_LEARNED = 16 * 1024
MAX_JOBS = 10_000  # whose ids are shown
SEARCHED_BYTES = 8 << 20  # of a body in which secrets are learned: as much as is kept
HIDDEN = f"{masking.MASK} (left out: it may hold a password or a token)"

_OPEN_HEADERS = frozenset({"host", "user-agent", "accept", "origin", "referer"})


class Redaction:
    """Removes secrets from texts. `known` are those that were given; others are learned from what passes."""

    def __init__(self, known: Iterable[str] = (), *, ordinary: Iterable[str] = ()) -> None:
        """Take the known secrets; `ordinary` are words that serve as tokens but are not secret: the names of roles."""
        self._known = frozenset(filter(None, known))
        self._ordinary = set(ordinary)
        self._learned: dict[str, None] = {}
        self._jobs: dict[str, None] = {}
        self._presenter: Presenter | None = None
        self._lock = RLock()
        """Held where something is learned: large bodies are read in threads."""

    @property
    def presenter(self) -> Presenter:
        """The presenter with which the writers of reports remove the secrets known by now."""
        with self._lock:
            if self._presenter is None:
                secrets = self._known | frozenset(self._learned)
                self._presenter = Presenter(base="", auth=Bearer(), secrets=secrets)
            return self._presenter

    def show_jobs(self, job_ids: Iterable[str]) -> None:
        """Take the ids of the run's jobs for no secrets, whatever carries them."""
        with self._lock:
            for job_id in job_ids:
                self._jobs.pop(job_id, None)
                self._jobs[job_id] = None
                if job_id in self._learned:
                    self._presenter = None
                    del self._learned[job_id]
            while len(self._jobs) > MAX_JOBS:
                del self._jobs[next(iter(self._jobs))]

    def learn(self, values: Iterable[str], *, said: Container[str] = ()) -> bool:
        """Take values for secrets from now on, but for short ones, ordinary words, and what is `said` openly beside them.

        Return whether all of them are looked for from now on.
        """
        with self._lock:
            found = {value: None for value in values if value not in said and self._is_secret(value)}
            secrets = [value for value in found if len(value) <= LONGEST_LEARNED]  # others are masked where they stand
            for value in secrets[-MAX_LEARNED:]:
                if value not in self._learned:
                    self._presenter = None
                self._learned.pop(value, None)
                self._learned[value] = None
            while len(self._learned) > MAX_LEARNED or sum(map(len, self._learned)) > MAX_LEARNED_CHARS:
                del self._learned[next(iter(self._learned))]
            return all(value in self._learned for value in found)

    def _is_secret(self, value: str) -> bool:
        is_known = value in self._jobs or value in self._known or self._ordinary.issuperset(value.split(":"))
        return not is_known and masking.can_be_learned(value)

    def learn_from_request(self, headers: Headers, target: Sequence[str], body: bytes) -> bool:
        """Take what a request sends under secret names for secrets; `target` is its path and its query.

        Return whether all of them can be found wherever they come back.
        """
        found: list[str] = []
        for name, value in headers:
            masking.mask_header(name, value, found.append)
        path, query = target
        masking.mask_path(path, found.append)
        masking.mask_query(query, found.append)
        for text in readings(body, headers):
            masking.mask_text(text, found.append)
        return self.learn(found, said={path, *(value for name, value in headers if name.lower() in _OPEN_HEADERS)})

    def learn_from_message(self, text: str) -> None:
        """Take what a message of a WebSocket says under secret names for secrets."""
        found: list[str] = []
        masking.mask_text(text, found.append)
        self.learn(found)

    def learn_from_answer(self, headers: Headers, body: bytes, *, is_login: bool) -> None:
        """Take what a response hands out for secrets: cookies that are credentials, and what a login answers."""
        found: list[str] = []
        for name, value in headers:
            if name.lower() == "set-cookie" or masking.is_secret(name):
                masking.mask_header(name, value, found.append)
        if is_login:
            text = _text(body)
            masking.mask_text(text, found.append)
            found += filter(None, [masking.bare_token(text)])  # a login of such engines answers a bare token
        self.learn(found)

    def text(self, text: str, *, is_cut: bool = False) -> str:
        """Return the text without known secrets; `is_cut` if it is the beginning of another one."""
        return self.presenter.redact(text, is_cut=is_cut)

    def message(self, text: str) -> str:
        """Return a text that quotes what passed, without secrets by name either."""
        return masking.mask_text(self.text(text))

    def path(self, path: str) -> str:
        """Return a path without secrets, also those of its parameters."""
        return masking.mask_path(self.text(path))

    def body(self, body: bytes, *, is_cut: bool = False) -> bytes:
        """Return a body without secrets; bytes that are not text stay what they are, unless secrets can be read in them."""
        if any(self._holds_secrets(text) for text in readings(body, ())[1:]):
            return HIDDEN.encode()
        return masking.mask_text(self.text(_text(body), is_cut=is_cut)).encode("utf-8", "surrogateescape")

    def request_body(self, body: bytes, headers: Headers, *, is_cut: bool = False) -> bytes:
        """Return the body of a request without secrets; one that is compressed is left out if it holds any."""
        if any(self._holds_secrets(text) for text in readings(body, headers)[1:]):
            return HIDDEN.encode()
        return self.body(body, is_cut=is_cut)

    def _holds_secrets(self, text: str) -> bool:
        return masking.mask_text(self.text(text)) != text

    def answer(self, body: bytes, *, is_login: bool, is_cut: bool = False) -> bytes:
        """Return the body of a response without secrets; that of a login may be only a secret."""
        if is_login and masking.bare_token(_text(body)):
            return masking.MASK.encode()
        return self.body(body, is_cut=is_cut)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without secrets."""
        return masking.show_header(name, value, self.text)

    def query(self, query: str) -> str:
        """Return a query as it was sent, with masks for the values of credentials."""
        return masking.mask_query(self.text(query))


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def readings(body: bytes, headers: Headers) -> list[str]:
    """Return what a body says: as UTF-8, decompressed, and as UTF-16, as far as it may be that."""
    encoding = next((value for name, value in headers if name.lower() == "content-encoding"), "")
    unpacked = decode_content(body, encoding)[0][:SEARCHED_BYTES] if encoding and body else body
    texts = [_text(body), *([_text(unpacked)] if unpacked != body else [])]
    if b"\0" in unpacked:
        texts += [unpacked.decode(codec, "replace") for codec in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")]
    return texts


def is_login(path: str, body: bytes, headers: Headers = ()) -> bool:
    """Return whether a request asks for a credential, by its route or as it sends a password."""
    return masking.is_login_route(path) or any(
        map(masking.has_password, readings(body[: masking.MAX_LOGIN_CHARS], headers))
    )

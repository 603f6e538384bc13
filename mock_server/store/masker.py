"""Entries of the journal without secrets."""

from collections.abc import Callable
from functools import cached_property
from urllib.parse import unquote

from engine_contract.http.types import RawHeaders
from engine_contract.text import masking
from mock_server.settings import Settings
from mock_server.store.access import tokens_in
from mock_server.store.journal import Entry

_MOST_HARMLESS = 1000
_LONGEST_HARMLESS_BYTES = 200


class Masker:
    """Masks the secrets of the settings, and those that an entry's own request shows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._harmless: set[tuple[bytes, bytes]] = set()
        """Headers of which all is shown, whatever secrets are known: nearly all come with each request of a caller."""

    @cached_property  # the patterns of secrets take a while to load, and a mock starts without
    def _known(self) -> frozenset[str]:
        # A password that is a word stays: the contract may say it.
        passwords = (masking.Password(password) for password, _ in (self._settings.users or {}).values())
        return frozenset(filter(masking.can_be_learned, passwords)) | frozenset(self._settings.tokens or ())

    def mask(self, entry: Entry) -> Entry:
        """Return the entry without secrets.

        No name in a job's document is that of a secret, so only known secrets are looked for there: the rest is most of
        what masking an entry costs.
        """
        query, sent = entry.query.decode("latin-1"), entry.body.decode("utf-8", "replace")
        received = entry.answer_body.decode("utf-8", "replace")
        values = (value.decode("latin-1") for _, value in entry.headers)
        found = [entry.token, *tokens_in(unquote("\n".join((entry.path, query, sent, *values))))]
        headers = self._mask_headers(entry.headers, str, found.append)
        masking.mask_query(query, found.append)
        masking.mask_text(sent, found.append)
        if masking.has_password(sent):
            masking.mask_text(received, found.append)
            if token := masking.bare_token(received):
                received = received.replace(token, masking.MASK)
                found.append(token)
        if entry.job_id is not None and entry.job_id != entry.token and masking.is_job_id(entry.job_id):
            found = [value for value in found if value != entry.job_id]
        secrets = frozenset(filter(masking.can_be_learned, found)) | self._known

        def hide(text: str, *, is_cut: bool = False) -> str:
            return masking.hide(text, secrets, is_cut=is_cut)

        # Known secrets go first: a token may look like a name and its value.
        hidden = hide(received, is_cut=entry.answer_size > len(entry.answer_body))
        return entry._replace(
            path=masking.mask_path(hide(entry.path)),
            query=masking.mask_query(hide(query)).encode("latin-1", "replace"),
            headers=self._mask_headers(entry.headers, hide) if secrets else headers,
            body=masking.mask_text(hide(sent, is_cut=entry.body_size > len(entry.body))).encode(),
            token="",
            job_id=None if entry.job_id is None else hide(entry.job_id),
            answer_headers=self._mask_headers(entry.answer_headers, hide),
            answer_body=(hidden if entry.is_document else masking.mask_text(hidden)).encode(),
            reason=None if entry.reason is None else hide(entry.reason),
        )

    def _mask_headers(
        self, headers: RawHeaders, hide: Callable[[str], str], learn: Callable[[str], object] = str
    ) -> RawHeaders:
        shown = []
        for name, value in headers:
            text = value.decode("latin-1")
            if (name, value) in self._harmless and hide(text) == text:
                shown.append((name, value))
                continue
            masked = masking.show_header(name.decode("latin-1"), text, hide, learn).encode("latin-1", "replace")
            shown.append((name, masked))
            if masked == value and len(name) + len(value) <= _LONGEST_HARMLESS_BYTES:
                if len(self._harmless) >= _MOST_HARMLESS:
                    self._harmless.clear()
                self._harmless.add((name, value))
        return shown

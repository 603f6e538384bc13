"""Headers, cookies and paths without the values of secret names."""

import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import unquote

from engine_contract.text.masking.forms import mask_query, mask_text
from engine_contract.text.masking.names import READABLE, is_secret, words_of
from engine_contract.text.masking.values import (
    HAS_SCHEME,
    MASK,
    Learn,
    can_be_learned,
    credentials_of,
    ignore,
    looks_random,
)

# Parts of a path that a secret follows, where it looks like one.
_ASK_FOR_SECRETS = frozenset({"activate", "confirm", "hooks", "invite", "invites", "verify", "webhook", "webhooks"})
_NUMBER = re.compile(r"\d{1,20}")
_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
# Headers that frame a message hold no secret while they have this form.
_STRUCTURAL = {
    "content-type": re.compile(r"[a-z]{1,20}/[a-z.+-]{1,60}(?:;\s?(?:charset=[\w-]{1,20}|boundary=[\w-]{1,70}))?"),
    "content-length": _NUMBER,
    "age": _NUMBER,
    "retry-after": _NUMBER,
    "date": _DATE,
    "expires": _DATE,
    "last-modified": _DATE,
}


def is_structural(name: str, value: str) -> bool:
    """Return whether a header only frames its message: then nothing in it is masked."""
    form = _STRUCTURAL.get(name.lower())
    return form is not None and form.fullmatch(value) is not None


def show_header(name: str, value: str, hide: Callable[[str], str], learn: Learn = ignore) -> str:
    """Return the value of a header without secrets, known ones first: a token may look like a name and its value."""
    return value if is_structural(name, value) else mask_header(name, hide(value), learn)


def mask_header(name: str, value: str, learn: Learn = ignore) -> str:
    """Return the value of a header without secrets: the scheme of a credential and the names of cookies stay."""
    key = name.lower()
    if key in {"authorization", "proxy-authorization"}:
        return _mask_authorization(value, learn)
    if key == "cookie":
        return "; ".join(_mask_cookie(part.strip(), learn) for part in value.split(";"))
    if key == "set-cookie":
        cookie, semicolon, attributes = value.partition(";")
        return _mask_cookie(cookie, learn) + semicolon + mask_text(attributes, learn)
    if is_secret(name):
        for part in {value.strip(), *value.split()}:
            learn(part.strip(","))
            learn(unquote(part.strip(",")))
        return MASK if value.strip() else value
    url, mark, query = value.partition("?")
    if " " in value or ("/" not in value and not mark):
        return mask_text(value, learn)
    return mask_path(url, learn) + mark + mask_query(query, learn)


def _mask_authorization(value: str, learn: Learn) -> str:
    scheme, space, rest = value.strip().partition(" ")
    bare = [value.strip()] if not rest.strip() and not HAS_SCHEME.match(f"{scheme} ") else []
    for credential in [*credentials_of(value), *bare]:
        learn(credential)
        learn(unquote(credential))
    if not value.strip():
        return value
    return f"{scheme} {MASK}" if space and rest.strip() and scheme.isalnum() else MASK


def _mask_cookie(cookie: str, learn: Learn) -> str:
    name, equals, value = cookie.partition("=")
    if not equals:
        if cookie:
            learn(cookie)
        return MASK if cookie else ""
    if "".join(words_of(name)) in READABLE or not value:
        return cookie
    value = unquote(value.strip().strip('"'))
    if is_secret(name) or looks_random(value):
        learn(value)
    return f"{name}={MASK}"


def mask_path(path: str, learn: Learn = ignore) -> str:
    """Return a path without secrets: those of its parameters, and what follows a part of a secret name.

    A URL is taken too; its host names nothing.
    """
    parts = mask_text(path, learn).split("/")
    first = 3 if parts[1:2] == [""] else 0
    for index, (before, part) in enumerate(pairwise(parts[first:]), start=first + 1):
        value = unquote(part)
        is_named = is_secret(before) and any(character.isdigit() for character in value) and can_be_learned(value)
        if is_named or (before.lower() in _ASK_FOR_SECRETS and looks_random(value)):
            learn(value)
            parts[index] = MASK
    return "/".join(parts)

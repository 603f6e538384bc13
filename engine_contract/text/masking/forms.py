"""Forms, JSON, XML, multipart and prose without the values of secret names."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from engine_contract.text.masking import openings, readers
from engine_contract.text.masking.looks import BEGINNINGS, LOOK
from engine_contract.text.masking.names import HINTS, is_secret, may_be_secret, unescaped
from engine_contract.text.masking.tables import mask_tables
from engine_contract.text.masking.values import MASK, Learn, ignore, looks_random

MAX_DEPTH = 5
"""How deep texts within texts are opened, as JSON in a string of JSON; a deeper one is masked as a whole."""

_ESCAPED_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)++"?+', re.DOTALL)
# The beginnings of JSON: `{"`, `{ "`, `[{"`, and a brace before a line break. The parts of a JWT have a dot beside them.
_OF_BASE64 = ("eyj", "eyai", "w3si", "ewog", "ewoj", "ew0k")
_BASE64_JSON = re.compile(r"(?<![\w+/.-])(?:eyJ|eyAi|W3si|ewog|ewoJ|ew0K)[\w+/-]{8,}+={0,2}+(?!\.)", re.ASCII)
_IS_FORM = re.compile(r"[\w.\-\[\]%$+]++=")
_AFTER_PAIR = re.compile(r";\s?[\w .-]{1,40}+=")


def mask_query(query: str, learn: Learn = ignore) -> str:
    """Return the query of a URL, or a form, without secrets; the rest as it was sent."""
    return _mask_form(query, learn, 0)


def _mask_form(form: str, learn: Learn, depth: int) -> str:
    return "&".join(_mask_parameter(part, learn, depth) for part in form.split("&"))


def _mask_parameter(part: str, learn: Learn, depth: int) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return _mask_text(part, learn, depth + 1)
    decoded = unquote_plus(value)
    is_named = is_secret(name, parameter=True) or (may_be_secret(name) and looks_random(decoded))
    if value and is_named and not readers.is_status(name, decoded):
        learn(readers.typed(name, decoded))
        return f"{name}={MASK}"
    decoded = unquote(decoded)  # an address in a parameter of an address in a parameter
    masked = _mask_text(decoded, learn, depth + 1)
    return part if masked == decoded else f"{name}{equals}{quote(masked, safe='*/:?@')}"


def mask_text(text: str, learn: Learn = ignore) -> str:
    """Return a text without the values of secret names: JSON, forms, XML, multipart, headers, or prose with any of them."""
    return _mask_text(text, learn, 0)


def _mask_text(text: str, learn: Learn, depth: int) -> str:
    if not _may_hold_secrets(text):
        return text
    if depth > MAX_DEPTH:
        return MASK
    text = _BASE64_JSON.sub(lambda match: _mask_base64(match[0], learn, depth), text)
    if _IS_FORM.match(text) and "\n" not in text.rstrip() and ("&" in text or not _AFTER_PAIR.search(text)):
        text = _mask_form(text, learn, depth)
        if " " not in text:  # else it may be a sentence
            return text
    if '"' in text:
        text = _mask_forms(_OF_JSON, text, learn)
        if _is_json(text):
            # String by string: a value that seems to go on to the end of the text ends with its string.
            text = readers.STRING.sub(lambda match: _mask_string(match[0], learn, depth), text)
            return _mask_forms(_OF_LISTS, text, learn)
        text = _ESCAPED_STRING.sub(lambda match: _mask_string(match[0], learn, depth), text)
    return _mask_forms(_FORMS, mask_tables(text, learn), learn)


def _may_hold_secrets(text: str) -> bool:
    return (_has_hints if len(text) <= 200 else _has_hints.__wrapped__)(text)


@lru_cache(maxsize=1024)
def _has_hints(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS) or ("://" in text and "@" in text)


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "[", '"'}:
        return False
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _mask_string(string: str, learn: Learn, depth: int) -> str:
    """Mask what a string of JSON says; a string without secrets stays as it is written."""
    inside = unescaped(string[1:].removesuffix('"'))
    masked = _mask_text(inside, learn, depth + 1)
    return string if masked == inside else json.dumps(masked)


def _mask_base64(encoded: str, learn: Learn, depth: int) -> str:
    """Mask base64 of JSON as a whole, if there is a secret in it; else it stays as it is written."""
    digits = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    inside = b64decode(digits[: len(digits) - (len(digits) % 4 == 1)] + "==").decode(errors="replace")
    return encoded if _mask_text(inside, learn, depth + 1) == inside else MASK


class _Form(NamedTuple):
    """How a text writes a name and its value.

    A text that does so holds one of the `hints`, in small letters. `value` returns the end of a value, and what to
    learn of it.
    """

    hints: tuple[str, ...]
    opening: re.Pattern[str]
    value: readers.Reader
    mask: str = MASK
    is_secret: Callable[[str, int, str], bool] | None = None
    """Whether the value at a place is secret, where not the name alone decides."""


def _mask_forms(forms: Iterable[_Form], text: str, learn: Learn) -> str:
    lowered = text.lower()
    for form in forms:
        if any(hint in lowered for hint in form.hints):
            text = _mask_form_of(form, text, learn)
    return text


def _mask_form_of(form: _Form, text: str, learn: Learn) -> str:
    """Mask all values that a text writes in one form."""
    parts, copied, at = [], 0, 0
    is_named = "name" in form.opening.groupindex
    while match := form.opening.search(text, at):
        at = match.end()
        name = (match["name"] if is_named else None) or match[1]
        is_secret_name = form.is_secret(text, match.start(1), name) if form.is_secret else is_secret(name)
        if not is_secret_name and not may_be_secret(name):
            continue
        end, values = form.value(text, at, match[1])
        found = [readers.typed(name, value) for value in values]
        if end == at or not (is_secret_name or any(map(looks_random, found))):
            continue
        for value in found:
            learn(value)
        parts += [text[copied:at], form.mask.replace('"', "'") if text.startswith("'", at) else form.mask]
        copied = at = end
    return "".join([*parts, text[copied:]])


_OF_DEVICES = ("snmp-server", "identified")
_STRINGS = f'"{MASK}"'
_SCHEMES = _Form(
    ("bearer", "basic"), openings.SCHEME, readers.word_value(readers.SCHEME_VALUE), is_secret=readers.always
)
_LISTED = _Form((",",), openings.LISTED, readers.listed_value, mask=_STRINGS)
_USER = _Form(("-u", "-proxy-user"), openings.USER, readers.bare_user_value, is_secret=readers.always)
_OF_LISTS = (_LISTED, _USER)
_OF_JSON = (
    _Form(('"',), openings.JSON_KEY, readers.json_value, mask=_STRINGS),
    _Form(('"',), openings.NAMED, readers.json_value, mask=_STRINGS),
    _Form(('"',), openings.NAMED_AFTER, readers.json_value, mask=_STRINGS),
    _Form(('"',), openings.COUPLE, readers.quoted_value, mask=_STRINGS),
)
_FORMS = (
    _Form(("<",), openings.ELEMENT, readers.element_value),
    _Form(("&lt;",), openings.ESCAPED_ELEMENT, readers.escaped_element_value),
    _Form(("<",), openings.PROPERTY, readers.property_value),
    _Form(("<",), openings.AFTER_KEY, readers.property_value),
    _Form(("value",), openings.INPUT, readers.pair_value, mask=_STRINGS),
    _Form(("value",), openings.INPUT_AFTER, readers.pair_value, mask=_STRINGS),
    _Form(("content-disposition",), openings.PART, readers.part_value),
    _Form(("-----begin",), openings.PRIVATE_KEY, readers.key_value, is_secret=readers.always),
    _Form(("|", ">"), openings.BLOCK, readers.block_value, mask=f"  {MASK}\n"),
    _Form(("\n",), openings.TWO_LINES, readers.two_lines_value),
    _Form((":",), openings.QUOTED, readers.quoted_value, mask=_STRINGS),
    _LISTED,
    _Form(("@",), openings.USER_INFO, readers.user_info, is_secret=readers.always),
    _Form(openings.PGPASS_HINTS, openings.PGPASS, readers.pgpass_value, is_secret=readers.always),
    _Form(("=", ":"), openings.PAIR, readers.pair_value, is_secret=readers.is_secret_pair),
    _Form((":",), openings.LINE, readers.line_value),
    _Form((":",), openings.QUOTED_LINE, readers.quoted_line_value),
    _Form(("-",), openings.OPTION, readers.word_value(readers.BARE_VALUE)),
    _USER,
    _Form(
        _OF_DEVICES,
        openings.DEVICE,
        readers.word_value(readers.BARE_VALUE, may_be_a_word=True),
        is_secret=readers.always,
    ),
    _Form(("key ",), openings.DEVICE_KEY, readers.word_value(readers.BARE_VALUE), is_secret=readers.always),
    _Form((" ", "\t"), openings.PROSE, readers.prose_value),
    _SCHEMES,
    _Form(BEGINNINGS, LOOK, readers.look_value, is_secret=readers.is_look),
)
_HINTS = (*HINTS, *BEGINNINGS, *_OF_DEVICES, *openings.PGPASS_HINTS, *_OF_BASE64)
_HINTS += ("basic ", "%", "\\u", "-u", "-proxy-user")
_OPTIONS = _Form(("-",), openings.OPTION, readers.option_value)
_OUTPUT = (
    _OPTIONS,
    _Form(("=", ":"), openings.SPOKEN, readers.word_value(readers.SPOKEN_VALUE, may_be_a_word=True)),
    _Form((" ",), openings.PROSE, readers.prose_value),
    _SCHEMES,
)
_OF_COMMANDS = (
    _OPTIONS,
    _Form(("-u", "-proxy-user"), openings.USER, readers.user_value, is_secret=readers.always),
    _Form(("-",), openings.TOOL, readers.option_value, is_secret=readers.always),
)


def mask_output(text: str) -> str:
    """Return what a command printed, without the values of secret names: `--token abc`, `password: abc`."""
    text = mask_text(text)
    for form in _OUTPUT:
        text = _mask_form_of(form, text, ignore)
    return text


def mask_command(command: str, learn: Learn = ignore) -> str:
    """Return a shell command without the secrets that are written in it."""
    for form in _OF_COMMANDS:  # first: an option's value is one whatever words stand before it
        command = _mask_form_of(form, command, learn)
    command = mask_text(command, learn)
    for form in _OUTPUT:
        command = _mask_form_of(form, command, learn)
    return command

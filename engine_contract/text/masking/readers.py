"""Where a value ends in a text, and what to learn of it: a reader for each way of writing one.

A reader takes the text, the place where the value begins, and its name. Where there is no value it returns that place.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote, unquote_plus

from engine_contract.text.masking.looks import REST
from engine_contract.text.masking.names import is_password, is_secret, unescaped
from engine_contract.text.masking.values import (
    HAS_SCHEME,
    MASK,
    SHORTEST_KNOWN,
    SHORTEST_LEARNED,
    Password,
    can_be_learned,
    credentials_of,
    is_word,
    looks_random,
)

Reader = Callable[[str, int, str], tuple[int, Iterable[str]]]

STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_NESTING = re.compile(rf"{STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_SCALAR = re.compile(r"[^\s,}\]]*+")
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
_SAYS_NOTHING = frozenset({'""', "null", "true", "false", ""})
_BOUNDARY = re.compile(r"--[^\r\n]{1,100}+")
MAX_HEAD_CHARS = 4096
"""Most characters of a part's head in which its boundary is looked for."""
_QUOTED_VALUE = re.compile(r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?+|'[^'\\]*+(?:\\.[^'\\]*+)*+'?+", re.DOTALL)
_PAIR_VALUE = re.compile(r"\"[^\"]*+\"?+|'[^']*+'?+|[^&\s\"'<>\\]*+")
_LINE_VALUE = re.compile(r"(?!\|)[^\s\"'{}<>]++(?=[ \t]*+\r?$)", re.MULTILINE)
_END_VALUE = re.compile(r"[^\s\"'{}<>\\]++(?=[\"'])")
_HEADER_VALUE = re.compile(r"[^\r\n]++")
_WHOLE_LINE = re.compile(r"[^\s\"'{}<>|](?:[^\r\n\"'{}<>]*+)(?=\r?$)", re.MULTILINE)
SCHEME_VALUE = re.compile(r"[\w.~+/=-]{8,}+")
SPOKEN_VALUE = re.compile(r"\S++")
_OPTION_VALUE = re.compile(r"\"[^\"]*+\"|'[^']*+'|[^\s\"';|&<>]*+")
_PGPASS_VALUE = re.compile(r"[^\r\n<]++")
_LINE_OF_QUOTES = re.compile(r"[^\"'\\\r\n]++")
BARE_VALUE = re.compile(r"[^\s\"';|&<>\\]++")
_PROSE_VALUE = re.compile(r"[^\s;,\"'()<>{}\[\].!?:]++(?:[.!?:]++[^\s;,\"'()<>{}\[\].!?:]++)*+")
_FLOW_VALUE = re.compile(r"[^\s\"'<>\\,;&(){}\[\]]*+")
_AUTHORITY = re.compile(r"[^\s/?#\"'<>\\]++")
_BEFORE_COLON = re.compile(r"\s{0,20}+:")
_TAG = re.compile(r"<[^<>]*+>")


def is_status(name: str, value: str) -> bool:
    """Return whether a value is too short for what a parameter alone may hide: `code=503` is not an OAuth code."""
    return len(value) < SHORTEST_KNOWN and value.isdecimal() and not is_secret(name)


def typed(name: str, value: str) -> str:
    """Return a short password as one, so that it is learned as a whole word."""
    return Password(value) if len(value) < SHORTEST_LEARNED and is_password(name) else value


def json_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read a value of JSON; of an array or an object all strings and long numbers in it."""
    first = text[at : at + 1]
    if first in {"{", "["}:
        end = _end_of_nesting(text, at)
        inside = text[at:end]
        return end, [*_strings(inside), *re.findall(r"(?<![\w.])\d{8,}+", inside)]
    end = (STRING if first == '"' else _SCALAR).match(text, at).end()  # type: ignore[union-attr]
    value = text[at:end]
    if value in _SAYS_NOTHING:
        return at, ()
    return end, _with_credential(unescaped(value[1:].removesuffix('"')) if first == '"' else value)


def _with_credential(value: str) -> list[str]:
    """Return the value, and what it holds beside the scheme of a credential."""
    return [value, *credentials_of(value)] if HAS_SCHEME.match(value) else [value]


def _strings(text: str) -> Iterator[str]:
    return (unescaped(match[0][1:].removesuffix('"')) for match in STRING.finditer(text))


def _end_of_nesting(text: str, at: int) -> int:
    """Return where an array or an object ends; the end of the text for one that is cut."""
    depth = 0
    for match in _NESTING.finditer(text, at):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(text)


def element_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read what an element of XML holds, down to its end."""
    found = text.find(f"</{name}", at)
    end = len(text) if found < 0 else found
    inside = text[at:end].replace("<![CDATA[", "<>").replace("]]>", "<>")
    return end, [html.unescape(part.strip()) for part in _TAG.split(inside)]


def escaped_element_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read what an element holds whose tags are escaped."""
    found = text.find(f"&lt;/{name}", at)
    end = len(text) if found < 0 else found
    return end, [html.unescape(html.unescape(text[at:end])).strip()]


def part_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read the body of a part of a multipart body, to its boundary."""
    before = text[max(0, at - MAX_HEAD_CHARS) : at]
    boundary = _BOUNDARY.match(before, before.rfind("\n--") + 1)
    found = text.find(f"\n{boundary[0]}", at) if boundary else -1
    end = len(text) if found < 0 else found - (text[found - 1] == "\r")
    return max(at, end), [text[at:end]]


def pair_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read the value of a pair as URLs, forms and programs write it."""
    if ":" in text[max(0, at - 12) : at].rstrip(" \t[")[-1:]:
        value = _FLOW_VALUE.match(text, at)[0]  # type: ignore[index]
        return (at + len(value), [value]) if can_be_learned(typed(name, value)) else (at, ())
    end = _PAIR_VALUE.match(text, at).end()  # type: ignore[union-attr]
    value = text[at:end]
    if not value.strip("=") or is_status(name, value):  # the padding of base64
        return at, ()
    if value[0] not in {'"', "'"}:
        return end, [unquote_plus(value), unquote_plus(value.partition(";")[0])]
    return (end, [html.unescape(value.strip(value[0]))]) if value.strip(value[0]) else (at, ())


def quoted_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read a text in quotes."""
    value = _QUOTED_VALUE.match(text, at)
    if value is None or not value[0].strip("\"'") or is_word(value[0].strip("\"'")):
        return at, ()
    return value.end(), _with_credential(unescaped(value[0][1:].removesuffix(value[0][0])))


def user_info(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read the password before the host of a URL, or a token that stands there alone."""
    end = at + _AUTHORITY.match(text, at)[0].rindex("@")  # type: ignore[index]
    value = text[at:end]
    is_user = text[at - 1] == "/"  # alone, as `https://TOKEN@host`
    return (at, ()) if is_user and not looks_random(value) else (end, [value, unquote(value)])


def pgpass_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password to the end of its line, or to the quote that ends it: a blank or a colon may be in it."""
    value = (_LINE_OF_QUOTES if quote else _PGPASS_VALUE).match(text, at)
    if value is None:
        return at, ()
    return value.end(), [Password(value[0]), Password(value[0].replace("\\:", ":").replace("\\\\", "\\"))]


def listed_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read what follows an option, or what looks like a secret after another name: a list may be one of names."""
    match = _QUOTED_VALUE.match(text, at)
    value = unescaped(match[0][1:].removesuffix(match[0][0])) if match else ""
    is_value = not value.startswith("-") if name.startswith("-") else can_be_learned(typed(name, value))
    is_value = is_value and (name.startswith("-") or any(map(str.isdigit, value)))
    if match is None or not value or not is_value or _BEFORE_COLON.match(text, match.end()):
        return at, ()
    return match.end(), _with_credential(value)


def property_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read the text of an element that another element, or an attribute, names."""
    end = text.find("]]>" if text.endswith("<![CDATA[", 0, at) else "<", at)
    end = len(text) if end < 0 else end
    return end if text[at:end].strip() else at, [html.unescape(text[at:end].strip())]


def block_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read the lines of a block of YAML: those that are further in than its name, and blank ones."""
    head = text[text.rfind("\n", 0, at - 1) + 1 : at]
    margin = head[: len(head) - len(head.lstrip(" \t"))]
    end = at
    while end < len(text):
        after = text.find("\n", end) + 1 or len(text)
        if text[end:after].strip() and not text.startswith((f"{margin} ", f"{margin}\t"), end):
            break
        end = after
    lines = [line.strip() for line in text[at:end].splitlines()]
    return end, ["\n".join(lines).strip(), *lines]


def key_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read a private key, to the line that ends it."""
    found = text.find("-----END", at)
    end = len(text) if found < 0 else found
    return at if text[at:end] == MASK else end, text[at:end].split()


def line_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read a word that ends its line; of a password all words, and of a header that is a credential."""
    if name.lower() in _CREDENTIAL_HEADERS:
        line = _HEADER_VALUE.match(text, at)
        return (at, ()) if line is None or all(map(is_word, line[0].lower().split())) else (line.end(), [line[0]])
    match = (is_password(name) and _WHOLE_LINE.match(text, at)) or _LINE_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match and not is_word(match[0].lower()) else (at, ())


def quoted_line_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read a word that ends a line in quotes."""
    match = _END_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match and not is_word(match[0].lower()) else (at, ())


def two_lines_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read the rest of a line whose name stands in the line before."""
    value = _HEADER_VALUE.match(text, at)
    return (value.end(), [value[0].strip("\"' ")]) if value and not value[0].startswith("-") else (at, ())


def user_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password to the quote that ends it, or to a blank."""
    found = text.find(quote, at) if quote else _OPTION_VALUE.match(text, at).end()  # type: ignore[union-attr]
    end = len(text) if found < 0 else found
    return end, [text[at:end]]


def bare_user_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password within a larger text, to its quote or to what may belong to that text."""
    match = (_LINE_OF_QUOTES if quote else BARE_VALUE).match(text, at)
    return (match.end(), [match[0]]) if match else (at, ())


def prose_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read the word behind a secret name in a sentence, where it looks like a secret: `token expired` does not."""
    match = _PROSE_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match and can_be_learned(typed(name, match[0])) else (at, ())


def option_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read what follows an option: a text in quotes, or a word."""
    value = _OPTION_VALUE.match(text, at)[0]  # type: ignore[index]
    return at + len(value), [value.strip("\"'")]


def is_secret_pair(text: str, at: int, name: str) -> bool:
    """Return whether a pair is secret: a parameter of a URL or a form is by more names."""
    return is_secret(name, parameter=at == 0 or text[at - 1] in "?&#;")


def word_value(pattern: re.Pattern[str], *, may_be_a_word: bool = False) -> Reader:
    """Return a reader of what matches a pattern, unless that is a word."""

    def value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
        match = pattern.match(text, at)
        return (match.end(), [match[0]]) if match and (may_be_a_word or not is_word(match[0].lower())) else (at, ())

    return value


def look_value(text: str, at: int, beginning: str) -> tuple[int, Iterable[str]]:
    """Read the rest of a secret that its beginning tells."""
    match = REST.match(text, at)
    return (match.end(), [beginning + match[0]]) if match else (at, ())


def is_look(text: str, at: int, _name: str) -> bool:
    """Return whether a beginning is one: not within a word, but for an escape of a URL."""
    return at == 0 or not (text[at - 1].isalnum() or text[at - 1] in "_-") or text[max(0, at - 3) : at - 2] == "%"


def always(_text: str, _at: int, _name: str) -> bool:
    """Take each value for a secret: the opening alone tells that it is one."""
    return True

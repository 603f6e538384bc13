"""The body of a request: read within bounds, parsed strictly, checked against the specification's schema."""

from asyncio import get_running_loop, timeout
from collections.abc import Collection, Mapping
from typing import Any, cast

import jsonschema_rs
import orjson

from engine_contract.dependencies import require
from engine_contract.http.access import is_foreign
from engine_contract.http.content_encoding import is_encoded
from engine_contract.http.media_types import accepts_json, codec_of, read_content_type
from engine_contract.http.strict_json import NotJson, json_type, repeated_key
from engine_contract.http.types import Receive
from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal, Refused

require(
    "jsonschema-rs",
    "jsonschema_rs:Draft4Validator",
    "jsonschema_rs:ValidationError.instance_path",
    breaks="the mock could not check bodies, or not say what is wrong with one",
)

SLOWEST_S = 30.0
"""Seconds between two parts of a body."""


class Gone(Exception):  # noqa: N818 - not an error: the client disconnected
    """The caller went away before the request was whole."""


async def read_body(exchange: Exchange, receive: Receive, largest: int) -> None:
    """Read the body into the exchange. Raise Refused if it is too large or too slow, Gone if it never comes."""
    announced = exchange.headers.get(b"content-length", b"0")
    if not announced.isdigit() or int(announced) > largest:
        raise Refused(_too_large(largest))
    message = await receive()
    exchange.body = body = message.get("body", b"")
    if message.get("more_body") or message["type"] == "http.disconnect":
        exchange.body = body = await _read_rest(message, receive, largest)
    exchange.body_size = len(body)
    if len(body) > largest:
        exchange.body = b""
        raise Refused(_too_large(largest))


async def _read_rest(message: Mapping[str, Any], receive: Receive, largest: int) -> bytes:
    parts = bytearray()
    try:
        async with timeout(SLOWEST_S) as limit:
            while True:
                if message["type"] == "http.disconnect":
                    raise Gone
                parts += message.get("body", b"")
                if len(parts) > largest or not message.get("more_body"):
                    return bytes(parts)
                message = await receive()
                limit.reschedule(get_running_loop().time() + SLOWEST_S)  # a slow upload that lives is not cut off
    except TimeoutError:
        detail = f"Nothing more of the body arrived within {SLOWEST_S:.0f} seconds."
        raise Refused(Refusal("timeout", detail, headers=((b"connection", b"close"),))) from None


def _too_large(largest: int) -> Refusal:
    return Refusal("too-large", f"The body is larger than the {largest} bytes that --max-body allows.")


def check_media(exchange: Exchange, consumes: Collection[str] | None) -> Refusal | None:
    """Return why the request's headers ask for another answer, or announce a body that is not read here; None if not.

    `consumes` is None where no body is read.
    """
    accept = exchange.headers.get(b"accept")
    if accept is not None and not accepts_json(accept):
        return Refusal("not-acceptable", "The answer is application/json, which Accept excludes.", "Accept")
    return None if consumes is None else check_content(exchange, consumes)


def check_content(exchange: Exchange, consumes: Collection[str]) -> Refusal | None:
    """Return why the request's headers announce a body that is not read here, None if they do not.

    A page of another site can send other types, and a body without one, before the browser asks whether it may.
    """
    headers = exchange.headers
    header = headers.get(b"content-type")
    if (
        not header
        and exchange.body
        and is_foreign(_host(headers), headers.get(b"origin"), headers.get(b"sec-fetch-site"))
    ):
        return Refusal("unsupported-media-type", "A page of another site must send a Content-Type.", "Content-Type")
    # No content type: taken for JSON, and checked like it.
    if header:
        media, charset = read_content_type(header)
        if media not in consumes:
            allowed = ", ".join(sorted(consumes))
            return Refusal("unsupported-media-type", f"Content-Type must be {allowed}.", "Content-Type")
        if charset is not None and codec_of(charset) is None:
            return Refusal("unsupported-media-type", "The charset is not known here; JSON is UTF-8.", "Content-Type")
    encoding = headers.get(b"content-encoding")
    if encoding is not None and is_encoded(encoding.decode("latin-1")):
        return Refusal("unsupported-media-type", "A compressed body is not read here.", "Content-Encoding")
    return None


def _host(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"host", b"").decode("latin-1").lower()


class BodyCheck:
    """Checks bodies, or the parameters of a URL, against one schema; made once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = jsonschema_rs.Draft4Validator(dict(schema))
        self._required = tuple(schema.get("required", ()))
        self._is_object = schema.get("type") == "object"

    def check(self, exchange: Exchange) -> Refusal | None:
        """Parse and check the exchange's body; return the refusal, or None."""
        body, header = exchange.body, exchange.headers.get(b"content-type")
        charset = read_content_type(header).charset if header else None
        if not body:
            return Refusal("missing-parameter", f"The body is empty; {self._expected}.", self._field)
        if charset is not None or body.startswith(b"\xef\xbb\xbf"):
            codec = codec_of(charset or "") or "utf-8"
            try:
                body = body.decode("utf-8-sig" if codec == "utf-8" else codec).encode()
            except UnicodeError:
                return Refusal("bad-body", f"The body is not {charset or 'UTF-8'}.")
        try:
            exchange.json = value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return Refusal("bad-body", not_json(body, error))
        # With one key and one string there are four quotation marks, and nothing can be there twice.
        if body.count(b'"') > 4 and (refusal := _repeated_key(body)):
            return refusal
        return self.check_value(value)

    def check_value(self, value: Any) -> Refusal | None:
        """Return the refusal of a value, or None."""
        return None if self._validator.is_valid(value) else self._explain(value)

    @property
    def _field(self) -> str | None:
        return self._required[0] if self._required else None

    @property
    def _expected(self) -> str:
        return f"a JSON object with {', '.join(self._required) or 'the parameters'} is required"

    def _explain(self, value: Any) -> Refusal:
        if self._is_object and not isinstance(value, dict):
            return Refusal("bad-body", f"The body is {json_type(value)}; {self._expected}.", self._field)
        missing = [name for name in self._required if isinstance(value, dict) and name not in value]
        if missing:
            return Refusal("missing-parameter", f"Missing Params: {missing[0]} is required.", missing[0])
        error = next(iter(self._validator.iter_errors(value)))
        return _unfit(error, ".".join(str(part) for part in error.instance_path))


def check_json(exchange: Exchange) -> Refusal | None:
    """Return why a body that may be any JSON is refused, None if it is JSON or there is none."""
    if not exchange.body or exchange.json is not None:
        return None
    try:
        orjson.loads(exchange.body)
    except orjson.JSONDecodeError as error:
        return Refusal("bad-body", not_json(exchange.body, error))
    return None


def not_json(body: bytes, error: Exception) -> str:
    """Return why a body cannot be parsed, as a sentence."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return "The body is not well-formed JSON: it is not UTF-8."
    said = f"The body is not well-formed JSON: {error}."
    # Windows' shells take the quotation marks away, and others keep single ones.
    return said if b'"' in body else f"{said} No quotation mark arrived; a shell may have taken them."


def _unfit(error: jsonschema_rs.ValidationError, name: str) -> Refusal:
    """Return the refusal of a value that does not fit its schema, with the field's name in the reason."""
    found, kind = error.instance, cast("Any", error.kind)
    if found == "":
        return Refusal("bad-parameter", f"{name} is empty.", name)
    if kind.name == "required":
        missing = f"{name}.{kind.property}" if name else str(kind.property)
        return Refusal("missing-parameter", f"Missing Params: {missing} is required.", missing)
    if kind.name == "type":
        allowed = " or ".join(_ARTICLES.get(one, one) for one in kind.types)
        return Refusal("bad-parameter", f"{name} is {json_type(found)} and must be {allowed}.", name or None)
    return Refusal("bad-parameter", f"{name or 'The body'} cannot be used: {error.message[:200]}.", name or None)


_ARTICLES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def _repeated_key(body: bytes) -> Refusal | None:
    try:
        twice = repeated_key(body)
    except NotJson:
        return Refusal("bad-body", "The body is nested too deep.")
    if twice is None:
        return None
    return Refusal("bad-body", f"The key {twice[:80]!r} is there twice; which one counts is open.", twice[:80])

"""Bodies of a HAR file's entries: as text, as base64, in attached files; and why one is not held.

Exporters leave bodies out in many ways. So a body is empty only where the file says so; where it says nothing, or
contradicts itself, the body is not held, and nothing is said of it.
"""

import math
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from contract_tests.recording.har_file import HarFile, NotHeldError
from engine_contract.http.content_encoding import decode_content, is_encoded, unreadable
from engine_contract.http.media_types import codec_of, read_content_type
from engine_contract.http.strict_json import is_json

HeaderPairs = Iterable[tuple[str, str]]

REQUEST_LEFT_OUT = "the recording left the request's body out"
ANSWER_LEFT_OUT = "the recording left the answer's body out"

_GZIP = b"\x1f\x8b"
_WITHOUT_BODY = frozenset({204, 205, 304})
_FRAMING_BYTES = 64  # that an empty body may take on the wire: the end of chunks, or an empty gzip
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_STANDARD = str.maketrans("-_", "+/")  # from the alphabet for URLs
_PLAIN = frozenset({"", "utf-8", "utf8", "identity", "text"})


def header_of(headers: HeaderPairs, name: str) -> str | None:
    """Return the first header of that name, in small letters; None without one."""
    return next((value for key, value in headers if key.lower() == name), None)


def number_of(value: Any, unknown: float = -1) -> float:
    """Return a size or a duration; `unknown` for what is not one."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return unknown
    return number if math.isfinite(number) else unknown


def posted_body(
    sent: Mapping[str, Any], headers: HeaderPairs, file: HarFile, *, is_own: bool
) -> tuple[bytes | None, str | None]:
    """Return the request's body, and why it is not all there."""
    data = sent.get("postData") or {}
    if data.get("_hidden") or data.get("_cut"):
        return None, "the recording holds not all of the request's body"
    size = number_of(sent.get("bodySize"))
    text = data.get("_base64", data.get("text"))
    try:
        if not text and data.get("_file") is not None:
            return _attached(data, file), None
        if text is None or text == "":
            is_empty = size <= 0 if is_own else _is_sent_empty(size, headers, has_params=bool(data.get("params")))
            return (b"" if data else None, None) if is_empty else (None, REQUEST_LEFT_OUT)
        encoding = "base64" if "_base64" in data else data.get("encoding") or data.get("_encoding")
        body = _bytes(text, encoding, charset=None)
    except NotHeldError as error:
        return None, str(error)
    return (body if is_own else _without_base64(body, size)), None


def _is_sent_empty(size: float, headers: HeaderPairs, *, has_params: bool) -> bool:
    length = number_of(header_of(headers, "content-length"))
    if has_params or size > 0 or length > 0:
        return False
    # A browser names a type where there is a body, and gives the size 0 also for one that it could not read.
    return length == 0 or (size == 0 and header_of(headers, "content-type") is None)


def answered_body(
    received: Mapping[str, Any], status: int, headers: HeaderPairs, file: HarFile, *, is_own: bool
) -> tuple[bytes, str | None]:
    """Return the response's body without content encodings, and why it is not all there."""
    content = received.get("content") or {}
    size = number_of(content.get("size"))
    text = content.get("text")
    try:
        if not text and content.get("_file") is not None:
            return _whole(_unpacked(_attached(content, file), size, headers, file), size), None
        if text is None or text == "":
            is_empty = text is not None or size <= 0 if is_own else _is_answered_empty(received, status, headers)
            return b"", None if is_empty else ANSWER_LEFT_OUT
        charset = None if is_own else read_content_type(header_of(headers, "content-type") or "").charset
        body = _bytes(text, content.get("encoding"), charset)
        if not is_own:
            if content.get("encoding"):
                body = _unpacked(body, size, headers, file)
            body = _whole(_without_base64(body, size, needs_size=True), size)
    except NotHeldError as error:
        return b"", str(error)
    is_part = content.get("_cut") or content.get("_hidden")
    return body, "the recording holds not all of the answer" if is_part else None


def _is_answered_empty(received: Mapping[str, Any], status: int, headers: HeaderPairs) -> bool:
    content = received.get("content") or {}
    size, length = number_of(content.get("size")), number_of(header_of(headers, "content-length"))
    if status in _WITHOUT_BODY:
        return True
    if size > 0 or length > 0 or number_of(received.get("bodySize")) > _FRAMING_BYTES:
        return False
    return length == 0 or (size == 0 and content.get("text") is not None)


def _attached(holder: Mapping[str, Any], file: HarFile) -> bytes:
    name = holder["_file"]
    if not isinstance(name, str) or not name:
        raise NotHeldError("a body is in a file that has no name")
    return file.attached(name)


def _bytes(text: Any, encoding: Any, charset: str | None) -> bytes:
    """Return the bytes that were a body: a browser has decoded them by the charset that the response names."""
    if not isinstance(text, str):
        raise NotHeldError("a body in the recording is not a text")
    name = encoding.strip().lower() if isinstance(encoding, str) else encoding or ""
    if name == "base64":
        return _base64(text)
    if name not in _PLAIN:
        raise NotHeldError(f"a body in the recording is encoded in a way that cannot be read here: {str(name)[:40]}")
    if codec := codec_of(charset or ""):
        with suppress(UnicodeError):
            return text.encode(codec)
    return text.encode("utf-8", "surrogatepass")


def _base64(text: str) -> bytes:
    digits = "".join(text.split()).translate(_STANDARD).rstrip("=")
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError as error:
        raise NotHeldError(f"a body in the recording is not base64: {error}") from None


def _without_base64(body: bytes, size: float, *, needs_size: bool = False) -> bytes:
    """Undo base64 that the file does not declare: the text is not JSON, its content is, and the size fits."""
    text = body.decode("latin-1").strip()
    if len(body) == size or not _BASE64.fullmatch(text) or len(text) % 4 or is_json(body):
        return body
    decoded = b64decode(text)
    return decoded if (not needs_size or len(decoded) == size) and is_json(decoded) else body


def _unpacked(body: bytes, size: float, headers: HeaderPairs, file: HarFile) -> bytes:
    """Undo the content encoding of a body whose bytes may be those on the wire; a browser has mostly undone it."""
    if is_json(body):
        return body
    headers = tuple(headers)
    is_gzip = body.startswith(_GZIP)
    encoding = ", ".join(value for name, value in headers if name.lower() == "content-encoding")
    if (name := unreadable(encoding)) is not None:
        raise NotHeldError(f"the content encoding {name[:40]} cannot be read here")
    decoded, flaw = decode_content(body, encoding if is_encoded(encoding) else ("gzip" if is_gzip else "identity"))
    file.spend(len(decoded) if decoded is not body else 0)
    if is_encoded(encoding):
        if flaw and is_gzip:
            raise NotHeldError(f"of the answer's body in the recording, {flaw}")
        return body if flaw else decoded
    # Without that header the file must say that its exporter packed the body, or hold no headers at all.
    return decoded if not flaw and (not headers or len(decoded) == size) else body


def _whole(body: bytes, size: float) -> bytes:
    """Return the body. Raises NotHeldError where an exporter has cut it."""
    if len(body) < size and not is_json(body):
        raise NotHeldError(f"the recording holds {len(body):,} bytes of an answer of {int(size):,}")
    return body

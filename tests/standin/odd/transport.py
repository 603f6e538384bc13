"""Variations of the transport: headers, encodings and timing."""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.standin.cancel import Cancel
from tests.standin.engine import Engine
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

variation = Listing()


def _sent(new: Callable[[Reply], Reply]) -> type[Engine]:
    """An engine that sends all its replies in another way."""

    class Sent(Engine):
        def finish(self, reply: Reply, request: Request) -> Reply:
            return new(super().finish(reply, request))

    return Sent


def _encoded(new: Callable[[Any], str]) -> type[Engine]:
    """An engine that writes JSON in another way."""

    class Encoded(Engine):
        def encode(self, value: Any) -> bytes:
            return new(value).encode("utf-8")

    return Encoded


def _typed(content_type: str) -> type[Engine]:
    """An engine that names the content type of its answers in another way."""

    class Typed(Engine):
        def succeed(self, cancel: Cancel) -> Reply:
            return replace(super().succeed(cancel), content_type=content_type)

    return Typed


for _name, _says, _kind in (
    ("type-with-charset", "The content type is application/json; charset=utf-8.",
     "application/json; charset=utf-8"),
    ("type-tight-charset", 'The content type is application/json;charset="UTF-8".',
     'application/json;charset="UTF-8"'),
    ("type-upper-case", "The content type is APPLICATION/JSON; Charset=UTF-8.",
     "APPLICATION/JSON; Charset=UTF-8"),
):  # fmt: skip
    variation.put(_name, _says, _typed(_kind))

for _label, _text, _new in (
    ("chunked", "Answers are chunked.", lambda r: replace(r, chunk=1000)),
    ("tiny-chunks", "Answers are in chunks of 7 bytes.", lambda r: replace(r, chunk=7)),
    ("closing", "Every answer closes the connection.", lambda r: replace(r, close=True)),
    ("unsized", "Answers have no length and end with the connection.",
     lambda r: replace(r, unsized=True)),
    ("interim", "100 Continue is sent before each answer.",
     lambda r: replace(r, interim=True)),
    ("lower-case-headers", "Header names are in lower case.",
     lambda r: replace(r, lower_case=True)),
    ("many-headers", "Answers have cookies and other headers, some twice.",
     lambda r: replace(r, headers=(
         *r.headers, ("Set-Cookie", "a=1; Path=/; HttpOnly"), ("Set-Cookie", "b=2"),
         ("X-Powered-By", "Express"), ("ETag", 'W/"1"'), ("Vary", "Origin"),
         ("Cache-Control", "no-store"), ("X-Empty", "")))),
):  # fmt: skip
    variation.put(_label, _text, _sent(_new))


def _exponents(value: Any) -> str:
    return re.sub(
        r'(?<=_time": )\d{13}\b',
        lambda found: f"{found[0][0]}.{found[0][1:]}e12",
        json.dumps(value),
    )


for _label, _text, _write in (
    ("pretty", "JSON is indented and not limited to ASCII.",
     lambda v: json.dumps(v, indent=2, ensure_ascii=False)),
    ("tabs-and-crlf", "JSON is indented with tabs, and lines end with CR LF.",
     lambda v: json.dumps(v, indent="\t").replace("\n", "\r\n")),
    ("compact", "JSON has no white space.",
     lambda v: json.dumps(v, separators=(",", ":"))),
    ("white-space-around", "White space stands before and after the JSON.",
     lambda v: "\r\n\t " + json.dumps(v) + " \n\n"),
    ("all-escaped", "Field names are written with \\u escapes, slashes with \\/.",
     lambda v: json.dumps(v).replace('"_id"', '"\\u005fid"').replace("/", "\\/")),
    ("exponents", "Times are written with an exponent: 1.555430149763e12.",
     _exponents),
):  # fmt: skip
    variation.put(_label, _text, _encoded(_write))


@variation("gzip", "Answers are compressed for callers that accept gzip.")
class Gzip(Engine):
    """Compresses all bodies."""

    def finish(self, reply: Reply, request: Request) -> Reply:
        """Compress if it is accepted."""
        reply = super().finish(reply, request)
        accepted = (request.header("Accept-Encoding") or "").lower()
        refused = re.search(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)", accepted)
        if "gzip" not in accepted or refused or not reply.body:
            return replace(reply, headers=reply.with_header("Vary", "Accept-Encoding"))
        headers = (
            *reply.headers,
            ("Vary", "Accept-Encoding"),
            ("Content-Encoding", "gzip"),
        )
        return replace(reply, body=gzip.compress(reply.body, 1), headers=headers)


@variation("slow", "Every answer takes 200 ms.")
class Slow(Engine):
    """Waits."""

    seconds = 0.2

    def finish(self, reply: Reply, request: Request) -> Reply:
        """Delay the reply."""
        return replace(super().finish(reply, request), delay=self.seconds)

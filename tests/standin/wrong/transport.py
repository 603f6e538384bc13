# ruff: noqa: ARG005 - a step has the same arguments in every engine
"""Faults of the transport: the bytes of the answer are wrong."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.standin.cancel import Cancel
from tests.standin.document import Document
from tests.standin.engine import Engine
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing
from .spoiled import When, always, third

fault = Listing("transport")


def _sent(new: Callable[[Reply], Reply], when: When = always) -> type[Engine]:
    """An engine that sends its good answers in another way."""

    class Sent(Engine):
        def succeed(self, cancel: Cancel) -> Reply:
            reply = super().succeed(cancel)
            return new(reply) if when(cancel) else reply

    return Sent


def _body(new: Callable[[bytes], bytes]) -> type[Engine]:
    """An engine that sends other bytes."""
    return _sent(lambda reply: replace(reply, body=new(reply.body)))


def _type(content_type: str | None, when: When = always) -> type[Engine]:
    """An engine that names another content type."""
    return _sent(lambda reply: replace(reply, content_type=content_type), when)


for _name, _says, _kind in (
    ("type-html", "The content type of the document is text/html.", "text/html"),
    ("type-text", "The content type of the document is text/plain.", "text/plain"),
    ("type-xml", "The content type of the document is application/xml.",
     "application/xml"),
    ("type-bytes", "The content type of the document is application/octet-stream.",
     "application/octet-stream"),
    ("type-missing-header", "The document has no content type.", None),
):  # fmt: skip
    fault.put(_name, _says, _type(_kind))
fault.put(
    "type-html-third",
    "The content type is text/html in every third answer.",
    _type("text/html", third),
)

for _name, _says, _new in (
    ("body-empty", "The answer has no body.", lambda b: b""),
    ("body-blank", "The body is white space.", lambda b: b" \n"),
    ("body-python", "The body is a Python literal: single quotes, True and None.",
     lambda b: repr(json.loads(b)).encode()),
    ("body-trailing-comma", "The document ends with a comma before its brace.",
     lambda b: b[:-1] + b",}"),
    ("body-comment", "A comment stands before the document.",
     lambda b: b"/* job */ " + b),
    ("body-guarded", "The document stands after a guard: )]}',",
     lambda b: b")]}',\n" + b),
    ("body-callback", "The document is the argument of a call.",
     lambda b: b"callback(" + b + b");"),
    ("body-twice", "The document is sent twice, one after the other.",
     lambda b: b + b"\n" + b),
    ("body-half", "The body is the first half of the document.",
     lambda b: b[: len(b) // 2]),
    ("body-brace-missing", "The last brace of the document is missing.",
     lambda b: b[:-1]),
    ("body-lines", "Each field of the document is JSON on a line of its own.",
     lambda b: b"\n".join(json.dumps({k: v}).encode()
                          for k, v in json.loads(b).items())),
    ("body-nan", "font_size is NaN, which is no JSON.",
     lambda b: _with(b, "font_size", float("nan"))),
    ("body-utf-16", "The body is in UTF-16.", lambda b: b.decode().encode("utf-16")),
    ("body-latin-1", "The name has a letter that is not in UTF-8 but in Latin-1.",
     lambda b: b.replace(b'"name": "', b'"name": "\xe9', 1)),
    ("body-control", "The name has a line break that is not escaped.",
     lambda b: b.replace(b'"name": "', b'"name": "\n', 1)),
    ("body-nul", "A NUL byte stands after the document.", lambda b: b + b"\0"),
    ("body-note", "A line of log text stands before the document.",
     lambda b: b"DEBUG cancelJob ok\n" + b),
    ("body-html", "The body is an HTML page.",
     lambda b: b"<html><body>Job canceled.</body></html>"),
    ("body-text", "The body is the text: Job canceled.", lambda b: b"Job canceled."),
    ("body-form", "The body is form data.", lambda b: b"status=canceled&locked=true"),
    ("gzip-unannounced", "The body is compressed and no header says so.",
     lambda b: gzip.compress(b, mtime=0)),
):  # fmt: skip
    fault.put(_name, _says, _body(_new))


def _with(body: bytes, name: str, value: Any) -> bytes:
    document: Document = json.loads(body)
    return json.dumps({**document, name: value}).encode()


for _name, _says, _change in (
    ("gzip-announced-only", "The headers say gzip but the body is plain.",
     lambda r: replace(r, headers=r.with_header("Content-Encoding", "gzip"))),
    ("length-too-long", "Content-Length is more than is sent before the end.",
     lambda r: replace(r, announce=len(r.body) + 20, close=True)),
    ("length-too-short", "Content-Length ends the document before its last brace.",
     lambda r: replace(r, announce=len(r.body) - 5, close=True)),
    ("cut-off", "The connection breaks off in the middle of the body.",
     lambda r: replace(r, cut=len(r.body) // 2)),
    ("chunks-endless", "The chunked body breaks off without its last chunk.",
     lambda r: replace(r, chunk=512, endless=True)),
    ("dropped", "The connection is closed without an answer.",
     lambda r: replace(r, drop=True)),
    ("status-line-garbage", "The status line is not HTTP.",
     lambda r: replace(r, raw=b"CANCELED 200 OK\r\n\r\n", close=True)),
):  # fmt: skip
    fault.put(_name, _says, _sent(_change))
fault.put(
    "cut-off-third",
    "The connection breaks off in the body of every third answer.",
    _sent(lambda reply: replace(reply, cut=len(reply.body) // 2), third),
)
fault.put(
    "third-never-answered",
    "Every third good request is never answered.",
    _sent(lambda reply: replace(reply, hang=60.0), third),
)


@fault("bad-parameter-drops", "A bad job_id closes the connection without an answer.")
class BadDrops(Engine):
    """Crashes on bad parameters."""

    def refuse(self, why: Refusal, request: Request) -> Reply:
        """No answer to bad parameters."""
        reply = super().refuse(why, request)
        return replace(reply, drop=True) if why is Refusal.PARAMETER else reply


@fault("big-documents-cut", "Bodies are cut at 4000 bytes.")
class BigCut(Engine):
    """Has a small buffer."""

    def encode(self, value: Any) -> bytes:
        """The first bytes."""
        return super().encode(value)[:4000]


@fault("answers-shifted", "Each answer on a connection is that of the request before.")
class Shifted(Engine):
    """Mixes up the order of answers; the first of a connection is its own."""

    def finish(self, reply: Reply, request: Request) -> Reply:
        """The reply before."""
        waiting: dict[tuple[str, int], Reply] = self.__dict__.setdefault("waiting", {})
        before = waiting.get(request.peer, reply)
        waiting[request.peer] = reply
        return super().finish(before, request)


@fault("connection-good-for-two", "The third request of a connection gets no answer.")
class GoodForTwo(Engine):
    """Drops kept connections without saying so, even when they are in use."""

    def finish(self, reply: Reply, request: Request) -> Reply:
        """Drop each third."""
        used: dict[tuple[str, int], int] = self.__dict__.setdefault("used", {})
        used[request.peer] = used.get(request.peer, 0) + 1
        return replace(super().finish(reply, request), drop=used[request.peer] > 2)

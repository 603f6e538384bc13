"""Faults of the transport: statuses, content types, broken JSON, responses that break off."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from mock_server.operations.exchange import Change, Exchange, Reply
from mock_server.operations.refusals import Refusal
from mock_server.operations.response import Response, Wire

Body = Callable[[bytes], bytes]


def transport() -> Iterator[Change]:
    """Yield all faults of the transport."""
    yield from _statuses()
    yield from _refusal_statuses()
    yield from _content_types()
    for name, (sentence, body) in _NO_JSON.items():
        yield Change(name=name, sentence=sentence, rule="transport.json", reply=_body(body))
    yield from _wires()


def _success(change: Callable[[Response, Exchange], Response]) -> Reply:
    """Change successful responses, and those alone."""
    return lambda response, exchange: response if exchange.refusal is not None else change(response, exchange)


def _body(change: Body) -> Reply:
    return _success(lambda response, _exchange: response._replace(body=change(response.body)))


def _status(status: int, **fields: Any) -> Reply:
    return _success(lambda response, _exchange: response._replace(status=status, **fields))


def _statuses() -> Iterator[Change]:
    for status in (201, 202, 206):
        yield Change(
            name=f"status-{status}",
            sentence=f"The canceled job is answered with {status}.",
            rule="transport.status.exact",
            reply=_status(status),
        )
    yield Change(
        name="status-204",
        sentence="The job is canceled, and the answer is 204 without it.",
        rule="response.document",
        reply=_status(204, body=b"", content_type=b""),
    )
    for status in (400, 404, 500, 501):
        yield Change(
            name=f"status-{status}",
            sentence=f"The job is canceled, and its document answered with {status}.",
            rule="transport.status",
            reply=_status(status),
        )
    yield Change(
        name="status-302",
        sentence="The job is canceled, and the answer is a redirect to a page about it.",
        rule="transport.status",
        reply=_status(302, body=b"", headers=((b"location", b"/jobs"),)),
    )
    yield Change(
        name="fails-one-of-three",
        sentence="One of three cancels is answered with 500, and the job is canceled.",
        rule="transport.status",
        reply=_success(
            lambda response, exchange: (
                Response(500, body=b'{"error": "Internal Server Error"}') if exchange.serial % 3 == 0 else response
            )
        ),
    )


def _refused(meant: Callable[[Refusal], bool], make: Callable[[Response], Response]) -> Reply:
    return lambda response, exchange: (
        make(response) if exchange.refusal is not None and meant(exchange.refusal) else response
    )


def _refusal_statuses() -> Iterator[Change]:
    login = ((b"location", b"/login"),)
    yield Change(
        name="refuses-with-500",
        sentence="Every refusal is a 500.",
        rule="transport.refusal_status",
        reply=_refused(lambda _refusal: True, lambda response: response._replace(status=500)),
    )
    yield Change(
        name="refuses-parameters-with-500",
        sentence="A bad parameter is a 500, as if the engine had failed.",
        rule="transport.refusal_status",
        reply=_refused(
            lambda refusal: refusal.situation in {"missing-parameter", "bad-parameter", "bad-body"},
            lambda response: response._replace(status=500),
        ),
    )
    yield Change(
        name="refuses-with-redirect",
        sentence="Whoever may not is redirected to the login page.",
        rule="transport.refusal_status",
        reply=_refused(
            lambda refusal: refusal.situation in {"no-credential", "wrong-credential", "other-role"},
            lambda _answer: Response(302, b"text/html", b"<p>Found</p>", login),
        ),
    )
    for name, situation, rule in (
        ("no-credential", "no-credential", "roles.none"),
        ("other-role", "other-role", "roles.others"),
        ("missing-parameter", "missing-parameter", "request.job_id.required"),
        ("unknown-job", "unknown-job", "effects.unknown"),
    ):
        yield Change(
            name=f"refuses-{name}-with-200",
            sentence=f"The refusal of {name} is a 200 whose body has the error.",
            rule=rule,
            reply=_refused(
                lambda refusal, situation=situation: refusal.situation == situation,  # type: ignore[misc]
                lambda response: Response(200, body=b'{"error": ' + _quoted(response.status) + b"}"),
            ),
        )


def _quoted(status: int) -> bytes:
    return b'"refused: %d"' % status


def _content_types() -> Iterator[Change]:
    for name, media in (
        ("html", b"text/html; charset=utf-8"),
        ("plain", b"text/plain"),
        ("javascript", b"text/javascript"),
        ("octet-stream", b"application/octet-stream"),
        ("xml", b"application/xml"),
    ):
        yield Change(
            name=f"content-type-{name}",
            sentence=f"The canceled job is sent as {media.decode().partition(';')[0]}.",
            rule="transport.content_type",
            reply=_success(lambda response, _exchange, media=media: response._replace(content_type=media)),  # type: ignore[misc]
        )
    yield Change(
        name="content-type-absent",
        sentence="The canceled job is sent without a content type.",
        rule="transport.content_type",
        reply=_success(lambda response, _exchange: response._replace(content_type=b"")),
    )


_NO_JSON: dict[str, tuple[str, Body]] = {
    "json-trailing-comma": ("A comma stands before the last brace.", lambda body: body[:-1] + b",}"),
    "json-single-quotes": ("Strings are in single quotes.", lambda body: body.replace(b'"', b"'")),
    "json-bare-keys": ("Keys are not in quotes.", lambda body: re.sub(rb'"(\w+)":', rb"\1:", body)),
    "json-nan": ("A number is NaN.", lambda body: body[:-1] + b',"progress":NaN}'),
    "json-infinity": ("A number is -Infinity.", lambda body: body[:-1] + b',"progress":-Infinity}'),
    "json-undefined": ("A value is undefined.", lambda body: body[:-1] + b',"parent":undefined}'),
    "json-comment": ("The document holds a comment.", lambda body: body[:-1] + b"/* canceled */}"),
    "json-twice": ("The document is there twice.", lambda body: body + body),
    "json-cut": ("The document ends in the middle, and the length agrees.", lambda body: body[: len(body) // 2]),
    "json-prefixed": ("Characters against hijacking stand before it.", lambda body: b")]}',\n" + body),
    "json-latin-1": ("Text is in Latin-1, not in UTF-8.", lambda body: body[:-1] + b',"note":"caf\xe9"}'),
    "json-raw-newline": ("A string holds a line break as it is.", lambda body: body[:-1] + b',"note":"a\nb"}'),
    "json-empty": ("The body is empty.", lambda _body: b""),
    "json-html": ("The body is a page.", lambda _body: b"<!doctype html><h1>Job canceled</h1>"),
}


def _wires() -> Iterator[Change]:
    yield Change(
        name="truncated",
        sentence="The connection is closed in the middle of the document.",
        rule="transport.complete",
        reply=_success(lambda response, _exchange: response._replace(wire=Wire("truncate"))),
    )
    yield Change(
        name="truncated-at-the-end",
        sentence="The connection is closed just before the end of the document.",
        rule="transport.complete",
        reply=_success(lambda response, _exchange: response._replace(wire=Wire("truncate", share=0.99))),
    )
    yield Change(
        name="truncated-one-of-three",
        sentence="The connection is closed in the middle of one of three documents.",
        rule="transport.complete",
        reply=_success(
            lambda response, exchange: (
                response._replace(wire=Wire("truncate")) if exchange.serial % 3 == 0 else response
            )
        ),
    )
    yield Change(
        name="reset",
        sentence="The job is canceled, and the connection is reset before an answer.",
        rule="transport.complete",
        reply=_success(lambda response, _exchange: response._replace(wire=Wire("reset"))),
    )
    yield Change(
        name="reset-one-of-three",
        sentence="The job is canceled, and one of three connections is reset before an answer.",
        rule="transport.stable",
        reply=_success(
            lambda response, exchange: response._replace(wire=Wire("reset")) if exchange.serial % 3 == 0 else response
        ),
    )
    yield Change(
        name="bad-gateway-one-of-three",
        sentence="The job is canceled, and one of three answers is a gateway's 502.",
        rule="transport.stable",
        reply=_success(
            lambda response, exchange: (
                Response(502, b"text/html", b"<h1>502 Bad Gateway</h1>") if exchange.serial % 3 == 0 else response
            )
        ),
    )
    yield Change(
        name="stalled",
        sentence="Half of the document is sent, and then nothing.",
        rule="transport.complete",
        reply=_success(lambda response, _exchange: response._replace(wire=Wire("stall"))),
    )
    yield Change(
        name="dripped",
        sentence="The document is sent one byte a second.",
        rule="transport.complete",
        reply=_success(lambda response, _exchange: response._replace(wire=Wire("drip", chunk=1, pause_s=1.0))),
    )

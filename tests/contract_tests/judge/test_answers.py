"""What a response's content type says of its body, live and in a recording."""

import time

import pytest

from contract_tests.judge.answers import judge_success
from contract_tests.model import Caller, Exchange, Request, Response
from contract_tests.recording.har_bodies import answered_body
from contract_tests.recording.har_file import HarFile

BODY = ('{"x": "' + "ü-" * 100_000 + '"}').encode()


def broken(content_type: str) -> set[str]:
    """Return the rules that a success with this content type breaks."""
    response = Response(200, (("Content-Type", content_type),), BODY)
    exchange = Exchange(Request("POST", "/", Caller()), "a valid request", response)
    return {item.rule for item in judge_success(exchange, None) if item.finding}


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "bogus"])
def test_charset_that_is_not_the_webs_is_unknown(charset: str) -> None:
    """It breaks no rule, and costs no time: `punycode` would take minutes."""
    started = time.perf_counter()
    content_type = f"application/json; charset={charset}"
    assert "transport.content_type" not in broken(content_type)
    received = {"content": {"text": BODY.decode(), "size": len(BODY)}}
    body, _ = answered_body(received, 200, (("Content-Type", content_type),), HarFile({}, lambda *_: b""), is_own=False)
    assert body == BODY
    assert time.perf_counter() - started < 2


def test_charset_of_the_web_that_is_not_the_bodys_is_found() -> None:
    """A client that believes the charset reads another text."""
    assert "transport.content_type" in broken("application/json; charset=windows-1252")

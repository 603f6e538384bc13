"""What a response's content type says of its body, live and in a recording."""

import time

import pytest

from contract_tests.judge.answers import judge_success, leads_to_login
from contract_tests.model import Caller, Exchange, Request, Response
from contract_tests.recording.har_bodies import answered_body
from contract_tests.recording.har_file import HarFile
from engine_contract.contract import load_contract

BODY = ('{"x": "' + "ü-" * 100_000 + '"}').encode()


def broken(content_type: str) -> set[str]:
    """Return the rules that a success with this content type breaks."""
    response = Response(200, (("Content-Type", content_type),), BODY)
    exchange = Exchange(Request("POST", "/", Caller()), "a valid request", response)
    return {item.rule for item in judge_success(load_contract(), exchange) if item.finding}


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


@pytest.mark.parametrize(
    ("status", "location", "is_login"),
    [
        *(
            (302, page, True)
            for page in ("/login", "/#/login", "/login?next=x", "https://sso.example/", "/user/sign-in")
        ),
        *((302, page, False) for page in ("/", "/jobs?back=/login", "", "http://[::bad/")),
        (200, "/login", False),
    ],
)
def test_redirect_to_a_login_is_known_by_its_page(status: int, location: str, is_login: bool) -> None:  # noqa: FBT001 - parametrized
    """The page counts, also one of a single-page application, and the query does not."""
    assert leads_to_login(Response(status, (("Location", location),))) is is_login

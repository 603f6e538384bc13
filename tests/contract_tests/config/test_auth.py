"""The ways of a credential: each is a small class, and nothing else knows their names."""

import ast

import pytest

from contract_tests.config.auth import Auth, place_credential
from contract_tests.errors import SettingError
from tests.support import ROOT

CREDENTIAL = "alice:s3cret"
NOISE = "0123456789abcdef"


@pytest.mark.parametrize(
    ("way", "headers", "query"),
    [
        ("bearer", [("Authorization", "Bearer alice:s3cret")], []),
        ("auto", [("Authorization", "Bearer alice:s3cret")], []),
        ("basic", [("Authorization", "Basic YWxpY2U6czNjcmV0")], []),
        ("cookie:sid", [("Cookie", "sid=alice:s3cret")], []),
        ("query:token", [], [("token", "alice:s3cret")]),
        ("header:X-Key", [("X-Key", "alice:s3cret")], []),
    ],
)
def test_credential_is_placed_as_its_way_says(
    way: str, headers: list[tuple[str, str]], query: list[tuple[str, str]]
) -> None:
    """Each way has one place; without a credential nothing is placed."""
    auth, found_query, found_headers = Auth.parse(way), [], []  # type: ignore[var-annotated]
    place_credential(auth, None, found_query, found_headers)
    assert (found_query, found_headers) == ([], [])
    place_credential(auth, auth.on_the_wire(CREDENTIAL), found_query, found_headers)
    assert (found_query, found_headers) == (query, headers)
    assert str(auth) == way


@pytest.mark.parametrize("way", ["bearer", "auto", "basic", "cookie:sid", "query:token", "header:X-Key"])
def test_wrong_credential_has_the_form_of_its_way(way: str) -> None:
    """A user and a password where they are asked for; all texts that give a credential away are known."""
    auth = Auth.parse(way)
    assert auth.wrong(NOISE) == ("0123456789ab:cdef" if auth.takes_users else NOISE)
    assert auth.wrong("a:b") == "a:b"
    assert auth.secrets(CREDENTIAL) == ({CREDENTIAL, "s3cret"} if way in {"basic", "auto"} else {CREDENTIAL})
    assert (auth.curl("$TOKEN"), auth.curl("wrong")) == ("$TOKEN", "wrong:wrong" if way == "basic" else "wrong")


@pytest.mark.parametrize(
    ("way", "credential", "flaw"),
    [
        ("bearer", "Bearer abc", "begins with 'Bearer', which is sent before it anyway"),
        ("cookie:sid", "basic abc", "begins with 'basic'"),
        ("basic", "abc", "is not user:password"),
        ("header:X-Key", "Bearer abc", None),
        ("bearer", "bearers abc", None),
    ],
)
def test_flaw_of_a_credential_is_said_by_its_way(way: str, credential: str, flaw: str | None) -> None:
    """A scheme that would stand twice and a missing password are told; a header's value is the user's own."""
    said = Auth.parse(way).flaw(credential)
    assert said is None if flaw is None else flaw in (said or "")


@pytest.mark.parametrize("text", ["digest", "bearer:x", "cookie", "cookie:a b", "query:", ""])
def test_unknown_way_is_refused_with_all_that_are_allowed(text: str) -> None:
    """The message names what was given and what is allowed."""
    with pytest.raises(
        SettingError, match=f"--auth {text}: unknown scheme. Allowed are auto, bearer, basic, cookie:NAME"
    ):
        Auth.parse(text)


def test_no_module_but_the_ways_compares_their_names() -> None:
    """Another way is one class: nobody else asks which one it is."""
    names = {"auto", "bearer", "basic"}
    found = [
        f"{path.relative_to(ROOT)}:{part.lineno}"
        for path in (ROOT / "contract_tests").rglob("*.py")
        if path.name != "auth.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare | ast.match_case)
        for part in ast.walk(node if isinstance(node, ast.Compare) else node.pattern)
        if isinstance(part, ast.Constant) and part.value in names
    ]
    assert found == []

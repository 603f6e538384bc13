"""What a document is, and what it has twice."""

from typing import Any

import pytest

from engine_contract.http.strict_json import NotJson, TooMuchJson, json_type, repeated_key


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", None),
        (b'{"a": 1, "b": {"a": 2}}', None),
        (b'{"a": 1, "a": 1}', "a"),
        (b'{"b": [{"x": 1, "y": 2, "\\u0078": 3}]}', "x"),
        (b'["a", "a"]', None),
    ],
)
def test_repeated_key_of_any_object(body: bytes, expected: str | None) -> None:
    """A key that one object has twice is found at any depth, however it is written."""
    assert repeated_key(body) == expected


def test_repeated_key_of_bad_documents_raises() -> None:
    """What is not JSON, and what is nested too deep, is said to be so."""
    with pytest.raises(NotJson):
        repeated_key(b"{")
    with pytest.raises(TooMuchJson):
        repeated_key(b"[" * 200_000 + b"]" * 200_000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, "an object"),
        ([], "an array"),
        ("", "a string"),
        (1, "a number"),
        (0.5, "a number"),
        (True, "a boolean"),
        (None, "null"),
    ],
)
def test_json_type_names_each_type(value: Any, expected: str) -> None:
    """Each type of JSON has its name with an article."""
    assert json_type(value) == expected

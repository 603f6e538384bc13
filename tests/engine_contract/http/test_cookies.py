"""The cookies that a request carries."""

import pytest

from engine_contract.http.cookies import read_cookies


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["token=a"], {"token": "a"}),
        (["a=1; token=x=y=="], {"a": "1", "token": "x=y=="}),
        (["token=a%3D%3D"], {"token": "a=="}),
        (['token="quoted"; b=2'], {"token": "quoted", "b": "2"}),
        ([" a = 1 ;; b=;c"], {"a": "1", "b": ""}),
        (["a=1", "token=t; a=2"], {"a": "1", "token": "t"}),
        (["sess:id=1"], {"sess:id": "1"}),
        (["", ";", "="], {}),
        ([], {}),
    ],
)
def test_read_cookies_of_all_headers_first_of_a_name(headers: list[str], expected: dict[str, str]) -> None:
    """Several headers are read as one; the first cookie of a name counts, decoded; what has no name is left out."""
    assert read_cookies(*headers) == expected

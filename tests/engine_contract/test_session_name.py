"""A session's name is the same for the mock, for the console and in the console's form."""

import re

import httpx
import pytest

from engine_contract.session_name import PATTERN, is_session_name
from mock_server.serving.in_process import running_mock


@pytest.mark.parametrize("name", ["a", "qa-7", "A_b.c:d@e", "x" * 100])
def test_name_of_allowed_characters_is_taken(name: str) -> None:
    """Letters, digits and . _ : @ -, 1 to 100 of them."""
    assert is_session_name(name)


@pytest.mark.parametrize("name", ["", "x" * 101, "a b", "é", "a\n", "a/b", "٣"])
def test_any_other_name_is_refused(name: str) -> None:
    """No space, no line break, no letter or digit beyond ASCII."""
    assert not is_session_name(name)


def test_mock_and_console_refuse_alike() -> None:
    """The header and the address of a page take the same names, and the form asks for no others."""
    with running_mock() as mock, httpx.Client(base_url=mock.url, trust_env=False) as client:
        for name, status in (("qa-7", 200), ("a b", 400)):
            assert client.get("/_mock/jobs", headers={"Mock-Session": name}).status_code == status
            page = client.get("/_console/", params={"session": name})
            assert page.status_code == status
            if status == 200:
                assert re.findall('pattern="([^"]*)"', page.text) == [PATTERN]
        assert "1 to 100 letters, digits and . _ : @ -" in page.text

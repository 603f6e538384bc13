"""The mock's settings: where secrets are."""

from pathlib import Path

import pytest

from engine_contract.mock_options import MockOptions
from mock_server.settings import SettingsError, read_settings


def test_control_token_is_read_from_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """env:NAME and file:PATH as for tokens; the token itself as it is; nothing prints it."""
    monkeypatch.setenv("MY_TOKEN", "s3cret-1\n")
    (tmp_path / "token").write_text("\ufeffs3cret-2\n", encoding="utf-8")
    (tmp_path / "of-powershell").write_text("s3cret-4\r\n", encoding="utf-16")
    for text, token in (
        ("env:MY_TOKEN", "s3cret-1"),
        (f"file:{tmp_path / 'token'}", "s3cret-2"),
        ("s3cret-3", "s3cret-3"),
        (f"file:{tmp_path / 'of-powershell'}", "s3cret-4"),
    ):
        settings = read_settings(MockOptions(control_token=text))
        assert settings.control_token == token
        assert token not in repr(settings)
    assert read_settings(MockOptions()).control_token is None


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("env:NO_SUCH_VARIABLE", "the environment has no variable NO_SUCH_VARIABLE"),
        ("env:EMPTY_ONE", "must hold one line of text, and holds none"),
        ("env:TWO_LINES", "must hold one line of text, and holds more"),
        ("file:/no/such/file", "the file cannot be read"),
    ],
)
def test_control_token_that_is_not_there_is_a_clear_sentence(
    place: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names option and place, and never the value."""
    monkeypatch.setenv("EMPTY_ONE", " ")
    monkeypatch.setenv("TWO_LINES", "s3cret\nmore")
    with pytest.raises(SettingsError, match=f"^--control-token {place}: {why}") as error:
        read_settings(MockOptions(control_token=place))
    assert "s3cret" not in str(error.value)

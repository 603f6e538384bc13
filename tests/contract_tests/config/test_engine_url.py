"""Which URL counts: --url, the settings file's, a variable that it names, or the argument."""

import re
from pathlib import Path

import pytest

from contract_tests.cli import main
from contract_tests.config.engine_url import base_of
from contract_tests.errors import SettingError
from engine_contract.options import CheckOptions, NamedEngine


def options_for(url: str | None, given: str | None = None) -> CheckOptions:
    """Return options with an engine of a settings file, whose URL is `url`, and --url."""
    engine = None if url is None else NamedEngine("s", Path("engine.toml"), {"url": url})
    return CheckOptions(url="s" if engine else None, base_url=given, engine=engine)


@pytest.mark.parametrize(
    ("url", "given", "base"),
    [
        ("http://file/iap/", None, "http://file/iap"),
        ("env:ENGINE_AT", None, "https://variable"),
        ("http://file", "http://given", "http://given"),
        ("env:NOT_THERE", "http://given", "http://given"),
        (None, "http://given", "http://given"),
    ],
)
def test_base_is_the_commands_then_the_files(
    url: str | None, given: str | None, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--url counts before the file, also where the file's variable is not set."""
    monkeypatch.setenv("ENGINE_AT", " https://variable/ ")
    monkeypatch.delenv("NOT_THERE", raising=False)
    assert base_of(options_for(url, given)) == base


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            options_for("env:NOT_THERE"),
            "engines.s.url is env:NOT_THERE: the environment has no such variable, or it is empty",
        ),
        (options_for("env:WRONG"), "engines.s.url is env:WRONG: ftp://x: is not the URL of an engine."),
        (CheckOptions(url="http://a", base_url="http://b"), "--url http://b and the URL http://a exclude each other."),
    ],
)
def test_url_that_cannot_be_used_is_told(options: CheckOptions, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names where the URL was given."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    monkeypatch.setenv("WRONG", "ftp://x")
    with pytest.raises(SettingError, match=re.escape(message)):
        base_of(options)


def test_variable_of_the_argument_is_not_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHECK_ENGINE_URL gives the argument; --url has a variable of its own."""
    monkeypatch.setenv("CHECK_ENGINE_URL", "http://argument")
    with main.make_context("check-engine", []) as context:
        assert (context.params["url"], context.params["base_url"]) == ("http://argument", None)
    monkeypatch.setenv("CHECK_ENGINE_BASE_URL", "http://option")
    with main.make_context("check-engine", []) as context:
        assert context.params["base_url"] == "http://option"


@pytest.mark.parametrize(
    "url",
    [
        "http://me:s3@cret@x",
        "http://me:s3/cret@x",
        "http://me:s3?cret@x",
        "http://me:s3#cret@x",
        "http://me:cret s3@x",
        "http://me:s3[cret@x",
        "ftp://me:s3cret@x",
    ],
)
def test_password_in_a_url_is_never_repeated(url: str) -> None:
    """Whatever it has in it that belongs escaped, and whatever else is wrong with the URL."""
    with pytest.raises(SettingError) as caught:
        base_of(CheckOptions(url=url))
    assert not {"s3", "cret"} & set(re.split(r"\W+", str(caught.value)))

"""From options to a connection: proxies by variable, and what commands find and must not show."""

from dataclasses import replace

import pytest

from contract_tests.config.auth import Basic
from contract_tests.config.command import Command
from contract_tests.config.options import command_environment, live_connection, values_of_secrets
from contract_tests.errors import CommandError, SettingError
from contract_tests.safety.guard import Guard
from contract_tests.transport.tokens import Tokens, cut, other_case
from contract_tests.transport.transport import Transport
from engine_contract.contract import load_contract
from engine_contract.options import CheckOptions

PROXY = "http://ci:pr0xy-s3cret@proxy.example:3128"
OPTIONS = CheckOptions(url="http://engine.example", proxy="env:GATE", tokens=("admin=env:T1",))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE", f" {PROXY}\n")
    monkeypatch.setenv("T1", "value-of-t1")
    monkeypatch.setenv("VAULT_PASSWORD", "value-of-vault")
    monkeypatch.setenv("COLOUR", "value-of-colour")


def test_proxy_by_variable_is_used_and_never_shown() -> None:
    """The connection and the commands get its URL; command lines name the variable, and its password is a secret."""
    connection, _ = live_connection(OPTIONS)
    assert connection.proxy == PROXY
    assert command_environment(OPTIONS, connection.base)["HTTPS_PROXY"] == PROXY
    assert connection.added.options == ("--proxy", "$GATE")
    assert "pr0xy-s3cret" in Transport(connection, Guard(load_contract()), wrong_credential="x").secrets()


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://proxy.example:3128", ("--proxy", "http://proxy.example:3128")),
        (PROXY, ("--proxy", "$PROXY")),
        (None, ()),
    ],
)
def test_command_line_names_the_proxy_without_its_password(proxy: str | None, words: tuple[str, ...]) -> None:
    """A URL that is no secret is written as it is."""
    connection, _ = live_connection(replace(OPTIONS, proxy=proxy))
    assert connection.added.options == words


def test_variable_of_a_proxy_that_is_not_there_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable."""
    monkeypatch.delenv("GATE")
    with pytest.raises(SettingError, match=r"--proxy env:GATE: the environment has no such variable"):
        live_connection(OPTIONS)


def test_failing_command_is_quoted_without_values_of_secret_variables() -> None:
    """Variables whose name says so, and those that a source names, hold secrets."""
    hidden = values_of_secrets(OPTIONS)
    command = 'echo "no: $T1 $VAULT_PASSWORD $GATE $COLOUR" >&2; exit 3'
    with pytest.raises(CommandError) as raised:
        Command(command, "--jobs-command:", hidden=hidden).run()
    said = str(raised.value).rpartition("It said: ")[2]
    assert "value-of-colour" in said
    assert not [value for value in ("value-of-t1", "value-of-vault", "pr0xy") if value in said]


def test_tokens_that_were_renewed_stay_hidden() -> None:
    """Each token and password that a role ever had is a secret to the end of the run."""
    connection, _ = live_connection(replace(OPTIONS, proxy=None, tokens=("admin=admin:first-password",), auth="basic"))
    tokens = Tokens(connection.tokens, Basic())
    for number in range(3):
        tokens.set("admin", f"alice:pass-number-{number}")
    assert tokens.hidden >= {"first-password", *(f"pass-number-{number}" for number in range(3))}
    assert tokens.hidden >= {"first-passwor", "FIRST-PASSWORD"}  # as wrong credentials that are sent show them
    assert "admin" not in tokens.hidden


def test_token_without_its_end_is_not_the_same_without_padding() -> None:
    """An engine that reads base64 leniently takes a token without its `=` for the whole one, and is not wrong."""
    assert [cut(token) for token in ("abcdef", "YWJjZA==", "QUJDREVGR0hJSktMTU5PUA==", "=")] == [
        *("abcde", "YWJjZ", "QUJDREVGR0hJSktMTU5PU", "")
    ]


def test_token_in_the_other_case_is_another_one() -> None:
    """Hex digits and UUIDs are read in either case by many engines, which are not wrong; without letters it is the token itself."""
    tokens = ("xY-1", "YWJjZA==", "0123", "deadbeef00", "4321ABCD-0000-4000-8000-00000000abcd", "ж1")
    assert [other_case(token) for token in tokens] == ["Xy-1", "ywjJza==", None, None, None, None]
    assert [other_case(f"Bearer {token}") for token in tokens[:3]] == ["Bearer Xy-1", "Bearer ywjJza==", None]


def test_role_that_is_misspelt_is_told_where_the_right_one_has_no_token() -> None:
    """It would be taken for one that must be refused; admin2 beside admin is one."""

    def told(*roles: str) -> list[str]:
        tokens = tuple(f"{role}=env:T" for role in roles)
        return live_connection(replace(OPTIONS, tokens=tokens))[1]

    (sentence,) = told("enginering")
    assert sentence.startswith("--token enginering: the page does not list the role enginering, ")
    assert sentence.endswith("Did you mean engineering?")
    assert told("admin", "admin2", "apiwrite", "apiread", "operator") == []

"""Environment variables: blanks, variables of Kubernetes, and mistakes."""

import pytest

from engine_contract.environment import second_variables, strange_variables, value_of

KNOWN = ["CHECK_ENGINE_URL", "CHECK_ENGINE_JOBS"]


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("\n http://engine.test:3000\t\r\n", "http://engine.test:3000"),
        ("", ""),
        (" \n", ""),
        ("tcp://10.0.0.1:4010", "tcp://10.0.0.1:4010"),
    ],
)
def test_variable_with_blanks_around_is_trimmed(value: str, taken: str) -> None:
    """Line breaks and blanks around a value are a YAML block's or a secret store's."""
    assert value_of("CHECK_ENGINE_URL", {"CHECK_ENGINE_URL": value}) == taken
    assert value_of("CHECK_ENGINE_JOBS", {"CHECK_ENGINE_URL": value}) is None


@pytest.mark.parametrize("name", ["MOCK_ENGINE_PORT", "WATCH_ENGINE_PORT"])
def test_port_that_kubernetes_sets_is_not_read(name: str) -> None:
    """A service named like the command sets the variable of --port to an address."""
    assert value_of(name, {name: "tcp://10.0.0.1:4010"}) is None
    assert value_of(name, {name: "4010"}) == "4010"


def test_unknown_variable_is_told_with_the_nearest_name() -> None:
    """A variable that sets no option is a mistake; those that Kubernetes sets beside are not."""
    environment = {
        "CHECK_ENGINE_JBOS": "1",
        "CHECK_ENGINE_COLOUR": "1",
        "CHECK_ENGINE_JOBS": "jobs.txt",
        "CHECK_ENGINE_PORT": "tcp://10.0.0.1:80",
        "CHECK_ENGINE_SERVICE_HOST": "10.0.0.1",
        "CHECK_ENGINE_SERVICE_PORT_HTTP": "80",
        "CHECK_ENGINE_PORT_80_TCP_ADDR": "10.0.0.1",
        "CHECK_ENGINES": "1",
        "ENGINE_URL": "x",
    }
    assert list(strange_variables("CHECK_ENGINE_", KNOWN, environment)) == [
        "CHECK_ENGINE_COLOUR: no option has this variable, so it is ignored.",
        "CHECK_ENGINE_JBOS: no option has this variable, so it is ignored. Did you mean CHECK_ENGINE_JOBS?",
        "CHECK_ENGINE_PORT=tcp://10.0.0.1:80: is ignored. Kubernetes sets it, for a service of that name.",
    ]


def test_second_variable_of_an_option_is_told() -> None:
    """Of two names of an option the first that holds more than blanks counts; the other is ignored, and that is said."""
    names = ["CHECK_ENGINE_TOKEN", "CHECK_ENGINE_TOKENS"]
    both = {"CHECK_ENGINE_TOKEN": "admin=env:A", "CHECK_ENGINE_TOKENS": "1"}
    assert list(second_variables([names, KNOWN], both)) == [
        "CHECK_ENGINE_TOKENS: is ignored, since CHECK_ENGINE_TOKEN sets the same option. Leave one of them out."
    ]
    for alone in ({"CHECK_ENGINE_TOKEN": " \n"}, {"CHECK_ENGINE_TOKEN": "a"}, {}):
        assert not list(second_variables([names], {**alone, "CHECK_ENGINE_TOKENS": ""}))
    assert not list(second_variables([names], {"CHECK_ENGINE_TOKEN": " ", "CHECK_ENGINE_TOKENS": "a"}))

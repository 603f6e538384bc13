"""The starts of the four commands."""

import os
import signal
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from contract_tests.start import main as check_engine
from contract_tests.start import watch_engine
from engine_contract.start import draft_contract
from mock_server.start import main as mock_engine


class Interrupted(ModuleType):
    """A module whose loading is interrupted."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Be interrupted; what is raised then does not get far, as in extension modules."""
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("swallowed") from error
        return lambda: None


@pytest.mark.parametrize(
    ("start", "module", "name"),
    [
        (check_engine, "contract_tests.cli", "check-engine"),
        (watch_engine, "contract_tests.watch.cli", "watch-engine"),
        (mock_engine, "mock_server.cli", "mock-engine"),
        (draft_contract, "engine_contract.draft_cli", "draft-contract"),
    ],
)
def test_start_interrupted_while_modules_load_ends_without_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    start: Callable[[], None],
    module: str,
    name: str,
) -> None:
    """Ctrl-C in the first second is one line and 130, as it is later."""
    monkeypatch.setitem(sys.modules, module, Interrupted(module))
    monkeypatch.setattr(os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as ended:
        start()
    assert (ended.value.code, capfd.readouterr().err) == (130, f"{name}: interrupted.\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_start_in_the_background_goes_on_ignoring_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell starts a job in the background with SIGINT ignored."""
    monkeypatch.setitem(sys.modules, "mock_server.cli", Interrupted("mock_server.cli"))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        mock_engine()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

"""The start of check-engine."""

import sys
from types import ModuleType

import pytest

from contract_tests.start import main


class Interrupted(ModuleType):
    """A module whose loading is interrupted."""

    def __getattr__(self, name: str) -> None:
        """Be interrupted."""
        raise KeyboardInterrupt


def test_start_interrupted_while_modules_load_ends_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in the first second is one line and 130, as it is later."""
    monkeypatch.setitem(sys.modules, "contract_tests.cli", Interrupted("contract_tests.cli"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "check-engine: interrupted.\n")

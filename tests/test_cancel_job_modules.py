"""Few modules know which operation the contract is about; all others are handed an `Operation`."""

import ast
from pathlib import Path

from tests.support import ROOT

NAMES_IT = {
    # Where its documents lie, and what people read and type.
    "engine_contract/contract/files.py",
    "engine_contract/draft_cli.py",
    "engine_contract/mock_options.py",
    "engine_contract/pytest_plugin.py",
    "contract_tests/cli.py",
    "contract_tests/watch/cli.py",
    "mock_server/cli.py",
    "mock_server/openapi_pages.py",
}
"""Modules in whose text its name stands. The list may shrink; it never holds more than 12."""

LOADS_IT = {
    "engine_contract/pages.py",
    "engine_contract/console/behavior_page.py",
    "engine_contract/console/bug_report.py",
    "contract_tests/config/engine_url.py",
    "contract_tests/config/options.py",
    "contract_tests/run_checks.py",
    "contract_tests/watch/settings.py",
    "contract_tests/hooks.py",
    "contract_tests/output_files.py",
    "contract_tests/recording/replay.py",
    "contract_tests/report/view.py",
    "mock_server/app.py",
    "mock_server/control/openapi.py",
    "mock_server/faults/__init__.py",
    "mock_server/faults/response.py",
    "mock_server/store/memory.py",
}
"""Modules that fetch the operation in place of being handed it. The list may shrink."""

SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for package in ("engine_contract", "mock_server", "contract_tests")
    for path in (Path(ROOT) / package).rglob("*.py")
}


def test_modules_that_name_the_operation_are_listed() -> None:
    """The operation's name stands in at most 12 modules: a second one needs no change in the others."""
    assert {path for path, source in SOURCES.items() if "cancelJob" in source} == NAMES_IT
    assert len(NAMES_IT) <= 12


def test_modules_that_load_the_operation_are_listed() -> None:
    """All other modules take the operation, or a list of them, as an argument."""
    assert {path for path, source in SOURCES.items() if _loads(source)} == LOADS_IT


def _loads(source: str) -> bool:
    return "load_contract" in source and any(
        isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).endswith("load_contract")
        for node in ast.walk(ast.parse(source))
    )

"""The order of the packages: each imports only what stands before it here, and no imports go in a circle."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support import ROOT

ORDER = [
    "engine_contract",
    "engine_contract.dependencies",
    "engine_contract.version",
    "engine_contract.session_name",
    "engine_contract.private_files",
    "engine_contract.contract",
    "engine_contract.text",
    "engine_contract.http",
    "engine_contract.pages",
    "engine_contract.environment",
    "engine_contract.standard_streams",
    "engine_contract.option_rows",
    "engine_contract.options",
    "engine_contract.mock_options",
    "engine_contract.click_options",
    "engine_contract.console",
    "engine_contract.own_packages",
    "engine_contract.draft_cli",
    "engine_contract.start",
    "engine_contract.pytest_plugin",
    "mock_server.jobs",
    "mock_server.settings",
    "mock_server.store",
    "mock_server.operations",
    "mock_server.connexion",
    "mock_server.faults",
    "mock_server.upstream",
    "mock_server.request_log",
    "mock_server.openapi_pages",
    "mock_server.pipeline",
    "mock_server.control",
    "mock_server.console_adapter",
    "mock_server.app",
    "mock_server.serving",
    "mock_server.cli",
    "mock_server.start",
    "mock_server",
    "contract_tests.purpose",
    "contract_tests.model",
    "contract_tests.errors",
    "contract_tests.stopping",
    "contract_tests.safety",
    "contract_tests.judge",
    "contract_tests.plan",
    "contract_tests.config",
    "contract_tests.transport",
    "contract_tests.report",
    "contract_tests.embedded",
    "contract_tests.run",
    "contract_tests.check",
    "contract_tests.preview",
    "contract_tests.recording",
    "contract_tests.output_files",
    "contract_tests.run_checks",
    "contract_tests.watch",
    "contract_tests.cli",
    "contract_tests.start",
    "contract_tests.pytest_run",
    "contract_tests.test_contract",
    "contract_tests.schemathesis_guard",
    "contract_tests.schemathesis_jobs",
    "contract_tests.hooks",
    "contract_tests",
]

LAZY = {
    # The plugin loads the programs when a fixture asks for them.
    ("engine_contract.pytest_plugin", "contract_tests.pytest_run"),
    ("engine_contract.pytest_plugin", "mock_server.serving"),
    ("engine_contract.pytest_plugin", "mock_server.settings"),
    # A check without a URL starts the mock.
    ("contract_tests.embedded", "mock_server.serving"),
    ("contract_tests.embedded", "mock_server.settings"),
}

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("engine_contract", "mock_server", "contract_tests")
    for path in (ROOT / package).rglob("*.py")
}


def _imports(module: str) -> Iterator[str]:
    """Yield the modules of ours that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                name = full if full in MODULES else node.module or ""
                if name in MODULES:
                    yield name
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


GRAPH = {module: sorted(set(_imports(module)) - {module}) for module in MODULES}


def _place(module: str) -> str:
    """Return the entry of the order that a module belongs to: the longest that begins its name."""
    return max((name for name in ORDER if module == name or module.startswith(f"{name}.")), key=len)


def _may_import(importer: str, imported: str) -> bool:
    above, below = _place(importer), _place(imported)
    if above == below or (above, below) in LAZY:
        return True
    programs = {above.partition(".")[0], below.partition(".")[0]}
    if len(programs) == 2 and below.partition(".")[0] != "engine_contract":
        return False
    return ORDER.index(below) < ORDER.index(above)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_module_imports_only_what_stands_before_it(module: str) -> None:
    """Each import goes to the same entry of the order, or to an earlier one; the two programs do not know each other."""
    assert [f"{module} → {imported}" for imported in GRAPH[module] if not _may_import(module, imported)] == []


def test_imports_go_in_no_circle() -> None:
    """No module is imported by what it imports, also inside functions."""
    # The entry `mock_server` loads its public names when asked: its modules do not import it.
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_folders_hold_at_most_18_modules() -> None:
    """A folder is read at a glance."""
    folders = [path.parent for path in MODULES.values()]
    assert {
        str(folder.relative_to(ROOT)): folders.count(folder) for folder in folders if folders.count(folder) > 18
    } == {}

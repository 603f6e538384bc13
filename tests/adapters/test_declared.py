"""Each package that the kit imports is declared, with an upper bound."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.support import ROOT

PACKAGES = ("engine_contract", "mock_server", "contract_tests")

# Distributions whose module has another name.
MODULES = {"pyyaml": "yaml"}

# Declared for what they bring along.
NOT_IMPORTED = {
    "openapi-spec-validator": "it validates the OpenAPI document, in a user's lint as in the tests",
    "sniffio": "httpcore looks for it at each request and each lock: in vain, that is a third of a check",
    "uvloop": "uvicorn's event loop",
}


def test_what_is_imported_is_declared() -> None:
    """An import of a package that another one happens to bring along breaks when that one stops."""
    assert sorted({module for module, _ in _imports()} - set(_declared())) == []


def test_what_is_declared_is_imported() -> None:
    """A dependency that nothing imports has a reason, or goes."""
    imported = {module for module, _ in _imports()}
    assert {name for module, name in _declared().items() if module not in imported} == set(NOT_IMPORTED)


def test_each_dependency_has_bounds() -> None:
    """A version that nobody has tested is not installed unasked."""
    unbounded = [line for line in _dependencies() if not re.search(r">=[\d.]+,<[\d.]+", line)]
    assert unbounded == []


def _dependencies() -> list[str]:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines: list[str] = content["project"]["dependencies"]
    return lines


def _declared() -> dict[str, str]:
    names = [re.split(r"[^\w-]", line, maxsplit=1)[0] for line in _dependencies()]
    return {MODULES.get(name, name.replace("-", "_")): name for name in names}


def _imports() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module or ""]
                for module in {name.split(".")[0] for name in names}:
                    if module not in sys.stdlib_module_names and module not in PACKAGES:
                        yield module, path

"""The console stands by itself: whoever has data can mount it."""

import ast
from pathlib import Path

import mock_server.console

FOLDER = Path(mock_server.console.__file__).parent


def test_of_ours_it_imports_the_specification_alone() -> None:
    """Of our packages the console imports itself and `spec`; Flask is imported by the pages, and not by the bridge."""
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                assert name.split(".")[0] not in {"contract_tests", "tests"}, path.name
                assert not name.startswith("mock_server") or name.startswith("mock_server.console"), (path.name, name)


def test_nothing_from_elsewhere() -> None:
    """Templates, styles and scripts name no other host, and hold nothing inline."""
    for path in [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.css"), *FOLDER.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name
        assert " style=" not in text, path.name
        assert "innerHTML" not in text, path.name
        assert "| safe" not in text, path.name

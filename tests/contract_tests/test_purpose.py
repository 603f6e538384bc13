"""No sentence is a key: texts may be reworded without another verdict."""

import ast
from pathlib import Path

import pytest

from contract_tests.purpose import Purpose
from tests.support import ROOT

# Reports compare texts in order to show none twice.
SOURCES = [path for path in sorted((ROOT / "contract_tests").rglob("*.py")) if path.parent.name != "report"]


def _is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip().count(" ") > 0


def _sides(node: ast.Compare) -> list[ast.AST]:
    """Return what is compared for equality, or looked up in a set; a part of a text is looked for in what others wrote."""
    found: list[ast.AST] = []
    left: ast.AST = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.Eq | ast.NotEq):
            found += [left, right]
        elif isinstance(right, ast.Set | ast.Tuple | ast.List):
            found += [left, *right.elts]
        left = right
    return found


def _is_situation(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"situation", "told"}


@pytest.mark.parametrize("path", SOURCES, ids=[str(path.relative_to(ROOT)) for path in SOURCES])
def test_no_sentence_is_compared(path: Path) -> None:
    """Neither a sentence nor a request's text is compared or is the key of a table."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            assert not any(_is_sentence(side) or _is_situation(side) for side in _sides(node)), ast.unparse(node)
        elif isinstance(node, ast.Dict):
            assert not any(key is not None and _is_sentence(key) for key in node.keys), ast.unparse(node)


def test_each_purpose_has_a_text_of_its_own() -> None:
    """An enum makes two members of one text the same: then two purposes could not be told apart."""
    assert len(Purpose.__members__) == len(list(Purpose))

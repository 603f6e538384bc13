"""Plain English in the product and its documents: phrases that make readers stop do not come back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

PLACES = (
    "engine_contract",
    "mock_server",
    "spec",
    "contract_tests",
    "docs",
    "tests/support",
    "README.md",
    "CONTRIBUTING.md",
)

SUFFIXES = {".html", ".js", ".lua", ".md", ".py", ".yaml"}
PHRASES = {
    r"(?<![Tt]here)(?<!\s) is no (?!longer\b|more\b|such\b)[a-z]\w*": 'write "is not a"',
    r"\bwhat (is|are) none\b": 'say what is wrong, such as "if it is malformed"',
    r"\bso long\b": 'name the unit, such as "seconds that a request gets"',
    r"\bso many\b": 'say "at most this many"',
    r'("""|# |-- |\. )(What|Those that) \w+': "begin with the subject",
}


def _found(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line where each phrase in a text ends, and the phrase with the advice."""
    for phrase, advice in PHRASES.items():
        # A line may break within a phrase, also in a comment.
        for match in re.finditer(phrase.replace(" ", r"(?: |\s*\n\s*(?:# |-- )?)"), text):
            yield text.count("\n", 0, match.end()) + 1, f"{' '.join(match[0].split())!r}: {advice}"


def _files(place: Path) -> Iterator[Path]:
    """Yield the files with text at a place."""
    yield from sorted(file for file in (place.rglob("*") if place.is_dir() else [place]) if file.suffix in SUFFIXES)


@pytest.mark.parametrize("place", PLACES)
def test_texts_of_a_place_hold_no_puzzling_phrase(place: str) -> None:
    """Texts say "is not a", name their units, and begin sentences with the subject."""
    found = [
        f"{file.relative_to(ROOT)}:{line}: {advice}"
        for file in _files(ROOT / place)
        for line, advice in _found(file.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A list is no object.", [1]),
        ("# It is\n    # no object.", [2]),
        ("Raise ValueError for what is none.", [1]),
        ("Kept\nfor so long.", [2]),
        ("It is so: so many are kept.", [1]),
        ('"""What a caller may do."""', [1]),
        ("There is no job, it is no longer there, and there is no such job.", []),
        ("It is not a job.", []),
    ],
)
def test_phrases_are_found_with_their_line_unless_they_are_plain(text: str, lines: list[int]) -> None:
    """A phrase is found also where a line breaks within it; "there is no" and "is no longer" are plain English."""
    assert [line for line, _advice in _found(text)] == lines

"""JSON pointers as RFC 6901 has them."""

import pytest

from engine_contract.text.json_pointer import path_of, pointer_of


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ([], ""),
        (["tasks", "6a90", "x"], "/tasks/6a90/x"),
        (["a/b", "~c", "~1"], "/a~1b/~0c/~01"),
        (["", ""], "//"),
        (["a", 0], "/a/0"),
    ],
)
def test_pointer_of_a_path_and_back(path: list[str | int], pointer: str) -> None:
    """Slashes and tildes in a key are escaped, and come back; indices come back as text."""
    assert pointer_of(path) == pointer
    assert path_of(pointer) == [str(key) for key in path]

"""JSON pointers (RFC 6901): the path to a value in a document, as one text."""

from collections.abc import Iterable


def pointer_of(path: Iterable[str | int]) -> str:
    """Return the pointer to what a path of keys and indices leads to."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def path_of(pointer: str) -> list[str]:
    """Return the keys of a pointer; indices of arrays stay text."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]

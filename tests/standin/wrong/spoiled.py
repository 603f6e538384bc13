# ruff: noqa: ARG001 - a step has the same arguments in every engine
"""Engines that spoil a place of the document."""

from collections.abc import Callable

from tests.standin.cancel import Cancel
from tests.standin.document import Document
from tests.standin.engine import Engine
from tests.standin.places import Change, change

When = Callable[[Cancel], bool]


def always(cancel: Cancel) -> bool:
    """In every answer."""
    return True


def third(cancel: Cancel) -> bool:
    """In every third answer."""
    return cancel.number % 3 == 0


def second(cancel: Cancel) -> bool:
    """In the second answer only."""
    return cancel.number == 2


def later(cancel: Cancel) -> bool:
    """In every answer but the first."""
    return cancel.number > 1


def by(role: str) -> When:
    """In the answers to one role."""
    return lambda cancel: cancel.role == role


def spoiled(path: str, new: Change, when: When = always) -> type[Engine]:
    """An engine that changes the values at a path of the document."""

    class Spoiled(Engine):
        def shape(self, document: Document, cancel: Cancel) -> Document:
            value: Document = super().shape(document, cancel)
            if when(cancel):
                change(value, path, new)
            return value

    return Spoiled

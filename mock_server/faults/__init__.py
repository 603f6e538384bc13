"""The catalogue: faults, each of which breaks a rule, and variations, which break none."""

from mock_server.faults.change import Change

__all__ = ["Change", "catalogue", "faults", "find", "variations"]


def faults() -> tuple[Change, ...]:
    """The wrong engines, by aspect."""
    return ()


def variations() -> tuple[Change, ...]:
    """The odd engines that conform."""
    return ()


def catalogue() -> dict[str, Change]:
    """Both, by name."""
    return {change.name: change for change in (*faults(), *variations())}


def find(name: str) -> Change | None:
    """The fault or variation of that name."""
    return catalogue().get(name)

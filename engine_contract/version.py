"""The kit's version, from the installed distribution."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "engine-contract"


def kit_version() -> str:
    """Return the version of the installed kit; `0+unknown` where it runs from a bare copy."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0+unknown"

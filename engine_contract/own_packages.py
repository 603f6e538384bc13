"""Whether a package's name leads to the kit's own: projects have modules of such names too."""

import sys
from importlib.util import find_spec
from pathlib import Path

_SITE = Path(__file__).parents[1]
"""The folder that holds the kit's packages."""


def in_the_way_of(package: str) -> str | None:
    """Return the file that is imported in place of the kit's package of that name, None where it is the kit's own."""
    found = sys.modules.get(package) or find_spec(package)
    origin = getattr(found, "__file__", None) or getattr(found, "origin", None)
    return None if origin is None or Path(origin).parent == _SITE / package else origin


def give_way() -> None:
    """Take the kit's folder from the front of `sys.path`, where pytest puts it for the kit's own tests.

    The project's modules come first again; the folder stays where Python itself has put it.
    """
    site = str(_SITE)
    if sys.path[0] == site and site in sys.path[1:]:
        del sys.path[0]


def explain(package: str, file: str, wanted_by: str) -> str:
    """Return the sentence for a user whose module stands in the way."""
    return (
        f"{wanted_by} needs the kit's own package {package}, but {file} stands in the way. "
        "Rename that module, or start pytest where it cannot be imported."
    )

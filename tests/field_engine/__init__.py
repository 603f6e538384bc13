"""A field engine: an HTTP engine of the page's route, with faulty, unusual and hostile versions."""

from .catalogue import Entry
from .serving import Served, serve
from .versions import ALL, BY_NAME, FAULTS, HOSTILE, RIGHT, VARIATIONS

__all__ = ["ALL", "BY_NAME", "FAULTS", "HOSTILE", "RIGHT", "VARIATIONS", "Entry", "Served", "serve"]

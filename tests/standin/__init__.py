"""A stand-in for the engine behind `POST /workflow_engine/cancelJob`.

It has one right version, a catalogue of wrong ones (FAULTS) and a catalogue of
correct but unusual ones (VARIATIONS).
"""

from .fault import Fault
from .faults import FAULTS
from .running import Running, serve
from .variation import Variation
from .variations import VARIATIONS

__all__ = ["FAULTS", "VARIATIONS", "Fault", "Running", "Variation", "serve"]

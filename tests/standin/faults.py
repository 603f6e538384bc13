"""The catalogue of faults: deliberately wrong versions of the engine."""

from .fault import Fault
from .wrong import (
    documents,
    effects,
    parameters,
    refusals,
    response,
    roles,
    route,
    transport,
)

_LISTINGS = (
    route.fault,
    roles.fault,
    parameters.fault,
    response.fault,
    documents.fault,
    effects.fault,
    refusals.fault,
    transport.fault,
)

FAULTS: dict[str, Fault] = {fault.name: fault for listing in _LISTINGS for fault in listing.faults}
"""All faults by name."""

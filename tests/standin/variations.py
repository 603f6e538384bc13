"""The catalogue of variations: correct but unusual versions of the engine."""

from .odd import conduct, documents, refusals, transport
from .variation import Variation

_LISTINGS = (
    refusals.variation,
    documents.variation,
    transport.variation,
    conduct.variation,
)

VARIATIONS: dict[str, Variation] = {
    variation.name: variation for listing in _LISTINGS for variation in listing.variations
}
"""All variations by name."""

"""All versions by name, the right one among them."""

from __future__ import annotations

from . import (
    faults_effects,
    faults_fields,
    faults_parameters,
    faults_response,
    faults_roles,
    faults_transport,
    hostile,
    variations_documents,
    variations_refusals,
    variations_transport,
)
from .catalogue import Entry

RIGHT = Entry("right", "The engine as the page has it.", "right", "response")
FAULTS: list[Entry] = [
    *faults_roles.ENTRIES,
    *faults_parameters.ENTRIES,
    *faults_effects.ENTRIES,
    *faults_response.ENTRIES,
    *faults_fields.ENTRIES,
    *faults_transport.ENTRIES,
]
VARIATIONS: list[Entry] = [
    *variations_refusals.ENTRIES,
    *variations_documents.ENTRIES,
    *variations_transport.ENTRIES,
]
HOSTILE: list[Entry] = list(hostile.ENTRIES)
ALL: list[Entry] = [RIGHT, *FAULTS, *VARIATIONS, *HOSTILE]
BY_NAME: dict[str, Entry] = {entry.name: entry for entry in ALL}
if len(BY_NAME) != len(ALL):
    names = [entry.name for entry in ALL]
    raise RuntimeError(f"names are not unique: {sorted({name for name in names if names.count(name) > 1})}")

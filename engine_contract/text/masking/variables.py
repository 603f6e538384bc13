"""Sentences without the values of secret variables: a shell puts one in a message where `$NAME` stands in place of NAME."""

import os
from collections.abc import Mapping

from engine_contract.text.masking.hiding import hide
from engine_contract.text.masking.names import is_secret
from engine_contract.text.masking.values import can_be_learned

_OWN = ("CHECK_ENGINE_", "WATCH_ENGINE_", "MOCK_ENGINE_")  # they say where a secret is, and messages are about them


def hide_variables(sentence: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the sentence without the values of variables whose names are those of secrets; paths and words stay."""
    values = (
        value.strip()
        for name, value in environment.items()
        if is_secret(name) and not name.startswith(_OWN) and not value.startswith(("/", "."))
    )
    return hide(sentence, frozenset(filter(can_be_learned, values)))

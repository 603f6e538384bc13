"""The definition of a secret, and texts without secrets.

A value is a secret by its name (`is_secret`): a header, parameter, cookie, form field, JSON key, XML element or
attribute. Values that are found by name are given to `learn`, so that `hide` finds them wherever they come back. Every
function here takes text that strangers wrote, so each takes time that grows with the length of the text and no faster.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine_contract.text.masking.forms import mask_command, mask_output, mask_query, mask_text
    from engine_contract.text.masking.headers import is_structural, mask_header, mask_path, show_header
    from engine_contract.text.masking.hiding import hide
    from engine_contract.text.masking.logins import MAX_LOGIN_CHARS, bare_token, has_password, is_login_route
    from engine_contract.text.masking.names import is_secret
    from engine_contract.text.masking.values import (
        MASK,
        Learn,
        Password,
        can_be_learned,
        credentials_of,
        ignore,
        is_job_id,
    )
    from engine_contract.text.masking.variables import hide_variables

__all__ = [
    "MASK",
    "MAX_LOGIN_CHARS",
    "Learn",
    "Password",
    "bare_token",
    "can_be_learned",
    "credentials_of",
    "has_password",
    "hide",
    "hide_variables",
    "ignore",
    "is_job_id",
    "is_login_route",
    "is_secret",
    "is_structural",
    "mask_command",
    "mask_header",
    "mask_output",
    "mask_path",
    "mask_query",
    "mask_text",
    "show_header",
]

_MODULES = ("values", "names", "hiding", "logins", "headers", "forms", "variables")


def __getattr__(name: str) -> Any:
    """Load what is asked for: a mock masks nothing until somebody looks, and its patterns take a tenth of its start."""
    for module in _MODULES if name in __all__ else ():
        found = vars(import_module(f"{__name__}.{module}"))
        if name in found:
            globals()[name] = found[name]
            return found[name]
    raise AttributeError(f"module {__name__} has no attribute {name}")

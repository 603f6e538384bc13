"""The JSON schema of a settings file, made of the table of options."""

from functools import cache
from typing import Any

from engine_contract.option_rows import rows
from engine_contract.options import CheckOptions


@cache
def settings_schema() -> dict[str, Any]:
    """Return the schema. `engine.schema.json`, for editors, is a copy that `python -m docs.make_pages` writes."""
    (operations,) = (row for row in rows(CheckOptions) if row.setting_only)
    settings = {"$ref": "#/$defs/settings"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "engine.toml of check-engine and watch-engine",
        "description": (
            "Engines by name. In pyproject.toml the same stands under [tool.engine-contract]. Relative paths are "
            "relative to the file, and commands run in its folder."
        ),
        "type": "object",
        "additionalProperties": False,
        "if": {"required": ["operations"]},
        "else": {"required": ["engines"]},
        "properties": {
            "defaults": {
                **settings,
                "description": "A table of settings of every engine that does not set them itself.",
            },
            "operations": operations.json_schema(),
            "engines": {
                "description": "A table of engines, [engines.NAME] each.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
                "additionalProperties": {**settings, "description": "A table of settings.", "required": ["url"]},
            },
        },
        "$defs": {
            "settings": {
                "type": "object",
                "additionalProperties": False,
                "properties": {row.field: row.json_schema() for row in rows(CheckOptions) if row.setting},
            }
        },
    }

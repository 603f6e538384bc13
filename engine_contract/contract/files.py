"""The one module that knows where the contract's documents lie, and how YAML is read."""

from pathlib import Path
from typing import Any

import yaml

# libyaml is ten times faster, and the time to start is felt.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PACKAGE = Path(__file__).parents[1]


def _documents() -> Path:
    """Return the folder of the documents: inside the package in a wheel, beside it in a checkout."""
    carried = _PACKAGE / "spec"
    return carried if carried.is_dir() else _PACKAGE.parent / "spec"


DOCUMENTS = _documents()
PAGE_PATH = DOCUMENTS / "cancelJob.txt"
RULES_PATH = DOCUMENTS / "rules.yaml"
OPENAPI_PATH = DOCUMENTS / "openapi.yaml"


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - a safe loader

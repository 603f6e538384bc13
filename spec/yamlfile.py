"""YAML files of this package, read with libyaml where it is there."""

from pathlib import Path
from typing import Any

import yaml

# libyaml is ten times faster, and the time to start is felt.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(path: Path) -> Any:
    """The content of a YAML file."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader

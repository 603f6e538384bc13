"""What the package file pins."""

import json
import re

from tests.ecosystem.tools import HERE


def test_every_version_is_exact() -> None:
    """The package file pins exact versions, and the lock file has each of them."""
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_no_file_names_a_registry() -> None:
    """The lock file says what is installed, and not from where: any registry serves."""
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert [name for name, package in locked.items() if "resolved" in package] == []
    assert not (HERE / ".npmrc").exists()

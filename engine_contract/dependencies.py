"""Names of other packages that no version promises: checked when the module that uses them is imported.

A name that is gone would otherwise be found late, or never: an override that nobody calls checks nothing.
"""

import re
from importlib import import_module
from opcode import opmap
from types import CodeType
from typing import Any, NoReturn

_DISTRIBUTION = "engine-contract"
_STORE_ATTR = opmap["STORE_ATTR"]
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?([^;]*)")


class DependencyError(ImportError):
    """An installed package lacks what the kit uses of it. The message names both, and the versions that were tested."""


def require(package: str, *names: str, breaks: str) -> None:
    """Raise DependencyError unless the package has all these names.

    A name is `module:name` or `module:Class.name`, where the class or a base of it has `name`, or its methods set it.
    `breaks` completes the sentence "Without it …".
    """
    for name in names:
        module, _, path = name.partition(":")
        try:
            owner: Any = import_module(module)
            *owners, last = path.split(".")
            for step in owners:
                owner = getattr(owner, step)
        except (ImportError, AttributeError):
            refuse(package, name, breaks=breaks)
        if not (hasattr(owner, last) or _is_set_by(owner, last)):
            refuse(package, name, breaks=breaks)


def refuse(package: str, name: str, *, breaks: str) -> NoReturn:
    """Raise DependencyError for a name that the installed version of the package lacks."""
    from importlib.metadata import version

    tested = package + _tested(package)
    raise DependencyError(
        f"{package} {version(package)} lacks {name.replace(':', '.')}. Without it {breaks}. "
        f'Tested are the versions {tested}; install one of them: pip install "{tested}".'
    )


def _is_set_by(owner: Any, name: str) -> bool:
    """Return whether a class declares the attribute, or its methods set it."""
    for base in getattr(owner, "__mro__", ()):
        if name in vars(base).get("__annotations__", {}):
            return True
        for member in vars(base).values():
            code = getattr(member, "__code__", None)
            if code is not None and name in code.co_names and _is_set_in(code, name):
                return True
    return False


def _is_set_in(code: CodeType, name: str) -> bool:
    # By pairs of bytes, an instruction and its argument: `dis` would take a hundredth of the mock's start.
    number = code.co_names.index(name)
    return (_STORE_ATTR, number) in zip(code.co_code[::2], code.co_code[1::2], strict=True)


def _tested(package: str) -> str:
    """Return the tested versions as pyproject.toml declares them, such as `>=3.3,<3.4`."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires(_DISTRIBUTION) or []
    except PackageNotFoundError:  # run from a checkout that is not installed
        return ""
    for line in lines:
        found = _REQUIREMENT.match(line)
        if found is not None and found[1].lower().replace("_", "-") == package:
            return ",".join(sorted(found[2].strip().split(","), reverse=True))
    return ""

"""Take names from installed packages, one at a time in a process of its own, and see what an adapter says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module, reload
from typing import Any
from unittest import mock

from engine_contract import dependencies
from tests.support import ROOT


def complaints(adapter: str, call: str = "") -> dict[str, str]:
    """Return the names that a module of the kit requires, each with what the module says when it is gone.

    They are required when the module is imported, or when `call`, an expression, is evaluated in it.
    """
    command = [sys.executable, "-W", "ignore", "-m", "tests.adapters.removal", adapter, call]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    assert said, f"{adapter} requires nothing"
    # With a method the names go that it alone sets, so that the sentence may be about one of these.
    assert {name: sentence for name, sentence in said.items() if " lacks " not in sentence} == {}
    return said


def _main(adapter: str, call: str) -> None:
    names: list[str] = []
    real = dependencies.require

    def recorded(package: str, *required: str, breaks: str) -> None:
        if sys._getframe(1).f_globals["__name__"] == adapter:  # noqa: SLF001 - and not a module that it loads
            names.extend(name for name in required if name not in names)
        real(package, *required, breaks=breaks)

    with mock.patch.object(dependencies, "require", recorded):
        module = import_module(adapter)
        eval(call or "None", vars(module))  # noqa: S307 - an expression of a test
        said = {}
        for name in names:
            with _removed(name):
                try:
                    eval(call or "None", vars(reload(module)))  # noqa: S307
                except dependencies.DependencyError as error:
                    said[name] = str(error)
                else:
                    said[name] = "nothing"
    sys.stdout.write(json.dumps(said))


@contextmanager
def _removed(name: str) -> Iterator[None]:
    module, _, path = name.partition(":")
    *owners, last = path.split(".")
    owner: Any = import_module(module)
    parent = owner
    for step in owners:
        parent, owner = owner, getattr(owner, step)
    with ExitStack() as stack:
        if owners and not owner.__flags__ & (1 << 9):  # not a heap type: its names cannot be removed
            stack.enter_context(mock.patch.object(parent, owners[-1], type(owners[-1], (), {})))
        for base in getattr(owner, "__mro__", (owner,)):
            if base is not object:
                _remove(stack, base, last)
        yield


def _remove(stack: ExitStack, owner: Any, name: str) -> None:
    if name in vars(owner):
        stack.callback(setattr, owner, name, vars(owner)[name])
        delattr(owner, name)
    annotations = vars(owner).get("__annotations__", {})
    if isinstance(owner, type) and name in annotations:
        stack.callback(annotations.__setitem__, name, annotations.pop(name))
    for member in vars(owner).values() if isinstance(owner, type) else ():
        code = getattr(member, "__code__", None)
        if code is not None and name in code.co_names:
            stack.callback(setattr, member, "__code__", code)
            renamed = tuple(f"{each}_gone" if each == name else each for each in code.co_names)
            member.__code__ = code.replace(co_names=renamed)


if __name__ == "__main__":
    _main(*sys.argv[1:])

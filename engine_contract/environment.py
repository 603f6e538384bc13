"""Environment variables that set options: which are read, which are others', and which are mistakes."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

_KUBERNETES = re.compile(r"(?:tcp|udp|sctp)://", re.IGNORECASE)
_OF_A_SERVICE = re.compile(r"(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)")


def variable_of(name: str) -> str:
    """Return a name as environment variables are written, such as `X_API_KEY`."""
    return re.sub("[^A-Z0-9]", "_", name.upper())


def usual_variable(role: str | None) -> str:
    """Return the environment variable that texts name for a role's token, such as `ADMIN_TOKEN`; `TOKEN` for nobody's."""
    return f"{variable_of(role)}_TOKEN" if role else "TOKEN"


def value_of(name: str, environment: Mapping[str, str]) -> str | None:
    """Return a variable without the blanks and line breaks around it; None where it is not set, or not meant for us."""
    value = environment.get(name)
    return None if value is None or is_of_kubernetes(name, value) else value.strip()


def is_of_kubernetes(name: str, value: str) -> bool:
    """Return whether Kubernetes set a variable, as it does where a service has the command's name."""
    return name.endswith("_PORT") and _KUBERNETES.match(value) is not None


def no_variable(name: str) -> str:
    """Return the sentence on a variable that is not there, and how it is named where this cannot be a name."""
    hint = "" if name.isidentifier() else " Give its name, without $; of several values each has a line of its own."
    return f"the environment has no variable {name}. Set it.{hint}"


def second_variables(options: Iterable[Sequence[str]], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence on each variable that is ignored, since another one sets the same option.

    `options` are each option's variables, of which the first that is set counts.
    """
    for names in options:
        counts, *others = [name for name in names if value_of(name, environment)] or [""]
        for name in others:
            yield f"{name}: is ignored, since {counts} sets the same option. Leave one of them out."


def strange_variables(prefix: str, known: Collection[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence on each variable that begins with the prefix and sets no option."""
    for name, value in sorted(environment.items()):
        if not name.startswith(prefix):
            continue
        if is_of_kubernetes(name, value):
            yield f"{name}={value}: is ignored. Kubernetes sets it, for a service of that name."
        elif name not in known and not _OF_A_SERVICE.fullmatch(name.removeprefix(prefix)):
            from difflib import get_close_matches  # few make such a mistake

            near = get_close_matches(name.removeprefix(prefix), [each.removeprefix(prefix) for each in known], 1, 0.6)
            hint = f" Did you mean {prefix}{near[0]}?" if near else ""
            yield f"{name}: no option has this variable, so it is ignored.{hint}"

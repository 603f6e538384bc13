"""Which operation a request is for."""

from collections.abc import Sequence

from engine_contract.contract import Operation
from engine_contract.http.paths import decoded_path


def called_operation(operations: Sequence[Operation], method: str, path: str) -> Operation | None:
    """Return the operation that a request is for; `path` is below the engine's base, as it was sent, without a query."""
    found = called_below(operations, method, path)
    return found[0] if found is not None and not found[1] else None


def called_below(operations: Sequence[Operation], method: str, path: str) -> tuple[Operation, str] | None:
    """Return the operation that a request is for, and what stands before its path; None for another request."""
    found = [
        (operation, before)
        for operation in operations
        if operation.method == method and (before := before_operation(operation, path)) is not None
    ]
    # Of several templates the longest with the fewest parameters.
    return min(found, key=lambda one: (len(one[1]), len(one[0].parameters_in("path"))), default=None)


def before_operation(operation: Operation, path: str) -> str | None:
    """Return what stands before the operation's path, in any spelling of that; None for another path."""
    base, *segments = path.rsplit("/", operation.path.count("/"))
    return base if operation.match("/" + "/".join(map(decoded_path, segments))) is not None else None

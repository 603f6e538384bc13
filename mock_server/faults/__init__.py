"""The catalogue: faults, each of which breaks a rule, and variations, which break none."""

from collections.abc import Mapping
from functools import cache

from engine_contract.contract import load_contract
from mock_server.faults.documented import documented
from mock_server.faults.effects import effects
from mock_server.faults.request import request
from mock_server.faults.response import response
from mock_server.faults.roles import roles, roles_of_cancels
from mock_server.faults.route import route
from mock_server.faults.transport import transport
from mock_server.faults.variations import variations as odd
from mock_server.operations.exchange import Change

__all__ = ["Change", "catalogue", "companion", "documented", "faults", "variations"]


@cache
def faults() -> tuple[Change, ...]:
    """Return the wrong engines, by aspect."""
    own = load_contract()
    found = (
        *(*route(), *roles(own), *roles_of_cancels(), *request(), *effects(own)),
        *(*transport(), *response(own)),
    )
    order = ("route", "roles", "request", "effects", "transport", "response")
    return tuple(sorted(found, key=lambda change: order.index((change.rule or "").partition(".")[0])))


@cache
def variations() -> tuple[Change, ...]:
    """Return the odd engines that conform."""
    return tuple(odd(load_contract()))


@cache
def catalogue() -> Mapping[str, Change]:
    """Return faults and variations, by name."""
    return {change.name: change for change in (*faults(), *variations())}


_OF_ANY_CALL = frozenset({"throttles", "unavailable-at-times", "slow"})
_OF_CANCELS = frozenset({"large"})  # its document is of a canceled job, whatever the job's status is


@cache
def companion(*, shows_jobs: bool) -> Mapping[str, Change]:
    """Return what may come with a call around a cancel, where no rule is broken: faults of the transport, and variations.

    Those of the document come with calls that show jobs.
    """
    odd_documents = (
        {one.name for one in variations() if one.document is not None} - _OF_CANCELS if shows_jobs else set()
    )
    found = (*transport(), *(one for one in variations() if one.name in _OF_ANY_CALL | odd_documents))
    return {change.name: change._replace(rule=None) for change in found}

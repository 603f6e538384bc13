"""Before a run: logging in, and finding out how a credential travels."""

from collections.abc import Iterable

from contract_tests.config.auth import Auth, Bearer
from contract_tests.errors import SettingError
from contract_tests.model import Caller, Exchange
from contract_tests.plan.scenario import NO_JOB, Step, fill
from contract_tests.purpose import Purpose
from contract_tests.run.findings import Findings
from contract_tests.run.likeness import is_alike, look_without
from contract_tests.safety.page_calls import SAFE, PageCalls
from contract_tests.transport.sender import Sender, describe_failure
from contract_tests.transport.transport import Transport

WAYS = ("bearer", "query:token", "cookie:token", "basic")
"""How such engines take a credential, by public clients; `basic` takes a user and a password."""


async def log_in(transport: Transport, found: Findings) -> None:
    """Log in for each role that needs it; say where that fails."""
    for role, source in transport.tokens.logins().items():
        try:
            refused = await transport.log_in(role)
        except SettingError as error:
            found.stop("tokens", str(error))
            continue
        if refused is None:
            continue
        if refused.response is None:
            found.stop("unreachable", f"The engine could not be reached to log in: {describe_failure(refused)}.")
            return
        what = f"with status {refused.status}" if not refused.accepted else "with a success that holds no token"
        found.stop("tokens", f"POST /login of {source.user} for the role {role} was answered {what}: {source.option}.")


async def find_way(sender: Sender, roles: Iterable[str], found: Findings, page: PageCalls | None = None) -> Auth:
    """Return how a credential travels: the first way whose response is another one than to no credential.

    Each way is tried with the id of no job, or with the `GET` of a page where no cancel is to be sent. A 401 shows less than another response: an engine may look at a credential
    in a way that it does not take.
    """
    role = next((role for role in roles if role in sender.transport.tokens), None)
    if role is None:
        return Bearer()
    nobody = await _try(sender, Caller(), page)
    second = None
    for way in _ways(sender.transport.tokens[role]) if nobody.response else ():
        auth = Auth.parse(way)
        exchange = await _try(sender, Caller(role, "token", way), page)
        if exchange.response is None:
            break
        if _is_alike(sender, exchange, nobody):
            continue
        if exchange.status != 401:
            found.note(
                f"--auth auto: the credential travels as {auth}, which was answered otherwise than no credential."
            )
            return auth
        second = second or auth
    if nobody.response is not None:
        told = f"{second}, which was answered otherwise" if second else "bearer: no way was answered otherwise"
        found.note(f"--auth auto: the credential travels as {told} than no credential.")
    return second or Bearer()


def _ways(credential: str) -> tuple[str, ...]:
    # A password is shown to no log: basic goes before the URL, and a token without a user is not sent as one.
    return ("bearer", "basic", "cookie:token", "query:token") if ":" in credential else WAYS[:-1]


async def _try(sender: Sender, caller: Caller, page: PageCalls | None) -> Exchange:
    if page is None:
        step = Step(Purpose.WAY, caller, "observed", "route.path", NO_JOB)
    else:
        (_, path, query), *_ = page.variants
        step = Step(Purpose.WAY, caller, "observed", "route.path", None, query, SAFE, path=path)
    return await sender.send(fill(step, None, sender.transport.guard))


def _is_alike(sender: Sender, exchange: Exchange, other: Exchange) -> bool:
    secrets = sender.transport.secrets()
    return is_alike(look_without(exchange, secrets), [look_without(other, secrets)])

"""The credentials with which the watcher cancels on the console's behalf: logged in and renewed, in the way that works."""

import asyncio
from collections.abc import Callable
from secrets import token_hex

from contract_tests.config.auth import Auth
from contract_tests.config.options import Connection
from contract_tests.errors import SettingError
from contract_tests.run.access import find_way
from contract_tests.run.findings import Findings
from contract_tests.safety.guard import Guard
from contract_tests.transport.sender import GaveUp, Sender, describe_failure
from contract_tests.transport.transport import Transport
from engine_contract.contract import Operation

PATIENCE_S = 30.0
"""Seconds for finding out how a credential travels."""


class WatchCredentials:
    """Knows the tokens of roles; requests of its own go to the engine only to log in and to find the way."""

    def __init__(self, operation: Operation, connection: Connection, *, learn: Callable[[str], object]) -> None:
        """Take the operation to find the way with, and the tokens; `learn` gets each secret. Raises SettingError for tokens that cannot be used."""
        self._transport = Transport(connection, Guard(operation), wrong_credential=token_hex(16))
        self._tokens = self._transport.tokens
        self._tokens.read()
        self._auth = connection.auth
        self._learn = learn
        self._is_asked = asyncio.Lock()
        self.known = dict(self._tokens.all)
        """Tokens that are known by now, by role."""

    def secrets(self) -> frozenset[str]:
        """Return all values that must be shown nowhere."""
        return self._transport.secrets()

    async def of(self, role: str) -> tuple[Auth, str]:
        """Return how a role's credential travels, and what is sent. Raises RuntimeError where a login fails."""
        async with self._is_asked:
            if role not in self._tokens:
                try:
                    refused = await self._transport.log_in(role)
                except SettingError as error:
                    raise RuntimeError(str(error)) from error
                if refused is not None:
                    what = describe_failure(refused) if refused.response is None else f"status {refused.status}"
                    raise RuntimeError(f"the login for the role {role} gave no token: {what}")
                self._take(role)
            if not self._auth.is_settled:
                await self._find_way(role)
        return self._auth, self._auth.on_the_wire(self._tokens[role])

    async def renew(self, role: str) -> bool:
        """Get another token for one that was refused. Return whether there is one."""
        is_renewed = await self._transport.renew(role, self._tokens.in_use(role), is_due=False)
        if is_renewed:
            self._take(role)
        return is_renewed

    def refused(self, role: str) -> None:
        """Take in that a new token was refused too."""
        self._tokens.in_vain(role, is_due=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    def _take(self, role: str) -> None:
        self.known[role] = self._tokens[role]
        for secret in self._tokens.hidden:
            self._learn(secret)

    async def _find_way(self, role: str) -> None:
        sender = Sender(self._transport, concurrency=1, rate=None, deadline=PATIENCE_S)
        try:
            auth = await find_way(sender, [role], Findings())
        except GaveUp as error:
            raise RuntimeError(str(error)) from error
        if sender.exchanges[-1].response is None:
            raise RuntimeError(describe_failure(sender.exchanges[-1]))
        self._auth = auth

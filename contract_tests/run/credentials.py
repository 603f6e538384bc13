"""Whether a refusal means the role or its token: a token that is stale or wrong is refused too, and shows nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contract_tests.model import BUSY, DENIED, GATEWAY, Caller, Exchange
from contract_tests.purpose import Purpose
from contract_tests.run.findings import Findings
from contract_tests.run.likeness import Look, is_alike, look_without, looks_of
from contract_tests.safety.guard import probe_request
from contract_tests.transport.sender import Sender

OTHERS = "roles.others"
SAMPLES = 2  # responses to a wrong credential: what differs between them says nothing
WRONG = Caller(kind="wrong")


@dataclass(frozen=True, slots=True)
class Trust:
    """The user's statements about the tokens."""

    probe: str | None = None
    """A path whose GET any valid token may send."""
    trusts: bool = False
    """Whether the tokens are good, also where a response to one is as to a wrong credential."""
    judges_others: bool = True
    """Whether the rule on roles that may not is wanted."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A refusal that may mean the token: of which role, and which of its tokens was in use."""

    exchange: Exchange
    role: str
    token: int
    rule: str = ""


class Credentials:
    """Keeps the refusals that may mean a token, until the end of the run shows what they meant."""

    def __init__(self, sender: Sender, found: Findings, trust: Trust) -> None:
        self._sender = sender
        self._found = found
        self._trust = trust
        self._operation = sender.transport.guard.operation
        self._accepted: dict[str, tuple[int, float]] = {}
        """For each role which token was accepted last, and when."""
        self._refused: dict[str, _Suspect] = {}
        self._suspects: list[_Suspect] = []

    @property
    def refused_roles(self) -> frozenset[str]:
        """Return the documented roles that were refused while another one was not."""
        return frozenset(self._refused)

    async def exchanged(self, exchange: Exchange, token: int, *, is_due: bool) -> bool:
        """Take in a response to a role's token. Return whether there is another token now, to ask again with.

        `is_due`: the request should have succeeded.
        """
        role, transport = exchange.request.caller.role, self._sender.transport
        if role is None or exchange.request.caller.kind != "token":
            return False
        if exchange.accepted:
            self.accepted(exchange, token)
            return False
        if is_due and _may_be_as_to_wrong(exchange) and transport.tokens.may_renew(role, is_due=True):
            await self._ask_wrong(exchange)
        return self.may_mean_token(exchange) and await transport.renew(role, token, is_due=is_due)

    def accepted(self, exchange: Exchange, token: int) -> None:
        """Take in that a role's token was accepted."""
        role = exchange.request.caller.role or ""
        self._accepted[role] = (token, exchange.started_at)
        self._sender.transport.tokens.accepted(role)

    def may_mean_token(self, exchange: Exchange) -> bool:
        """Return whether the response is a 401, or as to a wrong credential."""
        if exchange.response is None or exchange.accepted:
            return False
        return exchange.status == 401 or self._is_as_to_wrong(exchange)

    async def is_turned_away(self, exchange: Exchange) -> bool:
        """Return whether a response speaks of the caller: 401, 403, or a redirect as for a wrong credential."""
        if exchange.status in DENIED:
            return True
        if not is_redirect(exchange.status):
            return False
        await self._ask_wrong(exchange)
        return self._is_as_to_wrong(exchange)

    async def is_suspect(self, rule: str, exchanges: Sequence[Exchange]) -> bool:
        """Return whether refused valid requests may all mean tokens; then the end of the run decides."""
        if not all(exchange.status == exchanges[0].status for exchange in exchanges):
            return False
        if _may_be_as_to_wrong(exchanges[0]):
            await self._ask_wrong(exchanges[0])
        if not all(map(self.may_mean_token, exchanges)):
            return False
        self._suspects.append(self._suspect(exchanges[0], rule))
        return True

    def role_refused(self, exchange: Exchange) -> None:
        """Record that a documented role was refused and another one was not: the role, or its token."""
        suspect = self._suspect(exchange, f"roles.{exchange.request.caller.role}")
        self._refused.setdefault(suspect.role, suspect)

    async def settle(self) -> None:
        """Send the requests that distinguish a refused role from a wrong credential."""
        for suspect in (*self._refused.values(), *self._suspects):
            await self._ask_wrong(suspect.exchange)
        self._note_ends()
        if self._trust.trusts or not self._trust.judges_others or OTHERS in self._found.broken():
            return
        for role, exchanges in self._of_others():
            for exchange in {exchange.status: exchange for exchange in exchanges}.values():
                await self._ask_wrong(exchange)
            alike = next(filter(self._is_as_to_wrong, exchanges), None)
            if alike is not None and not await self._probe_tells(role):
                self._found.leave_unchecked(OTHERS, self._why_not(role, alike), "tokens")

    def conclude(self) -> None:
        """Say what the refusals meant that could mean a token."""
        for suspect in self._refused.values():
            if self._means_token(suspect):
                self._token_ended(suspect)
                continue
            received = (
                f"status {suspect.exchange.status} to a valid request of {suspect.role}, while another role canceled "
                "a job. A token that is stale or wrong looks the same"
            )
            self._found.break_rule(suspect.rule, received, f"the role {suspect.role} may cancel jobs", suspect.exchange)
        for suspect in self._suspects:
            if not self.was_accepted_later(suspect.exchange, suspect.token):
                self._token_ended(suspect)
                continue
            received = f"status {suspect.exchange.status} to a valid request, and the same token was accepted later"
            documented = "a job that is still active, and is canceled now"
            self._found.break_rule(suspect.rule, received, documented, suspect.exchange)

    def _note_ends(self) -> None:
        """Say whose token was at last answered as a wrong one, where others learn what is wrong with the request."""
        refused = [
            exchange for exchange in self._sender.exchanges if self._is_cancel(exchange) and not exchange.accepted
        ]
        of_tokens = [exchange for exchange in refused if exchange.request.caller.kind == "token"]
        told = {exchange.purpose for exchange in of_tokens if not self.may_mean_token(exchange)}
        for role, (token, at) in self._accepted.items():
            later = [e for e in of_tokens if e.request.caller.role == role and e.started_at > at and e.purpose in told]
            # One that was renewed is answered otherwise once more.
            ended = max(later, key=lambda exchange: exchange.started_at, default=None)
            if ended is not None and self._is_as_to_wrong(ended):
                self._token_ended(_Suspect(ended, role, token, "effects.refused"))

    def _suspect(self, exchange: Exchange, rule: str) -> _Suspect:
        role = exchange.request.caller.role or ""
        return _Suspect(exchange, role, self._sender.transport.tokens.in_use(role), rule)

    def _means_token(self, suspect: _Suspect) -> bool:
        if self.was_accepted_later(suspect.exchange, suspect.token):
            return False
        if suspect.role in self._accepted:
            return self.may_mean_token(suspect.exchange)
        return not self._trust.trusts and self._is_as_to_wrong(suspect.exchange)

    def was_accepted_later(self, exchange: Exchange, token: int) -> bool:
        """Return whether the same token of the same role was accepted after this response: then it was good."""
        accepted, at = self._accepted.get(exchange.request.caller.role or "", (-1, 0.0))
        return accepted == token and at > exchange.started_at

    def _token_ended(self, suspect: _Suspect) -> None:
        role, source = suspect.role, self._sender.transport.connection.tokens[suspect.role]
        was = "it was before: it has ended" if role in self._accepted else "a wrong credential is answered alike"
        renewed = self._sender.transport.tokens.in_use(role) > 0
        can_renew = source.user is not None or source.kind == "cmd"
        help_ = "A renewed one is not accepted either" if renewed else "Give one that lasts, or that can be renewed"
        sentence = (
            f"The token of {role} is not accepted (status {suspect.exchange.status}), and {was}. "
            f"{help_}{'' if can_renew else ': --login, or --token with cmd:COMMAND'}."
        )
        self._found.leave_unchecked(suspect.rule, sentence.removesuffix("."), "tokens")
        self._found.stop("tokens", sentence)

    def _why_not(self, role: str, exchange: Exchange) -> str:
        probe = self._trust.probe
        how = f"the probe {probe} does not tell them apart either" if probe else "give --probe PATH to tell them apart"
        return (
            f"the answer to the role {role} is the same as to a wrong credential (status {exchange.status}), so that a "
            f"token that is stale or wrong cannot be distinguished from a role that may not: {how}, or say --trust-tokens"
        )

    def _of_others(self) -> Iterator[tuple[str, list[Exchange]]]:
        """Return the refused cancels of each role that may not cancel."""
        for role in self._sender.transport.connection.tokens:
            exchanges = [
                exchange
                for exchange in self._sender.exchanges
                if exchange.request.caller == Caller(role, "token")
                and self._is_cancel(exchange)
                and not exchange.accepted
            ]
            if role not in self._operation.roles and exchanges:
                yield role, exchanges

    def _is_as_to_wrong(self, exchange: Exchange) -> bool:
        return self.is_as_to(exchange, self._wrong())

    def is_as_to(self, exchange: Exchange, wrong: Sequence[Exchange]) -> bool:
        """Return whether a refusal says the same as one of those to a wrong credential."""
        if exchange.status in BUSY and not self._sender.is_refusal(exchange):
            return False  # the engine is busy, whoever asks
        if exchange.status in GATEWAY and self._sender.gateway_fails:
            return False
        wrong = [other for other in wrong if other.status == exchange.status]
        secrets = self._secrets(exchange) if wrong else frozenset()
        return bool(wrong) and is_alike(look_without(exchange, secrets), looks_of(wrong, secrets))

    def _is_cancel(self, exchange: Exchange) -> bool:
        request, own = exchange.request, self._operation
        return (request.method, request.path) == (own.method, own.path) and exchange.response is not None

    def _wrong(self) -> list[Exchange]:
        """Return the cancels with a wrong credential, sent in the way of this run."""
        return [
            exchange
            for exchange in self._sender.exchanges
            if exchange.request.caller.kind in {"wrong", "cut"}
            and exchange.request.caller.way is None
            and self._is_cancel(exchange)
        ]

    async def _ask_wrong(self, exchange: Exchange) -> None:
        """Send what was refused with a wrong credential, until there are enough responses of its status to compare with."""
        for _ in range(SAMPLES):
            wrong = self._wrong()
            same = [other for other in wrong if other.status == exchange.status]
            if len(same) >= SAMPLES or (wrong and not same):
                return
            request = same[0].request if same else exchange.request
            wrong_once_more = replace(request, caller=WRONG, purpose=Purpose.WRONG_ONCE_MORE, told="")
            await self._sender.send(wrong_once_more, exchange.job_id)

    async def _probe_tells(self, role: str) -> bool:
        """Return whether a GET that any valid token may send is answered otherwise than to a wrong credential."""
        if self._trust.probe is None:
            return False
        wrong = [await self._probe(WRONG) for _ in range(SAMPLES)]
        token = self._sender.transport.tokens.in_use(role)
        if self._is_told(own := await self._probe(Caller(role, "token")), wrong):
            return True
        is_renewed = await self._sender.transport.renew(role, token, is_due=True)
        return is_renewed and self._is_told(own, wrong)

    async def _probe(self, caller: Caller) -> Exchange:
        return await self._sender.send(probe_request(self._trust.probe or "/", caller))

    def _is_told(self, own: Exchange, wrong: Sequence[Exchange]) -> bool:
        secrets = self._secrets(own)
        looks: list[Look] = [look_without(exchange, secrets) for exchange in wrong if exchange.response]
        return own.accepted and len(looks) == len(wrong) and not is_alike(look_without(own, secrets), looks)

    def _secrets(self, exchange: Exchange) -> frozenset[str]:
        """Return the credentials that a response may repeat: also a token that is the role's own name."""
        transport, role = self._sender.transport, exchange.request.caller.role
        own = {transport.tokens[role]} if role is not None and role in transport.tokens else set()
        return frozenset({*transport.secrets(), *own, *transport.wrong_credentials})


def _may_be_as_to_wrong(exchange: Exchange) -> bool:
    """Return whether it is worth a wrong credential, which some engines lock out for: a 403, or a redirect to a login."""
    return exchange.status == 403 or is_redirect(exchange.status)


def is_redirect(status: int | None) -> bool:
    """Return whether a status sends the caller elsewhere, as to a login."""
    return status is not None and 300 <= status < 400

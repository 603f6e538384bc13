"""A recording judged offline: the usual report, of what the recording shows. Nothing is sent."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from contract_tests.check import Checked
from contract_tests.config.auth import Auth, Bearer
from contract_tests.config.options import rules_with
from contract_tests.judge.answers import holds_document
from contract_tests.judge.passive import JudgedCall, PassiveJudge
from contract_tests.judge.verdict import USUAL, Criteria, document_rule
from contract_tests.model import JobsUse, Judgement, Report, Unchecked
from contract_tests.recording.callers import Callers
from contract_tests.recording.har_reader import Recorded, read_har
from contract_tests.recording.observed import jobs_in
from contract_tests.report.build import build_report
from contract_tests.report.presenter import Presenter
from engine_contract.contract import Operation, Rule, load_contract
from engine_contract.text.masking import can_be_learned, is_job_id
from engine_contract.text.printable import plural

NOT_SHOWN = "the recording does not show it"
NOBODY_NAMED = "the recording does not say whose requests these are: credentials were left out of it"
MAX_NOTES = 5


def replay(  # noqa: PLR0913 - by name
    path: Path,
    criteria: Criteria = USUAL,
    *,
    pages: Sequence[Operation] = (),
    label: str | None = None,
    auth: Auth | None = None,
    tokens: Mapping[str, str] | None = None,
) -> Checked:
    """Judge a recording. Raises SettingError for what is not a HAR file.

    `pages` are further operations whose calls are judged; `tokens` name the callers that show them.
    """
    tokens, own = tokens or {}, load_contract()
    operations = (own, *pages)
    entries = read_har(path, operations, Callers(auth or Bearer(), tokens))
    recorded = entries.recorded
    calls, judgements = _judge(recorded)
    judgements += _of_all(own, calls, judgements)
    presenter = Presenter(_base(recorded), Bearer(), secrets=_secrets(recorded, tokens, calls))
    notes = (
        *_notes(path, operations, recorded, calls),
        *_left_out(entries.left_out),
        *_not_shown(tokens, recorded),
    )
    rules = rules_with(pages)
    report = build_report(
        rules,
        _facts(label, presenter.base, recorded, calls, notes=notes),
        judgements,
        _unchecked(rules, calls, judgements),
        presenter.redact,
        criteria,
    )
    return Checked(report, presenter, criteria.known)


def _judge(recorded: Sequence[Recorded]) -> tuple[list[JudgedCall], list[Judgement]]:
    """Judge each call; documents of other routes show which jobs were active, and which are canceled."""
    passive_judge = PassiveJudge()
    calls: list[JudgedCall] = []
    judgements: list[Judgement] = []
    for item in recorded:
        if item.observed.operation is not None:
            calls.append(passive_judge.judge(item.observed))
            judgements += calls[-1].judgements
        if not item.is_cancel:
            for job_id, status, _ in jobs_in(item.observed.exchange):
                judgements += passive_judge.jobs.see(job_id, status)
    return calls, judgements


def _of_all(own: Operation, calls: Sequence[JudgedCall], judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements that only the recording as a whole shows."""
    judged = {judgement.rule for judgement in judgements}
    succeeded = any(call.operation is own and holds_document(own, call.exchange.response) for call in calls)
    return [Judgement("transport.stable")] if succeeded and "transport.stable" not in judged else []


def _unchecked(
    rules: Sequence[Rule], calls: Sequence[JudgedCall], judgements: Sequence[Judgement]
) -> dict[str, Unchecked]:
    """Return the rules that the recording does not show, which does not count against the engine."""
    judged = {judgement.rule for judgement in judgements}
    held = {judgement.rule for judgement in judgements if judgement.finding is None}
    named = any(call.exchange.request.caller.role for call in calls)
    return {
        rule.id: Unchecked(NOBODY_NAMED if rule.aspect == "roles" and not named else NOT_SHOWN)
        for rule in rules
        if rule.id not in judged and (rule.field is None or document_rule(rule) not in held)
    }


def _facts(
    label: str | None,
    base: str,
    recorded: Sequence[Recorded],
    calls: Sequence[JudgedCall],
    *,
    notes: tuple[str, ...],
) -> Report:
    exchanges = tuple(call.exchange for call in calls)
    canceled = {
        call.exchange.job_id: None
        for call in calls
        if call.operation and call.exchange.job_id and holds_document(call.operation, call.exchange.response)
    }
    started_at = min((item.observed.exchange.started_at for item in recorded), default=0.0)
    return Report(
        verdict="undecided",
        rules=(),
        engine=base,
        label=label,
        started_at=started_at,
        duration_s=round(max((item.ended_at for item in recorded), default=0.0) - started_at, 3),
        undecided_because=() if _is_decided(calls) else ("recording",),
        notes=notes,
        jobs=JobsUse(used=len(canceled), ids_used=tuple(canceled)),
        exchanges=exchanges,
        whole=False,
    )


def _is_decided(calls: Sequence[JudgedCall]) -> bool:
    """Return whether the recording holds a success that was judged."""
    return any(call.judgements and call.exchange.accepted for call in calls)


def _notes(
    path: Path, operations: Sequence[Operation], recorded: Sequence[Recorded], calls: Sequence[JudgedCall]
) -> list[str]:
    notes = []
    routes = " or ".join(operation.route for operation in operations)
    held = f"{plural(len(recorded), 'exchange')}, {len(calls)} of them a {routes}"
    if not _is_decided(calls):
        notes.append(f"The recording {path} holds no answered cancel that shows anything about the contract: {held}.")
    reasons = dict.fromkeys(call.note for call in calls if call.note)
    count = sum(call.note is not None for call in calls)
    if reasons:
        told = " ".join(list(reasons)[:MAX_NOTES])
        notes.append(f"{plural(count, 'cancel')} of the recording could not be judged. {told}")
    bases = dict.fromkeys(item.base for item in recorded if item.is_cancel)
    if len(bases) > 1:
        notes.append(f"The recording holds cancels of several engines, judged together: {', '.join(bases)}.")
    return notes


def _left_out(sentences: Sequence[str]) -> list[str]:
    """Return a note on the entries that cannot be read."""
    if not sentences:
        return []
    told = " ".join(sentences[:MAX_NOTES])
    return [f"Entries of the recording that cannot be read, and were left out: {len(sentences):,}. {told}"]


def _not_shown(tokens: Mapping[str, str], recorded: Sequence[Recorded]) -> list[str]:
    """Return a note on the tokens that no request carries."""
    shown = {item.observed.exchange.request.caller.role for item in recorded}
    missing = [role for role in tokens if role not in shown]
    return [f"No request of the recording carries the token of {', '.join(missing)}."] if missing else []


def _base(recorded: Sequence[Recorded]) -> str:
    """Return the engine's base: that of the first cancel, else of the first exchange."""
    cancels = [item.base for item in recorded if item.is_cancel]
    return next(iter([*cancels, *(item.base for item in recorded)]), "unknown")


def _secrets(recorded: Sequence[Recorded], tokens: Mapping[str, str], calls: Sequence[JudgedCall]) -> frozenset[str]:
    """Return the credentials that a recording of others may hold, and those that were given."""
    ids = {call.exchange.job_id for call in calls}
    held = {secret for item in recorded for secret in item.secrets if secret not in ids or not is_job_id(secret)}
    # A token that is its role's own name, as test engines have them, is not a secret.
    secret = {token for role, token in tokens.items() if token.partition(":")[0] != role}
    return frozenset(held | secret | set(filter(can_be_learned, (token.partition(":")[2] for token in secret))))

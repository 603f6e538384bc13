"""A recording judged offline: the usual report, of what the recording shows. Nothing is sent."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from contract_tests.check import Checked, build_report
from contract_tests.config.auth import Auth
from contract_tests.judge.answers import RESPONSE_RULES, holds_job
from contract_tests.judge.known import Known
from contract_tests.judge.passive import CONTRACT, JudgedCancel, PassiveJudge
from contract_tests.model import Because, JobsUse, Judgement, Report
from contract_tests.recording.callers import Callers
from contract_tests.recording.har_reader import Recorded, read_har
from contract_tests.recording.observed import jobs_in
from contract_tests.report.presenter import Presenter
from engine_contract import contract
from engine_contract.text.masking import can_be_learned, is_job_id
from engine_contract.text.printable import plural

NOT_SHOWN = "the recording does not show it"
NOBODY_NAMED = "the recording does not say whose requests these are: credentials were left out of it"
MAX_NOTES = 5


def replay(  # noqa: PLR0913 - what a recording is judged by, by name
    path: Path,
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    strict: bool = False,
    label: str | None = None,
    known: Sequence[Known] = (),
    auth: Auth | None = None,
    tokens: Mapping[str, str] | None = None,
) -> Checked:
    """Judge a recording; `only` and `skip` are ids of rules, and `tokens` name the callers that show them.

    Raises SettingError for a file that is not a HAR file.
    """
    tokens = tokens or {}
    entries = read_har(path, Callers(auth or Auth(), tokens))
    recorded = entries.recorded
    judged_cancels, judgements = _judge(recorded)
    judgements += _of_all(judged_cancels, judgements)
    documents = any(holds_job(judged.exchange.response) for judged in judged_cancels)
    presenter = Presenter(_base(recorded), Auth(), secrets=_secrets(recorded, tokens, judged_cancels))
    notes = (
        *_notes(path, recorded, judged_cancels),
        *_left_out(entries.left_out),
        *_not_shown(tokens, recorded),
    )
    report = build_report(
        _facts(label, presenter.base, recorded, judged_cancels, notes=notes),
        judgements,
        _unchecked(judged_cancels, judgements, documents=documents),
        presenter.redact,
        only=only,
        skip=skip,
        strict=strict,
        known=known,
        documents=documents,
    )
    return Checked(report, presenter, known)


def _judge(recorded: Sequence[Recorded]) -> tuple[list[JudgedCancel], list[Judgement]]:
    """Judge each cancel; documents of other routes show which jobs were active, and which are canceled."""
    passive_judge = PassiveJudge()
    judged_cancels: list[JudgedCancel] = []
    judgements: list[Judgement] = []
    for item in recorded:
        if item.is_cancel:
            judged_cancels.append(passive_judge.judge(item.observed))
            judgements += judged_cancels[-1].judgements
        else:
            for job_id, status, _ in jobs_in(item.observed.exchange):
                judgements += passive_judge.see_job(job_id, status)
    return judged_cancels, judgements


def _of_all(judged_cancels: Sequence[JudgedCancel], judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements that only the recording as a whole shows."""
    judged = {judgement.rule for judgement in judgements}
    succeeded = sum(holds_job(judged.exchange.response) for judged in judged_cancels)
    return [Judgement("transport.stable")] if succeeded and "transport.stable" not in judged else []


def _unchecked(
    judged_cancels: Sequence[JudgedCancel], judgements: Sequence[Judgement], *, documents: bool
) -> dict[str, tuple[str, Because | None]]:
    """Return the rules that the recording does not show, which does not count against the engine."""
    judged = {judgement.rule for judgement in judgements}
    fields = {rule.id for rule in RESPONSE_RULES} if documents else set()
    named = any(judged.exchange.request.caller.role for judged in judged_cancels)
    return {
        rule.id: (NOBODY_NAMED if rule.aspect == "roles" and not named else NOT_SHOWN, None)
        for rule in contract.load_rules()
        if rule.id not in judged and rule.id not in fields
    }


def _facts(
    label: str | None,
    base: str,
    recorded: Sequence[Recorded],
    judged_cancels: Sequence[JudgedCancel],
    *,
    notes: tuple[str, ...],
) -> Report:
    exchanges = tuple(judged.exchange for judged in judged_cancels)
    canceled = {exchange.job_id: None for exchange in exchanges if exchange.job_id and holds_job(exchange.response)}
    started_at = min((item.observed.exchange.started_at for item in recorded), default=0.0)
    return Report(
        verdict="undecided",
        rules=(),
        engine=base,
        label=label,
        started_at=started_at,
        duration_s=round(max((item.ended_at for item in recorded), default=0.0) - started_at, 3),
        undecided_because=() if _is_decided(judged_cancels) else ("jobs",),
        notes=notes,
        jobs=JobsUse(used=len(canceled), ids_used=tuple(canceled)),
        exchanges=exchanges,
        whole=False,
    )


def _is_decided(judged_cancels: Sequence[JudgedCancel]) -> bool:
    """Return whether the recording holds a success that was judged."""
    return any(judged.judgements and judged.exchange.accepted for judged in judged_cancels)


def _notes(path: Path, recorded: Sequence[Recorded], judged_cancels: Sequence[JudgedCancel]) -> list[str]:
    notes = []
    held = f"{plural(len(recorded), 'exchange')}, {len(judged_cancels)} of them a {CONTRACT.method} {CONTRACT.path}"
    if not _is_decided(judged_cancels):
        notes.append(f"The recording {path} holds no answered cancel that shows anything about the contract: {held}.")
    reasons = dict.fromkeys(judged.note for judged in judged_cancels if judged.note)
    count = sum(judged.note is not None for judged in judged_cancels)
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


def _secrets(
    recorded: Sequence[Recorded], tokens: Mapping[str, str], judged_cancels: Sequence[JudgedCancel]
) -> frozenset[str]:
    """Return the credentials that a recording of others may hold, and those that were given."""
    ids = {judged.exchange.job_id for judged in judged_cancels}
    held = {secret for item in recorded for secret in item.secrets if secret not in ids or not is_job_id(secret)}
    # A token that is its role's own name, as test engines have them, is not a secret.
    secret = {token for role, token in tokens.items() if token.partition(":")[0] != role}
    return frozenset(held | secret | set(filter(can_be_learned, (token.partition(":")[2] for token in secret))))

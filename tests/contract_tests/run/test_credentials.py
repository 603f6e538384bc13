"""A refusal that may mean a stale token shows nothing of the role, unless something tells the two apart."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_tests.check import check
from contract_tests.config.auth import Auth
from contract_tests.config.sources import Source, login
from contract_tests.model import Report, RuleResult
from contract_tests.run import canceller
from contract_tests.safety.supply import Supply
from tests import standin
from tests.support.commands import TOKENS, check_engine, write_jobs
from tests.support.engines import settings_for
from tests.support.job_engine import OTHERS, ROLES
from tests.support.login_engine import LoginEngine, login_engine

RULE = "roles.others"
ALIKE = "is the same as to a wrong credential"


def run(
    engine: LoginEngine, *, tokens: dict[str, str | None] | None = None, logs_in: bool = False, **changes: Any
) -> tuple[Report, RuleResult]:
    """Check the engine, with these tokens in the place of the roles' names; the report, and what it says of the rule."""
    made = engine.make_jobs(24)
    settings = settings_for(engine.url, **changes)
    named = {**{role: role for role in (*ROLES, "apiread")}, **(tokens or {})}
    sources = {role: Source(token, f"--token {role}") for role, token in named.items() if token is not None}
    if logs_in:
        sources = {
            role: login(Source(f"{role}@pronghorn:pass-{role}", f"--login {role}")) for role in (*ROLES, "apiread")
        }
    settings = replace(settings, connection=replace(settings.connection, tokens=sources))
    report = check(settings, lambda _: Supply(made)).report
    return report, next(result for result in report.rules if result.rule.id == RULE)


def test_bogus_token_of_a_refused_role_leaves_a_wide_open_engine_undecided() -> None:
    """The rule is unchecked, counts, and says what would help."""
    with login_engine(lets_in=OTHERS) as engine:
        report, rule = run(engine, tokens={"apiread": "bogus-token-0123456789"})
        assert (report.verdict, report.undecided_because) == ("undecided", ("tokens",))
        assert (rule.outcome, rule.counts) == ("unchecked", True)
        assert ALIKE in (rule.reason or "")
        report, rule = run(engine)
    assert (report.verdict, rule.outcome) == ("violates", "broken")


def test_token_of_hex_digits_is_not_sent_in_the_other_case() -> None:
    """An engine that reads it in either case is not wrong: the rule is unchecked and does not count, and nothing warns."""
    token = "deadbeef" * 3
    with standin.serve("token-any-case-allowed", tokens={token: "admin"} | {role: role for role in ROLES}) as engine:
        settings = settings_for(engine.url, roles=ROLES, only=("roles.case", "roles.wrong"))
        tokens = {**settings.connection.tokens, "admin": Source(token, "--token admin")}
        settings = replace(settings, connection=replace(settings.connection, tokens=tokens))
        report = check(settings, lambda _: Supply(engine.make_jobs(24))).report
    rules = {result.rule.id: result for result in report.rules}
    assert report.verdict == "conforms", report.notes
    assert (rules["roles.wrong"].outcome, rules["roles.case"].outcome) == ("held", "unchecked")
    assert rules["roles.case"].reason == "A request was not sent: the token of admin has no other letter case."


def test_probe_of_a_bogus_token_does_not_help_it() -> None:
    """A probe that answers the token as a wrong one leaves the rule unchecked."""
    with login_engine(lets_in=OTHERS) as engine:
        report, rule = run(engine, tokens={"apiread": "bogus-token-0123456789"}, probe="/whoami")
    assert (report.verdict, rule.outcome) == ("undecided", "unchecked")


@pytest.mark.parametrize(
    ("changes", "verdict", "outcome"),
    [
        ({}, "undecided", "unchecked"),
        ({"probe": "/whoami"}, "conforms", "held"),
        ({"probe": "/nowhere"}, "undecided", "unchecked"),
        ({"trust_tokens": True}, "conforms", "held"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_engine_that_refuses_all_alike_is_decided_by_a_probe_or_by_trust(
    status: int, changes: dict[str, Any], verdict: str, outcome: str
) -> None:
    """Times and ids in the body make no difference; a probe that nobody may send does not count."""
    with login_engine(refuses_with=status) as engine:
        report, rule = run(engine, **changes)
    assert (report.verdict, rule.outcome) == (verdict, outcome), report.notes


def test_stale_token_of_a_documented_role_breaks_nothing() -> None:
    """A role whose token is refused as a wrong one is not said to be refused."""
    with login_engine() as engine:
        report, _ = run(engine, tokens={"support": "ended-token-0123456789"})
        assert (report.verdict, report.undecided_because) == ("undecided", ("tokens",)), report.rules
        assert any("The token of support is not accepted" in note for note in report.notes)


def test_tokens_that_end_during_the_run_break_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens that cannot be renewed and end in the midst: undecided, with that sentence, once it was not a lock-out."""
    monkeypatch.setattr(canceller, "LOCK_OUT_WAITS_S", (0.1, 0.2))
    with login_engine(lasts=25) as engine:
        for role in (*ROLES, "apiread"):
            engine.tokens[f"token-of-{role}-0123"] = [role, 25]
        report, _ = run(engine, tokens={role: f"token-of-{role}-0123" for role in (*ROLES, "apiread")})
    assert report.verdict == "undecided", [item for item in report.rules if item.outcome == "broken"]
    assert "tokens" in report.undecided_because
    assert any("it has ended" in note for note in report.notes)


LOGIN_PAGES = ["/login", "/#/login", "/login?next=%2Fworkflow_engine", "https://sso.example/sign-in?back=x"]


@pytest.mark.parametrize("page", LOGIN_PAGES)
def test_redirect_of_every_credential_to_a_login_is_undecided(page: str) -> None:
    """An engine whose cancel sends every caller to one page has taken no credential; other paths may answer otherwise."""
    with login_engine(login_page=page) as engine:
        report, _ = run(engine, tokens={role: f"ended-{role}-0123456789" for role in (*ROLES, "apiread")})
    assert (report.verdict, report.undecided_because) == ("undecided", ("tokens",)), report.notes
    said = next(note for note in report.notes if "Every credential" in note)
    assert page.partition("?")[0] in said
    assert "check --token, --login and --auth" in said


def test_redirect_of_wrong_credentials_is_a_refusal_in_another_form() -> None:
    """Where the right credentials work, a redirect to the login warns, as a refusal that is not a 4xx, and breaks nothing."""
    with login_engine(login_page="/login") as engine:
        report, _ = run(engine)
    outcomes = {result.rule.id: result.outcome for result in report.rules}
    assert report.verdict == "conforms", report.notes
    assert (outcomes["transport.refusal_status"], outcomes["roles.wrong"]) == ("warned", "held")


def test_redirect_of_one_documented_roles_token_means_the_token() -> None:
    """A role whose stale token is sent to the login, as a wrong one is, is not said to be refused; nothing is broken."""
    with login_engine(login_page="/login") as engine:
        report, _ = run(engine, tokens={"admin": "ended-token-0123456789"})
    assert (report.verdict, report.undecided_because) == ("undecided", ("tokens",)), report.notes
    assert any("The token of admin is not accepted (status 302)" in note for note in report.notes)


def test_tokens_that_end_with_a_redirect_during_the_run_break_nothing() -> None:
    """Tokens that end in the midst, where the engine sends their callers to its login: undecided."""
    with login_engine(lasts=25, login_page="/login") as engine:
        for role in (*ROLES, "apiread"):
            engine.tokens[f"token-of-{role}-0123"] = [role, 25]
        report, _ = run(engine, tokens={role: f"token-of-{role}-0123" for role in (*ROLES, "apiread")})
    assert report.verdict == "undecided", [item for item in report.rules if item.outcome == "broken"]
    assert "tokens" in report.undecided_because


@pytest.mark.parametrize("way", ["bearer", "query", "cookie"])
def test_login_renews_tokens_that_end(way: str) -> None:
    """Tokens that last 40 requests are renewed as often as is needed, those of refused roles too; the way is found."""
    with login_engine(lasts=40, way=way) as engine:
        report, rule = run(engine, logs_in=True, auth="auto")
    assert (report.verdict, rule.outcome) == ("conforms", "held"), report.notes
    assert len(engine.logins) > len(ROLES) + 1
    assert any(f"travels as {Auth.parse(way if way == 'bearer' else f'{way}:token')}" in note for note in report.notes)


def test_tokens_are_read_after_the_jobs_command(tmp_path: Path) -> None:
    """A token command runs once the jobs are there, and not before."""
    with login_engine() as engine:
        (tmp_path / "ids").write_text("\n".join(engine.make_jobs(24)))
        tokens = [f"--token={role}=cmd:echo token >> order; echo {role}" for role in (*ROLES, "apiread")]
        command = "--jobs-command=echo jobs >> order; cat ids"
        done = check_engine(engine.url, *tokens, command, cwd=tmp_path)
    assert done.status == 0, done.out + done.err
    assert (tmp_path / "order").read_text().split() == ["jobs", *["token"] * 5]


@pytest.mark.parametrize(("token", "said"), [('"admin"', "in quotes"), ("Bearer admin", "begins with 'Bearer'")])
def test_credential_with_what_does_not_belong_to_it_is_told(tmp_path: Path, token: str, said: str) -> None:
    """Quotes and the scheme before it are told before anything is sent, without the credential."""
    done = check_engine("http://127.0.0.1:9", "--token=admin=env:T", cwd=tmp_path, env={"T": token})
    assert done.status == 2
    assert said in done.err


def test_login_and_auto_on_the_command_line(tmp_path: Path) -> None:
    """The password shows nowhere, and the report says how the credential travels."""
    with login_engine(lasts=100, way="query") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        logins = [f"--login={role}={role}@pronghorn:env:PASS_{role}" for role in (*ROLES, "apiread")]
        passwords = {f"PASS_{role}": f"pass-{role}" for role in (*ROLES, *OTHERS)}
        started = time.monotonic()
        done = check_engine(
            engine.url, *logins, "--jobs", str(jobs), "--report-dir", "out", cwd=tmp_path, env=passwords
        )
        assert done.status == 0, (done.out + done.err, time.monotonic() - started)
        texts = [done.out, done.err, *(path.read_text() for path in (tmp_path / "out").iterdir())]
        assert not [text for text in texts if "pass-" in text or any(token in text for token in engine.tokens)]
        assert "travels as query:token" in (tmp_path / "out" / "report.json").read_text()
        wrong = check_engine(engine.url, "--login=admin=admin:env:W", *TOKENS[1:], cwd=tmp_path, env={"W": "wrong"})
    assert wrong.status == 3
    assert "was answered with status 401" in wrong.out


def test_login_at_an_engine_that_is_down_is_undecided(tmp_path: Path) -> None:
    """The report says so, and is written."""
    done = check_engine(
        "http://127.0.0.1:9", "--login=admin=admin:env:W", "--report-dir=out", cwd=tmp_path, env={"W": "wrong"}
    )
    assert done.status == 3
    assert "could not be reached to log in" in (tmp_path / "out" / "report.json").read_text()

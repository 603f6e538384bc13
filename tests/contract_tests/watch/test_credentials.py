"""The watcher's own credentials: logged in for, renewed when they end, in the way that the engine takes."""

from collections.abc import Mapping

import pytest

from contract_tests.config.auth import Auth
from contract_tests.config.options import Connection
from contract_tests.config.sources import Source, login
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.state import Watch
from tests.support.login_engine import LoginEngine, login_engine
from tests.support.watching import run as run_in_thread


def watch_of(engine: LoginEngine, given: str = "pass-admin") -> Watch:
    """Return a watcher that logs in as admin and is not served."""
    tokens: Mapping[str, Source] = {"admin": login(Source(f"admin@pronghorn:{given}", "--login admin"))}
    return Watch(WatchSettings(Connection(engine.url, Auth.parse("auto"), tokens)))


def cancel(watch: Watch, *job_ids: str) -> list[int | None]:
    """Cancel jobs as the console does; the statuses."""

    async def run() -> list[int | None]:
        try:
            return [(await watch.cancel("admin", job_id)).status for job_id in job_ids]
        finally:
            await watch.close()

    return run_in_thread(run())


@pytest.mark.parametrize("way", ["bearer", "query", "cookie"])
def test_console_cancel_logs_in_and_renews_in_the_way_of_the_engine(way: str) -> None:
    """Tokens that last four requests are enough for any number of cancels."""
    with login_engine(lasts=4, way=way) as engine:
        watch = watch_of(engine)
        assert not engine.logins  # it sends nothing of its own before it is asked
        assert cancel(watch, *engine.make_jobs(5)) == [200] * 5
        assert len(engine.logins) > 1
        shown = watch.observer.redaction.text(" ".join(engine.tokens) + " pass-admin")
    assert "=" not in shown
    assert "pass-admin" not in shown


def test_console_cancel_with_a_refused_login_says_so() -> None:
    """A wrong password is an error that names the role and the status."""
    with login_engine(lasts=4) as engine, pytest.raises(RuntimeError, match=r"login for the role admin .* 401"):
        cancel(watch_of(engine, "wrong"), *engine.make_jobs(1))

"""Secrets in the mock's journal: in no form in what the control API and the console show."""

import time
from urllib.parse import quote

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import running_mock
from mock_server.store.journal import KEPT_BYTES
from tests.support.caller import ROUTE
from tests.support.leaks import SECRET, leaks, requests, spelled


@pytest.mark.parametrize("tokens", [None, {SECRET: "admin"}], ids=["roles", "tokens"])
def test_secret_of_a_request_is_shown_nowhere(tokens: dict[str, str] | None) -> None:
    """Whatever its name, its form and its type; also where the answer names the job that it was given for."""
    with running_mock(Settings(tokens=tokens)) as mock:
        for request in requests():
            httpx.post(mock.url + ROUTE, **request)
        for text in spelled():
            httpx.post(mock.url + ROUTE, json={"job_id": text, "password": SECRET})
        count = len(requests()) + len(spelled())
        entries = mock.requests(limit=count)
        kept = httpx.get(f"{mock.url}/_mock/requests", params={"limit": count}).text
        kept += "".join(httpx.get(f"{mock.url}/_console/journal/{number + 1}").text for number in range(count))
    assert len(entries) == count
    assert leaks(kept) == []
    assert leaks(str(entries)) == []


def test_password_of_a_user_and_token_of_a_login_are_shown_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    """Wherever they stand in a request of somebody else; a password that is a word of the contract masks nothing."""
    users = {"bob": ("b0bPassw0rdXYZ", "admin"), "eve": ("workflow", "admin")}
    with running_mock(Settings(users=users, log=True)) as mock:
        login = {"user": {"username": "bob", "password": "b0bPassw0rdXYZ"}}
        token = httpx.post(f"{mock.url}/login", json=login).text
        httpx.get(f"{mock.url}/workflow_engine/job/b0bPassw0rdXYZ/details")
        for spelling in (token, quote(token, safe="")):
            httpx.get(
                f"{mock.url}/workflow_engine/job/{spelling}/details", params={"x": spelling}, headers={"X-A": spelling}
            )
        kept = httpx.get(f"{mock.url}/_mock/requests").text + str(mock.requests())
        kept += "".join(httpx.get(f"{mock.url}/_console/journal/{number}").text for number in range(1, 5))
    kept += capfd.readouterr().err
    assert "/workflow_engine/job/***/details" in kept
    assert "b0bPass" not in kept
    assert token[:12] not in kept


def test_words_of_the_contract_stay_readable() -> None:
    """A cookie that is named as a credential and says `canceled` masks no status."""
    with running_mock(Settings()) as mock:
        httpx.post(
            mock.url + ROUTE,
            json={"job_id": "4321abcdef694aa79dae47ad"},
            headers={"Cookie": "authState=canceled; token=admin"},
        )
        (entry,) = mock.requests()
    assert '"status":"canceled"' in str(entry["answer"]).replace(": ", ":")
    assert "['cookie', 'authState=***; token=***']" in str(entry["request"])


def test_long_entry_is_masked_once() -> None:
    """A console that asks again and again for hostile entries costs their masks one time."""
    with running_mock(Settings()) as mock:
        for number in range(20):
            httpx.post(mock.url + ROUTE, content=f"{number}" + '"\\' * (12 << 10))
        url = f"{mock.url}/_mock/requests"
        first = httpx.get(url, timeout=60).json()
        started = time.process_time()
        for _ in range(5):
            assert httpx.get(url, timeout=60).json() == first
        assert time.process_time() - started < 1


def test_secret_at_the_cut_of_a_kept_body_is_not_shown() -> None:
    """The head of a token that is known, at the end of what is kept of a body."""
    body = b"x" * (KEPT_BYTES - 9) + b"Zq7hunter2Kx9w" * 9
    with running_mock(Settings()) as mock:
        httpx.post(mock.url + ROUTE, content=body, headers={"Authorization": "Bearer Zq7hunter2Kx9w"})
        (entry,) = mock.requests()
    assert "xxx" in str(entry["request"])
    assert "Zq7" not in str(entry["request"])

"""Secrets in the mock's journal: in no form in what the control API and the console show."""

import asyncio
import gc
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mock_server import Settings, create_app
from mock_server.serving.in_process import running_mock
from mock_server.store.journal import KEPT_BYTES, Entry
from mock_server.store.masker import Masker
from mock_server.store.memory import MemoryStore
from tests.mock_server.store.conftest import entry, use
from tests.support.caller import PAGE_ID, ROUTE
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


async def _read(store: MemoryStore, entry: Entry) -> None:
    await store.record("", entry)
    await store.entries("", limit=1, since=0)


def test_entry_is_kept_as_it_is_shown() -> None:
    """Once it was read, nothing of it is unmasked."""
    body = f'{{"password": "{SECRET}", "x": "{"x" * 5000}"}}'.encode()
    store = MemoryStore(Settings())
    use(lambda: _read(store, entry()._replace(body=body, body_size=len(body))))
    kept = [one for one in gc.get_objects() if isinstance(one, Entry) and b"x" * 5000 in one.body]
    assert len(kept) == 1
    assert SECRET.encode() not in kept[0].body


def test_header_that_was_harmless_is_masked_once_it_holds_a_secret() -> None:
    """Whatever was found in it before: secrets become known with each request."""
    sent = entry()._replace(headers=[(b"x-about", b"harmless-w0rd")])
    masker = Masker(Settings())
    assert masker.mask(sent).headers == masker.mask(sent).headers == sent.headers
    assert masker.mask(sent._replace(token="harmless-w0rd")).headers == [(b"x-about", b"***")]


def test_secret_at_the_cut_of_a_kept_body_is_not_shown() -> None:
    """The head of a token that is known, at the end of what is kept of a body."""
    body = b"x" * (KEPT_BYTES - 9) + b"Zq7hunter2Kx9w" * 9
    with running_mock(Settings()) as mock:
        httpx.post(mock.url + ROUTE, content=body, headers={"Authorization": "Bearer Zq7hunter2Kx9w"})
        (entry,) = mock.requests()
    assert "xxx" in str(entry["request"])
    assert "Zq7" not in str(entry["request"])


def test_document_of_a_job_is_searched_for_known_secrets() -> None:
    """Also where its names are taken for granted: a token that the caller gave its job as a name does not leave."""
    body = f'{{"_id": "{PAGE_ID}", "name": "{SECRET}"}}'.encode()
    sent = entry()._replace(token=SECRET, answer_body=body, answer_size=len(body), is_document=True)
    masked = Masker(Settings()).mask(sent)
    assert masked.answer_body == body.replace(SECRET.encode(), b"***")


@pytest.mark.parametrize(
    ("method", "path", "headers", "armed", "is_document"),
    [
        ("POST", ROUTE, {}, {}, True),
        ("GET", f"/workflow_engine/job/{PAGE_ID}/details", {}, {}, True),
        ("POST", ROUTE, {"Authorization": "Bearer nobody"}, {}, False),
        ("POST", ROUTE, {"Prefer": "fault=answers-another-job"}, {}, False),
        ("POST", ROUTE, {"Prefer": "fault=json-trailing-comma"}, {}, False),
        ("POST", ROUTE, {}, {"code": 200, "body": {"token": "x"}}, False),
    ],
)
def test_response_is_a_document_only_as_it_was_written(
    method: str,
    path: str,
    headers: dict[str, str],
    armed: dict[str, Any],
    *,
    is_document: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a refusal, a fault or an armed body puts in its place is masked as any text."""
    said: list[bool] = []

    async def record(_store: MemoryStore, _session: str, entry: Entry) -> None:
        said.append(entry.is_document)

    async def ask() -> None:
        app = create_app()
        await app.arm("", armed)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            await client.request(
                method,
                path,
                headers={"Authorization": "Bearer admin"} | headers,
                json={"job_id": PAGE_ID} if method == "POST" else None,
            )

    monkeypatch.setattr(MemoryStore, "record", record)
    asyncio.run(ask())
    assert said == [is_document]

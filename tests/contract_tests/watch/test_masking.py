"""Secrets on their way through watch-engine: in no form in its recording, its console, its API or its profile."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from contract_tests.recording.redaction import Redaction
from contract_tests.recording.replay import replay
from engine_contract.contract import load_contract
from tests.support.leaks import SECRET, leaks, requests, spelled
from tests.support.raw_server import answer_of, raw_server
from tests.support.watching import ROUTE, watching


@pytest.mark.parametrize("number", range(len(requests())))
def test_secret_of_a_request_that_comes_back_in_every_spelling_is_kept_nowhere(number: int, tmp_path: Path) -> None:
    """It is masked where it was sent, and wherever the answer repeats it; the words of the contract stay."""
    record, profile = tmp_path / "all.har", tmp_path / "profile.json"
    told = json.dumps({"status": "canceled", "author": "me", "echo": spelled()}).encode()
    answer = answer_of("400 Bad", told, "Content-Type: application/json", f"X-Echo: {spelled()[2]}")
    with raw_server(answer) as engine, watching(engine.url, record=record, write_profile=profile) as watch:
        httpx.post(watch.url + ROUTE, **requests()[number])
        kept = "".join(
            [watch.api().get("/entries/1").text]
            + [httpx.get(f"{watch.console}/{page}").text for page in ("journal/1", "journal")]
        )
    for text in (record.read_text(), profile.read_text(), kept):
        assert leaks(text) == []
    (entry,) = json.loads(record.read_bytes())["log"]["entries"]
    shown = json.loads(entry["response"]["content"]["text"])
    assert (shown["status"], shown["author"]) == ("canceled", "me")
    assert set(shown["echo"]) <= {"***", "***=", "***=="}


@pytest.mark.parametrize("route", ["/login", "/users/sign_in", "/api/v2/users", ROUTE])
def test_answer_to_any_request_with_a_password_is_a_secret(route: str, tmp_path: Path) -> None:
    """A bare token is masked in the answer, and where it is used later."""
    record = tmp_path / "all.har"
    token = "bG9n4W4tdG9rZW4="
    with (
        raw_server(answer_of("200 OK", json.dumps(token).encode())) as engine,
        watching(engine.url, record=record) as watch,
    ):
        httpx.post(watch.url + route, json={"user": {"name": "me", "password": SECRET}})
        httpx.get(f"{watch.url}/x/{token}")
        kept = record.read_text() + watch.api().get("/entries/1").text
    assert token not in kept
    assert "bG9n4W4" not in kept
    assert leaks(kept) == []


def test_what_the_contract_says_is_shown_whatever_cookie_carries_it(tmp_path: Path) -> None:
    """Paths, media types, dates, status words, numbers and ids of the run stay: the replay of a right engine conforms."""
    record = tmp_path / "all.har"
    document = dict(load_contract().response_examples["page"])
    job_id, date = str(document["_id"])[:-4] + "0e1f", "Thu, 26 Nov 2026 14:52:37 GMT"
    document |= {"_id": job_id, "status": "canceled"}
    body = json.dumps(document).encode()
    answer = answer_of("200 OK", body, "Content-Type: application/json", f"Date: {date}")
    with raw_server(answer) as engine, watching(engine.url, record=record) as watch:
        carried = (job_id, "canceled", "application/json", ROUTE, date, *map(str, document.values()), watch.url[7:])
        cookie = "; ".join(f"authState{number}={value}" for number, value in enumerate(carried) if ";" not in value)
        cookie += f"; {'x' * 8}Session={len(body)}"
        for _ in range(2):
            httpx.post(
                watch.url + ROUTE,
                json={"job_id": job_id},
                headers={"Cookie": cookie, "Authorization": "Bearer Zq7hunter2Kx9w"},
            )
        entries = [watch.api().get(f"/entries/{number}").json() for number in (1, 2)]
    for entry in json.loads(record.read_bytes())["log"]["entries"]:
        assert json.loads(entry["response"]["content"]["text"]) == document
        assert {"name": "Date", "value": date} in entry["response"]["headers"]
        assert "***" not in json.dumps(entry["response"])
    assert all("***" not in json.dumps(entry["answer"]) for entry in entries)
    assert replay(record).report.verdict == "conforms"


def test_secret_that_an_answer_hands_out_in_a_header_is_masked_where_it_comes_back(tmp_path: Path) -> None:
    """Console and API mask what the recording masks; the token's later use is masked too."""
    record = tmp_path / "all.har"
    answer = answer_of("200 OK", b"{}", "X-Auth-Token: Zq7hunter2Kx9w")
    with raw_server(answer) as engine, watching(engine.url, record=record) as watch:
        httpx.get(f"{watch.url}/a")
        httpx.get(f"{watch.url}/b/zq7HUNTER2kx9w")
        shown = [watch.api().get(f"/entries/{number}").text for number in (1, 2)]
        kept = "".join([record.read_text(), *shown, httpx.get(f"{watch.console}/journal/1").text])
    assert "hunter2" not in kept.lower()


def test_login_by_its_password_field_is_left_out_with_its_answer(tmp_path: Path) -> None:
    """What hands out a token may wrap it in anything; a cancel is shown whatever it holds."""
    record = tmp_path / "all.har"
    answer = answer_of("200 OK", b'{"data": "Sess-8f3aQ"}', "Content-Type: application/json")
    with raw_server(answer) as engine, watching(engine.url, record=record) as watch:
        httpx.post(f"{watch.url}/api/v2/users", json={"user": "me", "password": SECRET})
        httpx.post(watch.url + ROUTE, json={"job_id": "4321abcdef694aa79dae47ad", "password": SECRET})
        shown = [watch.api().get(f"/entries/{number}").text for number in (1, 2)]
    login, cancel = json.loads(record.read_bytes())["log"]["entries"]
    for text in (json.dumps(login), shown[0]):
        assert "Sess-8f3aQ" not in text
    assert "4321abcdef694aa79dae47ad" in cancel["request"]["postData"]["text"]
    assert leaks(record.read_text()) == []


def test_many_and_long_secrets_do_not_slow_an_answer_down() -> None:
    """What is learned is bounded as a whole, so that a text with `…` in it takes no longer for it."""
    redaction = Redaction()
    redaction.learn(f"{number:x}aB3-" * 50_000 for number in range(64))
    redaction.learn(f"{number:x}aB3-" * 3_000 for number in range(64))
    started = time.process_time()
    assert redaction.text("hello … world") == "hello … world"
    assert time.process_time() - started < 1


def test_more_secrets_than_are_looked_for_hide_the_bodies() -> None:
    """What cannot be found where it comes back is not shown where it may come back; 256 can be found."""
    redaction = Redaction()
    many = [f"Zq7-{number:05d}-{'ab' * 4}" for number in range(300)]
    assert redaction.learn_from_request((), ("/", ""), json.dumps({"tokens": many[:256]}).encode())
    assert redaction.text(" ".join(many[:256])) == " ".join(["***"] * 256)
    assert not redaction.learn_from_request((), ("/", ""), json.dumps({"tokens": many}).encode())
    assert not redaction.learn_from_request((), ("/", ""), json.dumps({"token": "aB3-" * 5000}).encode())


def test_secret_far_behind_in_a_body_is_masked_where_it_comes_back(tmp_path: Path) -> None:
    """Behind megabytes of it; and its head at the end of what is kept of an answer is not shown."""
    record = tmp_path / "all.har"
    body = b'{"a": "' + b"x" * (2 << 20) + b'", "password": "Zq7hunter2Kx9w"}'
    cut = b"y" * ((4 << 20) - 9) + b"Zq7hunter2Kx9w" * 3
    with raw_server(answer_of("200 OK", cut)) as engine, watching(engine.url, record=record) as watch:
        httpx.put(f"{watch.url}/a", content=body, headers={"Content-Type": "application/json"}, timeout=60)
        kept = record.read_text()
    assert "yyyy" in kept
    assert "hunter2" not in kept
    assert "yZq7" not in kept


def test_hostile_bodies_of_megabytes_hold_nobody(tmp_path: Path) -> None:
    """While 4 MiB of escaped quotes are written down, other requests are answered."""
    hostile = b'"\\' * (2 << 20)
    with (
        raw_server(answer_of("200 OK", b"{}")) as engine,
        watching(engine.url, record=tmp_path / "all.har") as watch,
        ThreadPoolExecutor(1) as pool,
    ):
        sending = pool.submit(httpx.post, f"{watch.url}/a", content=hostile, timeout=60)
        answered = 0
        while not sending.done():
            httpx.get(f"{watch.url}/b", timeout=60)
            answered += 1
        sending.result()
    assert answered >= 3

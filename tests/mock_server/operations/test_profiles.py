"""Profiles and situations that one request asks for, and a profile that is edited while the mock runs."""

import json
import os
from pathlib import Path

import httpx
import pytest

from mock_server import Settings
from mock_server.operations.profile import load_profile, names
from mock_server.operations.refusals import SITUATIONS
from mock_server.serving.in_process import running_mock
from tests.support.caller import PAGE_ID, ROUTE, Caller, cancel
from tests.support.commands import mock_engine


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_preferred_situation_is_answered_as_it_would_be(caller: Caller, situation: str) -> None:
    """The status and the situation are those of the table, the sentence names the job; the job stays as it was."""
    answer = caller.cancel(headers={"Prefer": f"situation={situation}"})
    assert (answer.status_code, answer.json()["situation"]) == (SITUATIONS[situation], situation)
    assert answer.headers["preference-applied"] == f"situation={situation}"
    assert (PAGE_ID in answer.json()["detail"]) == (situation in {"unknown-job", "not-active"})
    assert caller.journal()[-1]["reason"] == f"Asked for: {answer.json()['detail']}"
    assert caller.status() == "running"


def test_a_preferred_profile_counts_for_its_request(caller: Caller) -> None:
    """A refusal has the form of the profile that the request names, the next one the mock's own; documents follow too."""
    first = caller.cancel("x", headers={"Prefer": "profile=icode"})
    assert (first.status_code, first.json()["IAPerror"]["displayString"]) == (500, "There is no job x.")
    assert first.headers["preference-applied"] == "profile=icode"
    assert caller.cancel("x").headers["content-type"] == "application/problem+json"
    assert "locked" not in caller.cancel(headers={"Prefer": "profile=newer"}).json()


@pytest.mark.parametrize("prefer", ["profile=none", "situation=gone"])
def test_an_unknown_name_lists_those_there_are(caller: Caller, prefer: str) -> None:
    """A profile or situation that there is not is a 400 with the names."""
    answer = caller.cancel(headers={"Prefer": prefer})
    assert answer.status_code == 400
    known = names() if prefer.startswith("profile") else list(SITUATIONS)
    assert ", ".join(known) in answer.json()["detail"]


def test_a_status_asked_for_has_the_sentence_and_the_number(caller: Caller) -> None:
    """A 409 says what a job that is not active says, and forms that repeat the status have it as a number."""
    caller.arm(code=409)
    assert caller.cancel().json()["detail"] == f"The job {PAGE_ID} is no longer active."
    error = caller.cancel(headers={"Prefer": "code=409, profile=icode"}).json()
    assert (error["icode"], error["IAPerror"]["code"]) == ("AD.409", 409)
    assert caller.cancel(headers={"Prefer": "code=418"}).json()["detail"] == "Status 418 was asked for."


@pytest.mark.parametrize("prefer", [{}, {"Prefer": "code=302"}, {"Prefer": "fault=refuses-with-redirect"}])
def test_the_html_profile_ends_on_a_login_page(prefer: dict[str, str]) -> None:
    """Whoever is not logged in follows a redirect to a page with status 200 below the base path, as a browser's fetch does."""
    with running_mock(Settings(profile="html", base_path="/iap")) as mock:
        answer = httpx.post(mock.url + ROUTE, json={"job_id": PAGE_ID}, headers=prefer, follow_redirects=True)
        assert (answer.status_code, answer.url.path) == (200, "/iap/login")
        assert answer.headers["content-type"].startswith("text/html")
        assert httpx.post(f"{mock.url}/login", json={"user": {"username": "admin", "password": ""}}).text == "admin"


def test_a_redirect_that_was_armed_ends_on_a_login_page(caller: Caller) -> None:
    """The login is a page without a profile too, as on such engines; other methods there are 405 with those that are."""
    caller.arm(profile="html", situation="wrong-credential", times=1)
    answer = caller.cancel(follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/login")
    assert answer.headers["content-type"].startswith("text/html")
    wrong = caller.client.put("/login")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")


def test_a_profile_that_is_edited_is_read_again(tmp_path: Path) -> None:
    """The next refusal has the new form and the state stays; a profile that cannot be used leaves the one before."""
    file = tmp_path / "ours.json"

    def write(text: str, at_s: int) -> None:
        file.write_text(text)
        os.utime(file, (at_s, at_s))  # edits within a tick of the file system's clock

    write(json.dumps({"default": {"status": 422}}), 1_000_000_000)
    with running_mock(Settings(profile=file)) as mock:
        assert cancel(mock.url).status_code == 200
        assert cancel(mock.url).status_code == 422
        write(json.dumps({"default": {"status": 423}}), 1_000_000_001)
        assert cancel(mock.url).status_code == 423
        write("{", 1_000_000_002)
        assert cancel(mock.url).status_code == 423


def test_the_list_names_every_profile() -> None:
    """--list-profiles says what each is and how it refuses, and starts nothing."""
    ended = mock_engine("--list-profiles")
    assert ended.status == 0
    for name in names():
        assert f"\n  {name}\n" in ended.out
        assert load_profile(name).description.split()[0] in ended.out
    assert "not logged in 302, may not 403, unknown job 404, not active 409" in ended.out

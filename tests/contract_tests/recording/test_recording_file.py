"""The recording: all that passed, in HAR 1.2, without secrets, whole at every moment."""

import base64
import json
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.errors import SettingError
from contract_tests.recording.recording_file import LARGE_BYTES, Recording
from tests import standin
from tests.support.commands import started
from tests.support.raw_server import answer_of, raw_server, read_message
from tests.support.watching import ROUTE, run, watching


def entries(path: Path) -> list[dict[str, Any]]:
    """The entries of a HAR file, read strictly."""
    log = json.loads(path.read_bytes())["log"]
    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "watch-engine"
    found: list[dict[str, Any]] = log["entries"]
    return found


def test_every_exchange_of_any_route_is_recorded(tmp_path: Path) -> None:
    """Cancels and all else are there, with what a browser's developer tools want."""
    record = tmp_path / "all.har"
    with standin.serve() as engine, watching(engine.url, record=record) as watch:
        (job_id,) = engine.make_jobs(1)
        httpx.post(watch.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
        httpx.get(f"{watch.url}/ui/index.html?x=1&y=a%20b")
        first, second = entries(record)
    assert first["request"]["url"] == engine.url + ROUTE
    assert json.loads(first["request"]["postData"]["text"]) == {"job_id": job_id}
    assert json.loads(first["response"]["content"]["text"])["_id"] == job_id
    assert (first["_role"], first["_credential"], first["_job_id"]) == ("admin", "token", job_id)
    assert second["request"]["queryString"] == [{"name": "x", "value": "1"}, {"name": "y", "value": "a b"}]
    for entry in (first, second):
        assert entry.keys() >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert entry["timings"].keys() == {"send", "wait", "receive"}
        assert entry["request"].keys() >= {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        }
        assert entry["response"].keys() >= {
            "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize",
        }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["all.har"]


SECRETS = {
    "bearer": "bearer-s3cret-0001",
    "password": "passw0rd-0002",
    "cookie": "cookie-s3cret-0003",
    "set": "set-s3cret-0004",
    "query": "query+s3cret/0005=",
    "login": "bG9naW4tczNjcmV0LTAwMDY=",
    "known": "known s3cret/0007",
    "header": "header-s3cret-0008",
    "json": "json-s3cret-0009",
    "key": "key-s3cret-0010",
}


def test_secrets_reach_no_file(tmp_path: Path) -> None:
    """Credentials of every kind are in no byte of the recording and the profile, nor in the journal, however spelled."""
    record, profile = tmp_path / "all.har", tmp_path / "profile.json"
    echo = json.dumps(
        {"token was": SECRETS["known"], "and": base64.b64encode(SECRETS["known"].encode()).decode()}
    ).encode()

    def talk(connection: socket.socket) -> None:
        connection.sendall(
            answer_of(
                "401 No",
                json.dumps(SECRETS["login"]).encode(),
                "Content-Type: application/json",
                f"Set-Cookie: token={SECRETS['set']}; Path=/",
            )
        )
        while read_message(connection):
            connection.sendall(
                answer_of(
                    "400 Bad",
                    echo + SECRETS["login"].encode(),
                    "Content-Type: text/plain",
                    f"X-Echo: {SECRETS['bearer']}",
                )
            )

    with (
        raw_server(talk) as engine,
        watching(
            engine.url,
            tokens={"admin": SECRETS["known"]},
            headers={"X-Gateway": SECRETS["header"]},
            record=record,
            write_profile=profile,
        ) as watch,
        httpx.Client(base_url=watch.url) as client,
    ):
        client.post("/login", json={"user": {"username": "me", "password": SECRETS["password"]}})
        client.cookies.clear()
        client.post(ROUTE, json={"job_id": "x"}, headers={"Authorization": f"Bearer {SECRETS['bearer']}"})
        client.post(ROUTE, json={"job_id": "x"}, headers={"Authorization": f"Bearer {SECRETS['known']}"})
        client.post(ROUTE, json={"job_id": "x"}, auth=("me", SECRETS["password"]))
        client.post(ROUTE, json={"job_id": "x"}, headers={"Cookie": f"token={SECRETS['cookie']}"})
        client.post(ROUTE, params={"token": SECRETS["query"]}, json={"job_id": SECRETS["query"]})
        client.post("/users", json={"password": SECRETS["json"], "name": "x"}, headers={"X-Api-Key": SECRETS["key"]})
        client.get("/back", headers={"Referer": f"{watch.url}/?token={SECRETS['query'].replace('+', '%2B')}"})
        journal = repr(watch.watch.journal.entries())
        api = "".join(watch.api().get(f"/entries/{number}").text for number in range(1, 9))
    kept = record.read_text() + profile.read_text() + journal + api
    assert kept.count("***") > 8
    for name, secret in SECRETS.items():
        encoded = base64.b64encode(secret.encode()).decode()
        for spelling in (secret, encoded, httpx.QueryParams({"x": secret}).__str__()[2:], json.dumps(secret)[1:-1]):
            assert spelling not in kept, name
    assert len(entries(record)) == 8
    assert json.loads(profile.read_text())["situations"]


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    """A file that is there stays as it is; the message says what to do."""
    old = tmp_path / "old.har"
    old.write_text("mine")
    with pytest.raises(SettingError, match="never written over"):
        Recording(old, "http://e")
    assert old.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["old.har"]
    with pytest.raises(SettingError, match="cannot be made"):
        Recording(tmp_path / "none" / "x.har", "http://e")


def test_an_exchange_is_on_disk_before_its_last_byte(tmp_path: Path) -> None:
    """Whoever has read an answer to its end finds it in the file, whatever its framing."""
    record = tmp_path / "all.har"
    answers = [
        answer_of("200 OK", b"abc"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        answer_of("200 OK"),
        answer_of("204 No Content"),
        answer_of("200 OK", b"x" * 3_000_000),
    ]
    with (
        raw_server(lambda connection: connection.sendall(answers[-1])) as engine,
        watching(engine.url, record=record) as watch,
    ):
        for count in range(1, 6):
            httpx.get(watch.url)
            assert len(entries(record)) == count
            answers.pop()
            if not answers:
                break


def test_bytes_that_are_no_text_are_base64(tmp_path: Path) -> None:
    """Binary bodies survive in both directions; text in UTF-8 stays text, compressed or not."""
    record, body = tmp_path / "all.har", bytes(range(256))
    with (
        raw_server(answer_of("200 OK", body, "Content-Type: image/png")) as engine,
        watching(engine.url, record=record) as watch,
    ):
        httpx.post(f"{watch.url}/logo.png", content=body)
        (entry,) = entries(record)
    assert entry["response"]["content"]["encoding"] == "base64"
    assert base64.b64decode(entry["response"]["content"]["text"]) == body
    assert base64.b64decode(entry["request"]["postData"]["_base64"]) == body


def test_a_long_body_is_cut_and_says_so(tmp_path: Path) -> None:
    """Of a very large answer the beginning is kept, with its real size."""
    record, size = tmp_path / "all.har", 6_000_000
    with raw_server(answer_of("200 OK", b"x" * size)) as engine, watching(engine.url, record=record) as watch:
        assert len(httpx.get(watch.url).content) == size
        (entry,) = entries(record)
    assert entry["response"]["bodySize"] == size
    assert entry["response"]["content"]["_cut"] is True
    assert len(entry["response"]["content"]["text"]) == 4 << 20


def test_a_kill_leaves_valid_json(tmp_path: Path) -> None:
    """The watcher is killed at moments of its own while exchanges of all sizes pass: what was answered is in the file."""
    with raw_server(answer_of("200 OK", b"y" * (LARGE_BYTES + 1))) as engine:
        for round_number in range(6):
            record = tmp_path / f"{round_number}.har"
            answered = _answered_before_kill(engine.url, record, after=3 + 7 * round_number)
            assert len(entries(record)) >= answered > 0


def _answered_before_kill(engine: str, record: Path, after: int) -> int:
    """How many answers were whole when the watcher was killed, which was while more were under way."""
    words = ("watch-engine", engine, "--port", "0", "--record", str(record))
    with started(*words, ready="Watching http") as (process, url):
        answered, enough, lock = [0], threading.Event(), threading.Lock()

        def ask() -> None:
            with httpx.Client(timeout=60) as client:
                while True:
                    try:
                        client.get(url)
                    except httpx.HTTPError:
                        return
                    with lock:
                        answered[0] += 1
                    if answered[0] >= after:
                        enough.set()

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(120)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        for thread in threads:
            thread.join(10)
    return answered[0]


def test_the_named_file_is_never_written_to(tmp_path: Path) -> None:
    """What bears the recording's name at one moment never changes: so no write into it can be torn by a kill."""
    path = tmp_path / "x.har"

    async def record() -> None:
        recording = Recording(path, "http://e")
        seen = []
        for number in range(20):
            with path.open("rb") as held:
                before = held.read()
                await recording.append({"number": number, "text": "x" * 10_000}, 0)
                held.seek(0)
                assert held.read() == before
            assert [entry["number"] for entry in entries(path)] == list(range(number + 1))
            seen.append(path.stat().st_ino)
        assert len(set(seen[-2:])) == 2
        recording.close()

    run(record())
    assert [item.name for item in tmp_path.iterdir()] == ["x.har"]


def test_a_disk_without_room_is_told_and_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written is said, the file stays whole, and the exchange is there once there is room again."""
    import os

    path = tmp_path / "x.har"
    real = os.write

    def full(_handle: int, _data: Any) -> int:
        raise OSError(28, "No space left on device")

    async def record() -> None:
        recording = Recording(path, "http://e")
        await recording.append({"number": 1}, 0)
        monkeypatch.setattr(os, "write", full)
        await recording.append({"number": 2}, 0)
        assert "No space left on device" in (recording.failure or "")
        assert [entry["number"] for entry in entries(path)] == [1]
        monkeypatch.setattr(os, "write", real)
        await recording.append({"number": 3}, 0)
        assert [entry["number"] for entry in entries(path)] == [1, 2, 3]
        recording.close()

    run(record())


def test_exchanges_side_by_side_are_all_recorded(tmp_path: Path) -> None:
    """Many callers at once: each exchange is there once, in one valid file, and each cancel judged by itself."""
    record = tmp_path / "all.har"
    with standin.serve() as engine, watching(engine.url, record=record) as watch:
        jobs = engine.make_jobs(120)
        bad: list[str] = []

        def ask(share: list[str]) -> None:
            with httpx.Client(timeout=30) as client:
                for job_id in share:
                    response = client.post(
                        watch.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"}
                    )
                    if response.json().get("_id") != job_id or "contract-violations" in response.headers:
                        bad.append(job_id)

        threads = [threading.Thread(target=ask, args=(jobs[index::8],)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        found = entries(record)
    assert bad == []
    assert sorted(entry["_job_id"] for entry in found) == sorted(jobs)
    assert any(entry["_overlapping"] for entry in found)


def test_without_second_names_entries_are_appended_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file cannot have two names, or not while it is open, one file is written, and never over an older one."""
    from contract_tests.recording import recording_file as module

    monkeypatch.setattr(module, "HAS_SECOND_NAMES", False)
    path = tmp_path / "x.har"

    async def record() -> None:
        recording = Recording(path, "http://e")
        for number in range(3):
            await recording.append({"number": number}, 0)
            assert [entry["number"] for entry in entries(path)] == list(range(number + 1))
        recording.close()

    run(record())
    assert [item.name for item in tmp_path.iterdir()] == ["x.har"]
    with pytest.raises(SettingError, match="never written over"):
        Recording(path, "http://e")


def test_credentials_of_other_kinds_are_masked_and_the_rest_is_whole(tmp_path: Path) -> None:
    """A proxy's credential stays here; passwords of other names are masked; a mask ends where its value does."""
    record = tmp_path / "masks.har"
    secrets = ("cHJveHk6czNjcjN0", "hunter2hunter2", "4/oauth-code-0123", "s1gn4tur3")
    body = {"pass": secrets[1], "auth": secrets[1], "credentials": secrets[1], "name": "run?token=zz9zz9zz9", "x": 1}
    with (
        raw_server(answer_of("200 OK", json.dumps(body).encode(), "Content-Type: application/json")) as raw,
        watching(raw.url, record=record) as watch,
    ):
        headers = {"Proxy-Authorization": f"Basic {secrets[0]}"}
        httpx.put(f"{watch.url}/x?code={secrets[2]}&sig={secrets[3]}", json=body, headers=headers)
        assert raw.header("Proxy-Authorization") == []
        (entry,) = entries(record)
    text = record.read_text()
    assert [secret for secret in secrets if secret in text] == []
    for part in (entry["request"]["postData"]["text"], entry["response"]["content"]["text"]):
        assert json.loads(part)["name"] == "run?token=***"
        assert json.loads(part)["x"] == 1

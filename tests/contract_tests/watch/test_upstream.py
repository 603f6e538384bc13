"""An engine that is down, slow or cuts its answers off: the reason is told, and the watcher works on."""

import json
import socket
import struct
import threading
from pathlib import Path

import httpx
import pytest

from tests.support.raw_server import answer_of, raw_server
from tests.support.watching import ROUTE, send_raw, watching


def drop(connection: socket.socket) -> None:
    """Reset the connection without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(connection: socket.socket) -> None:
    """Announce more than is sent."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"_id": ')


def garbage(connection: socket.socket) -> None:
    """Send no HTTP."""
    connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")


def hang(connection: socket.socket) -> None:
    """Send nothing, until the other side gives up."""
    connection.settimeout(20)
    connection.recv(1)


@pytest.mark.parametrize(
    ("engine", "status", "says", "violations", "warnings"),
    [
        (drop, 502, "dropped the connection", None, "transport.stable"),
        (garbage, 502, "did not answer in HTTP", None, "transport.stable"),
        (hang, 504, "did not answer in time", "transport.complete", None),
        (cut, 502, "", "transport.complete", None),
    ],
    ids=["dropped", "no HTTP", "slow", "cut off"],
)
def test_a_cancel_without_a_whole_answer_is_told(  # noqa: PLR0917 - parametrized
    tmp_path: Path, engine: object, status: int, says: str, violations: str | None, warnings: str | None
) -> None:
    """The caller gets a problem document with the reason, marked with what is broken; the exchange is recorded."""
    record = tmp_path / "all.har"
    with raw_server(engine) as upstream, watching(upstream.url, timeout=0.5, record=record) as watch:  # type: ignore[arg-type]
        response = httpx.post(
            watch.url + ROUTE, json={"job_id": "x"}, headers={"Authorization": "Bearer admin"}, timeout=20
        )
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert says in response.json()["detail"]
        assert response.headers.get("contract-violations") == violations
        assert response.headers.get("contract-warnings") == warnings
        (entry,) = json.loads(record.read_text())["log"]["entries"]
        assert entry["response"]["_error"]
        assert watch.api().get("/entries").json()["last"] == 1


def test_proxy_before_the_engine_gets_a_whole_url() -> None:
    """`--proxy` is asked for the engine's whole URL, as proxies want it (RFC 9112, 3.2.2)."""
    with (
        raw_server(answer_of("200 OK", b"by proxy")) as proxy,
        watching("http://engine.example:3000/base", proxy=proxy.url) as watch,
    ):
        assert httpx.get(f"{watch.url}/x?y=1").text == "by proxy"
        assert proxy.head()[0] == "GET http://engine.example:3000/base/x?y=1 HTTP/1.1"
        assert proxy.header("Host") == ["engine.example:3000"]


def test_an_engine_that_is_down_breaks_nothing(tmp_path: Path) -> None:
    """No connection is 502 with the address, and no rule is blamed; the watcher serves on when the engine is back."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    record = tmp_path / "all.har"
    with watching(f"http://127.0.0.1:{port}", record=record) as watch:
        for path in (ROUTE, "/else"):
            response = httpx.post(watch.url + path, json={"job_id": "x"})
            assert response.status_code == 502
            assert f"http://127.0.0.1:{port} could not be reached" in response.json()["detail"]
            assert "contract-violations" not in response.headers
            assert "contract-warnings" not in response.headers
        assert httpx.get(f"{watch.console}/").status_code == 200
        back = threading.Thread(target=_serve_once, args=(port,))
        back.start()
        while httpx.get(f"{watch.url}/else").status_code == 502:
            pass
        back.join(20)
    recorded = json.loads(record.read_text())["log"]["entries"]
    assert [entry["response"].get("_fault") for entry in recorded[:2]] == ["no connection", "no connection"]
    assert recorded[-1]["response"]["status"] == 200


def _serve_once(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer_of("200 OK", b"back"))


def test_another_answer_that_is_cut_off_is_cut_off_for_the_caller(tmp_path: Path) -> None:
    """What came passes; the caller sees that it is not all, and the recording holds it."""
    record = tmp_path / "all.har"
    with raw_server(cut) as engine, watching(engine.url, record=record) as watch:
        received = send_raw(watch.address, b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert received.endswith(b'{"_id": ')
        assert b"content-length: 1000" in received.lower()
        (entry,) = json.loads(record.read_text())["log"]["entries"]
    assert entry["response"]["content"]["text"] == '{"_id": '
    assert entry["response"]["_error"]


def test_a_caller_who_goes_away_ends_its_exchange(tmp_path: Path) -> None:
    """Nobody waits for the answer of a caller who is gone, and what had passed is recorded."""
    closed = threading.Event()

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        connection.settimeout(20)
        connection.recv(1)
        closed.set()

    record = tmp_path / "all.har"
    with raw_server(endless) as engine, watching(engine.url, record=record) as watch:
        with httpx.stream("GET", watch.url, timeout=20) as response:
            assert next(response.iter_raw()) == b"data: 1\n\n"
        assert closed.wait(20)
        while not (recorded := json.loads(record.read_text())["log"]["entries"]):
            pass
    assert recorded[0]["response"]["content"]["text"] == "data: 1\n\n"
    assert recorded[0]["_obstacle"] == "the caller went away"


def test_a_cancel_is_seen_to_its_end_though_the_caller_goes() -> None:
    """The job is canceled whoever waits for it: the answer is judged and kept."""
    from tests import standin

    with standin.serve(variation="slow") as engine, watching(engine.url) as watch:
        (job_id,) = engine.make_jobs(1)
        body = json.dumps({"job_id": job_id}).encode()
        with socket.create_connection(watch.address) as caller:
            head = f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            caller.sendall(head.encode() + body)
            while not engine.requests:
                pass
        while not (found := watch.watch.journal.entries()):
            pass
        assert found[0].status == 200
        assert found[0].job_id == job_id


def test_a_defect_of_the_watcher_holds_up_no_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong with judging, the engine's answer reaches the caller; the defect is told on stderr."""
    with raw_server(answer_of("200 OK", b"{}")) as engine, watching(engine.url) as watch:

        def fail(*_: object) -> None:
            raise ValueError("out of ink")

        monkeypatch.setattr(watch.watch.journal.__class__, "add", fail)
        assert httpx.post(watch.url + ROUTE, json={"job_id": "x"}).content == b"{}"
        assert httpx.get(watch.url).content == b"{}"
    assert (
        "POST /workflow_engine/cancelJob could not be judged and recorded: ValueError: out of ink."
        in capsys.readouterr().err
    )

"""Every version does what it says: faults differ from the right engine, variations cancel, hostile ones harm."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import http.client
import json
import re
import socket
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.support import ROOT
from tests.support.commands import started
from tests.support.eventually import eventually

from . import ALL, BY_NAME, FAULTS, HOSTILE, VARIATIONS, Entry, Served, jobs, serve
from .engine import Engine
from .http import Request, render
from .rules import MAY, MAY_NOT, ROLES, ROUTE

Headers = list[tuple[str, str]]
JSON_HEADER = ("Content-Type", "application/json")


def credential(kind: str, name: str) -> tuple[Headers, str]:
    """A credential of that kind, as headers and query."""
    text = base64.b64encode(f"{name}:secret".encode()).decode()
    made: dict[str, tuple[Headers, str]] = {
        "bearer": ([("Authorization", f"Bearer {name}")], ""),
        "basic": ([("Authorization", f"Basic {text}")], ""),
        "cookie": ([("Cookie", f"a=b; token={quote(name)}")], ""),
        "query": ([], f"?token={quote(name)}"),
        "header": ([("X-Auth-Token", name)], ""),
        "none": ([], ""),
    }
    return made[kind]


class Battery:
    """Calls to one engine without sockets; `seen` holds what came of them."""

    def __init__(self, entry: Entry) -> None:
        self.engine = Engine(entry.rules)
        self.seen: list[object] = []
        self.connection: dict[str, Any] = {"served": 0}

    def job(self, status: str | None = None) -> str:
        return self.engine.jobs.make(1, "admin", status)[0]

    async def send(
        self,
        body: object,
        kind: str = "bearer",
        name: str = "admin",
        method: str = "POST",
        path: str = ROUTE,
        query: str = "",
        media: str = "application/json",
        raw: bytes | None = None,
    ) -> None:
        headers, token = credential(kind, name)
        data = json.dumps(body).encode() if raw is None else raw
        target = path + (token or "?") + (f"&{query}" if query else "")
        request = Request(method, target, "HTTP/1.1", [("Content-Type", media), *headers], data, self.connection)
        answer = self.engine.rules.shape(request, await self.engine._answer(request))
        self.connection["served"] += 1
        sent = b"script" if answer.script else render(answer, method)
        self.seen.append((sent, tuple(self.engine.jobs.canceled)))

    async def roles(self) -> None:
        for kind in ("bearer", "basic", "cookie", "query"):
            for name in (*MAY_NOT, *MAY, *MAY_NOT, *MAY, "wrong", "", "admin2", "adm"):
                self.connection = {"served": 0}
                await self.send({"job_id": self.job()}, kind, name)
        await self.send({"job_id": self.job()}, "none")
        await self.send({"job_id": self.job()})
        await self.send({"job_id": self.job()}, "bearer", "apiread")
        await self.send({"job_id": self.job("paused")}, "bearer", "operator")

    async def parameters(self) -> None:
        old = self.job()
        await self.send({"job_id": self.job()})
        for value in (
            None,
            5,
            True,
            {},
            [],
            "",
            "0" * 24,
            "f" * 24,
            "nothing",
            {"$ne": None},
            {"id": old},
            [old],
            [self.job(), old],
            old[:-1],
            old[1:],
            old[:9],
            old + "ab",
            old + "\0",
            f"a {old}",
            ".*",
            old[:-1] + "x",
            old + ",b",
        ):
            self.job()
            await self.send({"job_id": value})
        for body in ({}, {"jobId": old}, {"_id": old}, {"JOB_ID": old}, [{"job_id": self.job()}], self.job()):
            await self.send(body)
        await self.send({}, query=f"job_id={self.job()}")
        form = "application/x-www-form-urlencoded"
        await self.send(None, raw=f"job_id={self.job()}".encode(), media=form)
        await self.send(None, raw=b"")
        await self.send(None, raw=b'{"job_id": "%b"' % self.job().encode())
        for _ in range(9):
            await self.send({"job_id": self.job()})
        await self.send({"job_id": int(digits) if (digits := self.job()).isdecimal() else 1})
        await self.send({"job_id": "00" + self.job()})

    async def effects(self) -> None:
        self.job()
        for name in MAY:
            mine = self.job()
            for again in range(4):
                await self.send({"job_id": mine}, name=MAY[(MAY.index(name) + again) % 4])
        await self.send({"job_id": self.job("complete")})
        for _ in range(12):
            await self.send({"job_id": self.job()})
        self.seen.append([job.active for job in self.engine.jobs.by_id.values()])

    async def route(self) -> None:
        for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            await self.send({"job_id": self.job()}, method=method)
        for _ in range(4):
            self.engine.requests.append({})
            await self.send({"job_id": self.job()})

    async def late(self) -> None:
        mine = self.job()
        other = self.job()
        await asyncio.gather(*(self.send({"job_id": one}) for one in (mine, other, mine)))
        await asyncio.sleep(0.55)  # the late faults show after half a second
        await self.send({"job_id": mine})


LATE = ("revives-soon", "revives-later", "second-succeeds-late", "race-both", "race-mixed", "race-refused")
RUNS = ("roles", "parameters", "effects", "route")


def transcript(entry: Entry, run: str) -> list[object]:
    """What came of the calls of one run."""
    battery = Battery(entry)
    asyncio.run(getattr(battery, run)())
    return battery.seen


@functools.cache
def right(run: str) -> list[object]:
    return transcript(BY_NAME["right"], run)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        monotonic = staticmethod(time.monotonic)

        @staticmethod
        def time() -> float:
            return 1_600_000_000.0

    monkeypatch.setattr(jobs, "time", Clock)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("entry", FAULTS, ids=lambda entry: entry.name)
def test_fault_differs_from_the_right_engine(entry: Entry) -> None:
    assert entry.contradicts
    runs = ("late",) if entry.name in LATE else sorted(RUNS, key=lambda run: run != entry.aspect)
    assert any(transcript(entry, run) != right(run) for run in runs)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("run", RUNS)
def test_right_engine_repeats_itself(run: str) -> None:
    assert transcript(BY_NAME["right"], run) == right(run)


class Patient(http.client.HTTPResponse):
    """An answer whose interim answers are passed over."""

    def _read_status(self) -> tuple[str, int, str]:
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while 100 < found[1] < 200:
            http.client.parse_headers(self.fp)
            found = super()._read_status()  # type: ignore[misc]
        return found


def call(
    engine: Served,
    body: object,
    kind: str = "bearer",
    name: str = "admin",
    path: str = ROUTE,
    method: str = "POST",
    timeout: float = 5,
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """One request on a connection of its own."""
    headers, query = credential(kind, name)
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=timeout)
    with contextlib.closing(connection):
        extra = dict([JSON_HEADER, ("Accept-Encoding", "gzip, deflate"), *headers])
        connection.response_class = Patient
        connection.request(method, path + query, json.dumps(body), extra)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers


def test_right_engine() -> None:
    with serve() as engine:
        ids = engine.make_jobs(40)
        assert all(re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{7}", one) for one in ids)
        wanted = []
        for place, kind in enumerate(("bearer", "basic", "cookie", "query")):
            for name in ROLES:
                one = ids[6 * place + ROLES.index(name)]
                status, body, _ = call(engine, {"job_id": one}, kind, name)
                assert status == (200 if name in MAY else 403)
                value = json.loads(body)
                if name in MAY:
                    wanted.append(one)
                    assert (value["_id"], value["status"]) == (one, "canceled")
                    assert all(task["status"] != "running" for task in value["tasks"].values())
                    assert call(engine, {"job_id": one}, kind, name)[0] == 400
                else:
                    assert isinstance(value, str)
                    assert engine.active(one)
        assert engine.canceled == wanted
        assert call(engine, {"job_id": ids[-1]}, "none")[0] == 401
        bads: list[object] = [{}, {"job_id": None}, {"job_id": 1}, {"job_id": ""}, [], "x"]
        for bad in bads:
            assert call(engine, bad)[0] == 400
        assert call(engine, {"job_id": "f" * 24})[0] == 404
        assert call(engine, {"job_id": ids[-1]}, method="GET")[0] == 404
        status, token, _ = call(engine, {"user": {"username": "support", "password": "x"}}, "none", path="/login")
        assert (status, token[-1:]) == (200, b"=")
        assert call(engine, {"job_id": ids[-1]}, "query", token.decode())[0] == 200
        assert engine.requests[-1]["role"] == "support"
        assert engine.requests[-1]["status"] == 200


def test_raw_requests() -> None:
    with serve() as engine, socket.create_connection(("127.0.0.1", engine.port), 5) as sock:
        first, second = engine.make_jobs(2)
        reader = sock.makefile("rb")
        head = (
            b"pOsT".upper()
            + b" %b HTTP/1.1\r\nhost: x\r\nAUTHORIZATION: bearer admin\r\ncontent-TYPE: application/json\r\n"
        )
        body = b'{"job_id":"%b"}'
        sock.sendall(head % ROUTE.encode() + b"transfer-encoding: chunked\r\n\r\n9\r\n")
        data = body % first.encode()
        sock.sendall(data[:9] + b"\r\n%x;a=b\r\n" % len(data[9:]) + data[9:] + b"\r\n0\r\nX: y\r\n\r\n")
        assert b" 200 " in reader.readline()
        length = 0
        while (line := reader.readline()).strip():
            length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
        assert json.loads(reader.read(length))["_id"] == first
        data = body % second.encode()
        sock.sendall(head % ROUTE.encode() + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(data))
        assert b" 100 " in reader.readline()
        reader.readline()
        sock.sendall(data)
        assert b" 200 " in reader.readline()
        assert engine.canceled == [first, second]


@pytest.mark.parametrize("entry", VARIATIONS, ids=lambda entry: entry.name)
def test_variation_cancels_once_and_refuses(entry: Entry) -> None:
    kind = {
        "token-cookie-only": "cookie",
        "token-query-only": "query",
        "token-basic-only": "basic",
        "token-header": "header",
    }.get(entry.name, "bearer")
    with serve(entry.name) as engine:
        other, _, _, mine = engine.make_jobs(4)
        path = entry.rules.base + ROUTE
        if entry.name == "starting":
            assert call(engine, {"job_id": mine}, kind)[0] == 503
            eventually(lambda: call(engine, {"job_id": mine}, "none", path=path)[0] != 503)
        refused = call(engine, {"job_id": mine}, "none", path=path)[0]
        assert not 200 <= refused < 300
        assert not engine.canceled
        slower = entry.name in ("slow", "slower")
        for name in MAY_NOT[slower:]:
            assert call(engine, {"job_id": mine}, kind, name, path=path)[0] >= 400
        assert slower or call(engine, {"job_id": [mine]}, kind, path=path)[0] >= 400
        assert slower or call(engine, {"job_id": "f" * 24}, kind, path=path)[0] >= 400
        status, body, headers = call(engine, {"job_id": mine}, kind, path=path)
        coding = headers.get("Content-Encoding", "identity")
        if coding in ("gzip", "deflate"):
            body = zlib.decompress(body, 47)
        value = json.loads(body)
        assert (status, value["_id"], value["status"]) == (200, mine, "canceled")
        assert call(engine, {"job_id": mine}, kind, path=path)[0] >= 400
        for method in () if slower else ("GET", "HEAD", "OPTIONS"):
            call(engine, {"job_id": other}, kind, path=path, method=method)
        assert engine.canceled == [mine]


def test_limits() -> None:
    with serve("limit-date") as engine:
        answers = [call(engine, {"job_id": "x"}) for _ in range(12)]
        assert [answer[0] for answer in answers] == [404] * 10 + [429] * 2
        assert "GMT" in answers[-1][2]["Retry-After"]
    with serve("lockout-all") as engine:
        assert [call(engine, {}, "none")[0] for _ in range(6)] == [401] * 5 + [429]
        assert call(engine, {"job_id": "x"})[0] == 429
    with serve("asynchronous") as engine:
        (mine,) = engine.make_jobs(1)
        call(engine, {"job_id": mine})

        def state() -> str:
            answer = call(engine, None, path=f"/workflow_engine/getJob/{mine}", method="GET")[1]
            return str(json.loads(answer)["status"])

        assert state() == "running"
        assert call(engine, {"job_id": mine})[0] == 400
        eventually(lambda: state() == "canceled")


def received(engine: Served, body: bytes, seconds: float) -> bytes:
    """What comes within some seconds or a megabyte."""
    got = b""
    end = time.monotonic() + seconds
    head = f"POST {ROUTE} HTTP/1.1\r\nAuthorization: Bearer admin\r\nContent-Type: application/json\r\n"
    # An engine that closes at once may have reset the connection before connect() returns.
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", engine.port), 1) as sock:
        sock.sendall(head.encode() + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        while len(got) < 1_000_000 and (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            part = sock.recv(65_536)
            if not part:
                return got
            got += part
    return got + b"..."


def harm(entry: Entry, seconds: float = 0.5) -> str:
    """What is wrong with the answer to a cancel; empty for a right one."""
    with serve(entry.name) as engine:
        (mine,) = engine.make_jobs(1)
        got = received(engine, json.dumps({"job_id": mine}).encode(), seconds)
        head, _, body = got.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 OK\r\n"):
            return f"begins {head[:20]!r}"
        if f"Content-Length: {len(body)}".encode() not in head or b"Transfer-Encoding" in head:
            return "wrong length"
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            return type(error).__name__
        plain = not re.search(rb"\\u001b|\\ud[89a-f]", body)
        return "" if plain and value["_id"] == mine and value["font_size"] == 12 else "odd value"


def test_hostile_versions_harm() -> None:
    with ThreadPoolExecutor(12) as pool:
        met = dict(zip((entry.name for entry in HOSTILE), pool.map(harm, HOSTILE), strict=True))
    assert [name for name, what in met.items() if not what] == []
    assert harm(BY_NAME["right"], seconds=20) == ""


def test_stops_soon_with_open_connections() -> None:
    for name in ("right", "hang", "endless-body", "never-reads"):
        with serve(name) as engine:
            sock = socket.create_connection(("127.0.0.1", engine.port), 5)
            sock.sendall(b"POST /login HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            time.sleep(0.02)  # the server has begun to answer, or holds the connection
            start = time.monotonic()
        assert time.monotonic() - start < 5  # an open connection would hold it up for two minutes
        sock.close()


def test_names_and_counts() -> None:
    assert len(FAULTS) >= 90
    assert len(VARIATIONS) >= 35
    assert len(HOSTILE) >= 15
    assert all(re.fullmatch(r"[\w.*$?-]+", entry.name) and entry.says.endswith(".") for entry in ALL)


def test_command() -> None:
    run = [sys.executable, "-m", "tests.field_engine", "--port", "0", "--version", "close-at-accept"]
    with started(*run, ready="Field engine ready on http://127.0.0.1:", cwd=ROOT) as engine:
        process = engine.process
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", engine.url)
        address = urlsplit(engine.next_line().split()[-1])
        connection = http.client.HTTPConnection(address.netloc, timeout=5)
        connection.request("POST", "/_test/jobs?count=3&owner=other")
        assert len(connection.getresponse().read().split()) == 3
        connection.request("GET", "/_test/log")
        assert json.loads(connection.getresponse().read()) == {"canceled": [], "requests": []}
        process.terminate()
        assert process.wait(5) == 0

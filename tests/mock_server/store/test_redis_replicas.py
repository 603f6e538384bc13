"""Replicas of the mock on one Redis: behind a balancer, under load, some of them killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from mock_server import Settings
from mock_server.serving.in_process import running_mock
from tests.support import ROOT
from tests.support.balancer import Backend, balancer
from tests.support.caller import PAGE_ID, ROUTE, Caller
from tests.support.commands import started_mock
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, redis_server
from tests.support.requirements import need_haproxy

CALLERS = 3
"""So many callers want to cancel each job at the same time."""


@dataclass
class Load:
    """Cancels from several callers at once over a list of jobs, each until there is an answer that decides."""

    port: int
    jobs: list[str]
    answers: dict[str, list[int]] = field(default_factory=dict)
    """Deciding statuses by job: 200 and 409."""
    failures: Counter[str] = field(default_factory=Counter)
    """Other statuses and broken connections; the cancel was asked for again after them."""

    def run(self) -> None:
        """Run to the end."""
        asyncio.run(asyncio.wait_for(self._run(), 60))

    async def _run(self) -> None:
        self.answers = {job_id: [] for job_id in self.jobs}
        await asyncio.gather(*(self._caller(number, part) for number in range(CALLERS) for part in range(6)))

    async def _caller(self, number: int, part: int) -> None:
        mine = self.jobs[part::6]
        if number == 1:
            mine = mine[::-1]
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for job_id in mine:
            while True:
                try:
                    reader, writer = streams = streams or await asyncio.open_connection("127.0.0.1", self.port)
                    status = await asyncio.wait_for(_cancel(reader, writer, job_id), 10)
                except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                    status = type(error).__name__
                if status not in {"200", "409"}:
                    self.failures[status] += 1
                    if streams is not None:
                        streams[1].close()
                    streams = None
                    await asyncio.sleep(0.02)
                    continue
                self.answers[job_id].append(int(status))
                break
        if streams is not None:
            streams[1].close()

    def assert_kept(self, listed: dict[str, str]) -> None:
        """Every 200 is one canceled job, no job has two, and every caller got its answer."""
        assert all(len(answers) == CALLERS for answers in self.answers.values())
        twice = [job_id for job_id, answers in self.answers.items() if answers.count(200) > 1]
        assert twice == []
        lost = [job_id for job_id, answers in self.answers.items() if 200 in answers and listed[job_id] != "canceled"]
        assert lost == []
        assert {listed[job_id] for job_id in self.jobs} == {"canceled"}
        # A cancel of which nobody was told is one whose answer broke off, no more.
        untold = [job_id for job_id, answers in self.answers.items() if 200 not in answers]
        assert len(untold) <= sum(self.failures.values()), self.failures


async def _cancel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, job_id: str) -> str:
    body = json.dumps({"job_id": job_id})
    writer.write(
        f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")), None)
    if length is None:
        raise ValueError(head)
    await reader.readexactly(int(length))
    return head.split()[1]


def mint(url: str, count: int) -> list[str]:
    """Make jobs."""
    minted: list[str] = httpx.post(f"{url}/_mock/jobs", json={"count": count}).json()["job_ids"]
    return minted


def listed(url: str) -> dict[str, str]:
    """The status of each job."""
    return {one["job_id"]: one["status"] for one in httpx.get(f"{url}/_mock/jobs", timeout=20).json()["jobs"]}


@contextmanager
def replicas(directory: Path, store: str) -> Iterator[tuple[list[subprocess.Popen[str]], list[str], int]]:
    """Three replicas behind a balancer: the processes, their addresses, and the balancer's port."""
    with ExitStack() as stack:
        running = [stack.enter_context(started_mock("--store", store)) for _ in range(3)]
        ports = [urlsplit(url).port or 0 for _, url in running]
        port = stack.enter_context(balancer(directory, [Backend(f"r{port}", port) for port in ports]))
        yield [process for process, _ in running], [url for _, url in running], port


def test_no_job_has_two_winners(tmp_path: Path, redis_url: str) -> None:
    """Three replicas behind haproxy, all jobs wanted by three callers at once: each is canceled once."""
    with replicas(tmp_path, redis_url) as (_, urls, port):
        load = Load(port, mint(urls[0], 200))
        load.run()
        load.assert_kept(listed(urls[1]))
        assert {tuple(sorted(answers)) for answers in load.answers.values()} == {(200, 409, 409)}
        assert sum(load.failures.values()) == 0
        assert len(httpx.get(f"{urls[2]}/_mock/requests?limit=1000").json()["requests"]) == 600


def test_replicas_and_redis_are_killed_under_load(tmp_path: Path) -> None:
    """A replica and Redis die by -9 under load: no answer that was given is undone, and no job has two winners."""
    with redis_server(tmp_path / "redis") as redis, replicas(tmp_path, redis.url) as (processes, urls, port):
        load = Load(port, mint(urls[0], 500))
        thread = threading.Thread(target=load.run)
        thread.start()
        eventually(lambda: sum(map(len, load.answers.values())) > 100)
        processes[0].kill()
        eventually(lambda: sum(map(len, load.answers.values())) > 300)
        redis.kill()
        time.sleep(0.5)  # it is away
        redis.start()
        thread.join(60)
        assert not thread.is_alive()
        load.assert_kept(listed(urls[1]))


@pytest.mark.soak
def test_faults_for_a_long_time(tmp_path: Path) -> None:
    """Redis is killed, held up and cut off again and again under load; the same holds."""
    with redis_server(tmp_path / "redis") as redis, replicas(tmp_path, redis.url) as (_, urls, port):
        load = Load(port, mint(urls[0], 6000))
        thread = threading.Thread(target=load.run)
        thread.start()
        for number in range(20):
            time.sleep(0.7)  # the load goes on between two faults
            if number % 3 == 0:
                redis.kill()
                redis.start()
            elif number % 3 == 1:
                redis.hold()
                time.sleep(1.6)  # longer than a caller waits
                redis.go_on()
            else:
                redis.command("CLIENT", "KILL", "TYPE", "normal")
        thread.join(60)
        assert not thread.is_alive()
        load.assert_kept(listed(urls[1]))


def test_replicas_are_one_mock(redis_url: str) -> None:
    """What one replica did, armed, wrote down and reset is so for the other at once; `times` counts over both."""
    store = Settings(store=redis_url)
    with (
        running_mock(store) as one, running_mock(store) as other,
        httpx.Client(base_url=one.url) as here, httpx.Client(base_url=other.url) as there,
    ):  # fmt: skip
        first, second = Caller(here), Caller(there)
        first.arm(code=418, times=3)
        statuses = [caller.cancel().status_code for caller in (second, first, second, first, second)]
        assert statuses == [418, 418, 418, 200, 409]
        assert second.status() == "canceled"
        assert [entry["status"] for entry in first.journal()] == statuses == [e["status"] for e in second.journal()]
        figures = [caller.client.get("/_mock/metrics").text for caller in (first, second)]
        assert all('mock_engine_requests_total{status="418",refused="bad-parameter"} 3\n' in text for text in figures)
        minted = [*one.add_jobs(2), *other.add_jobs(2)]
        assert len(set(minted)) == 4
        assert {
            caller.cancel(job_id).status_code for caller, job_id in zip((second, first) * 2, minted, strict=True)
        } == {200}
        named = {"Mock-Session": "mine"}
        assert [caller.cancel(headers=named).status_code for caller in (first, second)] == [200, 409]
        second.client.post("/_mock/reset")
        assert first.status() == "running"
        assert (first.journal(), first.status(session="mine")) == ([], "canceled")
        assert one.add_jobs(2) == minted[:2]


def test_a_variation_counts_over_all_replicas(redis_url: str) -> None:
    """A variation that refuses one of four requests counts those of all replicas."""
    store = Settings(store=redis_url, fault="throttles", any_job=True)
    with (
        running_mock(store) as one, running_mock(store) as other,
        httpx.Client(base_url=one.url) as here, httpx.Client(base_url=other.url) as there,
    ):  # fmt: skip
        callers = [Caller(here), Caller(there)]
        assert [callers[n % 2].cancel(f"{n:024x}").status_code for n in range(8)] == [200, 200, 200, 429] * 2


def test_the_first_seeds_and_others_join(redis_url: str) -> None:
    """A replica that joins keeps the state, start settings included, and says where its own options differ."""
    with started_mock("--store", redis_url, "--seed", "3", "--jobs", "5") as (_, one):
        assert httpx.post(one + ROUTE, json={"job_id": PAGE_ID}, headers={"Authorization": "Bearer admin"}).is_success
        with started_mock("--store", redis_url, "--jobs", "9") as (process, other):
            assert listed(one) == listed(other)
            assert (len(listed(other)), listed(other)[PAGE_ID]) == (5, "canceled")
            process.terminate()
            notes = process.communicate(timeout=10)[1]
    assert "Note: this store was created with --seed 3; using that value." in notes
    assert "with --jobs 5" in notes
    with started_mock("--store", redis_url) as (_, later):
        assert listed(later)[PAGE_ID] == "canceled"


def test_many_that_come_first_agree(redis_url: str) -> None:
    """Of replicas that start at the same time with different settings one seeds, and all have its start."""
    with ExitStack() as stack:
        code = """
import sys
from mock_server import Settings
from mock_server.store.redis_address import read_address
from mock_server.store.redis_client import join
print(join(Settings(seed=int(sys.argv[1])), read_address(sys.argv[2])).seed)
"""
        commands = [
            subprocess.Popen([sys.executable, "-c", code, str(seed), redis_url], stdout=subprocess.PIPE)
            for seed in range(4)
        ]
        seeds = {stack.enter_context(command).communicate(timeout=20)[0] for command in commands}
    assert len(seeds) == 1
    assert seeds < {b"0\n", b"1\n", b"2\n", b"3\n"}


def test_journals_hold_no_secrets(redis: RedisServer, redis_url: str, tmp_path: Path) -> None:
    """Tokens and passwords are masked before they leave the process: nothing in Redis holds them."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text('{"s3cret-token": "admin"}')
    with started_mock("--store", redis_url, "--tokens", str(tokens)) as (_, url):
        headers = {"Authorization": "Bearer s3cret-token", "X-Api-Key": "k3y-of-mine"}
        assert httpx.post(url + ROUTE, json={"job_id": PAGE_ID}, headers=headers).status_code == 200
        httpx.post(f"{url}/login", json={"user": {"username": "x", "password": "s3cret-token"}})
        assert len(httpx.get(f"{url}/_mock/requests").json()["requests"]) == 2
    kept = (redis.directory / "appendonlydir").rglob("*")
    written = b"".join(file.read_bytes() for file in kept if file.is_file())
    assert PAGE_ID.encode() in written
    assert b"s3cret-token" not in written
    assert b"k3y-of-mine" not in written


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    """The processes that accept requests."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_workers_are_replaced_and_ended(redis_url: str) -> None:
    """A worker that is killed under load is replaced, nothing that was answered is lost, and SIGTERM ends all with 0."""
    with started_mock("--store", redis_url, "--workers", "2") as (process, url):
        pids = workers_of(process)
        assert len(pids) == 2
        load = Load(urlsplit(url).port or 0, mint(url, 300))
        thread = threading.Thread(target=load.run)
        thread.start()
        eventually(lambda: sum(map(len, load.answers.values())) > 100)
        os.kill(pids[0], signal.SIGKILL)
        thread.join(60)
        load.assert_kept(listed(url))
        eventually(lambda: len(workers_of(process)) == 2)
        assert pids[1] in workers_of(process)
        pids = workers_of(process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=15)
        assert (out, process.returncode) == ("", 0)
        assert "ended with -9; another takes its place." in err
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_workers_end_with_their_supervisor(redis_url: str) -> None:
    """Workers whose supervisor is killed end by themselves, and give the port back."""
    with started_mock("--store", redis_url, "--workers", "2") as (process, url):
        pids = workers_of(process)
        assert len(pids) == 2
        process.kill()
        process.wait(10)
        eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids))
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def test_the_guide_is_right(tmp_path: Path) -> None:
    """The balancer's settings in the guide are ones that haproxy takes."""
    guide = ROOT / "docs" / "replicas.md"
    blocks = guide.read_text("utf-8").split("```")[1::2]
    (settings,) = (block.partition("\n")[2] for block in blocks if "\nbackend replicas\n" in block)
    file = tmp_path / "haproxy.cfg"
    file.write_text(settings)
    checked = subprocess.run([need_haproxy(), "-c", "-f", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr

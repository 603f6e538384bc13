"""Redis is killed, held up, slow, another's replica, emptied: what the mock answers meanwhile, and afterwards."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import running_mock
from tests.support.balancer import Backend, balancer
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.pace import stopwatch
from tests.support.redis_server import RedisServer, redis_server

ANSWERED_S = 5.0
BACK_S = 2.0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisServer]:
    # Otherwise it holds writes back, for two seconds at most, while the disk is busy.
    with redis_server(tmp_path / "redis", "--appendfsync", "always") as server:
        yield server


@contextmanager
def calling(store: str, **settings: object) -> Iterator[Caller]:
    """A mock on a store, and a caller of it."""
    with (
        running_mock(Settings(store=store, any_job=True, **settings)) as mock,  # type: ignore[arg-type]
        httpx.Client(base_url=mock.url, trust_env=False, timeout=ANSWERED_S) as client,
    ):
        yield Caller(client)


def job(number: int) -> str:
    """The n-th job's id."""
    return f"{number:024x}"


def assert_refused(caller: Caller, number: int) -> None:
    """A cancel is refused for the store's sake, in time, and so is readiness."""
    answer = caller.cancel(job(number))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["detail"].startswith("The store cannot be reached: redis://127.0.0.1:")
    health = caller.client.get("/_mock/health")
    assert health.status_code == 503
    assert "redis://127.0.0.1:" in health.json()["detail"]
    assert "mock_engine_store_up 0" in caller.client.get("/_mock/metrics").text


def first_success(caller: Caller, number: int) -> float:
    """Seconds until a job is canceled; each try is for another job, `number` first."""
    numbers = count(number, 1000)
    with stopwatch() as watch:
        eventually(lambda: caller.cancel(job(next(numbers))).status_code == 200)
        return watch.seconds


def answer_in_the_end(caller: Caller, number: int) -> int:
    """The status of a cancel, asked for again while the store cannot vouch for it."""
    statuses: list[int] = []

    def is_answered() -> bool:
        statuses.append(caller.cancel(job(number)).status_code)
        return statuses[-1] != 503

    eventually(is_answered)
    return statuses[-1]


def test_redis_restarts(own: RedisServer) -> None:
    """While Redis is gone: 503 within 5 s, then at once; within 2 s of its return all goes on, and nothing is lost."""
    statuses: list[int] = []
    with calling(own.url) as caller:
        caller.client.event_hooks["response"] = [
            lambda answer: statuses.append(answer.status_code) if answer.request.method == "POST" else None
        ]
        assert caller.cancel(job(1)).status_code == 200
        own.kill()
        for number in (2, 3):
            assert_refused(caller, number)
        with stopwatch() as watch:
            assert_refused(caller, 4)
            assert watch.seconds < 0.5
        own.start()
        assert first_success(caller, 5) < BACK_S
        assert caller.client.get("/_mock/health").status_code == 200
        assert caller.cancel(job(1)).status_code == 409
        assert [caller.status(job(number)) for number in range(1, 5)] == ["canceled", *["running"] * 3]
        # What was refused meanwhile was counted when it was back, each once.
        counted = f'mock_engine_requests_total{{status="503",refused="store"}} {statuses.count(503)}\n'
        assert counted in caller.client.get("/_mock/metrics").text


def test_a_short_restart_is_waited_for(own: RedisServer) -> None:
    """A request that meets a restart which takes less than a second is answered, late."""
    with calling(own.url) as caller:
        assert caller.cancel(job(1)).status_code == 200
        own.kill()
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(caller.cancel(job(2))))
        thread.start()
        own.start()
        thread.join(ANSWERED_S)
        assert [answer.status_code for answer in answers] == [200]


def test_redis_is_held_up(own: RedisServer) -> None:
    """A Redis that answers nothing is as one that is gone; what was answered 503 is not done behind one's back later."""
    with calling(own.url) as caller:
        assert caller.cancel(job(1)).status_code == 200
        own.hold()
        with stopwatch() as watch:
            for number in (2, 3):
                assert_refused(caller, number)
            assert watch.seconds < ANSWERED_S
        own.go_on()
        assert first_success(caller, 4) < BACK_S
        assert [caller.status(job(number)) for number in (1, 2, 3)] == ["canceled", "running", "running"]


def test_redis_is_slow(own: RedisServer) -> None:
    """A Redis that now and then stands still for half a second is waited for: every answer is right, none is 503."""
    ended = threading.Event()

    def stumble() -> None:
        while not ended.is_set():
            own.hold()
            time.sleep(0.5)  # it stands still
            own.go_on()
            time.sleep(0.1)  # it works

    with calling(own.url) as caller:
        thread = threading.Thread(target=stumble)
        thread.start()
        try:
            assert [caller.cancel(job(number)).status_code for number in (1, 2, 1)] == [200, 200, 409]
        finally:
            ended.set()
            thread.join(5)


def test_scripts_are_brought_back(own: RedisServer) -> None:
    """A Redis that forgot its scripts is told them again."""
    with calling(own.url) as caller:
        assert caller.cancel(job(1)).status_code == 200
        own.command("SCRIPT", "FLUSH")
        assert caller.cancel(job(2)).status_code == 200


def test_connections_that_are_cut_are_made_again(own: RedisServer) -> None:
    """A connection that is cut under load costs no request its answer, and no job two cancels."""
    with calling(own.url) as caller:
        statuses = []
        for number in range(100):
            if number % 10 == 5:
                own.command("CLIENT", "KILL", "TYPE", "normal")
            statuses.append(caller.cancel(job(number)).status_code)
        assert statuses == [200] * 100
        assert [entry["status"] for entry in caller.journal(limit=1000)] == statuses


def test_a_store_of_another_is_refused(own: RedisServer) -> None:
    """A replica whose store was emptied and started anew by another mock says so, and does not mix the two."""
    with calling(own.url, jobs=5) as caller:
        assert caller.cancel(job(1)).status_code == 200
        own.command("FLUSHALL")
        with calling(own.url, jobs=7) as other:
            assert other.cancel(job(1)).status_code == 200
            health = caller.client.get("/_mock/health")
            assert health.status_code == 503
            assert "was started anew with other settings" in health.json()["detail"]


def test_redis_fails_over(tmp_path: Path) -> None:
    """With copies=1 a cancel is answered once a replica of Redis has it: after a failover none is given twice."""
    with redis_server(tmp_path / "one") as one, redis_server(tmp_path / "two") as two:
        two.command("REPLICAOF", "127.0.0.1", str(one.port))
        backends = [Backend("one", one.port), Backend("two", two.port)]
        with (
            balancer(tmp_path, backends, is_redis=True) as port,
            calling(f"redis://127.0.0.1:{port}/0?copies=1") as caller,
        ):
            first_success(caller, 0)  # the replica takes a moment to be one
            assert [caller.cancel(job(number)).status_code for number in range(1, 50)] == [200] * 49
            one.kill()
            assert_refused(caller, 50)
            two.command("REPLICAOF", "NO", "ONE")
            with redis_server(tmp_path / "three") as three:
                three.command("REPLICAOF", "127.0.0.1", str(two.port))
                assert first_success(caller, 51) < 5  # what a replica's first copy takes
                # A copy may still come too late for the one or the other answer, which is a 503 then.
                assert {answer_in_the_end(caller, number) for number in range(1, 50)} == {409}


def test_a_former_primary_is_left(tmp_path: Path, own: RedisServer) -> None:
    """A Redis that became another's replica, which takes no changes, is 503 until there is one that does."""
    with redis_server(tmp_path / "other") as other, calling(own.url) as caller:
        assert caller.cancel(job(1)).status_code == 200
        own.command("REPLICAOF", "127.0.0.1", str(other.port))
        assert caller.cancel(job(2)).status_code == 503
        own.command("REPLICAOF", "NO", "ONE")
        assert first_success(caller, 3) < BACK_S

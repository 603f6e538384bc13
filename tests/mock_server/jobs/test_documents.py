"""The mock's job documents: what a reader would take for real, over thousands of ids, sizes and seeds."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_contract.contract.job_status import Active, NotCanceled
from engine_contract.contract.openapi import load_contract
from mock_server.jobs.documents import (
    DEFAULT,
    LARGEST,
    SMALLEST,
    describe,
    document,
    ids,
)
from mock_server.jobs.job import State
from mock_server.jobs.vocabulary import NO_TRANSITION
from tests.support import ROOT

NOW = 1_764_000_000_000  # 2025-11-24T16:00:00Z
OBJECT_ID = re.compile(r"[0-9a-f]{24}")
JOB_ID = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{7}")
TASK_KEY = re.compile(r"workflow_start|workflow_end|[0-9a-f]{1,4}")
SERVER = re.compile(r"(?:[0-9a-f]{2}:){6}\d{4}")
VERSION = re.compile(r"\d+\.\d+\.\d+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# Of the documents that test_documents_are_the_same_everywhere writes. It changes when what is drawn changes, and
# with it every job that somebody noted down: say so in the change log.
PINNED = "094b45c8da7f48611516c8801c40c24c49b7245061f356d43f28630c512629b7"

METRICS = {"owner", "start_time", "end_time", "run_time", "finish_state", "server_id", "app"}

job_ids = st.integers(0, 10**9).map(lambda number: ids(0, number, 1)[0])
seeds = st.integers(0, 40)
sizes = st.none() | st.integers(SMALLEST, 60) | st.integers(SMALLEST, LARGEST)
active = st.sampled_from(get_args(Active))


ADMINS = State("canceled", changed_at_ms=NOW, changed_by="admin")


def canceled(job_id: str, *, seed: int = 0, **state: Any) -> Any:
    return json.loads(document(job_id, ADMINS._replace(**state), seed=seed))


def milliseconds(text: str) -> int:
    assert TIME.fullmatch(text)
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def edges(document: Any) -> Iterator[tuple[str, str, str, str]]:
    """Source, target, type and state of each transition."""
    for source, targets in document["transitions"].items():
        for target, transition in targets.items():
            yield source, target, transition["type"], transition["state"]


def check_graph(document: Any) -> None:
    """Every transition is between tasks, every task on a way from start to end."""
    tasks = document["tasks"]
    assert all(TASK_KEY.fullmatch(key) for key in tasks)
    forward: dict[str, set[str]] = {key: set() for key in tasks}
    backward: dict[str, set[str]] = {key: set() for key in tasks}
    for source, target, kind, state in edges(document):
        assert source in tasks
        assert target in tasks
        assert kind in {"standard", "revert"}
        assert state in {"success", "failure", "error"}
        if kind == "standard":
            forward[source].add(target)
            backward[target].add(source)
    assert not forward["workflow_end"]
    assert not backward["workflow_start"]
    assert reached("workflow_start", forward) == reached("workflow_end", backward) == tasks.keys()
    for source, target, kind, _ in edges(document):
        if kind == "revert":
            assert source in reached(target, forward), "a revert leads back"
    placed = [task for task in tasks.values() if "x" in task]
    assert all(0 < task["x"] < 1 and 0 < task["y"] < 1 for task in placed)


def reached(origin: str, graph: dict[str, set[str]]) -> set[str]:
    seen, todo = {origin}, [origin]
    while todo:
        for key in graph[todo.pop()] - seen:
            seen.add(key)
            todo.append(key)
    return seen


def check_times(document: Any, *, look: int) -> None:
    """Times follow the graph, and none is later than the look at the job."""
    created, job = milliseconds(document["created"]), document["metrics"]
    assert created <= job["start_time"] <= milliseconds(document["last_updated"]) <= look
    tasks = document["tasks"]
    for metrics in [job, *(task["metrics"] for task in tasks.values() if "metrics" in task)]:
        assert job["start_time"] <= metrics["start_time"] <= metrics.get("end_time", look) <= look
        assert metrics.keys() == METRICS or metrics.keys() == METRICS - {"end_time", "run_time", "finish_state"}
        if "end_time" in metrics:
            assert metrics["run_time"] == metrics["end_time"] - metrics["start_time"]
    for source, target, kind, _ in edges(document):
        if kind == "standard" and "metrics" in tasks[target] and "metrics" in tasks[source]:
            assert tasks[source]["metrics"]["end_time"] <= tasks[target]["metrics"]["start_time"]
    for error in document.get("error", ()):
        assert created <= error["timestamp"] <= look


def check_progress(document: Any) -> None:
    """A task has started if and only if one before it finished in the way that leads to it."""
    tasks = document["tasks"]
    leads: dict[str, bool] = dict.fromkeys(tasks, False) | {"workflow_start": True}
    for source, target, kind, state in edges(document):
        finish = tasks[source].get("metrics", {}).get("finish_state")
        if kind == "standard" and state == ("success" if finish == "loop" else finish):
            leads[target] = True
    for key, task in tasks.items():
        assert task["status"] in {"complete", "canceled", "incomplete", "running", "paused"}
        assert ("metrics" in task) == (task["status"] != "incomplete")
        if "metrics" in task:
            assert leads[key]
        if task["status"] == "complete":
            assert task["metrics"]["finish_state"] in {"success", "failure", "error", "loop"}


def check_canceled(document: Any, was: str, at: int) -> None:
    assert document["status"] == document["metrics"]["finish_state"] == "canceled"
    assert milliseconds(document["last_updated"]) == document["metrics"]["end_time"] == at
    states = [task["status"] for task in document["tasks"].values()]
    assert set(states) <= {"complete", "canceled", "incomplete"}
    assert document["tasks"]["workflow_end"]["status"] == "incomplete"
    for task in document["tasks"].values():
        if task["status"] == "canceled":
            assert task["metrics"]["finish_state"] == "canceled"
            assert task["metrics"]["end_time"] == at
    if was == "error":
        assert document["error"]
        assert "canceled" not in states
    else:
        assert "canceled" in states


def check_words(document: Any) -> None:
    """Ids, names and the rest look as those of public captures do."""
    assert OBJECT_ID.fullmatch(document["last_updated_by"])
    assert all(OBJECT_ID.fullmatch(watcher) for watcher in document["watchers"])
    for metrics in [document["metrics"], *(t["metrics"] for t in document["tasks"].values() if "metrics" in t)]:
        assert SERVER.fullmatch(metrics["server_id"])
        assert VERSION.fullmatch(metrics["app"]["version"])
        assert metrics["owner"] == "Pronghorn" or OBJECT_ID.fullmatch(metrics["owner"])
    for error in document.get("error", ()):
        assert error["task"] == "job" or document["tasks"][error["task"]]["metrics"]["finish_state"] == "error"
        assert not re.search("[{}]", error["message"])
    assert document["tasks"]["workflow_start"]["name"] == "workflow_start"
    assert document["tasks"]["workflow_end"]["name"] == "workflow_end"


@settings(max_examples=150, deadline=None)
@given(job_ids, seeds, sizes, active)
def test_canceled_jobs_are_sound(job_id: str, seed: int, tasks: int | None, was: Active) -> None:
    """A canceled job's graph, progress, times and words agree with each other, whatever its size and seed."""
    document = canceled(job_id, seed=seed, tasks=tasks, was=was)
    assert document["_id"] == job_id
    assert len(document["tasks"]) in ([tasks] if tasks else DEFAULT)
    check_graph(document)
    check_progress(document)
    check_times(document, look=NOW)
    check_canceled(document, was, NOW)
    check_words(document)


@pytest.mark.parametrize("was", get_args(Active))
def test_thousands_of_jobs_are_sound_and_pass_the_response_schema(was: Active) -> None:
    """Thousands of documents of the default size are sound, and pass the response schema at full depth."""
    validator = jsonschema_rs.validator_for(dict(load_contract().response_schema), validate_formats=True)
    for seed in range(2):
        for job_id in ids(seed, 0, 700):
            document = canceled(job_id, seed=seed, was=was)
            validator.validate(document)
            check_graph(document)
            check_progress(document)
            check_times(document, look=NOW)
            check_canceled(document, was, NOW)
            check_words(document)


def test_every_field_of_the_example_is_there_with_its_type() -> None:
    """Over some documents each field of the page's example occurs, always with the type that it has there."""

    def fields(value: Any, path: str = "") -> Iterator[tuple[str, type]]:
        if isinstance(value, dict):
            for key, item in value.items():
                masked = re.sub(r"^[0-9a-f]{1,4}$|workflow_\w+", "*", key)
                yield from fields(item, f"{path}/{masked}")
        elif isinstance(value, list):
            yield path, list
            for item in value:
                yield from fields(item, f"{path}/*")
        else:
            yield path, type(value)

    example = dict(fields(load_contract().response_examples["page"]))
    seen: dict[str, set[type]] = {}
    for job_id in ids(0, 0, 200):
        for path, kind in fields(canceled(job_id)):
            seen.setdefault(path, set()).add(kind)
    assert example.keys() <= seen.keys() <= example.keys() | {"/groups/*", "/tasks/*/groups/*"}
    assert {path: {kind} for path, kind in example.items()} == {path: seen[path] for path in example}


@settings(max_examples=100, deadline=None)
@given(job_ids, seeds, st.none() | st.integers(SMALLEST, 300), st.sampled_from(get_args(NotCanceled)))
def test_jobs_that_were_not_canceled_are_sound(job_id: str, seed: int, tasks: int | None, status: NotCanceled) -> None:
    """A read shows a job in its status: only a complete one has an end, an incomplete one has done nothing."""
    drawn = json.loads(document(job_id, State(status, tasks, made_at_ms=NOW), seed=seed))
    check_graph(drawn)
    check_progress(drawn)
    check_times(drawn, look=NOW)
    check_words(drawn)
    states = {task["status"] for task in drawn["tasks"].values()}
    assert drawn["status"] == status
    assert ("end_time" in drawn["metrics"]) == (status == "complete")
    assert (drawn["tasks"]["workflow_end"]["status"] == "complete") == (status == "complete")
    assert (status in states) == (status in {"running", "paused", "complete", "incomplete"})
    assert status != "error" or drawn["error"]
    assert status != "incomplete" or states == {"incomplete"}


@settings(max_examples=80, deadline=None)
@given(job_ids, seeds, st.none() | st.integers(SMALLEST, 300), active, st.integers(0, 10**9))
def test_the_cancel_changes_only_what_it_must(
    job_id: str, seed: int, tasks: int | None, was: Active, later: int
) -> None:
    """Read, canceled later and read again, a job differs in its status, its end, who changed it, and what was running."""
    before = json.loads(document(job_id, State(was, tasks, made_at_ms=NOW), seed=seed))
    after = canceled(job_id, seed=seed, tasks=tasks, was=was, changed_at_ms=NOW + later, made_at_ms=NOW)
    check_times(after, look=NOW + later)
    check_canceled(after, was, NOW + later)
    for key, task in after["tasks"].items():
        if task["status"] == "canceled":
            assert before["tasks"][key]["status"] == was
            for field in ("end_time", "run_time", "finish_state"):
                del task["metrics"][field]
            task["status"] = was
    for field in ("end_time", "run_time", "finish_state"):
        del after["metrics"][field]
    for field in ("status", "last_updated", "last_updated_by"):
        del before[field]
        del after[field]
    assert before == after


@settings(max_examples=80, deadline=None)
@given(
    job_ids,
    seeds,
    st.none() | st.integers(SMALLEST, 300),
    st.sampled_from(["complete", "error"]),
    st.none() | st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_end_of_a_running_job_moves_nothing_that_was_seen(  # noqa: PLR0917 - drawn
    job_id: str, seed: int, tasks: int | None, ending: NotCanceled, age: int | None, later: int
) -> None:
    """A job that ends keeps all times at which somebody saw it run; what it did since happened since."""
    running = State(tasks=tasks, made_at_ms=NOW, age_ms=age)
    before = json.loads(document(job_id, running, seed=seed))
    after = json.loads(document(job_id, running._replace(status=ending, changed_at_ms=NOW + later), seed=seed))
    check_times(after, look=NOW + later)
    assert after["created"] == before["created"]
    assert after["metrics"]["start_time"] == before["metrics"]["start_time"]
    for key, task in before["tasks"].items():
        now = after["tasks"][key]
        if task["status"] == "complete":
            assert now == task
        elif task["status"] == "running":
            assert now["metrics"]["start_time"] == task["metrics"]["start_time"]
            assert now["status"] == "complete"
            assert now["metrics"]["end_time"] >= NOW
        elif now["status"] != "incomplete":
            assert now["metrics"]["start_time"] >= NOW


@settings(max_examples=80, deadline=None)
@given(job_ids, seeds, st.none() | st.integers(SMALLEST, 300), active, st.integers(-(10**11), 10**12))
def test_the_clock_adds_only_an_offset(job_id: str, seed: int, tasks: int | None, was: Active, offset: int) -> None:
    """Canceled at another time, a job has all its times shifted by as much, and all else equal."""

    def shifted(value: Any, by: int) -> Any:
        if isinstance(value, dict):
            return {key: shifted(item, by) for key, item in value.items()}
        if isinstance(value, list):
            return [shifted(item, by) for item in value]
        if isinstance(value, str) and TIME.fullmatch(value):
            return milliseconds(value) + by
        return value + by if isinstance(value, int) and value > 10**11 else value

    one = canceled(job_id, seed=seed, tasks=tasks, was=was)
    other = canceled(job_id, seed=seed, tasks=tasks, was=was, changed_at_ms=NOW + offset)
    assert shifted(one, offset) == shifted(other, 0)


def test_a_thousand_documents_look_like_a_thousand_jobs() -> None:
    """Of a thousand documents no two are equal with their ids masked, and few share a graph and a name, or a pace."""
    documents = [document(job_id, ADMINS) for job_id in ids(0, 0, 1000)]
    parsed = [json.loads(document) for document in documents]
    assert len({re.sub(rb"[0-9a-f]{24}", b"", document) for document in documents}) == 1000
    assert len({document["name"] for document in parsed}) > 950
    assert len({document["created"] for document in parsed}) > 950

    def shape(document: Any) -> str:
        number = {key: str(index) for index, key in enumerate(document["tasks"])}
        names = [task["name"] for task in document["tasks"].values()]
        return str(names) + str([(number[a], number[b], kind, state) for a, b, kind, state in edges(document)])

    assert len({(shape(document), document["name"]) for document in parsed}) > 980
    assert len({shape(document) for document in parsed}) > 250, "graphs with their keys masked"
    assert len({tuple(document["tasks"]) for document in parsed}) > 980, "keys of tasks"
    paces = {
        tuple(task["metrics"]["run_time"] for task in document["tasks"].values() if "metrics" in task)
        for document in parsed
    }
    assert len(paces) > 980


def test_documents_are_varied() -> None:
    """What differs from job to job on such engines does: every construct occurs, and errors are the exception."""
    parsed = [canceled(job_id) for job_id in ids(3, 0, 2000)]
    share = {
        "error": sum("error" in document for document in parsed),
        "locked": sum("locked" in document for document in parsed),
        "groups": sum(bool(document["groups"]) for document in parsed),
        "watchers": sum(bool(document["watchers"]) for document in parsed),
        "other font": sum(document["font_size"] != 12 for document in parsed),
        "not ASCII": sum(not document["name"].isascii() for document in parsed),
        "unplaced task": sum(any("x" not in task for task in document["tasks"].values()) for document in parsed),
        "revert": sum(any(kind == "revert" for *_, kind, _ in edges(document)) for document in parsed),
        "error branch": sum(any(state == "error" for *_, state in edges(document)) for document in parsed),
        "failure branch": sum(any(state == "failure" for *_, state in edges(document)) for document in parsed),
        "several running": sum(str(document["tasks"]).count("'status': 'canceled'") > 1 for document in parsed),
    }
    assert 10 < share["error"] < 400, share
    assert 0 < share["other font"] < 600, share
    assert all(30 < count < 1970 for name, count in share.items() if name != "error"), share
    finishes = {
        task["metrics"]["finish_state"]
        for document in parsed
        for task in document["tasks"].values()
        if "metrics" in task
    }
    assert finishes == {"success", "failure", "error", "loop", "canceled"}
    lengths = sorted(len(document(job_id, ADMINS)) for job_id in ids(3, 0, 1000))
    assert 1_800 < lengths[500] < 2_500, "the median document is about 2 KB"


def test_a_stopped_job_says_why() -> None:
    """A job in error names the page's reason, or the task that could have led to the end, which is one of its own."""
    messages = set()
    for job_id in ids(0, 0, 300):
        document = canceled(job_id, was="error")
        last = document["error"][-1]
        assert last["task"] == "job"
        stopped = re.fullmatch(r"Job has no available transitions\. (\w+) could have led to .*", last["message"])
        assert stopped or last["message"] == NO_TRANSITION
        if stopped:
            assert "workflow_end" in document["transitions"][stopped[1]]
        messages.add(bool(stopped))
    assert messages == {True, False}


def test_minted_ids() -> None:
    """The n-th id of a seed is the same however it is asked for, cut from a version-4 UUID, and no other's."""
    minted = ids(7, 0, 20_000)
    assert len(set(minted)) == 20_000
    assert all(JOB_ID.fullmatch(job_id) for job_id in minted)
    assert ids(7, 1234, 10) == minted[1234:1244]
    assert not set(ids(8, 0, 20_000)) & set(minted)
    assert minted[:2] == ["6daec5a65e9847dfbd899c08", "c49788a62462404cbcf5cc3b"], "pinned: the same on every machine"


def test_documents_are_the_same_everywhere() -> None:
    """Another process, with another hash seed and a cold cache, writes the same bytes."""
    code = (
        "from hashlib import sha256; from mock_server.jobs.documents import *; from mock_server.jobs.job import State;"
        "d = [document(i, State('canceled', t, was=w, changed_at_ms=1764000000000, changed_by='support'), seed=5)"
        " for i in ids(5, 0, 40) for w in ('error', 'running') for t in (None, 50, 300)];"
        "print(sha256(b''.join(d)).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert set(runs) == {PINNED}


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(min_size=1), st.text())
def test_given_names_and_ids_are_quoted(name: str, job_id: str, user: str) -> None:
    """A job may have any id and name, and anybody may cancel it: the document is JSON all the same."""
    document = canceled(job_id, name=name, changed_by=user)
    assert document["_id"] == job_id
    assert document["name"] == name
    assert OBJECT_ID.fullmatch(document["last_updated_by"])


def test_half_a_surrogate_pair_is_escaped() -> None:
    """JSON can carry half a surrogate pair and UTF-8 cannot: it is written as an escape."""
    assert canceled("4321abcdef694aa79dae47ad", name="\ud83d")["name"] == "\ud83d"


def test_the_one_who_canceled() -> None:
    """`last_updated_by` tells users apart, is the same for one user, and is all that the user changes."""
    by = {user: canceled(ids(0, 0, 1)[0], changed_by=user) for user in ("admin", "support", "apiwrite")}
    assert len({document.pop("last_updated_by") for document in by.values()}) == 3
    assert by["admin"] == by["support"] == by["apiwrite"]
    assert len({canceled(job_id, changed_by="admin")["last_updated_by"] for job_id in ids(0, 0, 50)}) == 1


@settings(max_examples=40, deadline=None)
@given(job_ids, seeds)
def test_describe_gives_the_name_in_the_document(job_id: str, seed: int) -> None:
    """The name alone is the document's, whatever its size."""
    assert describe(job_id, seed=seed) == canceled(job_id, seed=seed)["name"]
    assert describe(job_id, seed=seed) == canceled(job_id, seed=seed, tasks=9)["name"]
    assert describe(job_id, seed=seed, name="mine") == "mine"


@pytest.mark.parametrize("tasks", [-1, 0, 2, 2001])
def test_a_number_of_tasks_out_of_range(tasks: int) -> None:
    """The message names the number and the range."""
    with pytest.raises(ValueError, match=rf"^tasks is {tasks}; a job has 3 to 2000 tasks$"):
        canceled("4321abcdef694aa79dae47ad", tasks=tasks)

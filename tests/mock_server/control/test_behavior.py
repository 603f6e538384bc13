"""What is asked of the mock on the fly: by `Prefer` for one request, by the control API for some."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from engine_contract.contract import load_contract
from mock_server import Settings
from mock_server.serving.in_process import RunningMock, running_mock
from tests.support.caller import PAGE_ID, Caller


def _nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 599])
def test_a_preferred_refusal_leaves_the_job(caller: Caller, code: int) -> None:
    """`Prefer: code=4xx` or 5xx is answered so, says that it was applied, and leaves the job as it was."""
    answer = caller.cancel(headers={"Prefer": f"code={code}"})
    assert answer.status_code == code
    assert answer.headers["preference-applied"] == f"code={code}"
    assert answer.json()["status"] == code
    assert ("www-authenticate" in answer.headers) == (code == 401)
    assert ("retry-after" in answer.headers) == (code in {429, 503})
    assert caller.cancel().status_code == 200


def test_a_preferred_success_cancels(caller: Caller) -> None:
    """`Prefer: code=202` cancels and answers with that status; a refusal stays the refusal that it is."""
    assert caller.cancel(headers={"Prefer": "code=202"}).status_code == 202
    assert caller.cancel(headers={"Prefer": "code=202"}).status_code == 409


@pytest.mark.parametrize("name", list(load_contract().response_examples))
def test_a_preferred_example_is_answered_verbatim(caller: Caller, name: str) -> None:
    """`Prefer: example=NAME` answers with the specification's example of that name, and cancels the job."""
    answer = caller.cancel(headers={"Prefer": f"example={name}"})
    assert answer.json() == load_contract().response_examples[name]
    assert answer.headers["preference-applied"] == f"example={name}"
    assert caller.status() == "canceled"


@pytest.mark.parametrize("name", list(load_contract().refusal_examples))
def test_a_preferred_refusal_example(caller: Caller, name: str) -> None:
    """`Prefer: example=NAME` of a refusal answers that refusal, and leaves the job."""
    status, value = load_contract().refusal_examples[name]
    answer = caller.cancel(headers={"Prefer": f"example={name}"})
    assert (answer.status_code, answer.json()["detail"]) == (status, value["detail"])
    assert caller.status() == "running"


def test_a_preferred_delay_is_applied(caller: Caller) -> None:
    """`Prefer: latency=MS` delays the answer by at least that time."""
    answer = caller.cancel(headers={"Prefer": "latency=120"})
    assert answer.elapsed.total_seconds() >= 0.12
    assert answer.headers["preference-applied"] == "latency=120"


def test_delays_come_from_three_places() -> None:
    """--latency delays every answer of the operation, refusals included; an armed delay and a preferred one go before it."""
    with running_mock(Settings(latency_ms=(150.0, 160.0))) as mock, httpx.Client(base_url=mock.url) as client:
        caller = Caller(client)
        assert caller.cancel("x").elapsed.total_seconds() >= 0.15
        mock.behave(latency_ms=[300, 310])
        assert caller.cancel("x").elapsed.total_seconds() >= 0.3
        assert caller.cancel("x", headers={"Prefer": "latency=400"}).elapsed.total_seconds() >= 0.4


@pytest.mark.parametrize(
    ("prefer", "says"),
    [
        ("code=99", "code takes a status from 200 to 599"),
        ("code=600", "from 200 to 599"),
        ("code=abc", "from 200 to 599"),
        ("code", "from 200 to 599"),
        ("example=nope", "example takes one of page, sparse, extended"),
        ("fault=nope", "fault takes one of"),
        ("latency=-1", "latency takes a number of milliseconds"),
        ("latency=nan", "latency takes a number of milliseconds"),
        ("latency=99999999", "latency takes a number of milliseconds"),
        ("respond-async, code=1", "from 200 to 599"),
    ],
)
def test_a_preference_that_cannot_be_honoured_lists_what_can(caller: Caller, prefer: str, says: str) -> None:
    """One of the mock's preferences with a value that it cannot honour is a 400 that lists what it can."""
    answer = caller.cancel(headers={"Prefer": prefer})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert caller.cancel().status_code == 200


@pytest.mark.parametrize(
    "prefer", ["respond-async", "return=minimal, wait=5", "foo; bar=1", "", ",,", "@", 'x="a, code=409"', "codes=409"]
)
def test_other_preferences_are_ignored(caller: Caller, prefer: str) -> None:
    """Preferences of other names are ignored, as RFC 7240 says."""
    answer = caller.cancel(headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize(
    "prefer", ["CODE=409", 'code="409"', "code = 409", "wait=5, code=409; x=y", "code=409, code=410", "@, code=409"]
)
def test_prefer_is_read_as_the_rfc_says(caller: Caller, prefer: str) -> None:
    """Names in any case, quoted values, parameters, several in one header: the first of a name counts."""
    assert caller.cancel(headers={"Prefer": prefer}).status_code == 409


def test_prefer_headers_add_up(caller: Caller) -> None:
    """Several Prefer headers are one list."""
    headers = [("Authorization", "Bearer admin"), ("Prefer", "wait=5"), ("Prefer", "code=410"), ("Prefer", "latency=1")]
    answer = caller.client.post("/workflow_engine/cancelJob", json={"job_id": PAGE_ID}, headers=headers)
    assert answer.status_code == 410
    assert answer.headers["preference-applied"] == "code=410, latency=1"


def test_what_is_armed_applies_and_is_shown(caller: Caller) -> None:
    """PUT arms in place of what was armed, GET shows it, `{}` disarms."""
    assert caller.arm(code=503).json() == {"code": 503}
    assert caller.cancel().status_code == 503
    assert caller.arm(latency_ms=[1, 2]).json() == {"latency_ms": [1.0, 2.0]}
    assert caller.client.get("/_mock/behavior").json() == {"latency_ms": [1.0, 2.0]}
    assert caller.cancel().status_code == 200
    caller.arm(code=503)
    assert caller.arm().json() == {}
    assert caller.cancel("x").status_code == 404


def test_times_counts_cancel_requests(caller: Caller) -> None:
    """`times` counts cancel requests to which it was applied, and nothing else."""
    caller.arm(code=503, times=2)
    caller.client.get("/_mock/jobs")
    caller.client.get("/workflow_engine/cancelJob")
    assert caller.client.get("/_mock/behavior").json()["times"] == 2
    assert [caller.cancel().status_code for _ in range(4)] == [503, 503, 200, 409]
    assert caller.client.get("/_mock/behavior").json() == {}


def test_a_job_and_a_role_can_be_meant(mock: RunningMock, caller: Caller) -> None:
    """`job_id` and `role` limit it to those requests; both must hold; `times` counts only them."""
    one, two = mock.add_jobs(2)
    caller.arm(code=418, job_id=one, times=1)
    assert [caller.cancel(two).status_code, caller.cancel(one).status_code, caller.cancel(one).status_code] == [
        200,
        418,
        200,
    ]
    caller.arm(code=418, role="support")
    assert [caller.cancel("x").status_code, caller.cancel("x", role="support").status_code] == [404, 418]
    caller.arm(code=418, role="support", job_id="y")
    assert [caller.cancel("x", role="support").status_code, caller.cancel("y", role="support").status_code] == [
        404,
        418,
    ]


def test_percentage_is_a_share(caller: Caller) -> None:
    """`percentage` is the share of requests: none of them, all of them, or about that many."""
    shares = {}
    for percentage in (0, 20, 100):
        caller.arm(code=418, percentage=percentage)
        shares[percentage] = sum(caller.cancel("x").status_code == 418 for _ in range(200))
    assert shares[0] == 0
    assert 15 <= shares[20] <= 70
    assert shares[100] == 200


def test_a_preference_that_means_nothing_here_is_told_once(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """It is ignored, as the RFC says, and the terminal names those that mean something; registered ones are not told."""
    with caplog.at_level(logging.WARNING, "mock_server"):
        for prefer in ("status=503", "status=409", "return=minimal, wait=5", "code=503"):
            caller.cancel("x", headers={"Prefer": prefer})
    assert [record.getMessage() for record in caplog.records] == [
        "Ignored: Prefer: status; this mock knows code, example, fault, latency, profile, situation."
    ]


@pytest.mark.parametrize(
    ("behavior", "says"),
    [
        ({"code": 99}, "code 99: must be a status from 200 to 599"),
        (
            {"code": "409"},
            "code '409': must be a status from 200 to 599. It is a string: leave out its quotation marks.",
        ),
        ({"code": True}, "code True"),
        ({"fault": "nope"}, "fault 'nope': no such fault"),
        ({"latency_ms": [5, 1]}, "latency_ms [5, 1]"),
        ({"latency_ms": "x"}, "latency_ms 'x'"),
        ({"times": 0}, "times 0: must be a whole number"),
        ({"percentage": 101}, "percentage 101: must be a number from 0 to 100"),
        ({"job_id": ""}, "job_id '': must be a string"),
        ({"role": ""}, "role '': no such role; there are admin"),
        ({"role": "Support"}, "role 'Support': no such role; there are admin, engineering, support, apiwrite, apiread"),
        ({"times": "2"}, "1 or more. It is a string: leave out its quotation marks."),
        ({"headers": "Retry-After: 5"}, "headers 'Retry-After: 5': must be an object such as"),
        ({"headers": {f"x-{n}": "" for n in range(51)}}, "of at most 50 headers"),
        ({"headers": {"Retry-After": 5}}, "headers.Retry-After 5: must be a string"),
        ({"headers": {"X": "a\r\nSet-Cookie: b=c"}}, "headers.X 'a"),
        ({"headers": {"X": "é"}}, "headers.X 'é': must be a string of at most 4000 printable ASCII characters"),
        ({"headers": {"a b": "x"}}, "headers.a b: not a header that can be armed"),
        ({"headers": {"": "x"}}, "headers.: not a header that can be armed"),
        ({"headers": {"Content-Length": "5"}}, "headers.Content-Length: not a header that can be armed"),
        ({"headers": {"Access-Control-Allow-Origin": "*"}}, "or one of the server's own"),
        ({"status": 409}, "status: no such key; a behaviour has fault, code"),
        ("code", "A behaviour is a JSON object"),
        ({"x" * 900: 1}, f"{'x' * 80}: no such key"),
        ({"fault": "x" * 900}, f"fault '{'x' * 79}: no such fault"),
        ({"latency_ms": ["x" * 900]}, f"latency_ms ['{'x' * 78}: must be"),
        ({"code": 503, "body": _nested(101)}, "body: nested more than 100 levels deep"),
        ({"code": _nested(900)}, "The body is nested too deep"),
    ],
)
def test_what_cannot_be_armed_says_why(caller: Caller, behavior: Any, says: str) -> None:
    """A behaviour that cannot be armed is a 400 with the key, the value and what is allowed; what was armed stays."""
    caller.arm(code=418)
    answer = caller.client.put("/_mock/behavior", json=behavior)
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert caller.client.get("/_mock/behavior").json() == {"code": 418}


def test_body_of_a_hundred_levels_is_armed(caller: Caller) -> None:
    """What is armed can be shown, alone and in a list, and answered."""
    armed = {"code": 503, "body": _nested(100)}
    for wanted in (armed, [armed, armed]):
        assert caller.client.put("/_mock/behavior", json=wanted).status_code == 200
        assert caller.client.get("/_mock/behavior").json() == wanted
    assert (caller.cancel().status_code, caller.cancel().json()) == (503, armed["body"])


def test_nothing_leaks_from_one_request_into_another(mock: RunningMock, caller: Caller) -> None:
    """Requests that overlap get what each asked for itself, and what its session has armed."""
    mock.behave(session="armed", code=502)
    wanted = []
    for number in range(200):
        headers, status = [
            ({"Prefer": "code=418, latency=5"}, 418),
            ({}, 404),
            ({"Mock-Session": "armed"}, 502),
            ({"Prefer": "latency=3"}, 404),
            ({"Mock-Session": "armed", "Prefer": "code=410"}, 410),
            ({"Mock-Session": "calm", "Prefer": "example=other-role"}, 403),
        ][number % 6]
        wanted.append((headers, status))
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda item: caller.cancel("x", headers=item[0]).status_code, wanted))
    assert got == [status for _, status in wanted]


@pytest.mark.parametrize(
    ("job_id", "prefer", "status", "applied"),
    [
        (PAGE_ID, "code=201, latency=1", 201, "code=201, latency=1"),
        ("f" * 24, "code=200, latency=1", 404, "latency=1"),
        ("f" * 24, "example=page", 404, None),
        (PAGE_ID, "code=409, example=page", 409, "code=409"),
    ],
)
def test_what_the_request_did_not_come_to_is_not_said_to_be_applied(
    caller: Caller, job_id: str, prefer: str, status: int, applied: str | None
) -> None:
    """`Preference-Applied` names what the answer shows."""
    answer = caller.cancel(job_id, headers={"Prefer": prefer})
    assert (answer.status_code, answer.headers.get("preference-applied")) == (status, applied)


def test_a_preference_does_not_use_up_what_is_armed(caller: Caller) -> None:
    """A request that says itself what it wants leaves `times` as it was."""
    caller.arm(code=503, times=1)
    assert caller.cancel(headers={"Prefer": "code=429"}).status_code == 429
    assert caller.client.get("/_mock/behavior").json()["times"] == 1
    assert caller.cancel().status_code == 503

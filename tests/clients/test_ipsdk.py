"""`ipsdk`: it logs in by user and password, or gets a token by OAuth, before its first call."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, ROUTE
from tests.support.requirements import need_client


@pytest.fixture
def ipsdk() -> Any:
    return need_client("ipsdk")


def _platform(ipsdk: Any, engine: RunningMock, **user: str) -> Any:
    parts = urlsplit(engine.url)
    return ipsdk.platform_factory(host=parts.hostname, port=parts.port, use_tls=False, **user)


@pytest.mark.parametrize(
    "user",
    [
        {"user": "alice@example", "password": "wonder"},
        {"client_id": "alice@example", "client_secret": "wonder"},
    ],
    ids=["login", "oauth"],
)
def test_cancels_a_job_once(ipsdk: Any, engine: RunningMock, user: dict[str, str]) -> None:
    """By a login or by OAuth; the second cancel is an error with status 409."""
    platform = _platform(ipsdk, engine, **user)
    assert platform.post(ROUTE, json={"job_id": PAGE_ID}).json()["status"] == "canceled"
    with pytest.raises(ipsdk.exceptions.HTTPStatusError) as refused:
        platform.post(ROUTE, json={"job_id": PAGE_ID})
    assert refused.value.response.status_code == 409
    assert platform.get("/whoami").json()["username"] == "alice@example"


def test_role_that_may_not_is_refused(ipsdk: Any, engine: RunningMock) -> None:
    """With 403, at the first call."""
    platform = _platform(ipsdk, engine, user="reader@example", password="reads")
    with pytest.raises(ipsdk.exceptions.HTTPStatusError) as refused:
        platform.post(ROUTE, json={"job_id": PAGE_ID})
    assert refused.value.response.status_code == 403

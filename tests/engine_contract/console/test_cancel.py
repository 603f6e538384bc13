"""A job is canceled from the console as a chosen role."""

import subprocess

import pytest
from playwright.sync_api import Page, expect

from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import Settings
from tests.support.caller import PAGE_ID, Caller
from tests.support.requirements import need_command


def test_shows_request_answer_and_curl(page: Page, caller: Caller) -> None:
    """The form cancels as the role that was chosen, and shows request, answer and curl line."""
    page.goto("/_console/cancel")
    page.get_by_label("Job ID").fill(PAGE_ID)
    page.get_by_label("As the role").select_option("support")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("Sent as support: the job is canceled.")).to_be_visible()
    expect(page.get_by_label("Body of the request")).to_contain_text(PAGE_ID)
    expect(page.get_by_label("Body of the answer")).to_contain_text('"status": "canceled"')
    expect(page.get_by_label("curl line")).to_contain_text("Authorization: Bearer support")
    assert caller.status() == "canceled"
    assert caller.journal()[-1]["role"] == "support"


@pytest.mark.parametrize(("role", "status"), [("operator", "403 refused"), ("", "401 refused")])
def test_roles_that_may_not(page: Page, caller: Caller, role: str, status: str) -> None:
    """A role that the page does not list, and nobody, are refused, with the reason."""
    page.goto(f"/_console/job?id={PAGE_ID}")
    page.get_by_label("As", exact=True).select_option(role)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("article")).to_contain_text(status)
    expect(page.get_by_text("Why:")).to_be_visible()
    assert caller.status() == "running"


def test_the_whole_answer_of_a_large_job(page: Page, mock: RunningMock) -> None:
    """What was sent from here is shown whole, also where the journal keeps the beginning alone."""
    (job_id,) = mock.add_jobs(tasks=60)
    page.goto(f"/_console/cancel?job_id={job_id}")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_label("Body of the answer")).to_contain_text('"watchers"')
    expect(page.get_by_text("keeps the beginning")).to_have_count(0)


def test_a_broken_connection_is_shown(page: Page, mock: RunningMock) -> None:
    """An answer that breaks off is shown as far as it came, and says so."""
    mock.behave(fault="truncated")
    page.goto(f"/_console/cancel?job_id={PAGE_ID}")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".why").first).to_contain_text("bytes came, then the connection was closed.")
    expect(page.get_by_label("Violation of transport.complete")).to_be_visible()
    mock.behave(fault="reset")
    page.goto(f"/_console/cancel?job_id={mock.add_jobs()[0]}")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("article")).to_contain_text("no answer failed")


def test_what_the_form_refuses(page: Page, caller: Caller) -> None:
    """An empty ID is asked for by the form itself, and nothing is sent."""
    page.goto("/_console/cancel")
    page.get_by_label("Job ID").evaluate("input => input.required = false")
    page.on("console", lambda _: None)
    response = page.request.post(
        "/_console/cancel", form={"job_id": "", "role": "admin"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status == 400
    assert "Say which job: the form needs its ID." in response.text()
    response = page.request.post(
        "/_console/cancel", form={"job_id": "x", "role": "root"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (
        "role root: must be one of admin, engineering, support, apiwrite, apiread, operator, no credential."
        in response.text()
    )
    assert caller.journal() == []


def test_the_curl_line_works(page: Page, caller: Caller) -> None:
    """A shell that gets the curl line sends the same request."""
    need_command("curl", "curl")
    caller.cancel('it\'s "quoted" $HOME `id` \\ ünï', role="engineering")
    page.goto("/_console/journal/1")
    line = page.get_by_label("curl line").inner_text()
    subprocess.run(line, shell=True, check=True, capture_output=True, timeout=10)  # noqa: S602 - what is tested
    first, second = caller.journal()
    for key in ("role", "job_id", "status"):
        assert first[key] == second[key]
    assert first["request"]["body"] == second["request"]["body"]


def test_secret_tokens_stay_secret(page: Page) -> None:
    """With tokens of one's own the console knows the roles, and shows the tokens nowhere."""
    secret = "s3cret-of-support"
    with running_mock(Settings(tokens={secret: "support", "another-s3cret": "apiread"})) as mock:
        page.goto(f"{mock.url}/_console/cancel?job_id={PAGE_ID}")
        expect(page.get_by_label("As the role").get_by_role("option")).to_have_text(
            ["support", "apiread", "no credential"]
        )
        page.get_by_role("button", name="Cancel the job").click()
        expect(page.get_by_role("article")).to_contain_text("200 accepted")
        expect(page.get_by_label("curl line")).to_contain_text('-H "Authorization: Bearer $SUPPORT_TOKEN"')
        assert "s3cret" not in page.content()


def test_with_a_base_path(page: Page) -> None:
    """The console stays at `/`, and cancels below the base path."""
    with running_mock(Settings(base_path="/app/v1")) as mock:
        page.goto(f"{mock.url.removesuffix('/app/v1')}/")
        page.get_by_role("link", name="Cancel BGP Down Diagnosis").click()
        page.get_by_role("button", name="Cancel the job").click()
        expect(page.get_by_role("article")).to_contain_text("200 accepted")
        expect(page.get_by_label("curl line")).to_contain_text("/app/v1/workflow_engine/cancelJob")


def test_a_session_of_ones_own(page: Page, caller: Caller) -> None:
    """The chooser of sessions shows and cancels in another session, and the first one stays as it was."""
    page.goto("/")
    page.get_by_role("combobox", name="Session").fill("qa-7")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("session qa-7", exact=False).first).to_be_visible()
    page.get_by_role("link", name="BGP Down Diagnosis").first.click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("article")).to_contain_text("200 accepted")
    expect(page.get_by_label("curl line")).to_contain_text("Mock-Session: qa-7")
    assert caller.status() == "running"
    assert caller.status(session="qa-7") == "canceled"
    assert caller.journal() == []

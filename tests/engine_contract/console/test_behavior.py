"""What is armed, and the switches."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engine_contract.console.behavior_form import read_form, values_of
from engine_contract.console.interface import ConsoleError
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings
from tests.support.caller import PAGE_ID, Caller


def test_a_fault_is_armed_and_seen(page: Page, caller: Caller) -> None:
    """A switch arms its fault, the next request shows it, and the same switch disarms."""
    page.goto("/_console/behavior")
    page.locator("summary", has_text="document").click()
    switch = page.get_by_role("switch", name="wrapped", exact=True)
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(page.get_by_role("heading", name="Armed")).to_be_visible()
    expect(page.get_by_role("region", name="Armed").get_by_text("The job is wrapped in canceled_job.")).to_be_visible()
    expect(page.get_by_role("link", name="Behaviour armed")).to_be_visible()
    assert list(caller.cancel().json()) == ["canceled_job"]
    page.goto("/_console/journal/1")
    violation = page.get_by_label("Violation of response.document")
    expect(violation).to_contain_text("The answer is the job itself, a JSON object")
    expect(violation).to_contain_text("| canceled_job | object | Data from the canceled job. |")
    page.goto("/_console/behavior")
    page.get_by_role("switch", name="wrapped", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing is armed")).to_be_visible()
    assert caller.client.get("/_mock/behavior").json() == {}


def test_what_the_mock_was_started_with_is_said(browser: Browser) -> None:
    """Nothing is armed, and yet a fault is in force: the page names the options."""
    with running_mock(Settings(fault="wrong-type.name", latency_ms=(1, 2))) as mock:
        page = browser.new_page()
        page.goto(f"{mock.url}/_console/behavior")
        expect(page.get_by_text("Started with --fault wrong-type.name and --latency 1-2")).to_be_visible()
        page.close()


def test_status_delay_and_conditions(page: Page, caller: Caller) -> None:
    """Everything that the control API arms can be armed here, and stands in the form again."""
    page.goto("/_console/behavior")
    for label, value in {
        "Status": "409",
        "Latency": "5-9",
        "Times": "2",
        "Percentage": "100",
        "Job": PAGE_ID,
        "Role": "admin",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Arm without a fault").click()
    expect(page.get_by_role("heading", name="Armed")).to_be_visible()
    armed: dict[str, Any] = caller.client.get("/_mock/behavior").json()
    assert armed == {
        "code": 409,
        "latency_ms": [5, 9],
        "times": 2,
        "percentage": 100,
        "job_id": PAGE_ID,
        "role": "admin",
    }
    expect(page.get_by_label("Latency", exact=True)).to_have_value("5-9")
    assert caller.cancel().status_code == 409
    page.reload()
    expect(page.get_by_role("region", name="Armed")).to_contain_text("Times left1", use_inner_text=False)
    page.get_by_role("button", name="Disarm").click()
    assert caller.cancel().status_code == 200


def test_mistakes_are_explained(page: Page, caller: Caller) -> None:
    """A value that cannot be used is named with what is allowed, the form keeps what was typed, nothing is armed."""
    response = page.request.post(
        "/_console/behavior", form={"code": "99", "role": "admin"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status == 400
    assert "code 99: must be a status from 200 to 599." in response.text()
    assert 'value="99"' in response.text()
    assert caller.client.get("/_mock/behavior").json() == {}


def test_the_list_narrows_while_typing(page: Page) -> None:
    """Typing narrows the list to the faults whose name, sentence or rule holds the text."""
    page.goto("/_console/behavior")
    page.get_by_label("Faults that hold").press_sequentially("neighbour")
    expect(page.get_by_role("switch")).to_have_count(1)
    expect(page.get_by_text("1 match.")).to_be_attached()
    page.get_by_label("Faults that hold").fill("nothing holds this")
    expect(page.get_by_text("No fault or variation holds that.")).to_be_visible()
    page.goto("/_console/behavior?search=neighbour")
    expect(page.get_by_role("switch")).to_have_count(1)


@pytest.mark.parametrize(
    ("form", "behavior"),
    [
        ({}, {}),
        ({"fault": "reset"}, {"fault": "reset"}),
        ({"fault": "", "code": " 409 "}, {"code": 409}),
        ({"latency": "250 ms"}, {"latency_ms": "250"}),
        ({"fault": "reset", "percentage": "12.5 %"}, {"fault": "reset", "percentage": 12.5}),
        ({"disarm": "reset", "role": "admin"}, {}),
        ({"disarm": "reset", "code": "500", "role": "admin"}, {"code": 500, "role": "admin"}),
        ({"disarm": "all", "code": "500"}, {}),
    ],
)
def test_forms(form: dict[str, str], behavior: dict[str, Any]) -> None:
    """A form says the same as the JSON of the control API."""
    assert read_form(form) == behavior


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"code": "teapot"}, "code 'teapot': must be a whole number."),
        ({"fault": "reset", "percentage": "half"}, "percentage 'half': must be a number."),
        ({"role": "admin"}, "Choose a fault, a status or a delay: the other fields only say for which requests."),
    ],
)
def test_forms_that_say_nothing(form: dict[str, str], message: str) -> None:
    """What cannot be read is explained."""
    with pytest.raises(ConsoleError) as caught:
        read_form(form)
    assert str(caught.value) == message


def test_values() -> None:
    """What is armed fills the form."""
    assert values_of({"fault": "slow", "latency_ms": [50.0, 50.0], "times": 2}) == {
        "fault": "slow",
        "code": "",
        "times": "2",
        "percentage": "",
        "job_id": "",
        "role": "",
        "latency": "50",
    }

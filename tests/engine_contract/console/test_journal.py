"""The journal: live, filtered, each entry open to request and answer, and to take into a ticket."""

import re

import pytest
from playwright.sync_api import Page, expect

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, Caller


def rows(page: Page) -> list[str]:
    """The numbers of the entries that are shown."""
    return [row.get_attribute("data-number") or "" for row in page.locator("#journal tbody tr").all()]


def test_live_and_newest_first(page: Page, caller: Caller) -> None:
    """What is sent stands at the top within moments, and is told to those who do not see it."""
    page.goto("/_console/journal")
    expect(page.get_by_text("No request was sent to the engine yet.")).to_be_visible()
    caller.cancel(role="operator")
    caller.cancel()
    expect(page.locator("#journal tbody tr")).to_have_count(2)
    assert rows(page) == ["2", "1"]
    expect(page.locator("#journal tbody tr").first).to_contain_text("200 accepted")
    expect(page.get_by_role("navigation", name="Outcomes").get_by_role("link", name="All")).to_contain_text("2")
    told = page.locator("#live-said")
    expect(told).to_have_attribute("aria-live", "polite")
    expect(told).to_contain_text("entry 2, 200 accepted, admin.")
    page.get_by_role("button", name="Live").click()
    caller.cancel()
    page.wait_for_timeout(1000)
    assert rows(page) == ["2", "1"]
    page.get_by_role("button", name="Live").click()
    expect(page.locator("#journal tbody tr")).to_have_count(3)


def test_a_reset_empties_it(page: Page, caller: Caller, mock: RunningMock) -> None:
    """After a reset numbers start again, and the page follows."""
    for _ in range(3):
        caller.cancel()
    page.goto("/_console/journal")
    expect(page.locator("#journal tbody tr")).to_have_count(3)
    mock.reset()
    expect(page.locator("#journal tbody tr")).to_have_count(0)
    caller.cancel()
    expect(page.locator("#journal tbody tr")).to_have_count(1)
    mock.reset()
    for _ in range(3):
        caller.cancel("f" * 24)
    expect(page.locator("#journal tbody tr")).to_have_count(3)
    expect(page.locator("#journal tbody tr").filter(has_text="404 refused")).to_have_count(3)


def test_filters(page: Page, caller: Caller, mock: RunningMock) -> None:
    """Entries are filtered by outcome, by a broken rule, and by what they hold; new ones as well."""
    caller.cancel()
    caller.cancel(role="operator")
    caller.arm(code=503, times=1)
    caller.cancel()
    caller.arm(fault="refuses-support")
    caller.cancel(mock.add_jobs()[0], role="support")
    page.goto("/_console/journal")
    for name, numbers in {"Accepted": ["1"], "Refused": ["4", "2"], "Failed": ["3"], "Violations": ["4"]}.items():
        page.get_by_role("navigation", name="Outcomes").get_by_role("link", name=name).click()
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        assert rows(page) == numbers
    caller.cancel(PAGE_ID, role="admin")
    caller.cancel(mock.add_jobs()[0], role="support")
    expect(page.locator("#journal tbody tr")).to_have_count(2)
    page.goto("/_console/journal?search=operator")
    assert rows(page) == ["2"]


def test_entry_open(page: Page, caller: Caller) -> None:
    """An entry shows the full request and answer, headers included, and the reason of a refusal."""
    caller.cancel("0" * 24, headers={"X-Ticket": "QA-17"})
    page.goto("/_console/journal")
    page.locator("#journal tbody tr a").first.click()
    entry = page.get_by_role("article")
    expect(entry).to_contain_text("404 refused")
    entry.get_by_text("headers").first.click()
    expect(entry).to_contain_text("x-ticket")
    expect(entry).to_contain_text("QA-17")
    expect(entry).to_contain_text("Bearer ***")
    expect(page.get_by_label("Body of the answer")).to_contain_text("unknown-job")
    caller.cancel()
    expect(page.locator("#journal tbody tr")).to_have_count(2)  # the list beside it stays live


def test_copied_as_bug_report(page: Page, caller: Caller, mock: RunningMock) -> None:
    """The button copies steps, what was received and is documented, time, job and curl line, without secrets."""
    mock.behave(fault="null.name")
    caller.cancel(headers={"Cookie": "token=s3cretcookie; theme=dark", "X-Api-Key": "k3y"}, role="support")
    page.goto("/_console/journal/1")
    page.get_by_role("button", name="Copy as bug report").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    report = page.evaluate("navigator.clipboard.readText()")
    for part in (
        "## cancelJob: expected name is a string; received name is null",
        "**Steps**",
        f"1. Take an active job, as `{PAGE_ID}` was, and put its ID in the request.",
        "2. Send this request as the role support:",
        "curl -i http://127.0.0.1:",
        "-H 'Authorization: Bearer support'",
        "**Received**",
        '"name": null',
        "**Documented**",
        'The page: `"name": "8917Test2",`',
        "**Time**",
        "**Job**",
    ):
        assert part in report
    assert "s3cretcookie" not in report
    assert "k3y" not in report
    assert page.get_by_label("Bug report in Markdown").input_value() == report


def test_pins_outlive_the_journal(page: Page, caller: Caller) -> None:
    """A pinned entry is found under Pinned, also when the journal was emptied; and it can be unpinned."""
    caller.cancel(role="operator")
    page.goto("/_console/journal/1")
    page.get_by_role("button", name="Pin").click()
    expect(page.get_by_role("button", name="Unpin")).to_have_attribute("aria-pressed", "true")
    caller.client.delete("/_mock/requests")
    page.goto("/_console/journal?outcome=pinned")
    assert rows(page) == ["1"]
    page.locator("#journal tbody tr a").first.click()
    expect(page.get_by_role("article")).to_contain_text("403 refused")
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("link", name="Pinned 0")).to_be_visible()
    assert rows(page) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_older_ones(page: Page, caller: Caller, *, javascript: bool) -> None:
    """Older entries are a page away; the pages work without JavaScript."""
    for _ in range(60):
        caller.cancel()
    assert page.context.browser is not None
    context = page.context.browser.new_context(base_url=str(caller.client.base_url), java_script_enabled=javascript)
    other = context.new_page()
    other.goto("/_console/journal")
    assert rows(other)[0] == "60"
    other.get_by_role("link", name="Older").click()
    assert rows(other) == [str(number) for number in range(10, 0, -1)]
    context.close()


def test_sessions_in_use_are_listed(page: Page, caller: Caller) -> None:
    """Those that clients used, with entries, jobs and last use; one that no client has used says so, and stays so."""
    caller.cancel(headers={"Mock-Session": "worker-7"})
    caller.cancel(headers={"Mock-Session": "worker-7"})
    page.goto("/_console/journal")
    line = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="worker-7"))
    expect(line).to_contain_text(re.compile(r"worker-7 2 entries, 12 jobs, used \S+ m?s ago"))
    line.get_by_role("link").click()
    expect(page.get_by_role("row").filter(has_text="409 refused")).to_contain_text("is canceled already.")
    for _ in range(2):
        page.goto("/_console/journal?session=worker-8")
        expect(page.get_by_text("No client has used the session worker-8")).to_be_visible()
    assert "worker-8" not in caller.client.get("/_mock/sessions").text

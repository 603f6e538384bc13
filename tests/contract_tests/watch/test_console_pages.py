"""The console of watch-engine, before an engine with a fault: from the browser to the ticket."""

from playwright.sync_api import Browser, Page, expect

from mock_server.serving.in_process import RunningMock
from tests.support.caller import Caller
from tests.support.watching import watching


def test_a_seeded_fault_is_found_and_copied(page: Page, mock: RunningMock, caller: Caller) -> None:
    """A cancel from the console shows what broke the contract, with the page's line, and is copied as a ticket."""
    mock.behave(fault="status-running")
    (job_id,) = mock.add_jobs()
    with watching(mock.url, tokens={"support": "support"}) as watch:
        page.goto(f"{watch.console}/")
        expect(page.get_by_role("region", name="Live engine")).to_contain_text(mock.url)
        page.get_by_role("link", name="Cancel", exact=True).click()
        page.get_by_label("Job ID").fill(job_id)
        page.get_by_role("button", name="Go on…").click()
        assert caller.status(job_id) == "running"
        page.get_by_role("button", name=f"Cancel {job_id}").click()
        violation = page.get_by_label("Violation of response.status")
        expect(violation).to_contain_text("/status")
        expect(violation).to_contain_text('"status": "canceled",')
        violation.get_by_role("link", name="/status").click()
        expect(page.locator("mark:target")).to_have_text('"running"')
        expect(page.locator("mark:target")).to_be_in_viewport()
        page.get_by_role("button", name="Copy as bug report").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        report = page.evaluate("navigator.clipboard.readText()")
        assert report.startswith("## cancelJob: ")
        assert f"{mock.url}/workflow_engine/cancelJob" in report
        assert "Bearer support" not in report
        assert "(mock)" not in report
        page.goto(f"{watch.console}/")
        expect(page.get_by_role("link", name="Journal 1 broken")).to_be_visible()
        page.get_by_role("row").filter(has_text=job_id).get_by_role("link").first.click()
        expect(page.locator("svg .box").first).to_be_visible()
    assert caller.status(job_id) == "canceled"


def test_a_warning_is_no_break(page: Page, mock: RunningMock, caller: Caller) -> None:
    """A cancel that an assumed rule alone warns of is canceled, and stands under the warnings."""
    del caller
    mock.behave(fault="status-201")
    (job_id,) = mock.add_jobs()
    with watching(mock.url, tokens={"support": "support"}) as watch:
        page.goto(f"{watch.console}/cancel")
        page.get_by_label("Job ID").fill(job_id)
        page.get_by_role("button", name="Go on…").click()
        page.get_by_role("button", name=f"Cancel {job_id}").click()
        expect(page.get_by_text("Sent as support: the job is canceled.")).to_be_visible()
        expect(page.get_by_label("Violation of transport.status.exact")).to_be_visible()
        for name, count in (("Warnings", 1), ("Violations", 0)):
            page.goto(f"{watch.console}/journal")
            page.get_by_role("navigation", name="Outcomes").get_by_role("link", name=name).click()
            expect(page.locator("#journal tbody tr")).to_have_count(count)


def test_the_journal_of_a_watcher_is_live(page: Page, mock: RunningMock, caller: Caller) -> None:
    """What passes the watcher stands in its journal, as it comes."""
    del caller
    (job_id,) = mock.add_jobs()
    with watching(mock.url) as watch:
        page.goto(f"{watch.console}/journal")
        expect(page.get_by_text("No request was sent to the engine yet.")).to_be_visible()
        response = page.request.post(
            f"{watch.url}/workflow_engine/cancelJob",
            data={"job_id": job_id},
            headers={"Authorization": "Bearer operator"},
        )
        assert response.status == 403
        expect(page.locator("#journal tbody tr")).to_have_count(1)
        expect(page.locator("#journal tbody tr")).to_contain_text("403 refused")
        expect(page.get_by_role("link", name="Journal", exact=True)).to_be_visible()
        mock.behave(fault="status-running")
        page.request.post(
            f"{watch.url}/workflow_engine/cancelJob",
            data={"job_id": job_id},
            headers={"Authorization": "Bearer support"},
        )
        expect(page.get_by_role("link", name="Journal 1 broken")).to_be_visible()


def test_only_cancels_are_refused_and_counts_agree(page: Page, mock: RunningMock, caller: Caller) -> None:
    """A redirect, an upgrade or a missing page refuses nothing; a tab's count is that of its list, also while it grows."""
    del caller
    (job_id,) = mock.add_jobs()
    with watching(mock.url) as watch:
        page.goto(f"{watch.console}/journal?outcome=refused")
        page.request.get(f"{watch.url}/nowhere")
        for role, named in (("operator", job_id), ("admin", job_id), ("operator", "x")):
            page.request.post(
                f"{watch.url}/workflow_engine/cancelJob",
                data={"job_id": named},
                headers={"Authorization": f"Bearer {role}"},
            )
        expect(page.locator("#journal tbody tr")).to_have_count(2)
        counts = {"All": 4, "Accepted": 1, "Refused": 2, "Failed": 0, "Answered": 1, "Violations": 0}
        for _ in range(2):  # as the page counted, and as it is loaded again
            for name, count in counts.items():
                expect(page.get_by_role("link", name=f"{name} {count}", exact=True)).to_be_visible()
            page.reload()
        page.goto(f"{watch.console}/journal")
        expect(page.locator("#journal tbody tr").filter(has_text="404 answered")).to_have_count(1)
        for search, count in (("", 2), (job_id, 1)):  # the status of one was never seen
            page.goto(f"{watch.console}/?search={search}")
            expect(page.get_by_role("link", name=f"All {count}", exact=True)).to_be_visible()
            expect(page.get_by_text(f"1 to {count} of {count}")).to_be_visible()


def test_page_says_that_the_watcher_has_ended(browser: Browser, mock: RunningMock) -> None:
    """Where nothing answers it is the watcher that is gone; another watcher at its port has another key."""
    tab = browser.new_page()
    with watching(mock.url) as watch:
        tab.goto(f"{watch.console}/journal")
        tab.route("**/journal.json?*", lambda route: route.fulfill(status=401, body="{}"))
        expect(
            tab.get_by_text("watch-engine answers with status 401; open the address that it printed last.")
        ).to_be_visible()
        tab.unroute_all()
        expect(tab.get_by_text("watch-engine answers again.")).to_be_visible()
    expect(tab.get_by_text("watch-engine does not answer; trying on.")).to_be_visible()
    tab.close()

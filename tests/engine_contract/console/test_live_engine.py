"""The console before a live engine: it says LIVE, and cancels only with a token and after a question that names the job."""

import httpx
from playwright.sync_api import Page, expect

from tests.engine_contract.console.live import ENGINE, Live, live_console


def test_a_banner_says_live(page: Page) -> None:
    """A red banner names the engine on every page."""
    with live_console(Live()) as url:
        for path in ("/", "/job?id=a", "/journal", "/journal/1", "/cancel"):
            page.goto(url + path)
            banner = page.get_by_role("region", name="Live engine")
            expect(banner).to_contain_text("LIVE")
            expect(banner).to_contain_text(ENGINE)
            red, green, blue = banner.evaluate("b => getComputedStyle(b).backgroundColor.match(/\\d+/g).map(Number)")
            assert red > 2 * max(green, blue)
        expect(page.get_by_role("link", name="Behaviour")).to_have_count(0)
        expect(page.get_by_role("combobox", name="Session")).to_have_count(0)


def test_a_cancel_is_confirmed(page: Page) -> None:
    """Nothing is sent before the question, which names the job, the engine and the role, is answered."""
    data = Live()
    with live_console(data) as url:
        page.goto(f"{url}/job?id=a")
        page.get_by_label("As", exact=True).select_option("support")
        page.get_by_role("button", name="Cancel…").click()
        expect(page.get_by_role("heading", name="Cancel this job on the live engine?")).to_be_visible()
        question = page.locator("main")
        for text in ("Nightly backup", ENGINE, "support"):
            expect(question).to_contain_text(text)
        assert data.canceled == []
        page.get_by_role("link", name="Keep it").click()
        assert data.canceled == []
        page.get_by_role("button", name="Cancel…").click()
        page.get_by_role("button", name="Cancel a", exact=True).click()
        expect(page.get_by_role("article")).to_contain_text("the answer breaks the contract.")
        assert data.canceled == [("a", "admin")]


def test_the_question_cannot_be_skipped() -> None:
    """A form that confirms another job is asked again."""
    data = Live()
    with live_console(data) as url:
        response = httpx.post(
            f"{url}/cancel",
            data={"job_id": "a", "role": "admin", "confirmed": "b"},
            headers={"Sec-Fetch-Site": "same-origin"},
            trust_env=False,
        )
        assert "Cancel this job on the live engine?" in response.text
        assert data.canceled == []


def test_no_token_no_cancel(page: Page) -> None:
    """Without a token there is no form, and a form sent all the same is refused."""
    data = Live(roles=())
    with live_console(data) as url:
        page.goto(f"{url}/job?id=a")
        expect(page.get_by_text("Start with --token ROLE=SOURCE to cancel from here.")).to_be_visible()
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        response = httpx.post(
            f"{url}/cancel",
            data={"job_id": "a", "role": "admin", "confirmed": "a"},
            headers={"Sec-Fetch-Site": "same-origin"},
            trust_env=False,
        )
        assert response.status_code == 400
        assert data.canceled == []


def test_curl_names_the_engine_and_no_secret(page: Page) -> None:
    """The curl line goes to the engine, with a variable in the place of the token; findings of all levels are told apart."""
    with live_console(Live()) as url:
        page.goto(f"{url}/journal/1")
        line = page.get_by_label("curl line")
        expect(line).to_contain_text(f"{ENGINE}/workflow_engine/cancelJob")
        expect(line).to_contain_text('-H "Authorization: Bearer $ADMIN_TOKEN"')
        expect(page.get_by_label("Violation of transport.status.exact")).to_contain_text("assumed")
        expect(page.get_by_label("Violation of response.name")).to_contain_text('"name": "8917Test2",')
        expect(page.locator("#journal tbody tr")).to_contain_text("2 rules broken")
        expect(page.locator("#journal tbody tr")).to_contain_text("1 warning")

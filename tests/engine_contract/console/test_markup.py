"""Content that came from requests is never markup: scripts in every field are shown, and do not run."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from mock_server.serving.in_process import RunningMock
from tests.engine_contract.console.live import Live, live_console

MARKUP = (
    "<script>window.ran=1</script>",
    '"><img src=x onerror="window.ran=1">',
    "'><svg onload=window.ran=1>",
    "</textarea></pre></script><script>window.ran=1</script>",
    "{{7*7}}{% raw %}${7*7}",
    "javascript:window.ran=1",
    "<b>&lt;i&gt;</b>\u202e\u0000<!--",
)
FIELD = " ".join(MARKUP[:5])
# What a header can hold.
HEADER = FIELD.encode("ascii", "replace").decode()


INJECTED = """() => ({
  ran: window.ran,
  scripts: [...document.scripts].map((s) => s.src).filter((s) => !s.endsWith("/static/console.js")),
  elements: [...document.querySelectorAll("img, iframe, object, embed, b, i, base, [onerror], [onload], a[href^='javascript:']")].map((e) => e.outerHTML),
  pictures: [...document.querySelectorAll("svg")].filter((s) => !s.hasAttribute("viewBox")).length,
  computed: (document.title + document.querySelector("h1").textContent).includes("49"),
})"""


def check(page: Page) -> None:
    """No marker, and no element but ours."""
    found = page.evaluate(INJECTED)
    assert found == {"ran": None, "scripts": [], "elements": [], "pictures": 0, "computed": False}


def pages(page: Page, urls: list[str]) -> None:
    """Go through the pages and check each."""
    for url in urls:
        page.goto(url)
        check(page)


def test_jobs(page: Page, mock: RunningMock) -> None:
    """Names and ids of jobs."""
    ids = [MARKUP[1], MARKUP[0] + "/../?#&", MARKUP[3]]
    for job_id in ids:
        mock.add_jobs(job_id=job_id, name=FIELD)
    pages(page, ["/", f"/?search={httpx.QueryParams({'s': FIELD})['s']}", "/?search=%22%3E%3Cimg%20src%3Dx%3E"])
    for job_id in ids:
        page.goto("/")
        page.locator("tr", has=page.locator(".id", has_text=job_id)).get_by_role("link").first.click()
        check(page)
        expect(page.locator("h1")).to_contain_text("{{7*7}}{% raw %}${7*7}")
        expect(page.locator("#id")).to_have_text(job_id)
        page.get_by_role("button", name="Cancel", exact=True).click()
        expect(page.get_by_role("article")).to_contain_text("200 accepted")
        check(page)


def test_requests(page: Page, mock: RunningMock) -> None:
    """Ids, headers, bodies, queries, paths and credentials of requests, in the live journal and in entries."""
    page.goto("/_console/journal")
    with httpx.Client(base_url=mock.url, trust_env=False) as client:
        route = "/workflow_engine/cancelJob"
        for text in MARKUP:
            client.post(route, json={"job_id": text, text: text}, headers={"Authorization": "Bearer admin"})
            client.post(
                route, content=text.encode(), headers={"Content-Type": "application/json", "Cookie": "token=admin"}
            )
        client.post(route, params={"token": FIELD, "q": FIELD, FIELD: "1"}, json={"job_id": FIELD})
        client.post(
            route,
            json={"job_id": FIELD},
            headers={"X-Text": HEADER, "User-Agent": HEADER, "Authorization": f"Basic {HEADER}"},
        )
        client.post(route, json={"job_id": FIELD}, headers={"Prefer": f'fault="{HEADER}"', "Content-Type": HEADER})
        client.get(f"/{MARKUP[1]}/{MARKUP[0]}", params={"a": FIELD})
        client.request("PUT", route, content=FIELD.encode("utf-16"))
    count = 2 * len(MARKUP) + 5
    expect(page.locator("#journal tbody tr").first).to_have_attribute("data-number", str(count))
    check(page)
    pages(page, ["/_console/journal", *(f"/_console/journal/{number}" for number in range(1, count + 1))])
    page.goto("/_console/journal/1")
    expect(page.get_by_label("Body of the request")).to_contain_text(MARKUP[0])


def test_addresses_and_forms(page: Page, mock: RunningMock) -> None:
    """What stands in the address or was typed."""
    mock.behave(fault="slow", job_id=FIELD, code=409, body={FIELD: FIELD}, headers={"X-Odd": FIELD})
    pages(
        page,
        [
            "/_console/behavior",
            "/_console/behavior?search=%22%3E%3Cscript%3Ewindow.ran%3D1%3C%2Fscript%3E",
            "/_console/cancel?job_id=%22%3E%3Cimg%20src%3Dx%20onerror%3Dwindow.ran%3D1%3E&role=%22%3E%3Cb%3E",
            "/_console/journal?search=%3Cscript%3Ewindow.ran%3D1%3C%2Fscript%3E",
        ],
    )


@pytest.mark.parametrize(
    "document", [{"tasks": {FIELD: {"name": FIELD, "status": FIELD, "metrics": {"app": {"id": FIELD}}}}}]
)
def test_documents_of_an_engine(page: Page, document: dict[str, object]) -> None:
    """A live engine's documents: names, keys, states, dates, errors and findings."""
    document |= {
        "transitions": {FIELD: {MARKUP[1]: {"state": FIELD, "type": FIELD}}},
        "created": FIELD,
        "created_by": MARKUP[0],
        "error": [{"task": FIELD, "message": MARKUP[1]}],
    }
    with live_console(Live(document=document, text=FIELD)) as url:
        pages(page, [f"{url}/", f"{url}/job?id=a", f"{url}/journal", f"{url}/journal/1"])
        page.goto(f"{url}/job?id=a")
        expect(page.locator(".box .state").first).to_contain_text("<script>")

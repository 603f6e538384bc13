"""The console works by keyboard, at phone width, in dark and light, and for those who listen to it."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mock_server.serving.in_process import RunningMock
from tests.engine_contract.console.live import Live, live_console
from tests.support.browser import DESKTOP, Seen
from tests.support.caller import PAGE_ID, Caller

# What is wrong with a page for somebody who cannot see it, or does not use a mouse.
AUDIT = r"""() => {
  const wrong = [];
  const say = (what, element) => wrong.push(`${what}: ${element.outerHTML.slice(0, 140)}`);
  const text = (element) => (element.textContent || "").trim();
  const byIds = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)).filter(Boolean).map(text).join(" ").trim();
  const name = (element) => element.getAttribute("aria-label") || (element.hasAttribute("aria-labelledby") && byIds(element.getAttribute("aria-labelledby")))
    || [...(element.labels || [])].map(text).join(" ").trim() || (/^(A|BUTTON|SUMMARY)$/.test(element.tagName) && text(element)) || "";
  for (const element of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary"))
    if (!name(element)) say("no name", element);
  for (const element of document.querySelectorAll("nav, section, article, form[role=search], [role=group], [role=region], svg[role=img]"))
    if (!name(element)) say("no name", element);
  for (const element of document.querySelectorAll("svg:not([role=img])"))
    if (element.getAttribute("aria-hidden") !== "true") say("picture without a text", element);
  for (const attribute of ["aria-labelledby", "aria-describedby", "for"])
    for (const element of document.querySelectorAll(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(/\s+/)) if (!document.getElementById(id)) say(`${attribute} of nothing`, element);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) wrong.push(`id twice: ${id}`);
  const headings = [...document.querySelectorAll("h1, h2, h3, h4")].filter((heading) => heading.checkVisibility());
  const tops = headings.filter((heading) => heading.tagName === "H1").length;
  if (tops !== 1) wrong.push(`${tops} h1`);
  let level = 1;
  for (const heading of headings) {
    const its = Number(heading.tagName[1]);
    if (its > level + 1) say("level left out", heading);
    level = its;
  }
  for (const landmark of ["header", "main", "nav"]) if (!document.querySelector(landmark)) wrong.push(`no ${landmark}`);
  if (document.documentElement.lang !== "en") wrong.push("no language");
  for (const table of document.querySelectorAll("table"))
    if (!table.querySelector("thead th[scope=col]")) say("table without headers", table);
  for (const list of document.querySelectorAll("ul, ol")) for (const child of list.children) if (child.tagName !== "LI") say("not in a list", child);
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY) && (element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1);
    if (scrolls && element.clientHeight && element.tagName !== "TEXTAREA" && element.tabIndex < 0 && !element.querySelector("a, button, input")) say("scrolls by mouse alone", element);
  }
  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) say("order of its own", element);
  return wrong;
}"""

# Texts whose contrast to what is behind them is below WCAG's AA.
CONTRAST = r"""() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => { context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1); return [...context.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const ratio = (one, other) => { const [high, low] = [light(one), light(other)].sort((a, b) => b - a); return (high + 0.05) / (low + 0.05); };
  const behind = (element) => {
    const box = element.closest("g.box");
    if (box) return rgba(getComputedStyle(box.querySelector("rect")).fill);
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
      if (colour[3] > 0) throw new Error("half transparent");
    }
    return [255, 255, 255, 255];
  };
  const wrong = new Set();
  let texts = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
    if (!own || !element.getClientRects().length || ["TITLE", "OPTION"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const colours = [element.closest("svg") ? style.fill : style.color];
    if (element.placeholder && !element.value) colours.push(getComputedStyle(element, "::placeholder").color);
    for (const colour of colours) {
      texts += 1;
      const found = ratio(rgba(colour), behind(element));
      if (found < 4.5) wrong.add(`${found.toFixed(2)} ${element.tagName}.${element.className.baseVal ?? element.className} ${element.textContent.trim().slice(0, 30)}`);
    }
  }
  return { texts, wrong: [...wrong] };
}"""

# Words and numbers of at most 24 signs that a line's end parts; code scrolls, and wraps where it must.
BROKEN_WORDS = r"""() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.parentElement.closest("pre, textarea, svg, script, template, select, option, .hide") || !text.parentElement.checkVisibility()) continue;
    for (const match of text.data.matchAll(/\w{2,24}(?!\w)/g)) {
      if (/\w/.test(text.data[match.index - 1] ?? "")) continue;
      range.setStart(text, match.index);
      range.setEnd(text, match.index + match[0].length);
      if (new Set([...range.getClientRects()].filter((box) => box.width).map((box) => Math.round(box.top))).size > 1) found.add(match[0]);
    }
  }
  return [...found];
}"""

PATHS = (
    "/",
    "/?search=nothing+holds+this",
    f"/_console/job?id={PAGE_ID}",
    "/_console/journal",
    "/_console/journal/2",
    "/_console/behavior?search=name",
    "/_console/cancel",
)


@pytest.fixture
def shown(mock: RunningMock, caller: Caller) -> None:
    """Something of everything: every status, outcome and kind of line."""
    for status in ("paused", "error", "complete", "canceled", "incomplete"):
        mock.add_jobs(status=status)
    mock.behave(fault="wrapped", times=1)
    caller.cancel("0" * 24)
    caller.cancel(mock.add_jobs()[0], role="support")
    caller.arm(code=503, times=1)
    caller.cancel()
    mock.behave(fault="null.name", role="support", percentage=50.0, latency_ms=[1, 2])


@pytest.mark.usefixtures("shown")
def test_what_a_screen_reader_reads(page: Page) -> None:
    """Everything has a name, a role and a place; tables have headers, and headings their order."""
    for path in PATHS:
        page.goto(path)
        assert page.evaluate(AUDIT) == [], path
    with live_console(Live()) as url:
        for path in ("/", "/journal/1"):
            page.goto(url + path)
            assert page.evaluate(AUDIT) == [], path


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser: Browser, mock: RunningMock, seen: Seen, scheme: Any) -> None:
    """Every text has a contrast of 4.5 to what is behind it, in dark and in light."""
    context = browser.new_context(base_url=mock.url, viewport=DESKTOP, color_scheme=scheme, reduced_motion="reduce")
    page = seen.watch(context.new_page())
    backgrounds = set()
    # Marks within marks, around every kind of value.
    values = '{"x": {"s": "text", "n": 1.5, "w": null}}'
    with (
        live_console(Live(document={"tasks": {"a": {"status": "odd"}}, "transitions": {"a": {"b": {}}}})) as url,
        live_console(Live(body=values, pointers=("/x", "/x/s", "/x/n", "/x/w"))) as marked,
    ):
        statuses = [f"/_console/job?id={job_id}" for job_id in mock.add_jobs(2, tasks=30)]
        for path in (*PATHS, *statuses, f"{url}/job?id=a", f"{url}/journal/1", f"{marked}/journal/1"):
            page.goto(path)
            found = page.evaluate(CONTRAST)
            assert found["texts"] > 10
            assert found["wrong"] == [], path
            backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backgrounds) == 1
    assert ("rgb(245" in backgrounds.pop()) is (scheme == "light")
    context.close()


@pytest.mark.usefixtures("shown")
def test_phone_width(phone: Page, mock: RunningMock) -> None:
    """Nothing scrolls sideways but what is meant to, and what is touched is large enough."""
    (big,) = mock.add_jobs(tasks=60, name="A" * 300)
    mock.add_jobs(job_id="x" * 200, name="no spaces " + "y" * 150)
    for path in (*PATHS, f"/_console/job?id={big}", f"/_console/job?id={'x' * 200}", "/_console/behavior"):
        phone.goto(path)
        phone.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert phone.evaluate("window.innerWidth") == 360, path
        small = phone.evaluate(
            """[...document.querySelectorAll('button, .button, select, input')].filter((e) => e.getClientRects().length)
            .map((e) => e.getBoundingClientRect()).filter((box) => box.height < 24 || box.width < 24).length"""
        )
        assert small == 0, path
    with live_console(Live()) as url:
        phone.goto(f"{url}/journal/1")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        assert phone.evaluate(AUDIT) == []


@pytest.mark.usefixtures("shown")
def test_no_word_is_broken_inside(page: Page, mock: RunningMock) -> None:
    """At every width a word or a number of usual length stands on one line."""
    bigs = [f"/_console/job?id={job_id}" for job_id in mock.add_jobs(1, tasks=80)]
    for width in (360, 820, 1130, 1380):
        page.set_viewport_size({"width": width, "height": 860})
        for path in ("/", *bigs, "/_console/journal", "/_console/journal/2"):
            page.goto(path)
            page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
            assert page.evaluate(BROKEN_WORDS) == [], (width, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, path)


def test_bug_report_is_a_few_tabs_away(page: Page, mock: RunningMock, caller: Caller) -> None:
    """An entry comes before the list of the others, however long that is."""
    for job_id in mock.add_jobs(50):
        caller.cancel(job_id)
    page.goto("/_console/journal/50")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Copy as bug report":
            return
    pytest.fail("More than 12 Tabs from the top of the page to its main button.")


@pytest.mark.usefixtures("shown")
def test_no_traps(page: Page) -> None:
    """Tab reaches everything that can be used, in order, shows where it is, and leads out again."""
    for path in PATHS:
        page.goto(path)
        usable = page.evaluate(
            """[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
            .filter((e) => e.checkVisibility() && !e.disabled).length"""
        )
        reached: list[str] = []
        for _ in range(usable + 3):
            page.keyboard.press("Tab")
            at = page.evaluate(
                """() => { const e = document.activeElement; if (!e || e === document.body) return null;
                window.order ??= new Map(); if (!window.order.has(e)) window.order.set(e, window.order.size);
                const style = getComputedStyle(e);
                return [String(window.order.get(e)), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, e.outerHTML.slice(0, 120)]; }"""
            )
            if at is None:
                break
            number, is_visible, markup = at
            assert is_visible, (path, markup)
            if number in reached:
                break
            reached.append(number)
        assert len(reached) == usable, (path, page.evaluate("[...order.keys()].map((e) => e.outerHTML.slice(0, 80))"))


def test_keyboard_alone(page: Page, caller: Caller) -> None:
    """From the first page to a canceled job and its bug report without a mouse."""
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "BGP Down Diagnosis")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="BGP Down Diagnosis")).to_be_visible()
    _tab_to(page, "Graph of the tasks, scrolls")
    _tab_to(page, "role")
    page.keyboard.type("sup")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_contain_text("200 accepted")
    assert caller.journal()[-1]["role"] == "support"
    _tab_to(page, "Copy as bug report")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    assert "**Steps**" in page.evaluate("navigator.clipboard.readText()")
    page.goto("/_console/behavior?search=wrapped-in-data")
    _tab_to(page, "f-wrapped-in-data")
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="wrapped-in-data")).to_have_attribute("aria-checked", "true")


def _tab_to(page: Page, wanted: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(e => e.id || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim())(document.activeElement)"
        )
        if at == wanted:
            return
    raise AssertionError(f"{wanted} is not reached by the keyboard")

"""A mock, a browser, and pages that report every dialog, error and message of theirs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, ViewportSize, sync_playwright

from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import Settings
from tests.support.caller import Caller
from tests.support.requirements import CHROMIUM_FLAGS, need_chromium

DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="package")
def _mock() -> Iterator[RunningMock]:
    with running_mock(Settings(jobs=12)) as mock:
        yield mock


@pytest.fixture
def mock(_mock: RunningMock) -> RunningMock:
    _mock.reset()
    return _mock


@pytest.fixture(scope="package")
def _caller(_mock: RunningMock) -> Iterator[Caller]:
    with httpx.Client(base_url=_mock.url, trust_env=False) as client:
        yield Caller(client)


@pytest.fixture
def caller(_caller: Caller, mock: RunningMock) -> Caller:  # noqa: ARG001 - the mock is reset
    return _caller


@pytest.fixture(scope="package")  # Playwright's loop in this thread is in the way of other packages' own
def browser() -> Iterator[Browser]:
    path = need_chromium()
    with sync_playwright() as playwright:
        # Names that point here, as a hostile site's may.
        names = "--host-resolver-rules=MAP *.test 127.0.0.1"
        started = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, names])
        yield started
        started.close()


@dataclass
class Seen:
    """Records what pages must not do: dialogs, errors, messages."""

    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        """Note what the page does from now on."""

        def dialog(shown: Dialog) -> None:
            self.dialogs.append(shown.message)
            shown.dismiss()

        def message(shown: ConsoleMessage) -> None:
            # A page that polls outlives the server of its test.
            if shown.type in {"error", "warning"} and "ERR_CONNECTION_REFUSED" not in shown.text:
                self.errors.append(shown.text)

        page.on("dialog", dialog)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", message)
        return page


@pytest.fixture
def seen() -> Iterator[Seen]:
    noted = Seen()
    yield noted
    assert not noted.dialogs
    assert not noted.errors


@pytest.fixture
def page(browser: Browser, mock: RunningMock, seen: Seen) -> Iterator[Page]:
    """Open a page at desktop size; dialogs, errors and warnings fail the test."""
    context = browser.new_context(
        base_url=mock.url, viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(8000)
    yield seen.watch(context.new_page())
    context.close()


@pytest.fixture
def phone(browser: Browser, mock: RunningMock, seen: Seen) -> Iterator[Page]:
    """Open a page at the size of a small phone."""
    context = browser.new_context(base_url=mock.url, viewport=PHONE, has_touch=True, is_mobile=True)
    context.set_default_timeout(8000)
    yield seen.watch(context.new_page())
    context.close()

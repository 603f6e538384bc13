# ruff: noqa: INP001, S101, S603 - a script
"""Makes the pictures of the README from the real thing: `python docs/make_images.py`. Needs Chromium and Playwright."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from playwright.sync_api import Browser, sync_playwright

from engine_contract.console.graph import draw
from engine_contract.contract import load_contract
from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import Settings

IMAGES = Path(__file__).with_name("images")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
WIDTH = 1380
LARGEST = 200_000  # bytes of a picture


def main() -> None:
    """Make all of them."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium (apt-get install chromium).")
    IMAGES.mkdir(exist_ok=True)
    with running_mock(Settings(jobs=24)) as mock, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        _picture(browser, "console", _job(mock), 640)
        _picture(browser, "console-journal", _journal(mock), 720)
        with _watcher(mock) as console:
            _picture(browser, "watch-engine", f"{console}journal/2", 720)
        browser.close()


@contextmanager
def _watcher(mock: RunningMock) -> Iterator[str]:
    """watch-engine before an engine that answers with another status than the page's; its console's address."""
    command = Path(sys.executable).with_name("watch-engine")
    arguments = [str(command), mock.url, "--port", "0", *(f"--token={role}={role}" for role in load_contract().roles)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as watcher:
        assert watcher.stdout is not None
        url, console = (watcher.stdout.readline().split()[-1] for _ in range(2))
        mock.behave(fault="status-running")
        with httpx.Client(base_url=url, trust_env=False) as client:
            for role, job_id in zip((*load_contract().roles[1:3], "operator"), mock.add_jobs(3), strict=True):
                headers = {"Authorization": f"Bearer {role}"}
                client.post(load_contract().path, json={"job_id": job_id}, headers=headers)
        yield console
        watcher.terminate()


def _job(mock: RunningMock) -> str:
    """Return the address of a running job whose graph has a bit of everything, and is as narrow as can be."""
    fit = []
    with httpx.Client(base_url=mock.url, trust_env=False) as client:
        for job_id in mock.add_jobs(400, tasks=7):
            document = client.get(f"/_mock/jobs/{job_id}").json()
            drawing = draw(document)
            targets = list(document["transitions"].values())
            states = {how["state"] for target in targets for how in target.values()}
            tasks = list(document["tasks"].values())
            finished = sum(task["status"] == "complete" for task in tasks)
            is_placed = all("x" in task for task in tasks)
            is_varied = max(map(len, targets)) > 1 and len(states) > 1 and len({task["status"] for task in tasks}) > 2
            if drawing is not None and document["name"].isascii() and is_placed and is_varied and finished > 2:
                fit.append((drawing.width, job_id))
    return f"{mock.url}/_console/job?id={quote(min(fit)[1])}"


def _journal(mock: RunningMock) -> str:
    """Return the address of an entry that broke a rule, in a journal with all outcomes."""
    path = load_contract().path
    with httpx.Client(base_url=mock.url, trust_env=False) as client:
        ids = [job["job_id"] for job in client.get("/_mock/jobs").json()["jobs"]]
        roles = ("admin", "engineering", "operator", "support", "apiwrite", "admin", "", "support")
        for number, role in enumerate(roles):
            headers = {"Authorization": f"Bearer {role}"} if role else {}
            client.post(path, json={"job_id": ids[number if number != 5 else 0]}, headers=headers)
        mock.behave(fault="refuses-support", role="support", times=1)
        client.post(path, json={"job_id": ids[10]}, headers={"Authorization": "Bearer support"})
        mock.behave(fault="status-running", times=1)
        client.post(path, json={"job_id": ids[11]}, headers={"Authorization": "Bearer apiwrite"})
        mock.behave(code=503, times=1)
        client.post(path, json={"job_id": ids[12]}, headers={"Authorization": "Bearer admin"})
    return f"{mock.url}/_console/journal/9"


def _picture(browser: Browser, name: str, url: str, height: int) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light", reduced_motion="reduce")
    page.goto(url, wait_until="load")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    page.close()
    size = path.stat().st_size
    if size > LARGEST:
        sys.exit(f"{path.name} has {size:,} bytes, {LARGEST:,} are allowed.")
    sys.stdout.write(f"{path.name} {size:,} bytes\n")


if __name__ == "__main__":
    main()

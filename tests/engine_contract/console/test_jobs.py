"""The list of jobs, and one job with the graph of its tasks."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from engine_contract.console.graph import Box, draw
from engine_contract.console.graph_layout import HEIGHT, WIDTH
from engine_contract.contract import load_contract
from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, Caller


def test_filter_and_search(page: Page, mock: RunningMock) -> None:
    """Jobs are filtered by their state, and found by parts of ID and name."""
    (paused,) = mock.add_jobs(status="paused", name="Pause für Übung")
    page.goto("/")
    page.get_by_role("navigation", name="States of jobs").get_by_role("link", name="Paused 1").click()
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(paused)
    page.get_by_label("ID or name").fill("BGP")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No job matches.")).to_be_visible()
    page.goto("/?search=übung")
    expect(rows).to_have_count(1)
    page.goto(f"/?search={paused[4:20]}&status=active")
    expect(rows).to_have_count(1)


def test_pages_of_many(page: Page, mock: RunningMock) -> None:
    """Many jobs are shown in parts."""
    mock.add_jobs(20_000)
    page.goto("/")
    expect(page.get_by_text("1 to 50 of 20,012")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("51 to 100 of 20,012")).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_text("1 to 50 of 20,012")).to_be_visible()


def test_jobs_are_made_and_reset(page: Page, caller: Caller) -> None:
    """The forms under the list make jobs, and take everything back to the start."""
    page.goto("/")
    page.get_by_label("Status").select_option("error")
    page.get_by_label("Tasks").fill("7")
    page.get_by_label("Name", exact=True).fill("Made by hand")
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_role("heading", name="Made by hand")).to_be_visible()
    expect(page.get_by_text("Table of 7 tasks")).to_be_visible()
    caller.cancel()
    page.goto("/")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("link", name="All 12")).to_be_visible()
    assert caller.journal() == []


def test_somebody_else_changes_a_job_by_its_page(page: Page, caller: Caller) -> None:
    """Its page gives it another status and name, and removes it; the form under the list says when it ends."""
    page.goto(f"/_console/job?id={PAGE_ID}")
    page.get_by_label("Status").select_option("complete")
    page.get_by_label("Name", exact=True).fill("Done by others")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("heading", name="Done by others")).to_be_visible()
    assert caller.cancel().status_code == 409
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    assert caller.cancel().status_code == 404
    page.get_by_label("Started, s ago").fill("180")
    page.get_by_label("Ends in, s").fill("0")
    page.get_by_label("Ends as").select_option("error")
    page.get_by_role("button", name="Make").click()
    expect(page.locator(".headline")).to_contain_text("error")


def test_list_of_jobs_is_live(page: Page, mock: RunningMock, caller: Caller) -> None:
    """What others do to a job, and jobs that they make, are seen without a reload."""
    mock.add_jobs(1, name="Mine alone")
    page.goto("/?search=Mine")
    status = page.get_by_role("row").filter(has=page.get_by_role("link", name="Mine alone")).locator(".state")
    expect(status).to_have_text("running")
    (job_id,) = [
        job["job_id"] for job in caller.client.get("/_mock/jobs").json()["jobs"] if job["name"] == "Mine alone"
    ]
    caller.cancel(job_id)
    expect(status).to_have_text("canceled")
    mock.add_jobs(1, name="Mine too")
    expect(page.get_by_role("link", name="Mine too", exact=True)).to_be_visible()


def test_the_graph_of_a_job(page: Page, mock: RunningMock, caller: Caller) -> None:
    """Each task is a box, coloured by its status, with a legend that counts them, and the JSON beside it."""
    (job_id,) = mock.add_jobs(tasks=15)
    document = caller.client.get(f"/_mock/jobs/{job_id}").json()
    page.goto(f"/_console/job?id={job_id}")
    boxes = page.locator("svg .box")
    expect(boxes).to_have_count(15)
    for key, task in document["tasks"].items():
        box = page.locator(f'.box[data-task="{key}"]')
        expect(box).to_have_class(f"box t-{task['status']}")
        expect(box).to_contain_text(task["status"])
    arrows = sum(len(targets) for targets in document["transitions"].values())
    expect(page.locator("svg#graph path.arrow")).to_have_count(arrows)
    complete = sum(task["status"] == "complete" for task in document["tasks"].values())
    expect(page.get_by_role("list", name="Legend")).to_contain_text(f"complete {complete}")
    assert set(json.loads(page.get_by_label("Document as JSON").inner_text())) == set(document)
    colours = {
        page.locator(f".box.t-{status} .edge").first.evaluate("edge => getComputedStyle(edge).fill")
        for status in {task["status"] for task in document["tasks"].values()}
    }
    assert len(colours) == len({task["status"] for task in document["tasks"].values()})


def test_zoom(page: Page, mock: RunningMock) -> None:
    """A big graph fits when asked to, and grows."""
    (job_id,) = mock.add_jobs(tasks=200)
    page.goto(f"/_console/job?id={job_id}")
    graph, canvas = page.locator("#graph"), page.get_by_label("Graph of the tasks, scrolls")
    expect(page.locator("svg .box")).to_have_count(200)
    assert canvas.evaluate("c => c.scrollWidth > c.clientWidth")
    page.get_by_role("button", name="Fit").click()
    assert canvas.evaluate("c => c.scrollWidth <= c.clientWidth")
    before = int(graph.get_attribute("width") or 0)
    page.get_by_role("button", name="Larger").click()
    assert int(graph.get_attribute("width") or 0) > before


def test_places_follow_x_and_y() -> None:
    """Of two tasks the one with the smaller x stands further left, and so on; no box lies on another."""
    tasks = {
        f"{n:x}": {"name": f"task {n}", "status": "complete", "x": (n % 7) / 7, "y": (n // 7) / 9} for n in range(60)
    }
    drawing = draw({"tasks": tasks, "transitions": {}})
    assert drawing is not None
    boxes = {box.key: box for box in drawing.boxes}
    for one in tasks:
        for other in tasks:
            if tasks[one]["x"] < tasks[other]["x"]:  # type: ignore[operator]
                assert boxes[one].x < boxes[other].x
            if tasks[one]["y"] < tasks[other]["y"]:  # type: ignore[operator]
                assert boxes[one].y < boxes[other].y
    assert not _overlapping(list(boxes.values()))


def test_the_pages_own_example() -> None:
    """The page's example: two tasks at one place, and one that stands in transitions alone."""
    drawing = draw(load_contract().response_examples["page"])
    assert drawing is not None
    assert {box.key: box.tone for box in drawing.boxes} == {
        "workflow_start": "complete",
        "workflow_end": "complete",
        "6a90": "absent",
    }
    assert len(drawing.arrows) == 2
    assert not _overlapping(list(drawing.boxes))


@pytest.mark.parametrize("tasks", [3, 40, 200])
def test_without_places(mock: RunningMock, caller: Caller, tasks: int) -> None:
    """Where no task has x and y they are laid out from left to right along the transitions."""
    (job_id,) = mock.add_jobs(tasks=tasks)
    document = caller.client.get(f"/_mock/jobs/{job_id}").json()
    for task in document["tasks"].values():
        task.pop("x", None)
        task.pop("y", None)
    drawing = draw(document)
    assert drawing is not None
    assert not _overlapping(list(drawing.boxes))
    boxes = {box.key: box for box in drawing.boxes}
    for source, targets in document["transitions"].items():
        for target, how in targets.items():
            if how["type"] != "revert":
                assert boxes[source].x < boxes[target].x


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"tasks": None, "transitions": 3},
        {"tasks": [], "transitions": {"a": None, "b": {"c": None}, "": {"": {}}}},
        {
            "tasks": {
                "a": {"x": float("nan"), "y": float("inf")},
                "b": {"x": "1", "y": True},
                "c": 7,
                "d": {"x": 1e300, "y": 0},
            }
        },
        {"tasks": {"a": {"name": ["x"], "status": {}}}, "transitions": {"a": {"a": {"state": [], "type": 5}}}},
    ],
)
def test_documents_that_are_none(document: object) -> None:
    """Whatever an engine sends, there is a drawing or none, and no failure; all numbers in it are numbers."""
    drawing = draw(document)
    if drawing is not None:
        assert not re.search("nan|inf", " ".join(arrow.path for arrow in drawing.arrows))
        assert drawing.width < 10_000


def test_the_documents_job(page: Page) -> None:
    """The page's own job is always there."""
    page.goto(f"/_console/job?id={PAGE_ID}")
    expect(page.get_by_text(PAGE_ID).first).to_be_visible()


def _overlapping(boxes: list[Box]) -> list[tuple[str, str]]:
    return [
        (one.key, other.key)
        for number, one in enumerate(boxes)
        for other in boxes[number + 1 :]
        if abs(one.x - other.x) < WIDTH and abs(one.y - other.y) < HEIGHT
    ]

"""How fast the mock writes job documents: documents a second at the default size, MB a second by number of tasks.

Run from the repository's root: `python -m benchmarks.documents`. Each figure is the best and the median of several
rounds, since whatever else runs on the machine only ever makes a round slower.
"""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

from mock_server.jobs.documents import describe, document, ids
from mock_server.jobs.job import State

ROUNDS = 9
NOW = 1_764_000_000_000


def rate(write: Callable[[str], bytes | str], job_ids: Sequence[str]) -> tuple[float, float, float]:
    """Call `write` on every id, round after round: calls a second at best and in the median, bytes or characters a call."""
    size = sum(len(write(job_id)) for job_id in job_ids) / len(job_ids)  # and everything is warm
    rates = []
    for _ in range(ROUNDS):
        start = perf_counter()
        for job_id in job_ids:
            write(job_id)
        rates.append(len(job_ids) / (perf_counter() - start))
    return max(rates), median(rates), size


def canceled(tasks: int | None) -> Callable[[str], bytes]:
    """Write canceled jobs of that many tasks."""
    state = State("canceled", tasks, changed_at_ms=NOW, changed_by="admin")
    return lambda job_id: document(job_id, state)


def first(tasks: int) -> float:
    """Milliseconds that the first document of a size takes, whose form is not there yet."""
    start = perf_counter()
    state = State("canceled", tasks, changed_at_ms=NOW, changed_by="admin")
    document("4321abcdef694aa79dae47ad", state, seed=1)
    return (perf_counter() - start) * 1000


def main() -> None:
    """Measure, and print a table."""
    job_ids = ids(0, 0, 20_000)
    print(f"{'':34}{'best /s':>12}{'median /s':>12}{'bytes':>10}{'best MB/s':>11}")
    rows: list[tuple[str, Callable[[str], bytes | str], int]] = [
        ("canceled, default size", canceled(None), 20_000),
        ("active, default size", lambda job_id: document(job_id, State(made_at_ms=NOW)), 20_000),
        ("name alone", describe, 20_000),
        *((f"canceled, {tasks:,} tasks", canceled(tasks), 20_000 // tasks) for tasks in (10, 50, 200, 2_000)),
    ]
    for label, write, count in rows:
        best, middle, size = rate(write, job_ids[: max(count, 50)])
        print(f"{label:34}{best:12,.0f}{middle:12,.0f}{size:10,.0f}{best * size / 1e6:11,.0f}")
    start = perf_counter()
    ids(0, 0, 1_000_000)
    print(f"{'a million ids':34}{perf_counter() - start:11.2f}s")
    print(f"{'first document of 2,000 tasks':34}{first(2_000):10.0f}ms")
    print(f"{'first document of 10 tasks':34}{first(10):10.2f}ms")


if __name__ == "__main__":
    main()

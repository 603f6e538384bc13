"""Figures for Prometheus: counters that live in this process, gauges that the store gives."""

from bisect import bisect_left

from mock_server.store import Store, StoreUnavailable

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram, in seconds."""

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts requests as they are answered."""

    def __init__(self) -> None:
        self._answers: dict[tuple[int, str | None], int] = {}
        self._faults: dict[str, int] = {}
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def count(self, status: int, situation: str | None, fault: str | None, seconds: float) -> None:
        """Count one response. `situation` is that of a refusal, None for a success."""
        key = (status, situation)
        self._answers[key] = self._answers.get(key, 0) + 1
        self._buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds
        if fault is not None:
            self._faults[fault] = self._faults.get(fault, 0) + 1

    async def text(self, store: Store) -> bytes:
        """Return everything in Prometheus's text format."""
        try:
            gauges = {"store_up": 1, **await store.counts()}
        except StoreUnavailable:
            gauges = {"store_up": 0}
        lines = [
            "# HELP mock_engine_requests_total Requests answered, by status and by the situation of a refusal.",
            "# TYPE mock_engine_requests_total counter",
            *(
                f'mock_engine_requests_total{{status="{status}",refused="{situation or ""}"}} {number}'
                for (status, situation), number in sorted(self._answers.items(), key=str)
            ),
            "# HELP mock_engine_faults_total Requests to which a fault or a variation was applied.",
            "# TYPE mock_engine_faults_total counter",
            *(f'mock_engine_faults_total{{fault="{name}"}} {n}' for name, n in sorted(self._faults.items())),
            "# HELP mock_engine_request_seconds Time from the request's head to the end of the answer.",
            "# TYPE mock_engine_request_seconds histogram",
            *self._histogram(),
            *(
                line
                for name, value in gauges.items()
                for line in (f"# TYPE mock_engine_{name} gauge", f"mock_engine_{name} {value}")
            ),
        ]
        return ("\n".join(lines) + "\n").encode()

    def _histogram(self) -> list[str]:
        lines, total = [], 0
        for bound, number in zip((*map(str, BUCKETS), "+Inf"), self._buckets, strict=True):
            total += number
            lines.append(f'mock_engine_request_seconds_bucket{{le="{bound}"}} {total}')
        return [
            *lines,
            f"mock_engine_request_seconds_sum {self._seconds:.6f}",
            f"mock_engine_request_seconds_count {total}",
        ]

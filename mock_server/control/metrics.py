"""Figures for Prometheus: exchanges and gauges, of all processes that share the store."""

from collections import Counter
from collections.abc import Iterable, Mapping

from mock_server.store import Store, StoreUnavailable
from mock_server.store.journal import BUCKETS_S, Exchanges

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


async def metrics_text(store: Store) -> bytes:
    """Return everything in Prometheus's text format; without the store it says only that this is away."""
    try:
        lines = [*_counters(await store.exchanges()), *_gauges({"store_up": 1, **await store.counts()})]
    except StoreUnavailable:
        lines = [*_gauges({"store_up": 0})]
    return ("\n".join(lines) + "\n").encode()


def _counters(exchanges: Exchanges) -> Iterable[str]:
    answers: Counter[tuple[int, str]] = Counter()
    faults: Counter[str] = Counter()
    buckets: Counter[int] = Counter()
    for counted, number in exchanges.counts.items():
        answers[counted.status, counted.situation or ""] += number
        buckets[counted.bucket] += number
        if counted.fault is not None:
            faults[counted.fault] += number
    yield "# HELP mock_engine_requests_total Requests answered, by status and by the situation of a refusal."
    yield "# TYPE mock_engine_requests_total counter"
    for (status, situation), number in sorted(answers.items()):
        yield f'mock_engine_requests_total{{status="{status}",refused="{situation}"}} {number}'
    yield "# HELP mock_engine_faults_total Requests to which a fault or a variation was applied."
    yield "# TYPE mock_engine_faults_total counter"
    for fault, number in sorted(faults.items()):
        yield f'mock_engine_faults_total{{fault="{fault}"}} {number}'
    yield "# HELP mock_engine_request_seconds Time from the request's head to its entry in the journal."
    yield "# TYPE mock_engine_request_seconds histogram"
    total = 0
    for place, bound in enumerate((*map(str, BUCKETS_S), "+Inf")):
        total += buckets[place]
        yield f'mock_engine_request_seconds_bucket{{le="{bound}"}} {total}'
    yield f"mock_engine_request_seconds_sum {exchanges.duration_ms / 1000:.6f}"
    yield f"mock_engine_request_seconds_count {total}"


def _gauges(gauges: Mapping[str, int]) -> Iterable[str]:
    for name, value in gauges.items():
        yield f"# TYPE mock_engine_{name} gauge"
        yield f"mock_engine_{name} {value}"

"""An examination of a running engine: it finds nothing in a right one."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .caller import ROUTE, Answer, Caller
from .roles import ALLOWED
from .running import Running


class Examination:
    """Sends requests of many kinds and compares what is canceled with what should be."""

    def __init__(self, running: Running, good: int = 20) -> None:
        self.running = running
        self.good = good
        self.expected: set[str] = set()
        self.jobs = iter(running.make_jobs(good + 20))

    def findings(self) -> Iterator[str]:
        """What is wrong with the engine, each as soon as it is found."""
        witness = next(self.jobs)
        with Caller(self.running.url) as caller:
            yield from self._good(caller)
            yield from self._roles(caller)
            yield from self._parameters(caller)
            yield from self._routes(caller)
        yield from self._overlaps()
        if witness in self.running.canceled:
            yield "effects: a job is canceled that nobody named"

    def _effects(self, label: str) -> Iterator[str]:
        if self.running.canceled != self.expected:
            yield f"effects: {label}"

    def _refused(self, label: str, answer: Answer) -> Iterator[str]:
        if not answer.refused:
            yield f"{label}: {answer.status} {answer.broken}"
        yield from self._effects(label)

    def _cancels(self, caller: Caller, job_id: str, role: str = "admin") -> Iterator[str]:
        wrong = caller.cancel(job_id, role).wrong(job_id)
        self.expected.add(job_id)
        if wrong:
            yield f"response: {role}: {wrong}"
        yield from self._effects(role)

    def _good(self, caller: Caller) -> Iterator[str]:
        for number in range(self.good):
            yield from self._cancels(caller, next(self.jobs), ALLOWED[number % 4])
        for job_id in sorted(self.expected)[:2]:
            for _ in range(3):
                yield from self._refused("repeat", caller.cancel(job_id))

    def _roles(self, caller: Caller) -> Iterator[str]:
        job_id = next(self.jobs)
        for token in ("apiread", "operator", "nobody", "admin-2", "ADMIN", None):
            for _ in range(2):
                yield from self._refused(f"roles: {token}", caller.cancel(job_id, token))
            with Caller(self.running.url) as fresh:
                yield from self._refused(f"roles: {token}", fresh.cancel(job_id, token))
        yield from self._cancels(caller, job_id)

    def _parameters(self, caller: Caller) -> Iterator[str]:
        job_id, other = next(self.jobs), next(self.jobs)
        bad: tuple[Any, ...] = (
            None, "", " ", 12, 1.5, True, [job_id], {"$ne": None}, "*", ".*", "%",
            job_id[:-1], job_id[:5], job_id[1:], job_id + "0", job_id[::-1], f"{job_id},{other}",
            job_id[:-1] + "~", "~" + job_id[1:], "f" * 24, "4321abcdef694aa79dae47ad",
        )  # fmt: skip
        for value in bad:
            yield from self._refused(f"parameters: {value}", caller.cancel(value))
        for body in ({}, {"id": job_id}, {"body": {"job_id": job_id}}, job_id, [{"job_id": job_id}]):
            answer = caller.send(body=json.dumps(body).encode())
            yield from self._refused(f"parameters: body {body}", answer)
        for text in (b"", b'{"job_id": "%b"' % job_id.encode()):
            yield from self._refused(f"parameters: {text!r}", caller.send(body=text))
        for query_body in (b"{}", None):
            answer = caller.send(path=f"{ROUTE}?job_id={job_id}", body=query_body)
            yield from self._refused("parameters: query", answer)
        both = caller.send(path=f"{ROUTE}?job_id={job_id}", body=json.dumps({"job_id": other}, indent=1).encode())
        self.expected.add(other)
        if both.wrong(other):
            yield f"parameters: query and body: {both.wrong(other)}"
        yield from self._effects("query and body")
        yield from self._cancels(caller, job_id)

    def _routes(self, caller: Caller) -> Iterator[str]:
        job_id = next(self.jobs)
        body = json.dumps({"job_id": job_id}).encode()
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            yield from self._refused(f"route: {method}", caller.send(method, body=body))
        yield from self._refused("route: GET", caller.send("GET", f"{ROUTE}?job_id={job_id}"))
        for path in ("/workflow_engine/startJob", "/other/cancelJob", "/cancelJob", "/other", f"{ROUTE}/{job_id}"):
            yield from self._refused(f"route: {path}", caller.send(path=path, body=body))
        yield from self._refused("route: id in path", caller.send(path=f"{ROUTE}/{job_id}"))
        yield from self._cancels(caller, job_id)

    def _overlaps(self) -> Iterator[str]:
        def cancel(job_id: str) -> tuple[str, Answer]:
            with Caller(self.running.url) as caller:
                return job_id, caller.cancel(job_id)

        same, *others = (next(self.jobs) for _ in range(4))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(cancel, [same] * 3 + others))
        self.expected.update((same, *others))
        if sum(answer.wrong(same) is None for _, answer in answers[:3]) != 1:
            yield "effects: simultaneous requests for one job"
        for job_id, answer in answers[3:]:
            if answer.wrong(job_id):
                yield f"response: overlapping: {answer.wrong(job_id)}"
        yield from self._effects("simultaneous requests")

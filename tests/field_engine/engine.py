"""The engine: connections, routes, the cancel call's steps, and the record of what was asked."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
from typing import Any

from . import control
from .http import Answer, BadRequest, Request, Wire, html_answer, json_answer, read_request, render
from .jobs import Jobs
from .rules import ROLES, Call, Refusal, Rules

START = "/workflow_engine/startJobWithOptions/"
READS = ("/workflow_engine/getJob/", "/operations-manager/jobs/")


class Engine:
    """One engine with its jobs, tokens and record; a version's own memory is in `memory`."""

    def __init__(self, rules: Rules, seed: int = 0) -> None:
        self.rules = rules
        self.base = rules.base
        self.rng = random.Random(seed)
        self.jobs = Jobs(self.rng, rules.new_id)
        self.tokens = {name: name for name in ROLES}
        self.requests: list[dict[str, Any]] = []
        self.memory: dict[str, Any] = {}
        self.calls = 0
        self.wins = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, port: int, only_control: bool = False) -> asyncio.Server:
        """Opens a socket on the loopback address."""

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._connection(Wire(reader, writer), only_control))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return await asyncio.start_server(connected, "127.0.0.1", port, limit=65_536, backlog=512)

    async def close(self) -> None:
        """Ends all connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, wire: Wire, only_control: bool) -> None:
        with contextlib.suppress(OSError, ConnectionError, asyncio.IncompleteReadError):
            try:
                if self.rules.accept is not None and not only_control:
                    await self.rules.accept(wire)
                else:
                    await self._requests(wire, only_control)
            except BadRequest as error:
                await wire.send(render(html_answer(str(error), 400), keep=False))
            except asyncio.CancelledError:
                wire.writer.transport.abort()
                return
            await wire.close()

    async def _requests(self, wire: Wire, only_control: bool) -> None:
        connection: dict[str, Any] = {"served": 0}
        while (request := await read_request(wire, connection, self.rules.unread)) is not None:
            if control.is_control(request):
                await wire.send(render(control.answer(self, request), request.method))
            elif only_control:
                await wire.send(render(html_answer("Not Found", 404), request.method))
            elif not await self.serve(wire, request):
                return
            connection["served"] += 1
            if not request.wants_keep_alive():
                return

    async def serve(self, wire: Wire, request: Request) -> bool:
        """Answers one request; whether its connection lives on."""
        entry: dict[str, Any] = {
            "method": request.method,
            "path": request.path,
            "query": request.query_text,
            "body": request.body.decode("utf-8", "replace"),
            "role": self.rules.role(self, request),
            "status": None,
        }
        self.requests.append(entry)
        answer = self.rules.shape(request, await self._answer(request))
        entry["status"] = answer.status
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.script is not None:
            await answer.script(wire)
            return False
        await wire.send(render(answer, request.method, request.wants_keep_alive()))
        return not answer.close

    async def _answer(self, request: Request) -> Answer:
        own = self.rules.other(self, request)
        if own is not None:
            return own
        if self.rules.is_route(self, request):
            return await self.cancel(request)
        path = request.path.removeprefix(self.base) if request.path.startswith(self.base + "/") else ""
        if request.method == "POST" and path == "/login":
            return self._login(request)
        known = request.method == "POST" and path.startswith(START)
        read = next((path.removeprefix(start) for start in READS if path.startswith(start)), None)
        if known or (request.method == "GET" and read is not None):
            if self.rules.role(self, request) is None:
                return json_answer("Not authenticated", 401)
            if known:
                return json_answer(self.jobs.by_id[self.jobs.make(1)[0]].document)
            job = self.jobs.by_id.get(read or "")
            return json_answer("Job not found", 404) if job is None else json_answer(self.rules.read(job))
        return html_answer(f"Cannot {request.method} {request.path}", 404)

    def _login(self, request: Request) -> Answer:
        try:
            user = json.loads(request.body)["user"]["username"]
        except (ValueError, KeyError, TypeError):
            user = None
        if user not in ROLES:
            return json_answer("Invalid credentials", 401)
        token = base64.b64encode(f"{self.rng.getrandbits(128):032x}".encode()).decode()
        self.tokens[token] = user
        return Answer(200, token.encode(), "text/plain; charset=utf-8")

    async def cancel(self, request: Request) -> Answer:
        """One call of the cancel route, step by step by the version's rules."""
        rules = self.rules
        self.calls += 1
        call = Call(self, request, self.calls)
        try:
            call.role = rules.role(self, request)
            if call.role is None:
                raise Refusal("credential", 401, "Not authenticated")
            if not rules.may(call):
                raise Refusal("role", 403, f"Role {call.role} is not allowed to call cancelJob")
            value = rules.job_id(call)
            job = rules.find(call, value)
            if job is None:
                raise Refusal("unknown", 404, f"Job not found: {value}")
            if not rules.active(call, job):
                raise Refusal("inactive", 400, f"Job {job.identity} is not active")
            await rules.pause(call)
            rules.effect(call, job)
            self.wins += 1
            call.win = self.wins
            return rules.success(call, rules.document(call, job))
        except Refusal as refusal:
            rules.refused(call, refusal)
            return rules.refusal(call, refusal)

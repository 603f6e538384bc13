"""The page of what is armed, and its switches."""

from collections.abc import Mapping
from typing import Any

from flask import abort, g, make_response, redirect, render_template, request

from engine_contract.console.behavior_form import FIELDS, read_form, values_of
from engine_contract.console.interface import NOBODY, ConsoleError
from engine_contract.console.request_hooks import RequestHooks
from engine_contract.contract import load_contract


class BehaviorPage:
    """Serves the page of what is armed."""

    def __init__(self, hooks: RequestHooks) -> None:
        self._hooks = hooks

    def behavior(self) -> Any:
        """Show what is armed, and the switches."""
        if not g.about.faults:
            abort(404, "Nothing can be armed here.")
        problem = ""
        form: Mapping[str, str] | None = None
        if request.method == "POST":
            try:
                self._hooks.data.arm(g.session, read_form(request.form))
                return redirect(self._hooks.url("behavior"), 303)
            except ConsoleError as error:
                problem, form = str(error), {name: request.form.get(name, "") for name in FIELDS}
        in_order = self._hooks.data.armed(g.session)
        armed = in_order[0] if len(in_order) == 1 else {}
        search = request.args.get("search", "").strip()
        faults = [fault for fault in g.about.faults if search.casefold() in f"{fault.name} {fault.sentence}".casefold()]
        groups: dict[str, list[Any]] = {}
        for fault in faults:
            groups.setdefault((fault.rule or "variations").partition(".")[0], []).append(fault)
        page = render_template(
            "behavior.html",
            armed=armed,
            in_order=in_order,
            sentences={fault.name: fault for fault in g.about.faults},
            groups=groups,
            values=values_of(armed) if form is None else form,
            problem=problem,
            search=search,
            roles=[role for role in g.about.roles if role != NOBODY] or load_contract().roles,
        )
        return make_response(page, 400 if problem else 200)

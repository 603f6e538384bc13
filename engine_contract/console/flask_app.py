"""The console as a Flask application: which page is where."""

from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from engine_contract.console import graph, graph_layout, json_view
from engine_contract.console.access import Guard
from engine_contract.console.behavior_page import BehaviorPage
from engine_contract.console.interface import ConsoleData, ConsoleError
from engine_contract.console.job_pages import JobPages
from engine_contract.console.journal_pages import JournalPages
from engine_contract.console.request_hooks import RequestHooks
from engine_contract.text import printable


def make_site(data: ConsoleData, guard: Guard, *, home: str, prefix: str) -> Flask:
    """Return the Flask application; `home` is the path of its first page, `prefix` that before the others."""
    hooks = RequestHooks(data, guard, home, prefix)
    journal = JournalPages(hooks)
    jobs = JobPages(hooks, journal)
    behavior = BehaviorPage(hooks)
    app = Flask("engine_contract.console", static_url_path="/static")
    app.jinja_options = {
        "finalize": _shown,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "undefined": StrictUndefined,
    }
    app.jinja_env.filters |= {
        "clock": printable.clock,
        "duration": printable.duration,
        "highlight": json_view.highlight,
        "moment": printable.moment,
        "pretty_body": json_view.pretty_body,
        "tone": graph.tone,
    }
    app.jinja_env.globals |= {"box": {"width": graph_layout.WIDTH, "height": graph_layout.HEIGHT}}
    app.before_request(hooks.before)
    app.after_request(hooks.after)
    app.context_processor(hooks.context)
    app.register_error_handler(HTTPException, hooks.failed)
    app.register_error_handler(ConsoleError, hooks.unavailable)
    app.add_url_rule("/", "jobs", jobs.jobs)
    app.add_url_rule("/job", "job", jobs.job)
    app.add_url_rule("/jobs", "make_jobs", jobs.make_jobs, methods=["POST"])
    app.add_url_rule("/change", "change_job", jobs.change_job, methods=["POST"])
    app.add_url_rule("/remove", "remove_job", jobs.remove_job, methods=["POST"])
    app.add_url_rule("/reset", "reset", jobs.reset, methods=["POST"])
    app.add_url_rule("/cancel", "cancel", jobs.cancel, methods=["GET", "POST"])
    app.add_url_rule("/behavior", "behavior", behavior.behavior, methods=["GET", "POST"])
    app.add_url_rule("/journal", "journal", journal.journal)
    app.add_url_rule("/journal.json", "rows", journal.rows)
    app.add_url_rule("/journal/<int:number>", "entry", journal.entry)
    app.add_url_rule("/journal/<int:number>/pin", "pin", journal.pin, methods=["POST"])
    app.add_url_rule("/login", "login", hooks.login, methods=["GET", "POST"])
    return app


def _shown(value: Any) -> Any:
    """Return what a template shows for a value: text made visible, all else as it is."""
    return printable.visible(value) if type(value) is str else value  # not Markup, which is made of visible text

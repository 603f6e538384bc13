"""Connexion: the routing, security and validation of the mock are subclasses of its middlewares."""

import subprocess
import sys
from copy import deepcopy

from connexion.spec import Specification

from engine_contract.contract import load_openapi
from mock_server.connexion.routing import OwnSpecification
from tests.adapters.removal import complaints


def test_a_name_of_connexion_that_is_gone_is_named() -> None:
    """Without a method that is overridden, connexion's own would count: no roles, no refusals as the page has them."""
    said = complaints("mock_server.connexion.imports")
    assert "connexion.middleware.security:SecurityMiddleware.api_cls" in said
    assert "connexion.middleware.security:SecurityOperation.verification_fn" in said
    assert "connexion.middleware.routing:RoutingAPI._add_operation_internal" in said


def test_connexion_accepts_the_contract_s_document() -> None:
    """The mock leaves out connexion's check of the document at each start; it finds nothing, and changes nothing."""
    checked = Specification.load(deepcopy(load_openapi()))  # type: ignore[no-untyped-call]
    ours = OwnSpecification(dict(load_openapi()))  # type: ignore[no-untyped-call]
    assert (ours.spec, ours.raw) == (checked.spec, checked.raw)


def test_an_override_that_connexion_does_not_call_ends_the_start() -> None:
    """Where connexion no longer adds operations by the overridden method, the mock would know no path."""
    script = (
        "from mock_server.connexion import imports\n"
        "imports.RoutingAPI.add_operation = lambda *_: None\n"
        "from mock_server.app import create_app\n"
        "create_app()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert "lacks a call of RoutingAPI._add_operation_internal" in done.stderr


def test_a_command_says_what_is_missing() -> None:
    """The mock's command ends with status 2 and one line, without a traceback."""
    script = (
        "import connexion.middleware.main as main\n"
        "del main.ConnexionMiddleware._build_middleware_stack\n"
        "from mock_server.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("mock-engine: connexion ")
    assert "lacks connexion.middleware.main.ConnexionMiddleware._build_middleware_stack. Without it the mock " in line
    assert 'pip install "connexion>=' in line

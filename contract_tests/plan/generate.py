"""Bodies that break the request schema, drawn by schemathesis; it generates and never sends."""

import gc
import json
import os
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from contract_tests.judge.request import rule_broken_by
from contract_tests.plan.scenario import UNKNOWN
from contract_tests.safety.neutralize import neutralize
from engine_contract import contract
from engine_contract.dependencies import require

COUNT = 16
AT_ONCE = 10  # examples of one seed: with more Hypothesis varies them, which takes as long again and gives little new
MOST_ROUNDS = 16


@dataclass(frozen=True, slots=True)
class BadBody:
    """A body that must be refused, and the rule that says so; it holds no text but the placeholder of an unknown id."""

    body: str
    rule: str


@cache
def bad_bodies(operation: contract.Operation, seed: int) -> tuple[BadBody, ...]:
    """Return at most `COUNT` different bodies that break the request schema, the same ones for the same seed.

    None of them can name a job: they keep their shape alone.
    """
    bodies: dict[str, BadBody] = {}

    def take(raw: Any) -> None:
        inert = neutralize(raw, lambda: UNKNOWN)
        body = inert.decode() if isinstance(inert, bytes) else json.dumps(inert)
        rule = rule_broken_by(operation, body.encode())
        if rule is not None:
            bodies.setdefault(body, BadBody(body, rule))

    with without_hooks():
        _draw(operation, seed, take, is_enough=lambda: len(bodies) >= COUNT)
    return tuple(bodies.values())[:COUNT]


@contextmanager
def without_hooks() -> Iterator[None]:
    """Keep Schemathesis from loading the hooks that the environment names with itself, while inside."""
    hooks = os.environ.pop("SCHEMATHESIS_HOOKS", None)
    try:
        yield
    finally:
        if hooks is not None:
            os.environ["SCHEMATHESIS_HOOKS"] = hooks


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Spare Hypothesis the look through all that is loaded, by which it makes sure of its own generator of random numbers."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _no_foreign_constants() -> Iterator[None]:
    """Keep Hypothesis from reading constants out of the modules that happen to be loaded, while inside.

    They would make the bodies depend on the folder and on what is installed, and reading them takes
    a second and 200 MB. There is no setting for it.
    """
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    name = "_get_local_constants"
    original = getattr(providers, name)
    none = Constants()
    setattr(providers, name, lambda: none)
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        setattr(providers, name, original)
        providers.CONSTANTS_CACHE.cache.clear()


def _draw(
    operation: contract.Operation, seed: int, take: Callable[[Any], None], *, is_enough: Callable[[], bool]
) -> None:
    """Draw bodies and hand each to `take`, round by round until there are enough."""
    require(
        "hypothesis",
        "hypothesis.configuration:set_hypothesis_home_dir",
        "hypothesis.internal.conjecture.providers:_get_local_constants",
        "hypothesis.internal.constants_ast:Constants",
        "hypothesis.internal.conjecture.providers:CONSTANTS_CACHE",
        breaks="the generated bodies would depend on the folder that the checks run in",
    )
    require(
        "schemathesis",
        "schemathesis.config:SchemathesisConfig",
        "schemathesis.generation.modes:GenerationMode",
        "schemathesis.schemas:APIOperation.as_strategy",
        breaks="no bodies that break the request schema can be generated",
    )
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis.configuration import set_hypothesis_home_dir
    from schemathesis.config import SchemathesisConfig
    from schemathesis.generation.modes import GenerationMode

    # A configuration of its own: a schemathesis.toml that lies about is somebody else's.
    config = SchemathesisConfig()
    # Any character: to find those that a codec has takes Hypothesis a second and 200 MB where it may keep no file. That
    # is also why these are not the cases of schemathesis's coverage phase, whose texts have a codec.
    config.projects.default.generation.codec = None
    schema = schemathesis.openapi.from_dict(_bare_document(operation), config=config)
    once = settings(
        max_examples=AT_ONCE,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )

    state = random.getstate()
    try:
        with warnings.catch_warnings(), _no_search_for_garbage(), _no_foreign_constants():
            warnings.simplefilter("ignore")
            strategy = schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.NEGATIVE)

            @once
            @given(strategy)
            def draw(case: Any) -> None:
                take(case.body)

            # Hypothesis would leave a .hypothesis folder where the user happens to be. It keeps its table of
            # Unicode there, which takes a tenth of a run to draw up again; where it cannot be kept, it does without.
            set_hypothesis_home_dir(_cache_folder() / "hypothesis")
            for number in range(MOST_ROUNDS):
                seeded(seed * MOST_ROUNDS + number)(draw)()
                if is_enough():
                    break
    finally:
        random.setstate(state)
        set_hypothesis_home_dir(None)


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    try:
        return user_cache_path("engine-contract")
    except RuntimeError:  # a container's user without a home, whom the system does not know
        return Path(os.devnull)


def _bare_document(operation: contract.Operation) -> dict[str, Any]:
    """Return the operation without its security, so that all examples are spent on bodies."""
    return {
        "openapi": "3.0.3",
        "info": {"title": operation.name, "version": "1"},
        "paths": {
            operation.path: {
                operation.method.lower(): {
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": dict(operation.request_schema)}},
                    },
                    "responses": {"200": {"description": "A success"}},
                }
            }
        },
    }

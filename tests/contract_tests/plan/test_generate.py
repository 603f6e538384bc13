"""The generated bodies that break the request schema."""

import gc
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import Verbosity, configuration, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS

from contract_tests.judge.request import rule_broken_by
from contract_tests.model import Caller
from contract_tests.plan.generate import COUNT, bad_bodies
from contract_tests.plan.hypothesis_setup import own_hypothesis
from contract_tests.plan.scenario import Step, fill
from contract_tests.purpose import Purpose
from contract_tests.safety.guard import Guard
from engine_contract.contract import load_contract

COVERED = {
    "request.body": {"0", "false", "null", '"<unknown>"', "[null, null]"},
    "request.job_id.required": {"{}"},
    "request.job_id.type": {f'{{"job_id": {value}}}' for value in ("0", "false", "null", "[null, null]", "{}")},
    "request.job_id.empty": {'{"job_id": ""}'},
}
"""A value of each type that is not documented, for body and parameter, an empty one and none at all."""
DRAW = """
from contract_tests.plan.generate import bad_bodies
from engine_contract.contract import load_contract
for bad in bad_bodies(load_contract(), 7):
    print(bad.body)
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM:")))
"""
MOST_KB = 200_000  # where Hypothesis tries each character, 270,000 and more; else 80,000


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_generated_body_breaks_its_rule_and_passes_the_guard(seed: int) -> None:
    """On an engine that is not ours, too, each of them is sent: none can name a job."""
    bodies = bad_bodies(load_contract(), seed)
    guard = Guard(load_contract())
    for bad in bodies:
        request = fill(Step(Purpose.GENERATED, Caller(), "refused", bad.rule, bad.body), None, guard)
        assert (rule_broken_by(load_contract(), request.body or b""), guard.objection(request)) == (bad.rule, None)


def test_every_run_has_a_body_for_each_limit_of_the_schema() -> None:
    """They are Schemathesis's coverage cases, which need no seed."""
    found: dict[str, set[str]] = {}
    for bad in bad_bodies(load_contract(), 0):
        found.setdefault(bad.rule, set()).add(bad.body)
    assert found == COVERED


def test_a_seed_draws_further_bodies_which_are_always_the_same() -> None:
    """A run is done again with its seed; another seed draws others."""
    covered = bad_bodies(load_contract(), 0)
    first = bad_bodies(load_contract(), 7)
    assert (first[: len(covered)], len(set(first))) == (covered, COUNT)
    bad_bodies.cache_clear()
    assert bad_bodies(load_contract(), 7) == first
    assert set(first) != set(bad_bodies(load_contract(), 1))


def test_talkative_profile_of_a_project_is_not_the_kits(capfd: pytest.CaptureFixture[str]) -> None:
    """Under pytest's --hypothesis-verbosity=debug the output is that of the project's tests alone, and its profile stays."""
    name = settings.get_current_profile_name()
    settings.register_profile("talkative", verbosity=Verbosity.debug)
    settings.load_profile("talkative")
    try:
        before = settings.default
        bad_bodies.cache_clear()
        bad_bodies(load_contract(), 7)
        assert settings.default is before
    finally:
        settings.load_profile(name)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("home", ["a folder", "none"])
def test_hypothesis_keeps_its_tables_where_they_disturb_nobody(tmp_path: Path, home: str) -> None:
    """Nothing is left in the folder of the run, bodies do not depend on it, and a table that takes long is not drawn up."""
    for name in ("run", "home", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "mine.py").write_text('SECRET = "constant-of-a-module-that-is-loaded"\n')
    cache = tmp_path / "home" if home == "a folder" else Path(os.devnull)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HYPOTHESIS_")},
        "HOME": str(cache),
        "XDG_CACHE_HOME": str(cache),
        "LOCALAPPDATA": str(cache),
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", "import mine\n" + DRAW]
    drawn = subprocess.run(
        command, cwd=tmp_path / "run", env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    *bodies, memory = drawn.stdout.split("\n")[:-2]
    assert bodies == [bad.body for bad in bad_bodies(load_contract(), 7)]
    assert int(memory.split()[1]) < MOST_KB
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["mine.py"]
    assert not list((tmp_path / "temporary").iterdir())
    tables = {path.name for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert tables == ({"charmap.json.gz", "codec-v2-utf-8.json.gz"} if home == "a folder" else set())


@pytest.mark.parametrize("is_frozen", [True, False])
def test_hypothesis_is_left_as_the_project_around_has_it(tmp_path: Path, *, is_frozen: bool) -> None:
    """A project's tests may have set their own folder, and what they have frozen stays frozen."""
    configuration.set_hypothesis_home_dir(tmp_path)
    if is_frozen:
        gc.freeze()
    before = set(AVAILABLE_PROVIDERS), random.getstate(), configuration.storage_directory("a").path
    try:
        with own_hypothesis(most_examples=1):
            random.seed(1)
            assert configuration.storage_directory("a").path != before[2]
        assert (set(AVAILABLE_PROVIDERS), random.getstate(), configuration.storage_directory("a").path) == before
        assert (gc.get_freeze_count() > 0) == is_frozen
    finally:
        gc.unfreeze()
        configuration.set_hypothesis_home_dir(None)

"""Hypothesis as the checks use it: the same values of a seed everywhere, and no files where the user happens to be."""

import gc
import gzip
import json
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from engine_contract.dependencies import require
from engine_contract.private_files import replacing

require(
    "hypothesis",
    "hypothesis.configuration:__hypothesis_home_directory",
    "hypothesis.configuration:set_hypothesis_home_dir",
    "hypothesis.internal.charmap:charmap_file",
    "hypothesis.internal.conjecture.providers:AVAILABLE_PROVIDERS",
    "hypothesis.internal.conjecture.providers:CONSTANTS_CACHE",
    "hypothesis.internal.conjecture.providers:HypothesisProvider._local_constants",
    "hypothesis.internal.constants_ast:Constants",
    breaks="the generated bodies would depend on the folder that the checks run in",
)

from hypothesis import HealthCheck, Phase, Verbosity, configuration, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.internal.charmap import charmap_file
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from platformdirs import user_cache_path

_NAME = "engine-contract"
_UTF8 = [[[0x0, 0xD7FF], [0xE000, 0x10FFFF]], []]
"""The characters that UTF-8 encodes, from and to, and those that do not come back the same: none."""


class SeededProvider(providers.HypothesisProvider):
    """Draws from the seed alone, registered as Hypothesis's documentation says for a backend.

    Its own one reads constants out of the modules that happen to be loaded. They would make the bodies depend on the
    folder and on what is installed, and reading them takes a second and 200 MB.
    """

    _local_constants = Constants()


@contextmanager
def own_hypothesis(most_examples: int) -> Iterator[settings]:
    """Set Hypothesis up while inside; yields the settings for what is drawn. Leaves it, and `random`, as they were."""
    state = random.getstate()
    providers.AVAILABLE_PROVIDERS[_NAME] = f"{__name__}.{SeededProvider.__name__}"
    providers.CONSTANTS_CACHE.cache.clear()
    # Hypothesis makes sure of its own generator of random numbers by a look through all that the collector knows.
    is_frozen = gc.get_freeze_count() > 0
    gc.freeze()
    try:
        with warnings.catch_warnings(), _folder_for_tables():
            warnings.simplefilter("ignore")
            yield settings(
                backend=_NAME,
                max_examples=most_examples,
                database=None,
                deadline=None,
                derandomize=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
                report_multiple_bugs=False,
                verbosity=Verbosity.quiet,  # the profile in force is the user's
            )
    finally:
        if not is_frozen:  # else it would let go what the project around has frozen
            gc.unfreeze()
        providers.CONSTANTS_CACHE.cache.clear()
        del providers.AVAILABLE_PROVIDERS[_NAME]
        random.setstate(state)


@contextmanager
def _folder_for_tables() -> Iterator[None]:
    """Have Hypothesis keep its tables of Unicode in the user's cache, for this run alone where there is none."""
    before = vars(configuration)["__hypothesis_home_directory"]
    with ExitStack() as stack:
        set_hypothesis_home_dir(_cache_folder() or _temporary_folder(stack))
        # The table of UTF-8 is written here: Hypothesis would try each character, in a second and 200 MB. It does so
        # where it looks for another file, or does not understand this one.
        table = Path(charmap_file("codec-v2-utf-8"))
        with suppress(OSError):
            if not table.exists():
                table.parent.mkdir(parents=True, exist_ok=True)
                with replacing(table) as file:
                    file.buffer.write(gzip.compress(json.dumps(_UTF8).encode()))
        try:
            yield
        finally:
            set_hypothesis_home_dir(before)


def _cache_folder() -> Path | None:
    try:
        folder = user_cache_path(_NAME) / "hypothesis"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # the second: a container's user without a home, whom the system does not know
        return None
    return folder if os.access(folder, os.W_OK) else None


def _temporary_folder(stack: ExitStack) -> Path:
    try:
        return Path(stack.enter_context(TemporaryDirectory(prefix=f"{_NAME}-")))
    except OSError:  # nothing can be written anywhere
        return Path(os.devnull)

"""Which engine a run is for: the one at a URL, or the kit's own mock, so that a forgotten URL never makes a gate green."""

from collections.abc import Mapping

from contract_tests.errors import SettingError
from engine_contract.options import CheckOptions

CI_VARIABLES = ("CI", "TF_BUILD", "TEAMCITY_VERSION")
"""Set by GitHub, GitLab, CircleCI and most others; by Azure Pipelines; by TeamCity."""

_OFF = frozenset({"", "0", "false"})

_REMEDY = "Give the engine's URL, or --mock for the kit's own mock."


def is_for_mock(options: CheckOptions, environment: Mapping[str, str], *, supplied: str | None = None) -> bool:
    """Return whether the kit's own mock is checked, False for the engine at the URL.

    `supplied` names a source other than the options for an engine, such as a fixture. Raises SettingError for an
    empty URL, for --mock with a URL, and where the URL seems to be forgotten.
    """
    for url, place in ((options.url, "as an argument or by CHECK_ENGINE_URL"), (options.base_url, "by --url")):
        if url is not None and not url.strip():
            raise SettingError(f"The URL is empty, given {place}. {_REMEDY}")
    if url := options.base_url or options.url:
        if options.mock:
            raise SettingError(f"--mock and the URL {url} exclude each other. Give one of them.")
        return False
    if options.mock:
        return True
    for_an_engine = _given_for_an_engine(options) or supplied
    if for_an_engine:
        raise SettingError(f"{for_an_engine} is for an engine at a URL, and there is none. {_REMEDY}")
    if (variable := _ci_variable(environment)) is not None:
        raise SettingError(f"There is no URL, and {variable} says that this is CI. {_REMEDY}")
    return True


def unused_by_mock(options: CheckOptions) -> str | None:
    """Return a sentence on an option that is given and that a run on the mock does not use, None without one."""
    flag = _given_for_an_engine(options)
    return None if flag is None else f"{flag} is not used: the kit's own mock is checked (--mock)."


def _given_for_an_engine(options: CheckOptions) -> str | None:
    given = (
        ("--token", options.tokens),
        ("--login", options.logins),
        ("--jobs", options.jobs),
        ("--jobs-command", options.jobs_command),
        ("--workflow", options.workflow),
        ("--auth", options.auth),
        ("--header", options.headers),
        ("--client-cert", options.client_cert),
    )
    return next((flag for flag, value in given if value), None)


def _ci_variable(environment: Mapping[str, str]) -> str | None:
    return next((name for name in CI_VARIABLES if environment.get(name, "").strip().lower() not in _OFF), None)

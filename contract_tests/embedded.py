"""The one place that starts the mock: a check without a URL checks it inside this process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contract_tests.config.options import Connection, read_pages
from contract_tests.config.sources import Source
from contract_tests.errors import SettingError
from contract_tests.safety.supply import Supply
from engine_contract.contract import Operation
from engine_contract.own_packages import explain, in_the_way_of


@contextmanager
def embedded_engine(
    operation: Operation, timeout: float, pages: Sequence[Path] = ()
) -> Iterator[tuple[Connection, Supply]]:
    """Start the mock of an operation, and of further pages, on a free port.

    Give how to reach it, and a supply of jobs that it makes when asked.
    """
    if (file := in_the_way_of("mock_server")) is not None:
        raise SettingError(explain("mock_server", file, "A check without a URL"))
    from mock_server.serving.in_process import running_mock
    from mock_server.settings import Settings as MockSettings

    of_pages = (role for page in read_pages(pages) for role in page.roles)
    roles = dict.fromkeys((*operation.roles, *operation.unlisted_roles, *of_pages))
    tokens = {role: Source(role, f"--token {role}") for role in roles}
    with running_mock(MockSettings(jobs=1, pages=tuple(pages))) as mock:
        yield Connection(mock.url, tokens=tokens, timeout=timeout), Supply(more=mock.add_jobs)

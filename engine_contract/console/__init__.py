"""The console: pages on which people look at an engine, cancel jobs and read the journal.

It knows neither mock nor proxy: what it shows comes through `ConsoleData`, and `Console` is an ASGI application that
whoever has such data mounts. It imports nothing of the two programs. Flask is imported at the first request.
"""

from engine_contract.console.access import Guard
from engine_contract.console.asgi import Console
from engine_contract.console.interface import (
    About,
    ConsoleData,
    ConsoleError,
    Entry,
    FaultChoice,
    Finding,
    Job,
    JobLine,
    JobPage,
    Message,
)

__all__ = [
    "About",
    "Console",
    "ConsoleData",
    "ConsoleError",
    "Entry",
    "FaultChoice",
    "Finding",
    "Guard",
    "Job",
    "JobLine",
    "JobPage",
    "Message",
]

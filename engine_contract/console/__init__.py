"""The console: pages on which people look at an engine, cancel jobs and read the journal.

It knows neither mock nor proxy and imports nothing of them: its data come through `ConsoleData`, and each program mounts
the ASGI application `Console`. Flask is imported at the first request.
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
    SessionLine,
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
    "SessionLine",
]

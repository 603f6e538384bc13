"""Errors that are not findings about the engine.

KitError
 ├── SettingError      wrong usage, or a setting that cannot be used: exit status 2
 │    ├── CommandError a command for a token that fails: exit status 3 where the engine is down
 │    └── NotAnIdError a line that cannot be the id of a job
 └── OutsideGuardError a request that must not be sent: a defect of the kit, never sent
"""


class KitError(Exception):
    """A sentence for the user: what was given, what is allowed, what to do."""


class SettingError(KitError):
    """Wrong usage, or a setting that cannot be used."""


class CommandError(SettingError):
    """A command that is to give a token has failed."""


class NotAnIdError(SettingError):
    """A source of jobs gave a line that cannot be a job's id: nothing is sent for it."""


class OutsideGuardError(KitError):
    """The guard's refusal to send a request that could touch a job nobody gave."""

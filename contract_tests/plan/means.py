"""What a run has to work with: tokens, jobs, and which rules are wanted."""

from dataclasses import dataclass

from contract_tests.safety.guard import Guard


@dataclass(frozen=True, slots=True)
class Means:
    """What a run has to work with."""

    roles: tuple[str, ...]
    """Documented roles with a token, in the page's order."""
    others: tuple[str, ...]
    """Roles that the page does not list, with a token."""
    jobs: int | None
    """How many jobs there are; None for as many as the plan wants."""
    derivable: bool = True
    numeric: bool = False
    """Whether all ids are decimal numbers, which an engine may confuse with numbers."""
    unsafe: bool = False
    wanted: frozenset[str] | None = None
    """Rules to check; None for all."""
    auth: str = "bearer"
    jobs_option: str = "--jobs or --jobs-command"
    guard: Guard | None = None

"""Pages put together section by section."""

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class PageText:
    """A page's sections; None leaves a section or a part of it out."""

    summary: str | None
    description: str | None
    route: str | None
    roles: str | None
    parameters: str | None
    request: str | None
    returned: str | None
    answer: str | None

    def __str__(self) -> str:
        lines: list[str] = []
        for heading in ("summary", "description", "route", "roles"):
            said: str | None = getattr(self, heading)
            if said is not None:
                lines += [heading.capitalize(), *_lines(said)]
        for heading, table, example in (
            ("Parameters", self.parameters, self.request),
            ("Return", self.returned, self.answer),
        ):
            if table is None:
                continue
            lines += [heading, *_lines(table)]
            if example is not None:
                lines += ["Copied to Clipboard", *_lines(example)]
        return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    return [line for line in dedent(text).splitlines() if line.strip()]

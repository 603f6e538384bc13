"""Errors of a page."""


class PageError(ValueError):
    """A line that cannot be read: its number, what stands there and what is allowed."""

    def __init__(self, line: int, received: str, allowed: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {received}. {allowed}")

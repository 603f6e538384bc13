"""Lists of known deviations that the kit ships, by name."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of the lists."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def shipped(source: str | Path) -> Path | None:
    """Return the file of the list of that name, None where there is no such list."""
    return _FOLDER / f"{source}.toml" if str(source) in names() else None


def describe(name: str) -> str:
    """Return what a list says of itself: the comment at its beginning."""
    lines = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines)

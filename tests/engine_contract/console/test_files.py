"""The console's files: they need nothing from elsewhere."""

from pathlib import Path

from engine_contract import console

FOLDER = Path(console.__file__).parent


def test_nothing_from_elsewhere() -> None:
    """Templates, styles and scripts name no other host, and hold nothing inline."""
    for path in [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.css"), *FOLDER.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name
        assert " style=" not in text, path.name
        assert "innerHTML" not in text, path.name
        assert "| safe" not in text, path.name

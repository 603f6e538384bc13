"""A HAR file as it lies on the disk: alone, next to the files that it names, or in a zip with them (Playwright).

All of it is foreign text, so each step has a bound: the file, a zip's list of members, and all attached files and
decompressed bodies together.
"""

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from contract_tests.errors import SettingError
from engine_contract.http.content_encoding import MAX_BODY_BYTES

MAX_FILE_BYTES = 256 << 20  # of the HAR file, and of a zip with one
MAX_BODIES_BYTES = 256 << 20  # of all attached files and decompressed bodies
MAX_DIRECTORY_BYTES = 4 << 20  # of a zip's list of members, some 50,000

_ZIP, _ZIP_END, _ZIP64_LOCATOR = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE = 22, 20  # bytes, without a comment
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError)

ReadFile = Callable[[str, int], bytes]
"""From the name of an attached file and a limit to its first bytes. Raises NotHeldError."""


class NotHeldError(Exception):
    """The recording does not hold a body; the message says why, as a part of a sentence."""


class HarFile:
    """The log of a HAR file, and the bodies that lie outside of it, within bounds."""

    def __init__(self, log: Mapping[str, Any], read: ReadFile) -> None:
        self.log = log
        self._read = read
        self._left = MAX_BODIES_BYTES

    def attached(self, name: str) -> bytes:
        """Return the attached file of that name. Raises NotHeldError."""
        data = self._read(name, min(MAX_BODY_BYTES, self._left) + 1)
        self.spend(len(data))
        if len(data) > MAX_BODY_BYTES:
            raise NotHeldError(f"the attached file {name[:80]} is larger than {MAX_BODY_BYTES >> 20} MiB")
        return data

    def spend(self, size: int) -> None:
        """Count the bytes of a body that lay outside of the file's text. Raises NotHeldError once there are too many."""
        self._left = max(-1, self._left - size)
        if self._left < 0:
            raise NotHeldError(
                f"the recording's attached and compressed bodies are larger than {MAX_BODIES_BYTES >> 20} MiB"
            )


def open_har(path: Path) -> HarFile:
    """Read the file, or the one HAR file of a zip. Raises SettingError for what is not one."""
    option = f"--replay {path}"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingError(f"{option}: the file cannot be read: {error.strerror or error}.") from None
    read: ReadFile = partial(_beside, path.parent)
    if data.startswith(_ZIP):
        data, read = _unzipped(data, option)
    if len(data) > MAX_FILE_BYTES:
        raise SettingError(f"{option}: is larger than {MAX_FILE_BYTES >> 20} MiB. Record less at a time.")
    try:
        document = json.loads(data, parse_int=_bounded_int)
    except RecursionError:
        raise SettingError(f"{option}: its JSON is nested too deep to be read. Leave out the entry that is.") from None
    except ValueError as error:
        raise SettingError(f"{option}: is not a HAR file: it is not JSON: {error}.") from None
    log = document.get("log") if isinstance(document, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise SettingError(
            f"{option}: is not a HAR file: it has no log.entries. Give what a browser or watch-engine exported."
        )
    return HarFile(log, read)


def _bounded_int(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float("inf")


def _unzipped(data: bytes, option: str) -> tuple[bytes, ReadFile]:
    """Return the HAR file of a zip, and what reads its other members."""
    if len(data) > MAX_FILE_BYTES or _directory_size(data) > MAX_DIRECTORY_BYTES:
        raise SettingError(
            f"{option}: that zip is too large: it has more than {MAX_FILE_BYTES >> 20} MiB, or too many files."
        )
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except _BROKEN_ZIP as error:
        raise SettingError(f"{option}: that zip cannot be read: {error}.") from None
    names = [name for name in archive.namelist() if name.lower().endswith(".har")]
    usual = [name for name in names if PurePosixPath(name).name == "har.har"]  # Playwright's
    if len(names) != 1 and len(usual) != 1:
        held = f"it holds {', '.join(names)[:200]}" if names else "it holds none"
        raise SettingError(f"{option}: a zip must hold one HAR file, and {held}. Unpack it, and name the file.")
    (name,) = usual if len(usual) == 1 else names
    try:
        found = _member(archive, PurePosixPath(), name, MAX_FILE_BYTES + 1)
    except NotHeldError as error:
        raise SettingError(f"{option}: that zip cannot be read: {error}.") from None
    return found, partial(_member, archive, PurePosixPath(name).parent)


def _directory_size(data: bytes) -> int:
    """Return how large a zip says its list of members is, before anything reads that list; too large for a zip64."""
    end = len(data) - _END_SIZE
    if data[end : end + 4] != _ZIP_END:
        end = data.rfind(_ZIP_END, max(0, len(data) - _END_SIZE - 0xFFFF))
    if end >= _LOCATOR_SIZE and data[end - _LOCATOR_SIZE :].startswith(_ZIP64_LOCATOR):
        return MAX_DIRECTORY_BYTES + 1
    return int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0


def _member(archive: zipfile.ZipFile, folder: PurePosixPath, name: str, limit: int) -> bytes:
    """Return the beginning of a zip's member, named from a folder of the zip. Raises NotHeldError."""
    try:
        member = archive.getinfo(str(folder / name))
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise NotHeldError(f"{name[:80]} is compressed in a way that cannot be read here")
        with archive.open(member) as file:
            return file.read(limit)
    except KeyError:
        raise NotHeldError(f"the attached file {name[:80]} is not in the zip") from None
    except _BROKEN_ZIP as error:
        raise NotHeldError(f"{name[:80]} cannot be read: {str(error)[:100]}") from None


def _beside(folder: Path, name: str, limit: int) -> bytes:
    """Return the beginning of a file in the HAR file's folder or below, never of another one. Raises NotHeldError."""
    shown = name[:80]
    if not name.isprintable() or any(mark in name for mark in "\\:"):
        raise NotHeldError(f"the attached file {shown!r} has a name that cannot be one")
    try:
        root = folder.resolve()
        file = (root / name).resolve()  # where links lead
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or not file.is_relative_to(root):
            raise NotHeldError(f"the attached file {shown} is outside of the recording's folder, and was not read")
        if not file.is_file():
            raise NotHeldError(f"the attached file {shown} is not there")
        with file.open("rb") as opened:
            return opened.read(limit)
    except (OSError, RuntimeError, ValueError) as error:
        raise NotHeldError(f"the attached file {shown} cannot be read: {str(error)[:100]}") from None

"""FHIR NPM packages: read in one pass, in memory, and refused whole where they play tricks."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

from kneecds.errors import InputError, fatal
from kneecds.fhir.strict_json import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP: Final = b"\x1f\x8b"
MOST_MEMBERS: Final = 50_000
MOST_BYTES: Final = 500_000_000
"""Decompressed, all together; the largest published packages have a quarter of it."""
MOST_COMPRESSED: Final = 200_000_000
MOST_FOLD: Final = 200
"""A compressed byte becomes at most so many; JSON becomes 10 to 30. A little more is allowed for small packages."""
_SPARE: Final = 20_000_000
_FOLDER: Final = "package"


class PackageError(InputError):
    """A package that is not taken."""

    def __init__(self, name: str, reason: str) -> None:
        """Say which, and why."""
        super().__init__((fatal("invalid", "package-refused", "", f"{name[-80:]}: {reason}"),))


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _Bounded:
    """A stream that ends in an error when it is longer than it may be."""

    def __init__(self, stream: _Readable, most: int, name: str) -> None:
        self._stream = stream
        self._left = most
        self._name = name

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        found = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(found)
        if self._left < 0:
            raise PackageError(self._name, "it becomes too large when it is unpacked")
        return found


def files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each `package/*.json`, without writing anything to disk. Raises PackageError."""
    name = path.name
    compressed = path.stat().st_size
    if compressed > MOST_COMPRESSED:
        raise PackageError(name, f"{compressed} bytes; at most {MOST_COMPRESSED} are read")
    most = min(MOST_BYTES, compressed * MOST_FOLD + _SPARE)
    try:
        with (
            gzip.open(path, "rb") as plain,
            tarfile.open(fileobj=cast("IO[bytes]", _Bounded(plain, most, name)), mode="r|") as archive,
        ):
            yield from _members(archive, name)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, OSError, ValueError, OverflowError) as problem:
        raise PackageError(name, f"it is no .tgz that can be read ({type(problem).__name__})") from problem


def _members(archive: tarfile.TarFile, name: str) -> Iterator[tuple[str, bytes]]:
    for number, member in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise PackageError(name, f"it has more than {MOST_MEMBERS} files")
        refusal = _refused(member)
        if refusal:
            raise PackageError(name, refusal)
        folder, _, file = member.name.removeprefix("./").rpartition("/")
        if not member.isfile() or folder != _FOLDER or not file.endswith(".json") or file.startswith("."):
            continue
        if file == "package.json":
            continue
        if member.size > MAX_BYTES:
            raise PackageError(name, f"{file[-60:]} has {member.size} bytes; at most {MAX_BYTES} are read")
        content = archive.extractfile(member)
        if content is not None:
            yield file, content.read()


def _refused(member: tarfile.TarInfo) -> str:
    """Return why a member makes the whole package refused; empty where it does not."""
    shown = member.name[-60:]
    if member.issym() or member.islnk():
        return f"{shown} is a link"
    if not (member.isfile() or member.isdir()):
        return f"{shown} is neither a file nor a folder"
    parts = member.name.replace("\\", "/").split("/")
    if member.name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\x00" in member.name:
        return f"{shown} leads out of the package"
    return ""

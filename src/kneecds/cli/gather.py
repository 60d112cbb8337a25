"""From paths to documents: files, folders, globs, NDJSON, gzip and stdin, each document with its name."""

from __future__ import annotations

import glob
import gzip
import sys
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, cast

import click

from kneecds.errors import Issue, fatal
from kneecds.fhir.strict_json import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENDINGS: Final = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
"""What is taken from a folder."""

_MAGIC: Final = b"\x1f\x8b"


class Document(NamedTuple):
    """One document to check, or the issue why it cannot be read."""

    name: str
    body: bytes
    first_line: int = 1
    """In its file, where it is a line of NDJSON."""
    issue: Issue | None = None


def paths(given: Iterable[str]) -> list[str]:
    """Return the files that the arguments name, each once, folders and globs in order of their names."""
    found: dict[str, None] = {}
    for name in given:
        if name == "-":
            found[name] = None
        elif Path(name).is_dir():
            found.update((str(path), None) for path in _below(Path(name)))
        elif Path(name).exists():
            found[name] = None
        else:
            matches = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []  # noqa: PTH207 - any root
            if not matches:
                msg = f"Path {click.format_filename(name)!r} does not exist, and no file matches it."
                raise click.UsageError(msg)
            found.update((path, None) for path in matches if Path(path).is_file())
    return list(found)


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.name.lower().endswith(ENDINGS) and path.is_file())


def documents(path: str) -> Iterator[Document]:
    """Yield the documents of one file: the file itself, or each line of NDJSON; memory is bounded by one document."""
    name = "stdin" if path == "-" else click.format_filename(path)
    try:
        with _opened(path) as file:
            if path == "-":
                head = file.read(MAX_BYTES + 1)
                yield from _lines(name, iter(head.splitlines())) if _is_ndjson(head) else (_whole(name, head),)
            elif path.lower().endswith((".ndjson", ".ndjson.gz")):
                yield from _lines(name, _bounded(file))
            else:
                yield _whole(name, file.read(MAX_BYTES + 1))
    except (OSError, EOFError, zlib.error) as problem:
        reason = getattr(problem, "strerror", None) or "it is not a sound gzip file"
        yield Document(
            name, b"", issue=fatal("exception", "input-unreadable", "", f"the file cannot be read: {reason}")
        )


def _opened(path: str) -> IO[bytes]:
    if path == "-":
        return sys.stdin.buffer
    file = Path(path).open("rb")  # noqa: SIM115 - closed by who reads it
    if file.peek(2)[:2] == _MAGIC:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    return file


def _whole(name: str, body: bytes) -> Document:
    return Document(name, b"", issue=_too_long()) if len(body) > MAX_BYTES else Document(name, body)


def _too_long() -> Issue:
    return fatal("too-long", "json-size", "", f"more than {MAX_BYTES} bytes; at most that many are read")


def _is_ndjson(body: bytes) -> bool:
    """Whether a text is one object a line, several of them."""
    lines = [line for line in body.split(b"\n", 3)[:3] if line.strip()]
    return (
        len(lines) > 1
        and all(
            line.strip().startswith(b"{") and line.strip().endswith(b"}") and len(line.strip()) > 2  # noqa: PLR2004 - {}
            for line in lines[:2]
        )
    )


def _bounded(file: IO[bytes]) -> Iterator[bytes]:
    """Yield lines; of one that is too long only as much as shows that it is."""
    while line := file.readline(MAX_BYTES + 2):
        yield line
        while len(line) > MAX_BYTES and not line.endswith(b"\n") and line:
            line = file.readline(MAX_BYTES + 2)


def _lines(name: str, lines: Iterator[bytes]) -> Iterator[Document]:
    for number, line in enumerate(lines, 1):
        body = line.strip()
        if body:
            document = _whole(f"{name}#{number}", body)
            yield document._replace(first_line=number)

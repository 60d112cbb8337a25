"""Files in and out: bounded reading, and writing that leaves the whole file or none."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from kneecds.errors import InputError, fatal
from kneecds.fhir.strict_json import MAX_BYTES

INPUT = click.Path(exists=True, dir_okay=False, allow_dash=True)
"""A file that is there, or `-` for stdin."""

OUTPUT = click.Path(dir_okay=False, allow_dash=True)
"""A file to be written, or `-` for stdout."""


def read(name: str) -> bytes:
    """Return the content of a file, or of stdin for `-`; refuse more than MAX_BYTES."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as problem:
        msg = f"{_shown(name)} cannot be read: {problem.strerror}"
        raise click.UsageError(msg) from problem
    if len(content) > MAX_BYTES:
        message = f"{_shown(name)} has more than {MAX_BYTES} bytes; at most that many are read"
        raise InputError((fatal("too-long", "json-size", "", message),))
    return content


def write(name: str | None, content: bytes | str) -> None:
    """Write to a file, or to stdout for nothing or `-`; text may hold terminal colours, which were decided before."""
    if name is None or name == "-":
        _print(content)
        return
    data = content.encode() if isinstance(content, str) else content
    path = Path(name).resolve()  # a link stays, what it points to is replaced
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or pipe cannot be replaced
        else:
            _replace(path, data)
    except OSError as problem:
        msg = f"{_shown(name)} cannot be written: {problem.strerror}"
        raise click.UsageError(msg) from problem


def _print(content: bytes | str) -> None:
    if isinstance(content, str):
        encoding = sys.stdout.encoding or "utf-8"
        click.echo(content.encode(encoding, "backslashreplace").decode(encoding), nl=False, color=True)
    else:
        click.echo(content, nl=False)


def _replace(path: Path, data: bytes) -> None:
    """Write beside the target, then move into its place; the target keeps its permissions."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _shown(name: str) -> str:
    return "stdin" if name == "-" else click.format_filename(name)

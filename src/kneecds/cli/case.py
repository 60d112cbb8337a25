"""`kneecds case`: work with cases in the compact format."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kneecds.core.knowledge import Finding
    from kneecds.evaluation.cases import Line

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@click.group
def case() -> None:
    """Work with cases in the compact format."""


@case.command("to-fhir", epilog="Example: kneecds case to-fhir cases.jsonl -o bundles/")
@click.argument("source", metavar="CASES", type=files.INPUT)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="A directory for one file a case, or a file ending in .ndjson or .jsonl; by default NDJSON on stdout.",
)
@click.option("--split", default="", help="Only the cases of this split.")
@click.option(
    "--as-of", type=options.Day(), default=date(2026, 1, 1), show_default="2026-01-01", help="Day of the cases."
)
def to_fhir(source: str, output: str | None, split: str, as_of: date) -> None:
    """Compile compact cases into FHIR Bundles."""
    from kneecds.cli.evaluate import of_split  # noqa: PLC0415
    from kneecds.evaluation import cases  # noqa: PLC0415 - heavy
    from kneecds.knowledge import artefact  # noqa: PLC0415

    lines = of_split(cases.read(files.read(source), labelled=False), split)
    findings = {finding.id: finding for finding in artefact.shipped().files.findings}
    bundles = [(line, _bundle(line, findings, as_of)) for line in lines]
    if output is None or output == "-" or output.endswith((".ndjson", ".jsonl")):
        files.write(output, b"".join(bundle + b"\n" for _, bundle in bundles))
    else:
        _write_each(output, bundles)


def _bundle(line: Line, findings: Mapping[str, Finding], as_of: date) -> bytes:
    from msgspec.structs import replace  # noqa: PLC0415 - heavy

    from kneecds.errors import InputError  # noqa: PLC0415
    from kneecds.evaluation import run  # noqa: PLC0415

    try:
        return run.to_fhir(line.content, findings, as_of)
    except InputError as problem:
        placed = (replace(issue, expression=f"line {line.number} {issue.expression}") for issue in problem.issues)
        raise InputError(tuple(placed)) from problem


def _write_each(folder: str, bundles: Sequence[tuple[Line, bytes]]) -> None:
    """Write `<id>.json` for every case, after all ids were found fit to name a file."""
    import msgspec  # noqa: PLC0415 - heavy

    from kneecds.errors import InputError, error  # noqa: PLC0415

    unfit = tuple(
        error("value", "case-id", f"line {line.number}", f"the id {line.case.id!r} cannot name a file")
        for line, _ in bundles
        if not _FILE_NAME.fullmatch(line.case.id)
    )
    if unfit:
        raise InputError(unfit)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        msg = f"{click.format_filename(folder)} cannot be a directory: {problem.strerror}"
        raise click.UsageError(msg) from problem
    for line, bundle in bundles:
        files.write(str(Path(folder) / f"{line.case.id}.json"), msgspec.json.format(bundle, indent=2) + b"\n")

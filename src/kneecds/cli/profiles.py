"""`kneecds profiles`: the FHIR artefacts that we publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kneecds.cli import files

if TYPE_CHECKING:
    from pathlib import Path

    from kneecds.errors import Issue
    from kneecds.publishing.head import Json, Release

FOLDER = click.Path(file_okay=False)


@click.group(epilog="Example: kneecds profiles check profiles")
def profiles() -> None:
    """Build, check and pack the FHIR artefacts that kneecds publishes."""


@profiles.command(epilog="Example: kneecds profiles build profiles")
@click.argument("folder", type=FOLDER, default="profiles")
def build(folder: str) -> None:
    """Write every artefact of every release into FOLDER, one file each; files that belong to none are removed."""
    from pathlib import Path  # noqa: PLC0415

    from kneecds.publishing.artefacts import written  # noqa: PLC0415 - heavy

    for release, artefacts in _all():
        place = Path(folder) / release
        wanted = {place / name: written(artefact) for name, artefact in artefacts.items()}
        for path in _there(place) - set(wanted):
            path.unlink()
        for path, content in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write(str(path), content)
        click.echo(f"{release}: {len(wanted)} files")


@profiles.command(epilog="Example: kneecds profiles check profiles")
@click.argument("folder", type=FOLDER, default="profiles")
@click.pass_context
def check(ctx: click.Context, folder: str) -> None:
    """Compare FOLDER with what the knowledge makes, and validate every artefact.

    The exit code is 1 if a file is missing, too many or different, or has an error.
    """
    from pathlib import Path  # noqa: PLC0415

    from kneecds.cli import failures  # noqa: PLC0415
    from kneecds.publishing.artefacts import written  # noqa: PLC0415

    problems: list[str] = []
    checked = 0
    for release, artefacts in _all():
        place = Path(folder) / release
        wanted = {place / name: artefact for name, artefact in artefacts.items()}
        problems += [f"{path}: belongs to no artefact" for path in sorted(_there(place) - set(wanted))]
        for path, artefact in wanted.items():
            checked += 1
            if not path.is_file():
                problems.append(f"{path}: is missing")
            elif path.read_bytes() != written(artefact):
                problems.append(f"{path}: is not what the knowledge makes; run `kneecds profiles build`")
            problems += [failures.line_of(issue, str(path)) for issue in _errors(written(artefact), release)]
    for problem in problems:
        click.echo(problem, err=True)
    click.echo(f"{checked} artefacts: {f'{len(problems)} problems' if problems else 'ok'}")
    if problems:
        ctx.exit(failures.INPUT_ERRORS)


@profiles.command(epilog="Example: kneecds profiles pack --fhir-version R4 -o kneecds-r4.tgz")
@click.option("--fhir-version", "release", type=click.Choice(("R4", "R5")), default="R4", show_default=True)
@click.option("-o", "--output", type=files.OUTPUT, required=True, help="The package, a .tgz file.")
def pack(release: str, output: str) -> None:
    """Write a FHIR NPM package that HL7's tools load; the same knowledge gives the same bytes."""
    from kneecds.knowledge import shipped  # noqa: PLC0415
    from kneecds.publishing import package  # noqa: PLC0415

    for name, artefacts in _all():
        if name == release:
            files.write(output, package(name, shipped().version, artefacts))


def _all() -> list[tuple[Release, dict[str, Json]]]:
    from kneecds.knowledge import shipped  # noqa: PLC0415
    from kneecds.publishing import RELEASES, artefacts  # noqa: PLC0415 - heavy

    known = shipped()
    return [(release, artefacts(release, known)) for release in RELEASES]


def _there(place: Path) -> set[Path]:
    return set(place.rglob("*.json"))


def _errors(body: bytes, release: Release) -> list[Issue]:
    from kneecds import api  # noqa: PLC0415

    return [issue for issue in api.validate(body, release=release) if issue.is_error]

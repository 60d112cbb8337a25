"""`kneecds questionnaire`: print the intake form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from pathlib import Path

    from kneecds.core.knowledge import KnowledgeFiles
    from kneecds.fhir.sdc.languages import Translation
    from kneecds.fhir.version import Release

ENGLISH = "en"


@click.command(epilog="Example: kneecds questionnaire --language de -o intake.json")
@click.option(
    "--fhir-version", "release", type=options.Release(), default="R4", show_default=True,
    help="FHIR release to write the form for.",
)  # fmt: skip
@click.option(
    "--language", metavar="CODE",
    help="Write the form in this language only; by default in English, with all translations beside each text.",
)  # fmt: skip
@options.output_option
def questionnaire(release: Release, language: str | None, output: str | None) -> None:
    """Print the intake form as a FHIR Questionnaire (JSON).

    Responses to it can be assessed as they are, and extracted as Observations (`kneecds extract`); other forms need a
    ConceptMap (`kneecds assess --map`). Translations are made by the project and not validated linguistically.
    """
    import msgspec  # noqa: PLC0415 - heavy

    from kneecds.fhir.sdc import languages  # noqa: PLC0415
    from kneecds.fhir.sdc.release import r5  # noqa: PLC0415
    from kneecds.knowledge import load  # noqa: PLC0415

    form = shipped()
    if language is None:
        form = languages.with_translations(form, translations(load.HERE))
    elif language != ENGLISH:
        known = {one.language: one for one in translations(load.HERE)}
        if language not in known:
            msg = f"the form is not there in {language!r}; it is in {', '.join([ENGLISH, *known])}"
            raise click.UsageError(msg)
        form = languages.in_language(form, known[language])
    if release == "R5":
        form = r5(form)
    encoded = msgspec.json.Encoder(decimal_format="number").encode(form)
    files.write(output, msgspec.json.format(encoded, indent=2) + b"\n")


def shipped() -> dict[str, Any]:
    """Return the form of the knowledge that ships, for R4 and in English."""
    from kneecds.fhir.questionnaire import build  # noqa: PLC0415
    from kneecds.knowledge import artefact  # noqa: PLC0415

    known = artefact.shipped()
    return build(known.intake, {finding.id: finding for finding in known.files.findings}, known.version)


def translations(folder: Path) -> list[Translation]:
    """Read the translations of the intake form of a knowledge folder, in the order of their languages."""
    from kneecds.fhir.sdc.languages import translation  # noqa: PLC0415
    from kneecds.knowledge import strict_yaml  # noqa: PLC0415

    paths = sorted((folder / "intake" / "translations").glob("*.yaml"))
    return [translation(strict_yaml.read(path), f"intake/translations/{path.name}") for path in paths]


def problems(folder: Path, known: KnowledgeFiles) -> list[str]:
    """List what is wrong with the intake form of a knowledge folder, and with its translations."""
    from kneecds.errors import KnowledgeError  # noqa: PLC0415
    from kneecds.fhir.questionnaire import build  # noqa: PLC0415
    from kneecds.fhir.sdc import languages  # noqa: PLC0415

    if not known.intake:
        return []
    try:
        form = build(known.intake, {finding.id: finding for finding in known.findings}, known.version)
        others = translations(folder)
    except KnowledgeError as problem:
        return list(problem.problems)
    return [
        f"intake/translations/{one.language}.yaml: {said}" for one in others for said in languages.problems(form, one)
    ]

"""`kneecds questionnaire`: print the intake form."""

from __future__ import annotations

import click

from kneecds.cli import files, options


@click.command(epilog="Example: kneecds questionnaire -o intake.json")
@options.output_option
def questionnaire(output: str | None) -> None:
    """Print the intake form as a FHIR R4 Questionnaire (JSON).

    Responses to it can be assessed as they are; other forms need a ConceptMap (`kneecds assess --map`).
    """
    import msgspec  # noqa: PLC0415 - heavy

    from kneecds.fhir.questionnaire import build  # noqa: PLC0415
    from kneecds.knowledge import artefact, load, strict_yaml  # noqa: PLC0415

    known = artefact.shipped().files
    intake = strict_yaml.read(load.HERE / "intake" / "intake.yaml")
    form = build(intake, {finding.id: finding for finding in known.findings}, known.version)
    encoded = msgspec.json.Encoder(decimal_format="number").encode(form)
    files.write(output, msgspec.json.format(encoded, indent=2) + b"\n")

"""`kneecds schema`: print the JSON Schema of what kneecds writes."""

from __future__ import annotations

import click

from kneecds.cli import files, options


@click.group
def schema() -> None:
    """Print the JSON Schema of an answer."""


@schema.command(epilog="Example: kneecds schema assessment -o assessment.schema.json")
@options.output_option
def assessment(output: str | None) -> None:
    """Print the JSON Schema of `kneecds assess --format json`."""
    from kneecds.render.schema import assessment_schema_json  # noqa: PLC0415 - heavy

    files.write(output, assessment_schema_json())

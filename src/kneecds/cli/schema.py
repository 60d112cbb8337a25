"""`kneecds schema`: print the schemas of what kneecds writes and serves."""

from __future__ import annotations

import click

from kneecds.cli import files, options


@click.group
def schema() -> None:
    """Print the JSON Schema of an answer, and the OpenAPI description of the service."""


@schema.command(epilog="Example: kneecds schema assessment -o assessment.schema.json")
@options.output_option
def assessment(output: str | None) -> None:
    """Print the JSON Schema of `kneecds assess --format json`."""
    from kneecds.render.schema import assessment_schema_json  # noqa: PLC0415 - heavy

    files.write(output, assessment_schema_json())


@schema.command(epilog="Example: kneecds schema openapi -o docs/openapi.json")
@options.output_option
def openapi(output: str | None) -> None:
    """Print the OpenAPI description of `kneecds serve`; needs kneecds[service]."""
    from kneecds.service.openapi import document_json  # noqa: PLC0415 - heavy, and needs an extra

    files.write(output, document_json())

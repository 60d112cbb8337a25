"""`kneecds extract`: the Observations that the answers to a form are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from kneecds.fhir.version import Release


@click.command(epilog="Example: kneecds extract response.json --questionnaire form.json")
@click.argument("source", metavar="RESPONSE", type=files.INPUT)
@click.option(
    "--questionnaire", "questionnaires", type=files.INPUT, multiple=True, metavar="FILE",
    help="The Questionnaire that was answered (or a Bundle with it), if it is not ours and not sent along.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(("json", "ndjson")), default="json", show_default=True,
    help="A transaction Bundle, or one Observation a line.",
)  # fmt: skip
@click.option("--answers-only", is_flag=True, help="Leave out what was denied by not choosing an option that names it.")
@options.release_option
@options.output_option
@click.pass_context
def extract(
    ctx: click.Context,
    source: str,
    questionnaires: tuple[str, ...],
    form: str,
    answers_only: bool,  # noqa: FBT001 - click's flags
    release: Release | None,
    output: str | None,
) -> None:
    """Turn the answers of a QuestionnaireResponse into Observations; - is stdin.

    This is the observation-based extraction of Structured Data Capture, for any form that asks for it: one Observation
    for each answer to an item with a code and the flag observationExtract. RESPONSE is a QuestionnaireResponse, or a
    Bundle with some.

    Exit codes: 0 extracted, 1 the input has errors (what is sound was extracted), 2 wrong usage, 3 our fault.
    """
    import msgspec  # noqa: PLC0415 - heavy

    from kneecds import extraction  # noqa: PLC0415
    from kneecds.cli import failures  # noqa: PLC0415
    from kneecds.knowledge import shipped  # noqa: PLC0415

    if (source, *questionnaires).count("-") > 1:
        msg = "stdin can be read only once"
        raise click.UsageError(msg)
    asked = [
        one
        for name in questionnaires
        for one, _ in extraction.resources(extraction.sound(files.read(name), release)[0], "Questionnaire")
    ]
    if questionnaires and not asked:
        msg = "no Questionnaire in what --questionnaire names"
        raise click.UsageError(msg)
    found = extraction.extract(
        files.read(source), knowledge=shipped(), questionnaires=asked, release=release, denials=not answers_only
    )
    failures.show_issues(found.issues)
    if any(issue.rule == "form-unknown" for issue in found.issues):
        click.echo("Give the Questionnaire with --questionnaire.", err=True)
    encode = msgspec.json.Encoder(decimal_format="number").encode
    if form == "ndjson":
        files.write(output, b"".join(encode(one) + b"\n" for one in found.observations))
    else:
        files.write(output, msgspec.json.format(encode(found.transaction()), indent=2) + b"\n")
    if not found.ok:
        ctx.exit(failures.INPUT_ERRORS)

"""`kneecds assess`: one input in, one answer out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from datetime import date

    from kneecds.core.knowledge import Setting
    from kneecds.fhir.version import Release
    from kneecds.pipeline import Evaluation


@click.command(epilog="Example: kneecds assess bundle.json --as-of 2026-01-31 --setting emergency")
@click.argument("source", metavar="INPUT", type=files.INPUT)
@options.format_option("text", "json", "fhir")
@click.option("--full", is_flag=True, help="Text only: leave nothing out of the long lists.")
@options.input_options
@options.output_release_option
@click.option(
    "--losses", is_flag=True, help="FHIR only: list on stderr what that release cannot say, and where it went."
)
@options.output_option
@click.pass_context
def assess(
    ctx: click.Context,
    source: str,
    form: str,
    full: bool,  # noqa: FBT001 - a flag
    as_of: date,
    setting: Setting,
    maps: tuple[str, ...],
    release: Release | None,
    output_release: Release | None,
    losses: bool,  # noqa: FBT001 - a flag
    output: str | None,
) -> None:
    """Assess what FHIR says about a knee: escalation first, then hypotheses, questions and options.

    INPUT is a FHIR Bundle, a single resource or a list of them, as JSON; `-` reads stdin.
    If the input has errors the exit code is 1, and the answer says what could not be used.
    """
    from kneecds.cli import failures, inputs  # noqa: PLC0415 - heavy

    if form != "fhir" and (output_release or losses):
        message = "--output-version and --losses are for --format fhir"
        raise click.UsageError(message)
    evaluation = inputs.evaluate(source, as_of=as_of, setting=setting, release=release, maps=maps)
    content: bytes | str
    match form:
        case "fhir":
            content = evaluation.to_fhir_bytes(output_release or release or "R4") + b"\n"
        case "json":
            from kneecds.render.json import to_json  # noqa: PLC0415

            content = to_json(evaluation.assessment)
        case _:
            from kneecds.cli import names, screen  # noqa: PLC0415
            from kneecds.render import text  # noqa: PLC0415

            content = text.render(evaluation.assessment, names.shipped(), screen.look(output), full=full)
    files.write(output, content)
    if losses:
        _show_losses(evaluation, output_release or release or "R4")
    if not evaluation.ok:
        if form != "text" or output not in (None, "-"):
            failures.show_issues(issue for issue in evaluation.issues if issue.is_error)
        ctx.exit(failures.INPUT_ERRORS)


def _show_losses(evaluation: Evaluation, release: Release) -> None:
    from kneecds.fhir import emit  # noqa: PLC0415

    for loss in emit.lost(evaluation.assessment, evaluation.prepared.catalogue, release):
        times = "" if loss.times == 1 else f" ({loss.times} times)"
        click.echo(f"{release} cannot say {loss.what}{times}: {loss.why}. Instead: {loss.instead}.", err=True)

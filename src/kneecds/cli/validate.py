"""`kneecds validate`: say everything that is wrong with FHIR resources."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from kneecds.fhir.version import Release
    from kneecds.render.reports import Checked

_FAILING: Final = {"error": ("fatal", "error"), "warning": ("fatal", "error", "warning"), "never": ()}
_ONE_PROCESS: Final = 20  # files; for fewer, starting more processes costs more than it saves


def _explain(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is None or ctx.resilient_parsing:
        return
    from kneecds.cli import rules  # noqa: PLC0415 - only to explain

    click.echo(rules.explanation(name), nl=False)
    ctx.exit()


@click.command(epilog="Example: kneecds validate bundle.json other.json")
@click.argument("sources", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--questionnaire", "questionnaires", type=files.INPUT, multiple=True, metavar="FILE",
    help="A Questionnaire (or a Bundle with it) to check responses against; may be repeated.",
)  # fmt: skip
@click.option(
    "--profile", "profiles", type=click.Path(exists=True), multiple=True, metavar="FILE|DIR|PACKAGE.tgz",
    help="Profiles, value sets and code systems. A profile given as a FILE is asked of every resource of its type; "
    "those of a folder or package are asked of who claims them. May be repeated.",
)  # fmt: skip
@options.format_option("text", "json", "outcome", "junit", "sarif")
@click.option(
    "--fail-on", type=click.Choice(tuple(_FAILING)), default="error", show_default=True, help="What gives exit code 1."
)
@click.option("--best-practice", is_flag=True, help="Say also what the specification only recommends.")
@click.option("--quiet", is_flag=True, help="In text: no remarks, and nothing of inputs without issues.")
@click.option("--no-source", is_flag=True, help="In text: do not show lines of the input, which may hold patient data.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one for few inputs, else one a core.")
@options.as_of_option
@options.release_option
@options.output_option
@click.option(
    "--explain", metavar="RULE", is_eager=True, expose_value=False, callback=_explain,
    help="Show what a rule asks, its source, and an accepted and a refused example.",
)  # fmt: skip
@click.pass_context
def validate(
    ctx: click.Context,
    sources: tuple[str, ...],
    questionnaires: tuple[str, ...],
    profiles: tuple[str, ...],
    form: str,
    fail_on: str,
    best_practice: bool,  # noqa: FBT001 - click's flags
    quiet: bool,  # noqa: FBT001
    no_source: bool,  # noqa: FBT001
    jobs: int | None,
    as_of: date,
    release: Release | None,
    output: str | None,
) -> None:
    """List every problem of FHIR resources: files, folders, globs, NDJSON, gzip; - is stdin.

    Checked are, layer by layer: the JSON, structure, codes and units, invariants, references and Bundles, profiles,
    answers against their Questionnaire, and whether the content makes sense for an assessment. All issues are
    collected, each with its place, rule and source.

    Exit codes: 0 no error, 1 errors were found, 2 wrong usage, 3 our fault.
    """
    if sources.count("-") > 1:
        msg = "stdin can be read only once"
        raise click.UsageError(msg)
    from kneecds.cli import checking, gather, given  # noqa: PLC0415 - heavy

    found = gather.paths(sources)
    applied, others = given.conformance(profiles)
    asked = checking.Asked(
        as_of=as_of,
        release=release,
        questionnaires=given.questionnaires(questionnaires),
        applied=applied,
        others=others,
        best_practice=best_practice,
        failing=_FAILING[fail_on],
    )
    if jobs is None:
        jobs = 1 if len(found) < _ONE_PROCESS else os.cpu_count() or 1
    checked = _watched(checking.check_all(found, asked, jobs), len(found))
    files.write(output, _report(form, checked, output=output, quiet=quiet, show_source=not no_source))
    if any(one.failed for one in checked):
        ctx.exit(1)


def _watched(checked: Iterable[Checked], files_to_read: int) -> list[Checked]:
    """Collect, with a count of documents on the terminal if there are many."""
    if files_to_read < _ONE_PROCESS or not sys.stderr.isatty():
        return list(checked)
    with click.progressbar(checked, label="validating", file=sys.stderr, show_pos=True, length=files_to_read) as bar:
        return list(bar)


def _report(form: str, checked: list[Checked], *, output: str | None, quiet: bool, show_source: bool) -> bytes | str:
    from kneecds.cli import rules, screen  # noqa: PLC0415
    from kneecds.render import reports  # noqa: PLC0415

    if form == "outcome":
        from kneecds.fhir.emit import operation_outcome  # noqa: PLC0415

        return operation_outcome.report((one.name, one.issues) for one in checked)
    texts: Any = rules.texts() if any(one.issues for one in checked) else {}
    if form == "json":
        return reports.to_json(checked, texts)
    if form == "junit":
        return reports.to_junit(checked, texts)
    if form == "sarif":
        from kneecds._version import __version__  # noqa: PLC0415

        return reports.to_sarif(checked, texts, __version__)
    shown = checked if show_source else [one._replace(lines={}) for one in checked]
    return reports.to_text(shown, texts, colour=screen.look(output).color, quiet=quiet)

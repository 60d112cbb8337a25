"""`kneecds evaluate`: labelled cases through FHIR, compared with their labels."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.core.assessment import Assessment
    from kneecds.core.knowledge import Setting
    from kneecds.evaluation.cases import Line


@click.command(epilog="Example: kneecds evaluate cases.jsonl --split development --format json")
@click.argument("source", metavar="CASES", type=files.INPUT)
@click.option("--split", default="", help="Only the cases of this split.")
@options.format_option("text", "json")
@click.option(
    "--as-of",
    type=options.Day(),
    default=date(2026, 1, 1),
    show_default="2026-01-01",
    help="Day of the cases; fixed, so that results can be repeated.",
)
@options.setting_option
@options.output_option
@click.pass_context
def evaluate(
    ctx: click.Context, source: str, split: str, form: str, as_of: date, setting: Setting, output: str | None
) -> None:
    """Run labelled cases through FHIR and report how often diagnosis and escalation are right.

    CASES holds one case a line in the compact format. A listed condition counts if it is an accepted
    diagnosis, an ancestor or a descendant of one; `strict` figures count the accepted ones alone.
    Broken lines are reported all at once, and nothing is evaluated then.
    """
    import gc  # noqa: PLC0415

    from kneecds import knowledge, pipeline  # noqa: PLC0415 - heavy
    from kneecds.cli import failures, screen  # noqa: PLC0415
    from kneecds.evaluation import cases, run, text  # noqa: PLC0415
    from kneecds.render.json import to_json  # noqa: PLC0415

    gc.enable()  # a long run
    known = knowledge.shipped()

    def assess(body: bytes) -> Assessment:
        return pipeline.evaluate(body, knowledge=known, as_of=as_of, setting=setting).assessment

    lines = of_split(cases.read(files.read(source), labelled=True), split)
    with _progress(len(lines)) as on_case:
        report = run.run(
            lines, assess=assess, files=known.files, as_of=as_of, setting=setting, split=split, on_case=on_case
        )
    files.write(output, to_json(report) if form == "json" else text.render(report, screen.look(output)))
    if any(each.errors for each in report.per_case):
        click.echo("Error: some cases could not be taken as they are; see `errors`", err=True)
        ctx.exit(failures.INPUT_ERRORS)


def of_split(lines: tuple[Line, ...], split: str) -> tuple[Line, ...]:
    """Return the cases of a split, or refuse with the splits that there are."""
    chosen = tuple(line for line in lines if not split or line.case.split == split)
    if not chosen:
        there = ", ".join(sorted({repr(line.case.split) for line in lines}))
        msg = f"no case is of the split {split!r}; there are {there}"
        raise click.UsageError(msg)
    return chosen


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show on stderr how far it is; nothing where stderr is not a terminal."""
    from rich.console import Console  # noqa: PLC0415 - heavy
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("cases", total=total)
        yield lambda: progress.advance(task)

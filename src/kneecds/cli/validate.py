"""`kneecds validate`: say everything that is wrong with some inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from datetime import date

    from kneecds.errors import Issue
    from kneecds.fhir.version import Release


@click.command(epilog="Example: kneecds validate bundle.json other.json")
@click.argument("sources", metavar="INPUT...", type=files.INPUT, nargs=-1, required=True)
@options.format_option("text", "json")
@options.as_of_option
@options.release_option
@options.output_option
@click.pass_context
def validate(
    ctx: click.Context, sources: tuple[str, ...], form: str, as_of: date, release: Release | None, output: str | None
) -> None:
    """List every issue of FHIR inputs, without assessing them.

    Checked are the JSON itself, structure, references, and whether the content makes sense.
    The exit code is 1 if any input has an error; warnings alone leave it 0.
    """
    import msgspec  # noqa: PLC0415 - heavy

    from kneecds import knowledge, pipeline  # noqa: PLC0415 - heavy
    from kneecds.cli import failures  # noqa: PLC0415
    from kneecds.errors import InputError  # noqa: PLC0415
    from kneecds.render.words import clean  # noqa: PLC0415

    if sources.count("-") > 1:
        msg = "stdin can be read only once"
        raise click.UsageError(msg)
    found: list[tuple[str, tuple[Issue, ...]]] = []
    for source in sources:
        name = "stdin" if source == "-" else click.format_filename(source)
        try:
            body = files.read(source)
            found.append((name, pipeline.validate(body, knowledge=knowledge.shipped(), as_of=as_of, release=release)))
        except InputError as problem:
            found.append((name, problem.issues))
    if form == "json":
        table = [{"input": name, "ok": _ok(issues), "issues": issues} for name, issues in found]
        files.write(output, msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n")
    else:
        lines = []
        for name, issues in found:
            lines += [failures.line_of(issue, name) for issue in issues]
            lines.append(clean(f"{name}: {'ok' if _ok(issues) else 'has errors'}{_counted(issues)}"))
        files.write(output, "\n".join(lines) + "\n")
    if not all(_ok(issues) for _, issues in found):
        ctx.exit(failures.INPUT_ERRORS)


def _ok(issues: tuple[Issue, ...]) -> bool:
    return not any(issue.is_error for issue in issues)


def _counted(issues: tuple[Issue, ...]) -> str:
    counts = dict.fromkeys(("fatal", "error", "warning", "information"), 0)
    for issue in issues:
        counts[issue.severity] += 1
    said = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    return f" ({said})" if said else ""

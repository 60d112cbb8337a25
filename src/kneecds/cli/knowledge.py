"""`kneecds knowledge`: what the answers rest on, to list, to read, to check and to compile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from kneecds.core.knowledge import KnowledgeFiles


class Entry(Protocol):
    """Any entry of the knowledge."""

    @property
    def id(self) -> str:
        """What it is called everywhere."""


KINDS = (
    "findings", "conditions", "red_flags", "instruments", "appropriateness", "factors", "actions", "sources",
)  # fmt: skip
FOLDER = click.Path(exists=True, file_okay=False)


@click.group
def knowledge() -> None:
    """List, show, check and compile the clinical knowledge."""


@knowledge.command("list", epilog="Example: kneecds knowledge list red_flags")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@options.format_option("text", "json")
def list_(kind: str | None, form: str) -> None:
    """Count the entries of each kind, or list those of one KIND."""
    from kneecds.knowledge import artefact  # noqa: PLC0415 - heavy
    from kneecds.render.json import to_json  # noqa: PLC0415

    known = artefact.shipped().in_full()
    rows = [(each.id, _title(each)) for each in entries(known, kind)] if kind else counts(known)
    if form == "json":
        key = "title" if kind else "count"
        files.write(None, to_json([{"id" if kind else "kind": name, key: value} for name, value in rows]))
        return
    wide = max(len(name) for name, _ in rows) + 2
    files.write(None, "".join(f"{name.ljust(wide)}{value}\n" for name, value in rows))


@knowledge.command(epilog="Example: kneecds knowledge show ottawa_knee_rule")
@click.argument("name", metavar="ID")
def show(name: str) -> None:
    """Print everything that is known of one entry, of whatever kind, as JSON."""
    from kneecds.knowledge import artefact  # noqa: PLC0415 - heavy
    from kneecds.render.json import to_json  # noqa: PLC0415

    known = artefact.shipped().in_full()
    found = [{"kind": kind, "entry": each} for kind in KINDS for each in entries(known, kind) if each.id == name]
    if not found:
        from difflib import get_close_matches  # noqa: PLC0415

        near = ", ".join(get_close_matches(name, [each.id for kind in KINDS for each in entries(known, kind)], 3))
        msg = f"there is no entry {name!r}{f'; near: {near}' if near else ''}"
        raise click.UsageError(msg)
    files.write(None, to_json(found[0] if len(found) == 1 else found))


@knowledge.command(epilog="Example: kneecds knowledge check src/kneecds/knowledge")
@click.argument("folder", required=False, type=FOLDER)
@click.pass_context
def check(ctx: click.Context, folder: str | None) -> None:
    """Check knowledge files against their schemas and each other, and list every problem at once.

    FOLDER is laid out as the shipped knowledge, which is checked if none is given.
    The exit code is 1 if there are problems.
    """
    from pathlib import Path  # noqa: PLC0415

    from kneecds.cli import failures, questionnaire  # noqa: PLC0415
    from kneecds.knowledge import load  # noqa: PLC0415 - heavy

    known = _read(ctx, folder)
    problems = questionnaire.problems(Path(folder or load.HERE), known)
    if problems:
        failures.show_problems(problems)
        ctx.exit(failures.INPUT_ERRORS)
    click.echo("ok: " + ", ".join(f"{count} {kind}" for kind, count in counts(known)))


@knowledge.command("compile", epilog="Example: kneecds knowledge compile")
@click.argument("folder", required=False, type=FOLDER)
@click.option("-o", "--output", type=files.OUTPUT, help="Where it goes; by default beside the files.")
@click.pass_context
def compile_(ctx: click.Context, folder: str | None, output: str | None) -> None:
    """Check knowledge files and compile them into the one file that is loaded at run time."""
    from pathlib import Path  # noqa: PLC0415

    from kneecds.knowledge import artefact, load  # noqa: PLC0415 - heavy

    compiled = artefact.compile_to(_read(ctx, folder))
    files.write(output or str(Path(folder or load.HERE) / artefact.NAME), compiled)


def entries(known: KnowledgeFiles, kind: str) -> tuple[Entry, ...]:
    """Return the entries of one kind."""
    found: tuple[Entry, ...] = getattr(known, kind)
    return found


def counts(known: KnowledgeFiles) -> list[tuple[str, int]]:
    """Return how many entries of each kind there are."""
    return [(kind, len(entries(known, kind))) for kind in KINDS]


def _title(entry: Entry) -> str:
    from kneecds.render.words import clean  # noqa: PLC0415

    titles = (getattr(entry, field, "") for field in ("label", "title", "text"))
    return clean(next((title for title in titles if title), ""))


def _read(ctx: click.Context, folder: str | None) -> KnowledgeFiles:
    from pathlib import Path  # noqa: PLC0415

    from kneecds.cli import failures  # noqa: PLC0415
    from kneecds.errors import KnowledgeError  # noqa: PLC0415
    from kneecds.knowledge import load  # noqa: PLC0415 - heavy

    try:
        return load.read(Path(folder)) if folder else load.read()
    except KnowledgeError as problem:
        failures.show_problems(problem.problems)
        ctx.exit(failures.INPUT_ERRORS)

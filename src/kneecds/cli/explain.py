"""`kneecds explain`: everything that makes one condition more or less probable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from kneecds.core.knowledge import Condition, Setting
    from kneecds.fhir.version import Release


@click.command(epilog="Example: kneecds explain bundle.json patellofemoral_pain")
@click.argument("source", metavar="INPUT", type=files.INPUT)
@click.argument("condition")
@options.format_option("text", "json")
@options.input_options
@options.output_option
@click.pass_context
def explain(
    ctx: click.Context,
    source: str,
    condition: str,
    form: str,
    as_of: date,
    setting: Setting,
    maps: tuple[str, ...],
    release: Release | None,
    output: str | None,
) -> None:
    """Explain what one condition's probability rests on, and what would change it.

    INPUT is as for `assess`; CONDITION is an id or another name from `kneecds knowledge list conditions`.
    """
    from kneecds.cli import failures, inputs, names, screen  # noqa: PLC0415 - heavy
    from kneecds.knowledge import artefact  # noqa: PLC0415
    from kneecds.render import explanation  # noqa: PLC0415
    from kneecds.render.json import to_json  # noqa: PLC0415

    wanted = condition_id(artefact.shipped().files.conditions, condition)
    evaluation = inputs.evaluate(source, as_of=as_of, setting=setting, release=release, maps=maps)
    found = evaluation.explain(wanted)
    if form == "json":
        table = [{"side": side, "hypothesis": hypothesis} for side, hypothesis in found]
        files.write(output, to_json({"condition": wanted, "explanations": table}))
    else:
        look = screen.look(output)
        files.write(output, explanation.render(evaluation.assessment, wanted, found, names.shipped(), look))
    if not evaluation.ok:
        failures.show_issues(issue for issue in evaluation.issues if issue.is_error)
        ctx.exit(failures.INPUT_ERRORS)


def condition_id(conditions: Iterable[Condition], name: str) -> str:
    """Return the id that is meant by an id, an alias or a label; refuse with what comes near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only in this command

    meant: dict[str, str] = {}
    for condition in conditions:
        for known in (condition.id, *condition.aliases, condition.label):
            meant.setdefault(known.lower(), condition.id)
    wanted = name.lower().strip().replace(" ", "_")
    found = meant.get(wanted) or meant.get(name.lower().strip())
    if found:
        return found
    near = ", ".join(dict.fromkeys(meant[each] for each in get_close_matches(wanted, meant, 3)))
    msg = f"there is no condition {name!r}{f'; near: {near}' if near else ''}"
    raise click.UsageError(msg)

"""`kneecds extract`: the Observations that the answers to a form are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kneecds.cli import files, options
from kneecds.cli.questionnaire import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.errors import Issue
    from kneecds.fhir.version import Release

Json = dict[str, Any]


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

    from kneecds.cli import failures  # noqa: PLC0415
    from kneecds.errors import InputError  # noqa: PLC0415
    from kneecds.fhir.sdc.extract import bundle, observations  # noqa: PLC0415

    if (source, *questionnaires).count("-") > 1:
        msg = "stdin can be read only once"
        raise click.UsageError(msg)
    asked = [one for name in questionnaires for one, _ in _resources(_read(name, release)[0], "Questionnaire")]
    if questionnaires and not asked:
        msg = "no Questionnaire in what --questionnaire names"
        raise click.UsageError(msg)
    document, issues = _read(source, release)
    responses = list(_resources(document, "QuestionnaireResponse"))
    sent = [one for one, _ in _resources(document, "Questionnaire")]
    if not responses:
        from kneecds.errors import fatal  # noqa: PLC0415

        message = "no QuestionnaireResponse in it"
        raise InputError((*issues, fatal("required", "response-missing", "", message)))
    found: list[Json] = []
    for response, path in responses:
        questionnaire, problem = _form(response, path, asked, sent)
        if problem is not None:
            issues.append(problem)
        if questionnaire is not None:
            taken = observations(questionnaire, response, denials=not answers_only, path=path)
            found += taken.observations
            issues += taken.issues
    failures.show_issues(issues)
    encode = msgspec.json.Encoder(decimal_format="number").encode
    if form == "ndjson":
        files.write(output, b"".join(encode(one) + b"\n" for one in found))
    else:
        files.write(output, msgspec.json.format(encode(bundle(found)), indent=2) + b"\n")
    if any(issue.is_error for issue in issues):
        ctx.exit(failures.INPUT_ERRORS)


def _read(name: str, release: Release | None) -> tuple[Any, list[Issue]]:
    """Read a document and set aside what the structure does not allow; InputError if nothing is left."""
    from kneecds.errors import InputError  # noqa: PLC0415
    from kneecds.fhir import strict_json, version  # noqa: PLC0415
    from kneecds.fhir.structure.usable import usable  # noqa: PLC0415

    document, issues = strict_json.parse(files.read(name))
    if any(issue.severity == "fatal" for issue in issues):
        raise InputError(issues)
    sound, more = usable(document, release or version.detect(document))
    if sound is None:
        raise InputError((*issues, *more))
    return sound, [*issues, *more]


def _resources(document: Any, kind: str) -> Iterator[tuple[Json, str]]:  # noqa: ANN401 - any JSON
    """Yield the resources of one kind, with their place; looks into a Bundle or list, not into Bundles in Bundles."""
    if isinstance(document, list):
        for index, one in enumerate(document):
            if isinstance(one, dict) and one.get("resourceType") == kind:
                yield one, f"$this[{index}]"
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        for index, entry in enumerate(document.get("entry", ())):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict) and resource.get("resourceType") == kind:
                yield resource, f"Bundle.entry[{index}].resource"
    elif isinstance(document, dict) and document.get("resourceType") == kind:
        yield document, kind


def _form(response: Json, path: str, asked: list[Json], sent: list[Json]) -> tuple[Json | None, Issue | None]:
    """Return the Questionnaire of a response: given, contained, sent along or ours; or why there is none."""
    from kneecds.errors import error, warning  # noqa: PLC0415

    canonical = str(response.get("questionnaire", ""))
    url = canonical.partition("|")[0]
    if canonical.startswith("#"):
        for contained in response.get("contained", ()):
            if contained.get("resourceType") == "Questionnaire" and contained.get("id") == canonical[1:]:
                return contained, None
    for one in (*asked, *sent):
        if url and one.get("url") == url:
            return one, None
    if len(asked) == 1:
        message = "the response does not name this form as the one that it answers; its linkIds are taken as they are"
        return asked[0], warning("business-rule", "form-differs", f"{path}.questionnaire", message)
    ours = shipped()
    if url == ours["url"]:
        return ours, None
    what = "the form of the response is not known here" if canonical else "the response does not name its form"
    message = f"{what}, so its answers cannot be extracted; give the Questionnaire with --questionnaire"
    return None, error("not-found", "form-unknown", f"{path}.questionnaire", message)

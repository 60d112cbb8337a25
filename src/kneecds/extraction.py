"""From a document to the Observations that the answers in it are: which responses, which form each answers, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kneecds.errors import InputError, Issue, error, fatal, warning
from kneecds.fhir import strict_json, version
from kneecds.fhir.sdc.extract import bundle, observations
from kneecds.fhir.structure.usable import usable
from kneecds.pipeline import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kneecds.fhir.version import Release
    from kneecds.knowledge import Knowledge

Json: TypeAlias = dict[str, Any]


class Extracted(NamedTuple):
    """What the responses of one document come to."""

    observations: tuple[Json, ...]
    issues: tuple[Issue, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing that was sent had to be left out because of an error."""
        return not any(issue.is_error for issue in self.issues)

    def transaction(self) -> Json:
        """Return the Observations as a transaction Bundle that changes nothing when it is sent twice."""
        return bundle(list(self.observations))


def extract(
    body: bytes,
    *,
    knowledge: Knowledge,
    questionnaires: Sequence[Mapping[str, Any]] = (),
    release: Release | None = None,
    denials: bool = True,
) -> Extracted:
    """Extract every QuestionnaireResponse of a document: a response, a Bundle or a list with some.

    `questionnaires` are forms given beside it. InputError if the document cannot be read or has no response in it.
    """
    document, issues = sound(body, release)
    responses = list(resources(document, "QuestionnaireResponse"))
    if not responses:
        raise InputError((*issues, fatal("required", "response-missing", "", "no QuestionnaireResponse in it")))
    sent = [one for one, _ in resources(document, "Questionnaire")]
    found: list[Json] = []
    for response, path in responses:
        questionnaire, problem = _form(response, path, list(questionnaires), sent, prepare(knowledge).questionnaire)
        if problem is not None:
            issues.append(problem)
        if questionnaire is not None:
            taken = observations(questionnaire, response, denials=denials, path=path)
            found += taken.observations
            issues += taken.issues
    return Extracted(tuple(found), tuple(issues))


def sound(body: bytes, release: Release | None = None) -> tuple[Any, list[Issue]]:
    """Read a document and set aside what the structure does not allow; InputError if nothing is left."""
    document, issues = strict_json.parse(body)
    if any(issue.severity == "fatal" for issue in issues):
        raise InputError(issues)
    left, more = usable(document, release or version.detect(document))
    if left is None:
        raise InputError((*issues, *more))
    return left, [*issues, *more]


def resources(document: Any, kind: str) -> Iterator[tuple[Json, str]]:  # noqa: ANN401 - any JSON
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


def _form(
    response: Json, path: str, given: Sequence[Mapping[str, Any]], sent: list[Json], ours: Json
) -> tuple[Mapping[str, Any] | None, Issue | None]:
    """Return the Questionnaire of a response: given, contained, sent along or ours; or why there is none."""
    canonical = str(response.get("questionnaire", ""))
    url = canonical.partition("|")[0]
    if canonical.startswith("#"):
        for contained in response.get("contained", ()):
            if contained.get("resourceType") == "Questionnaire" and contained.get("id") == canonical[1:]:
                return contained, None
    for one in (*given, *sent):
        if url and one.get("url") == url:
            return one, None
    if len(given) == 1:
        message = "the response does not name this form as the one that it answers; its linkIds are taken as they are"
        return given[0], warning("business-rule", "form-differs", f"{path}.questionnaire", message)
    if url == ours["url"]:
        return ours, None
    what = "the form of the response is not known here" if canonical else "the response does not name its form"
    message = f"{what}, so its answers cannot be extracted"
    fix = "give the Questionnaire too"
    return None, error("not-found", "form-unknown", f"{path}.questionnaire", message, fix)

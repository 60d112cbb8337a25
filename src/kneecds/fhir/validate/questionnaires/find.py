"""The form that a response answers: contained in it, beside it in the Bundle, or supplied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.questionnaires.extensions import objects
from kneecds.fhir.validate.questionnaires.form import Form

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Holder
    from kneecds.fhir.validate.context import Context

_KEPT_AS: Final = "forms"
_MOST_KEPT: Final = 256

Local = dict[int, Form]
"""The forms that stand in the document itself, compiled once for all its responses."""


def supplied_form(context: Context, questionnaire: dict[str, Any]) -> Form:
    """Return a supplied form, compiled once for all documents."""
    kept: dict[Any, Form] = context.supplied.kept.setdefault(_KEPT_AS, {})
    key = (id(questionnaire), context.release)
    found = kept.get(key)
    if found is None or found.source is not questionnaire:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        found = kept[key] = Form(questionnaire, context.release)
    return found


def _local(
    context: Context, local: Local, questionnaire: dict[str, Any], contained: list[dict[str, Any]] | None = None
) -> Form:
    found = local.get(id(questionnaire))
    if found is None:
        found = local[id(questionnaire)] = Form(questionnaire, context.release, contained)
    return found


def find_form(context: Context, holder: Holder, local: Local) -> Form | None:
    """Return the form of a response, or say why there is none."""
    response, path = holder.value, holder.path
    canonical = response.get("questionnaire")
    if not isinstance(canonical, str):
        return _only_one(context, response, path)
    at = f"{path}.questionnaire"
    if canonical.startswith("#"):
        beside = [one for _, one in objects(holder.root.value, "contained")]
        for one in beside:
            if one.get("id") == canonical[1:] and one.get("resourceType") == "Questionnaire":
                return _local(context, local, one, [*beside, *(inner for _, inner in objects(one, "contained"))])
        message = f"no Questionnaire {canonical[:60]} is contained here"
        context.warn("not-found", "questionnaire-not-contained", at, message)
        return None
    beside_it = _in_bundle(context, canonical)
    if beside_it is not None:
        return _local(context, local, beside_it)
    found = context.supplied.find("Questionnaire", canonical)
    if found is not None:
        return supplied_form(context, found)
    if context.supplied.knows_url("Questionnaire", canonical):
        message = f"the Questionnaire is at hand, but not in the version of {canonical[:60]}"
        context.warn("not-found", "questionnaire-version", at, message, "supply that version")
    else:
        message = f"{canonical[:60]} is not at hand; the answers are not checked against it"
        context.remark("not-found", "questionnaire-not-found", at, message, "supply the Questionnaire")
    return None


def _only_one(context: Context, response: dict[str, Any], path: str) -> Form | None:
    """Take the one Questionnaire that was supplied with the response, if the response has items of it."""
    given = context.supplied.given("Questionnaire")
    if len(given) == 1:
        form = supplied_form(context, given[0])
        if any(item.get("linkId") in form.by_link_id for _, item in objects(response, "item") if _named(item)):
            message = "the response names no Questionnaire; it was checked against the one supplied"
            context.remark("required", "questionnaire-assumed", path, message, "name the Questionnaire")
            return form
    message = "the response names no Questionnaire; its answers cannot be checked"
    context.remark("required", "questionnaire-unnamed", path, message, "name the Questionnaire")
    return None


def _named(item: dict[str, Any]) -> bool:
    return isinstance(item.get("linkId"), str)


def _in_bundle(context: Context, canonical: str) -> dict[str, Any] | None:
    document = context.document
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        return None
    url, _, version = canonical.partition("|")
    for _, entry in objects(document, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, dict) and resource.get("resourceType") == "Questionnaire":
            if version and resource.get("version") != version:
                continue
            full_url = entry.get("fullUrl")
            ending = isinstance(full_url, str) and "/" in url and full_url.endswith(f"/{url}")
            if url in (resource.get("url"), full_url) or ending:
                return resource
    return None

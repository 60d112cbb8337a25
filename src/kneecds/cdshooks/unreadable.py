"""Whether something that could not be read would have said something of a knee: then silence is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.cdshooks import entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.case import Case
    from kneecds.fhir.concepts import Concepts

_FORM_ITEM: Final = "QuestionnaireResponse"
_DEEPEST: Final = 12


def of_a_knee(case: Case) -> bool:
    """Say whether a resource with an error carries a code of a finding of a knee, or answers a form."""
    numbers = {entries.number(issue.expression) for issue in case.answer.issues if issue.is_error}
    if not numbers - {None}:
        return False
    sent = msgspec.json.decode(case.record.body).get("entry", [])
    concepts = case.evaluation.prepared.concepts
    return any(_is_of_a_knee(one, concepts) for place, one in enumerate(sent) if place in numbers)


def _is_of_a_knee(entry: Any, concepts: Concepts) -> bool:  # noqa: ANN401 - JSON with an error, so of any shape
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict):
        return False
    if resource.get("resourceType") == _FORM_ITEM:
        return True
    return any(_known(coding, concepts) for coding in _codings(resource, 0))


def _codings(node: Any, depth: int) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    if depth > _DEEPEST:
        return
    if isinstance(node, dict):
        if isinstance(node.get("code"), str) and isinstance(node.get("system"), str):
            yield node
        for value in node.values():
            yield from _codings(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _codings(value, depth + 1)


def _known(coding: dict[str, Any], concepts: Concepts) -> bool:
    meaning = concepts.of_coding({"system": coding["system"], "code": coding["code"]})
    return meaning is not None and meaning.target is not None and meaning.target.knee

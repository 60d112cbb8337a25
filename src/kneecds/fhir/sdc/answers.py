"""The answers of a QuestionnaireResponse in their order, and what an answer denies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kneecds.fhir.form import Denials, Form

Json: TypeAlias = dict[str, Any]


class Answered(NamedTuple):
    """One answer and its place."""

    link_id: str
    answer: Json
    path: str


def answered(response: Mapping[str, Any], path: str) -> list[Answered]:
    """Return all answers of a response, from top to bottom; works through any depth without calling itself."""
    found: list[Answered] = []
    waiting = _children(response, path)
    while waiting:
        item, here = waiting.pop()
        inner = _children(item, here)
        answers = item.get("answer")
        below: list[tuple[Json, str]] = []
        for position, answer in enumerate(answers if isinstance(answers, list) else ()):
            if isinstance(answer, dict):
                found.append(Answered(str(item.get("linkId", "")), answer, f"{here}.answer[{position}]"))
                below = [*_children(answer, f"{here}.answer[{position}]"), *below]
        waiting += [*inner, *below]
    return found


def _children(holder: Mapping[str, Any], path: str) -> list[tuple[Json, str]]:
    """Return the items right below, the first one last."""
    items = holder.get("item")
    listed = items if isinstance(items, list) else []
    return [(item, f"{path}.item[{index}]") for index, item in enumerate(listed) if isinstance(item, dict)][::-1]


def denied(
    form: Form, given: Mapping[str, Sequence[Json]], heeded: set[str], *, whole: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield linkId, system and code of what was denied by not choosing an option that names it.

    As when a response is assessed: nothing is denied where an option that goes with no other was chosen with others, a
    direct answer to the same question stands, and of a form that is not finished only "none of these" denies.
    """
    for link_id, denials in form.denials.items():
        if link_id not in heeded or link_id not in given:
            continue
        chosen = _chosen(denials, given[link_id])
        if not chosen or (chosen & denials.alone and len(chosen) > 1) or (not whole and not chosen <= denials.alone):
            continue
        for denial in denials.denied:
            if chosen.isdisjoint(denial.options) and not _answered_directly(
                form, link_id, denial.finding, given, heeded
            ):
                yield link_id, denial.finding.system, denial.finding.code


def _chosen(denials: Denials, answers: Sequence[Json]) -> set[str]:
    """Return the chosen options; nothing if any answer is not an option of the question."""
    chosen: set[str] = set()
    for answer in answers:
        coding = answer.get("valueCoding")
        code = str(coding.get("code", "")) if isinstance(coding, dict) else ""
        system = denials.offered.get(code)
        if not isinstance(coding, dict) or system is None or (coding.get("system") or system) != system:
            return set()
        chosen.add(code)
    return chosen


def _answered_directly(
    form: Form, link_id: str, finding: tuple[str, str], given: Mapping[str, Sequence[Json]], heeded: set[str]
) -> bool:
    """Whether a question of its own about the finding was answered; of one that does not count, only a "no" agrees."""
    about = [
        other
        for other in given
        if finding in form.codes.get(other, ()) and form.sides.get(other) == form.sides.get(link_id)
    ]
    return any(
        other in heeded or any(answer.get("valueBoolean") is not False for answer in given[other]) for other in about
    )

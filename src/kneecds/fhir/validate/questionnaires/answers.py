"""A response against its form, level by level.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.questionnaires import amounts
from kneecds.fhir.validate.questionnaires.circumstances import circumstances
from kneecds.fhir.validate.questionnaires.expressions import truth
from kneecds.fhir.validate.questionnaires.options import key_of
from kneecds.fhir.validate.questionnaires.run import Run, Trail, shown
from kneecds.fhir.validate.questionnaires.values import step_of

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.conditions import Condition, Given
    from kneecds.fhir.validate.questionnaires.expressions import Constraint
    from kneecds.fhir.validate.questionnaires.form import Form, Item
    from kneecds.fhir.validate.questionnaires.values import Slot

Json = dict[str, Any]
Frames = tuple[Json, ...]
"""The response and the groups and answers around a place, outermost first."""
Found = list[tuple[int, Json]]


def check(run: Run) -> None:
    """Look at all answers of a response."""
    circumstances(run)
    _level(run, run.response, run.form, run.path, (run.response,))
    for constraint in run.form.constraints:
        _constraint(run, constraint, run.response, run.path)


def _level(run: Run, holder: Json, level: Form | Item, above: Trail | str, frames: Frames | None) -> None:
    """Look at the items directly in a response, a group or an answer; `frames` is None below a misplaced item."""
    children = level.children
    present: dict[str, Found] = {}
    last = -1
    listed = holder.get("item")
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        if not isinstance(item, dict):
            continue
        link_id = item.get("linkId")
        known = children.get(link_id) if isinstance(link_id, str) else None
        if known is None:
            _stray(run, item, link_id, (above, "item", number))
            continue
        if known.number < last:
            message = f"{shown(known.link_id)} stands after an item that follows it in the form"
            run.error(
                "structure", "questionnaire-order", (above, "item", number), message, "keep the order of the form"
            )
        last = known.number
        found = present.get(known.link_id)
        if found is None:
            present[known.link_id] = [(number, item)]
        else:
            found.append((number, item))
    run.levels[id(holder)] = present
    for child in level.required_below:
        if child.link_id not in present:
            _absent(run, child, above, frames)
    for link_id, found in present.items():
        known = children[link_id]
        if len(found) == 1 and known.plain:
            number, item = found[0]
            _item(run, known, item, (above, "item", number), frames)
        else:
            _items(run, known, found, above, frames)


def _stray(run: Run, item: Json, link_id: object, at: Trail) -> None:
    if not isinstance(link_id, str) or not link_id:
        return  # structure says it
    elsewhere = run.form.by_link_id.get(link_id)
    if elsewhere is None:
        message = f"the form has no item {shown(link_id)}"
        run.error("not-found", "questionnaire-unknown-item", at, message, "use the linkIds of the form")
        return
    message = f"{shown(link_id)} does not belong here; the form has it {shown(elsewhere.place)}"
    run.error("structure", "questionnaire-misplaced", at, message, "nest items as the form does")
    _item(run, elsewhere, item, at, None)


def _absent(run: Run, child: Item, above: Trail | str, frames: Frames | None) -> None:
    if frames is None or enabled(run, child, frames) is not True:
        return
    if not child.required:
        if run.complete:
            message = f"{shown(child.link_id)} is not answered; the form wants at least {child.min_occurs} answers where it is"
            run.warn("required", "questionnaire-min-occurs-absent", above, message)
        return
    _missing(run, child, above)


def _missing(run: Run, item: Item, at: Trail | str) -> None:
    if run.voided:
        return
    what = "group" if item.is_group else "question"
    message = f"the required {what} {shown(item.link_id)} is not answered"
    if not run.complete:
        run.warn("required", "questionnaire-required-yet", at, message, "answer it before the status is completed")
    elif item.hidden:
        run.warn("required", "questionnaire-required-hidden", at, f"{message}; it is hidden, so nobody could")
    else:
        run.error("required", "questionnaire-required", at, message, "answer it, or keep the status in-progress")


def _items(run: Run, known: Item, found: Found, above: Trail | str, frames: Frames | None) -> None:
    """Look at all items of one linkId in one place."""
    state: bool | None = True
    if known.conditions or known.expression:
        state = None if frames is None else enabled(run, known, frames)
        if state is False:
            for number, item in found:
                if item.get("answer") or item.get("item"):
                    message = f"{shown(known.link_id)} is answered, though other answers have it not asked"
                    fix = "leave it out, or correct the answer that it depends on"
                    run.error("invalid", "questionnaire-not-enabled", (above, "item", number), message, fix)
    if len(found) > 1:
        _repeated(run, known, found, above)
    if known.is_group and not known.bare:
        _occurs(run, known, len(found), (above, "item", found[0][0]), "times")
    for number, item in found:
        _item(run, known, item, (above, "item", number), frames, asked=state is True)


def _repeated(run: Run, known: Item, found: Found, above: Trail | str) -> None:
    at = (above, "item", found[1][0])
    if not known.repeats:
        message = f"{shown(known.link_id)} stands here {len(found)} times; the form has it once"
        run.error("invalid", "questionnaire-repeats", at, message)
    elif not known.is_group:
        message = f"the answers to {shown(known.link_id)} are spread over {len(found)} items; one item holds them all"
        run.warn("structure", "questionnaire-split-answers", at, message, "put every answer into one item")


def _occurs(run: Run, known: Item, count: int, at: Trail, words: str) -> None:
    least, most = known.min_occurs, known.max_occurs
    if least is not None and count < least and not run.voided:
        message = f"{shown(known.link_id)} is there {count} {words}; the form wants at least {least}"
        if run.complete or words == "times answered":
            run.error("required", "questionnaire-min-occurs", at, message)
    if most is not None and 0 < most < count:
        message = f"{shown(known.link_id)} is there {count} {words}; the form allows at most {most}"
        run.error("invalid", "questionnaire-max-occurs", at, message)


def _item(run: Run, known: Item, item: Json, at: Trail, frames: Frames | None, *, asked: bool = True) -> None:
    """Look at one item."""
    text = item.get("text")
    if text is not None and isinstance(text, str) and text not in known.texts:
        wanted = next(iter(sorted(known.texts)), "none")
        message = f"the text is not the form's: {shown(wanted)}"
        run.error("invalid", "questionnaire-text", (at, "text", -1), message, "copy the text, or leave it out")
    answers = item.get("answer")
    if known.is_group:
        if answers:
            message = f"{shown(known.link_id)} is a group; only questions have answers"
            run.error("structure", "questionnaire-group-answer", (at, "answer", 0), message)
        if known.required and not item.get("item"):
            message = f"the required group {shown(known.link_id)} is there and holds nothing"
            run.error("required", "questionnaire-required", at, message, "answer what it asks, or leave it out")
        _level(run, item, known, at, None if frames is None else (*frames, item))
    elif known.is_display:
        if answers:
            message = f"{shown(known.link_id)} is only text to read; it has no answer"
            run.error("structure", "questionnaire-display-answer", (at, "answer", 0), message)
        if item.get("item"):
            message = f"{shown(known.link_id)} is only text to read; nothing stands below it"
            run.error("structure", "questionnaire-display-item", (at, "item", 0), message)
    else:
        if item.get("item"):
            message = f"items below the question {shown(known.link_id)} stand in its answer, not in the item"
            run.error("structure", "questionnaire-nesting", (at, "item", 0), message, "move them into answer.item")
        _answers(run, known, answers if isinstance(answers, list) else [], at, frames, asked=asked)
    if known.constraints and asked:
        for constraint in known.constraints:
            _constraint(run, constraint, item, at)


def _answers(run: Run, known: Item, answers: list[Any], at: Trail, frames: Frames | None, *, asked: bool) -> None:
    count = len(answers)
    if count == 0:
        if known.required and asked:
            _missing(run, known, at)
    elif count > 1 and not known.repeats:
        message = f"{shown(known.link_id)} has {count} answers; the form takes one"
        run.error("invalid", "questionnaire-repeats", (at, "answer", 1), message)
    if not known.bare:
        _together(run, known, answers, at)
    accepts = known.accepts
    if not known.type:
        message = f"the form does not say what type of question {shown(known.link_id)} is"
        run.error("required", "questionnaire-form-type", at, message, "give the item of the form a type")
    for number, answer in enumerate(answers):
        if not isinstance(answer, dict):
            continue
        if accepts is not None:
            for name, value in answer.items():
                if name[:5] == "value":
                    slot = accepts.get(name)
                    if slot is None:
                        _wrong_type(run, known, name, (at, "answer", number))
                    elif slot[0]:
                        _value(run, value, slot, (at, "answer", number))
        if known.children or "item" in answer:
            _level(run, answer, known, (at, "answer", number), None if frames is None else (*frames, answer))


def _value(run: Run, value: Any, slot: Slot, at: Trail) -> None:  # noqa: ANN401 - a value of any type
    checks, kind, step = slot
    if not isinstance(value, kind) or (kind is object and amounts.number(value) is None):
        return  # structure says it
    place = (at, step, -1)
    for one in checks:
        one(run, value, place)


def _wrong_type(run: Run, known: Item, name: str, at: Trail) -> None:
    if name == "value":
        return  # structure refuses it
    wanted = " or ".join(sorted(known.accepts or {})) or "no answer"
    message = f"{shown(known.link_id)} is a {known.type} question: {wanted}, not {name}"
    run.error("value", "questionnaire-answer-type", (at, step_of(name), -1), message)


def _together(run: Run, known: Item, answers: list[Any], at: Trail) -> None:
    """Look at the answers to one question together."""
    _occurs(run, known, len(answers), at, "times answered")
    given = _values(answers)
    if known.exclusive and len(given) > 1 and any(key_of(*one) in known.exclusive for one in given):
        message = f"an answer to {shown(known.link_id)} excludes all others, and there are {len(given)}"
        run.error("invalid", "questionnaire-exclusive", at, message)
    if known.initial and given and {key_of(*one) for one in given} != {key_of(*one) for one in known.initial}:
        message = f"{shown(known.link_id)} is read-only and has another answer than the form gives it"
        run.warn("value", "questionnaire-read-only", at, message)


def _values(answers: object) -> list[Given]:
    found: list[Given] = []
    for answer in answers if isinstance(answers, list) else ():
        if isinstance(answer, dict):
            for name, value in answer.items():
                if name[:5] == "value" and name[5:]:
                    found.append((name[5:], value))
    return found


def enabled(run: Run, item: Item, frames: Frames) -> bool | None:
    """Say whether an item is asked; None where that cannot be decided."""
    if item.expression is not None:
        return truth(run, item.expression, run.response, empty=False)
    if not item.conditions:
        return True
    if item.any_of is None:
        distinct = {None if one is None else one.holds(_given(run, one, frames)) for one in item.conditions}
        return distinct.pop() if len(distinct) == 1 else None
    settles = item.any_of
    left_open = False
    for condition in item.conditions:
        holds = None if condition is None else condition.holds(_given(run, condition, frames))
        if holds is settles:
            return settles
        left_open = left_open or holds is None
    return None if left_open else not settles


def _given(run: Run, condition: Condition, frames: Frames) -> list[Given]:
    """Return the answers that a condition asks about: those in the part of the response that holds both items."""
    if condition.level >= len(frames):
        return []
    innermost = frames[condition.level]
    key = (id(innermost), condition.way[-1])
    kept = run.given.get(key)
    if kept is None:
        kept = run.given[key] = _gather(run, condition, innermost)
    return kept


def _gather(run: Run, condition: Condition, innermost: Json) -> list[Given]:
    if len(condition.way) == 1:
        items_here = run.items(innermost, condition.way[0])
        if len(items_here) == 1:
            return _values(items_here[0][1].get("answer"))
    holders: list[Json] = [innermost]
    for step in condition.way[:-1]:
        items = [item for holder in holders for _, item in run.items(holder, step)]
        holders = [*items, *(answer for item in items for answer in _objects(item.get("answer")))]
    found: list[Given] = []
    for holder in holders:
        for _, item in run.items(holder, condition.way[-1]):
            found += _values(item.get("answer"))
    return found


def _objects(listed: object) -> list[Json]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _constraint(run: Run, constraint: Constraint, focus: Json, at: Trail | str) -> None:
    if not run.complete:
        return
    verdict = truth(run, constraint.expression, focus, empty=None)
    if verdict is False:
        said = constraint.human or constraint.expression.text
        message = f"the form's constraint {shown(constraint.key)} does not hold: {shown(said)}"
        if constraint.severity == "error":
            run.error("invariant", "questionnaire-constraint", at, message)
        else:
            run.warn("invariant", "questionnaire-constraint-warning", at, message)

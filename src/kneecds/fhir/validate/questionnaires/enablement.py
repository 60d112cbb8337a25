"""The conditions of a form: that each asks about a question that there is, before it, in a way that it can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.questionnaires.extensions import objects
from kneecds.fhir.validate.questionnaires.options import ONLY, Options, key_of
from kneecds.fhir.validate.questionnaires.run import shown
from kneecds.fhir.validate.questionnaires.values import KIND_OF

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.consistency import Part, Whole

_UNORDERED: Final = frozenset({"boolean", "url", "choice", "open-choice", "coding", "attachment", "reference"})
_COMPARISONS: Final = frozenset({">", "<", ">=", "<="})
_ALIKE: Final = ({"Integer", "Decimal"}, {"Date", "DateTime"}, {"String", "Uri"})


def conditions(form: Whole, part: Part) -> None:
    """Look at each enableWhen of an item."""
    for number, condition in objects(part.source, "enableWhen"):
        question = condition.get("question")
        if not isinstance(question, str):
            continue
        at = f"{part.path}.enableWhen[{number}]"
        target = form.by_link_id.get(question)
        if target is None:
            message = f"the form has no question {shown(question)}"
            form.context.error("business-rule", "questionnaire-enable-unknown", f"{at}.question", message)
        elif target is part:
            message = f"{shown(part.link_id)} is asked depending on its own answer"
            form.context.error("business-rule", "questionnaire-enable-self", f"{at}.question", message)
        elif part in target.above:
            message = f"{shown(part.link_id)} is asked depending on {shown(question)} below it"
            form.context.error("business-rule", "questionnaire-enable-inner", f"{at}.question", message)
        else:
            if target.number > part.number:
                message = f"{shown(part.link_id)} is asked depending on {shown(question)}, which comes after it"
                form.context.warn("business-rule", "questionnaire-enable-later", f"{at}.question", message)
            _fits(form, target, condition, at)


def _fits(form: Whole, target: Part, condition: dict[str, Any], at: str) -> None:
    operator, kind = condition.get("operator"), target.type
    if not isinstance(operator, str):
        return  # structure says it
    if kind in ("group", "display"):
        message = f"{shown(target.link_id)} is a {kind}: it is never answered"
        form.context.warn("business-rule", "questionnaire-enable-target", f"{at}.question", message)
        return
    if operator in _COMPARISONS and kind in _UNORDERED:
        message = f"answers to a {kind} question have no order for {operator}"
        form.context.warn("business-rule", "questionnaire-enable-operator", f"{at}.operator", message, "use = or !=")
        return
    said = [(name[6:], inner) for name, inner in condition.items() if name[:6] == "answer"]
    if operator == "exists" or len(said) != 1 or kind not in KIND_OF:
        return
    (given, expected), wanted = said[0], KIND_OF[kind]
    options = Options(target.source, target.extensions, form.context.release)
    kinds = {wanted, *options.kinds} | ({"String"} if options.constraint == "optionsOrString" else set())
    if given not in kinds and not any({given, one} <= alike for one in kinds for alike in _ALIKE):
        message = f"the answers to {shown(target.link_id)} are {wanted}; this compares them with {given}"
        form.context.warn("value", "questionnaire-enable-answer-type", at, message)
    elif (
        options.keys
        and options.constraint == ONLY
        and operator in ("=", "!=")
        and not _offered(options, given, expected)
    ):
        message = f"{shown(target.link_id)} never has this answer: it is not among its options"
        form.context.warn("value", "questionnaire-enable-answer-option", at, message)


def _offered(options: Options, kind: str, expected: Any) -> bool:  # noqa: ANN401 - a value of any type
    """Whether one of the options is what a condition expects; a Coding without a system may be of any."""
    if kind == "Coding" and isinstance(expected, dict) and expected.get("system") is None:
        return any(isinstance(key, tuple) and key[0] == kind and key[2] == expected.get("code") for key in options.keys)
    return key_of(kind, expected) in options.keys


def cycles(form: Whole) -> None:
    """Find questions that wait for each other: neither is ever asked."""
    asks: dict[int, list[Part]] = {}
    for part in form.parts:
        targets = [form.by_link_id.get(str(one.get("question"))) for _, one in objects(part.source, "enableWhen")]
        asks[part.number] = [one for one in targets if one is not None and one is not part]
    state: dict[int, int] = {}
    for start in form.parts:
        if start.number in state:
            continue
        waiting: list[tuple[Part, int]] = [(start, 0)]
        state[start.number] = 1
        while waiting:
            part, step = waiting.pop()
            if step == len(asks[part.number]):
                state[part.number] = 2
                continue
            waiting.append((part, step + 1))
            target = asks[part.number][step]
            if state.get(target.number) == 1:
                message = f"{shown(part.link_id)} and {shown(target.link_id)} wait for each other's answers"
                form.context.warn("business-rule", "questionnaire-enable-cycle", part.path, message)
            elif target.number not in state:
                state[target.number] = 1
                waiting.append((target, 0))

"""What an answer's value must be: its type, bounds, length, form, unit; each item's checks are picked when it is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kneecds.fhir.validate.questionnaires import amounts
from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires import options as choices
from kneecds.fhir.validate.questionnaires.attachments import attachment_checks
from kneecds.fhir.validate.questionnaires.bounds import bound_checks
from kneecds.fhir.validate.questionnaires.patterns import compile_pattern, matches
from kneecds.fhir.validate.questionnaires.references import reference_check
from kneecds.fhir.validate.questionnaires.run import Run, Trail, shown
from kneecds.fhir.validate.questionnaires.units import unit_checks

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.questionnaires.options import Options

Check: TypeAlias = Callable[[Run, Any, Trail], None]
Checks: TypeAlias = tuple[Check, ...]
Slot: TypeAlias = tuple[Checks, type, str]
"""The checks of a value, the JSON kind that it must be of, and its step in a path."""
Extensions: TypeAlias = dict[str, list[dict[str, Any]]]

# https://hl7.org/fhir/R4/valueset-item-type.html and https://hl7.org/fhir/R5/valueset-item-type.html
KIND_OF: Final[dict[str, str]] = {
    "boolean": "Boolean",
    "decimal": "Decimal",
    "integer": "Integer",
    "date": "Date",
    "dateTime": "DateTime",
    "time": "Time",
    "string": "String",
    "text": "String",
    "url": "Uri",
    "choice": "Coding",
    "open-choice": "Coding",
    "coding": "Coding",
    "attachment": "Attachment",
    "reference": "Reference",
    "quantity": "Quantity",
}
"""The type of the answers to each type of question."""

PICKED_KINDS: Final = ("Coding", "Date", "Time", "Integer", "String")
"""What may stand in an option: https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answerOption.value_x_"""


def accepted(
    item_type: str, source: dict[str, Any], extensions: Extensions, options: Options, release: Release
) -> dict[str, Slot] | None:
    """Return the properties that an answer's value may stand in, each with what is asked of it; None where any may."""
    kind = KIND_OF.get(item_type)
    if kind is None:
        return {} if item_type in ("group", "display") else None
    found: dict[str, Checks] = {f"value{kind}": _plain(kind, item_type, source, extensions, release)}
    if item_type in choices.CHOICES:
        for other in PICKED_KINDS if options.keys or not options.value_set else ():
            found.setdefault(f"value{other}", _plain(other, item_type, source, extensions, release))
        for other in options.kinds:
            found.setdefault(f"value{other}", ())
    if options.constraint == choices.OR_STRING:
        found["valueString"] = _plain("String", "string", source, extensions, release)
    return {
        name: ((*checks, *_picked(name[5:], kind, options)), json_kind(name[5:]), step_of(name))
        for name, checks in found.items()
    }


_OBJECTS: Final = frozenset({"Coding", "Quantity", "Attachment", "Reference"})
_NUMBERS: Final = frozenset({"Integer", "Decimal"})


def json_kind(kind: str) -> type:
    """Return what JSON writes a type as; `object` for numbers, which are read as more than one Python type."""
    if kind in _OBJECTS:
        return dict
    if kind in _NUMBERS:
        return object
    return bool if kind == "Boolean" else str


def step_of(name: str) -> str:
    """Return the step in a path for a property of an answer, such as `value.ofType(string)` for valueString."""
    kind = name[5:]
    return f"value.ofType({kind if kind in _OBJECTS else f'{kind[:1].lower()}{kind[1:]}'})"


def _picked(kind: str, own: str, options: Options) -> Checks:
    if options.constraint == choices.OR_STRING and kind == "String":
        return (choices.check_free_text(options),) if options.labels else ()
    if options.constraint == choices.OR_TYPE:
        return ()
    if options.keys:
        return (choices.check_listed(options, kind),)
    if options.value_set and kind in ("Coding", "String"):
        return (choices.check_value_set(options, is_text=kind != "Coding"),)
    return (_not_a_coding,) if own == "Coding" != kind else ()


def _not_a_coding(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
    message = f"the question wants a Coding and lists no answers; this is {shown(value)}"
    run.warn("value", "questionnaire-option-kind", at, message)


def _plain(kind: str, item_type: str, source: dict[str, Any], extensions: Extensions, release: Release) -> Checks:
    """Return the checks of a value that do not ask what else may be answered."""
    checks: list[Check] = []
    if kind in ("String", "Uri", "Integer", "Decimal"):
        checks += _lengths(kind, source, extensions)
        checks += _patterns(extensions)
    if kind == "String" and item_type == "string":
        checks.append(_one_line)
    if kind in ("Decimal", "Quantity"):
        checks += _places(extensions)
    checks += bound_checks(kind, extensions)
    if kind == "Quantity":
        checks += unit_checks(extensions)
    if kind == "Attachment":
        checks += attachment_checks(extensions)
    if kind == "Reference":
        checks.append(reference_check(extensions, release))
    return tuple(checks)


def _lengths(kind: str, source: dict[str, Any], extensions: Extensions) -> list[Check]:
    checks: list[Check] = []
    most, least = source.get("maxLength"), ext.integer(extensions, ext.MIN_LENGTH)
    if isinstance(most, int) and not isinstance(most, bool) and most > 0:
        limit = most

        def not_longer(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
            length = len(value if isinstance(value, str) else str(value))
            if length > limit:
                message = f"the answer has {length} characters; the form allows {limit}"
                run.error("too-long", "questionnaire-max-length", at, message, "shorten the answer")

        checks.append(not_longer)
    if least is not None and least > 0 and kind in ("String", "Uri", "Integer", "Decimal"):
        minimum = least

        def not_shorter(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
            length = len(value if isinstance(value, str) else str(value))
            if length < minimum:
                message = f"the answer has {length} characters; the form wants at least {minimum}"
                run.error("value", "questionnaire-min-length", at, message)

        checks.append(not_shorter)
    return checks


def _patterns(extensions: Extensions) -> list[Check]:
    text = ext.first(extensions, ext.REGEX)
    if not isinstance(text, str) or not text:
        return []
    pattern = compile_pattern(text)
    said = ext.first(extensions, ext.ENTRY_FORMAT)
    wanted = said if isinstance(said, str) else f"the expression {text}"

    def formed(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        answer = value if isinstance(value, str) else str(value)
        verdict = matches(pattern, answer) if pattern is not None else None
        if verdict is False:
            run.error("value", "questionnaire-regex", at, f"{shown(answer)} has not the form {shown(wanted)}")
        elif verdict is None:
            message = f"the answer could not be checked against {shown(text)}: it cannot be run in bounded time"
            run.remark("not-supported", "questionnaire-regex-unchecked", at, message)

    return [formed]


def _one_line(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
    if "\n" in value or "\r" in value:
        run.warn("value", "questionnaire-line-break", at, "the answer to a string question has more than one line")


def _places(extensions: Extensions) -> list[Check]:
    most = ext.integer(extensions, ext.MAX_DECIMAL_PLACES)
    if most is None or most < 0:
        return []
    limit = most

    def not_finer(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        amount = value.get("value") if isinstance(value, dict) else value
        found = amounts.places(amount)
        if found > limit:
            message = f"{shown(str(amount))} has {found} decimal places; the form allows {limit}"
            run.error("value", "questionnaire-decimal-places", at, message, "round the answer")

    return [not_finer]

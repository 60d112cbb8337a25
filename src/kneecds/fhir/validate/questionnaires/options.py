"""The answers that a form lists for a question, or the value set that it takes them from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.questionnaires import amounts
from kneecds.fhir.validate.questionnaires import extensions as ext

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.questionnaires.run import Run, Trail

# https://hl7.org/fhir/R5/valueset-questionnaire-answer-constraint.html
ONLY: Final = "optionsOnly"
OR_TYPE: Final = "optionsOrType"
OR_STRING: Final = "optionsOrString"
CHOICES: Final = frozenset({"choice", "open-choice", "coding"})
"""Question types whose answers are picked."""
LISTED_AT_MOST: Final = 5


def key_of(kind: str, value: object) -> Hashable:
    """Return what two equal answers of a type have in common."""
    if isinstance(value, dict):
        if kind == "Coding":
            system, code = value.get("system"), value.get("code")
            if code is None and system is None:
                return (kind, "", "", str(value.get("display")))
            return (kind, str(system or ""), str(code or ""))
        if kind == "Quantity":
            return (kind, amounts.number(value.get("value")), str(value.get("system")), str(value.get("code")))
        return (kind, str(value.get("reference")))
    if kind in ("Integer", "Decimal"):
        return ("Number", amounts.number(value))
    return (kind, str(value))


class Options:
    """What an item offers as answers."""

    __slots__ = ("constraint", "exclusive", "keys", "kinds", "labels", "value_set")

    def __init__(self, source: dict[str, Any], extensions: dict[str, list[dict[str, Any]]], release: Release) -> None:
        """Read answerOption, answerValueSet and answerConstraint."""
        self.keys: dict[Hashable, str] = {}
        """Every option with a label to show."""
        self.kinds: set[str] = set()
        self.labels: frozenset[str] = frozenset()
        """Displays of coded options and texts of others."""
        labels: set[str] = set()
        exclusive: set[Hashable] = set()
        for _, option in ext.objects(source, "answerOption"):
            kind, value = ext.value(option)
            if not kind:
                continue
            key = key_of(kind, value)
            self.kinds.add(kind)
            self.keys[key] = _label(value)
            said = value.get("display") if isinstance(value, dict) else value
            if isinstance(said, str):
                labels.add(said)
            if ext.first(ext.read(option), ext.OPTION_EXCLUSIVE) is True:
                exclusive.add(key)
        self.labels = frozenset(labels)
        self.exclusive = frozenset(exclusive)
        named = source.get("answerValueSet")
        self.value_set = named if isinstance(named, str) and not self.keys else ""
        constraint = source.get("answerConstraint") if release == "R5" else None
        if release != "R5" and source.get("type") == "open-choice":
            constraint = OR_STRING
        self.constraint = constraint if isinstance(constraint, str) else ONLY
        if ext.ANSWER_EXPRESSION in extensions:
            self.keys, self.kinds, self.value_set = {}, set(), ""  # what is offered is worked out elsewhere

    @property
    def listed(self) -> str:
        """The first few options, to show."""
        some = list(dict.fromkeys(self.keys.values()))
        return ", ".join(some[:LISTED_AT_MOST]) + (", …" if len(some) > LISTED_AT_MOST else "")


def _label(value: object) -> str:
    if isinstance(value, dict):
        said = value.get("code") or value.get("display") or value.get("reference") or ""
        return str(said)[:40]
    return str(value)[:40]


def check_listed(options: Options, kind: str) -> Any:  # noqa: ANN401 - a check, see values
    """Return the check that an answer is one of the options."""
    keys = options.keys

    def check(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        if key_of(kind, value) in keys:
            return
        if kind == "Coding" and isinstance(value, dict) and _said_as_text(value, options):
            message = "the option is a text in the form; the answer is a Coding with that display"
            run.warn("value", "questionnaire-option-kind", at, message, "send valueString")
            return
        message = f"{_spelled(value)} is not among the answers that the form offers"
        run.error("code-invalid", "questionnaire-option", at, message, f"one of: {options.listed}")

    return check


def _said_as_text(value: dict[str, Any], options: Options) -> bool:
    return value.get("code") is None and ("String", str(value.get("display"))) in options.keys


def _spelled(value: object) -> str:
    if isinstance(value, dict):
        code = value.get("code") or value.get("display") or value.get("reference") or "this answer"
        system = value.get("system")
        text = f"{system}|{code}" if isinstance(system, str) else str(code)
    else:
        text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - as long as a message bears


def check_free_text(options: Options) -> Any:  # noqa: ANN401 - a check, see values
    """Return the check that free text is not what could have been picked."""

    def check(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        if value in options.labels and ("String", value) not in options.keys:
            message = "the text is the display of an option; answer with the option's Coding"
            run.warn("value", "questionnaire-option-as-text", at, message)

    return check


def check_value_set(options: Options, *, is_text: bool = False) -> Any:  # noqa: ANN401 - a check, see values
    """Return the check that an answer is in the value set; a text is the code or the display of a member."""
    named = options.value_set

    def check(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        system = value.get("system") if isinstance(value, dict) else None
        code = value.get("code") if isinstance(value, dict) else value
        if not isinstance(code, str):
            if options.constraint == ONLY and not is_text:
                message = "an answer from a value set needs its code"
                run.error("code-invalid", "questionnaire-value-set", at, message)
            return
        verdict = _contains(run, named, system if isinstance(system, str) else None, code)
        if verdict is not None and isinstance(value, dict) and not isinstance(system, str):
            message = f"the code {code[:40]} has no system, so it is none of the value set {named[:60]}"
            run.error("code-invalid", "questionnaire-value-set", at, message, "give the code's system")
        elif verdict is False and not (is_text and value in _displays(run, named)):
            message = f"{_spelled(value)} is not in the value set {named[:60]}"
            run.error("code-invalid", "questionnaire-value-set", at, message)
        elif verdict is None:
            message = f"whether the answer is in the value set {named[:60]} cannot be decided here"
            run.remark("not-supported", "questionnaire-value-set-unknown", at, message, "supply the value set")

    return check


def _displays(run: Run, named: str) -> set[str]:
    """Return the displays that a value set, and the code systems it takes whole, are at hand with."""
    found: set[str] = set()
    if named.startswith("#"):
        sets = [one for one in run.form.contained if one.get("id") == named[1:]]
    else:
        supplied = run.context.supplied.find("ValueSet", named)
        sets = [supplied] if supplied is not None else []
    waiting: list[Any] = [part for one in sets for part in (one.get("compose"), one.get("expansion"))]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        if isinstance(display := part.get("display"), str):
            found.add(display)
        if isinstance(system := part.get("system"), str) and "code" not in part:
            waiting.append(run.context.supplied.find("CodeSystem", system))
        for name in ("include", "concept", "contains"):
            waiting += [inner for _, inner in ext.objects(part, name)]
    return found


def _contains(run: Run, named: str, system: str | None, code: str) -> bool | None:
    from kneecds.fhir.terminology import value_sets  # noqa: PLC0415 - only forms with value sets pay for it

    context = run.context
    return value_sets.contains(
        named, context.supplied, context.release, system=system, code=code, contained=run.form.contained
    )


def check_unit_value_set(named: str) -> Any:  # noqa: ANN401 - a check, see values
    """Return the check that the unit of a quantity is in a value set."""

    def check(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        code, system = value.get("code"), value.get("system")
        if not isinstance(code, str):
            run.error(
                "code-invalid", "questionnaire-unit", at, "the quantity has no coded unit", f"a unit of {named[:60]}"
            )
            return
        verdict = _contains(run, named, system if isinstance(system, str) else None, code)
        if verdict is False or (verdict is not None and not isinstance(system, str)):
            message = f"the unit {code[:40]} is not in the value set {named[:60]}"
            run.error("code-invalid", "questionnaire-unit", at, message)
        elif verdict is None:
            message = f"whether the unit is in the value set {named[:60]} cannot be decided here"
            run.remark("not-supported", "questionnaire-value-set-unknown", at, message, "supply the value set")

    return check

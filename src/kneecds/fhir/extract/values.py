"""The value of an element, in our unit and as the finding has it, or why it cannot be taken."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from kneecds.fhir.concepts import CHOICE_SYSTEM
from kneecds.fhir.extract.answers import ANSWERS, GENDER_SYSTEM, GENDERS
from kneecds.fhir.units import SAME, UCUM, WITHOUT_UNIT, WRITTEN, bare

if TYPE_CHECKING:
    from kneecds.fhir.concepts import Target, Threshold
    from kneecds.fhir.extract.run import Resource, Run


class Nothing(Enum):
    """Why there is no value: none is there, or it was refused and the refusal said."""

    SILENT = 0
    REFUSED = 1


class Bound(NamedTuple):
    """An amount known only as below or above a limit."""

    comparator: str
    limit: Decimal


Value: TypeAlias = "bool | Decimal | str | Bound | Nothing | None"

SILENT: Final = Nothing.SILENT
REFUSED: Final = Nothing.REFUSED

_VALUE_SUFFIXES: Final = (
    "Boolean", "CodeableConcept", "Coding", "Quantity", "Integer", "Decimal", "String", "DateTime", "Date", "Time",
    "Range", "Ratio", "SampledData", "Period", "Attachment", "Reference", "Uri",
)  # fmt: skip
_WANTED: Final = {"boolean": "a yes or no", "quantity": "an amount with a unit", "choice": "a code of its choices"}


def value_of(run: Run, target: Target, element: Resource, path: str, *, ours: bool) -> Value:
    """Read `value[x]` of an element as a value of this finding."""
    kind = target.kind
    if kind == "boolean":
        value = element.get("valueBoolean")
        if value is not None:
            return bool(value)
    elif kind == "quantity":
        value = element.get("valueQuantity")
        if value is not None:
            return amount_of(run, target, value, f"{path}.value")
    coding = element.get("valueCoding")
    concept = {"coding": [coding]} if coding else element.get("valueCodeableConcept")
    if concept:
        return _coded(run, target, concept, f"{path}.value")
    number = element.get("valueInteger")
    if number is None:
        number = element.get("valueDecimal")
    if number is not None and kind == "quantity":
        return _bare_number(run, target, number, f"{path}.value", ours=ours)
    return _other(run, target, element, path)


def _other(run: Run, target: Target, element: Resource, path: str) -> Value:
    for suffix in _VALUE_SUFFIXES:
        if f"value{suffix}" in element:
            message = f"{target.id} is {_WANTED[target.kind]}, not value{suffix}"
            if suffix == "String":
                message += "; free text is not read"
            run.refuse("value", "value-type", f"{path}.value", message)
            return REFUSED
        companion = element.get(f"_value{suffix}")
        if companion is not None:
            return None
    return SILENT


def _coded(run: Run, target: Target, concept: Resource, path: str) -> Value:
    codings = concept.get("coding", ())
    if len(codings) == 1:
        only = _answer(target, codings[0])
        if only:
            return only[0]
    answers = {value for coding in concept.get("coding", ()) for value in _answer(target, coding)}
    if len(answers) == 1:
        return answers.pop()
    if len(answers) > 1:
        run.refuse(
            "conflict", "answer-conflict", path, f"the codings of this answer to {target.id} contradict each other"
        )
        return REFUSED
    shown = (
        ", ".join(f"{c.get('system', '(no system)')}|{c.get('code', '')}" for c in concept.get("coding", ()))
        or "text only"
    )
    what = {
        "boolean": "it is none of the codes for yes, no or unknown",
        "choice": f"it is none of {', '.join(sorted(target.choices))} of {CHOICE_SYSTEM}",
        "quantity": "the finding is an amount with a unit",
    }[target.kind]
    run.refuse(
        "code-invalid", "answer-unknown", path, f"the coded answer to {target.id} is not understood ({shown}): {what}"
    )
    return REFUSED


def _answer(target: Target, coding: dict[str, Any]) -> tuple[bool | str | None, ...]:
    """Return the answer that a coding is, or nothing."""
    system, code = coding.get("system"), coding.get("code")
    if target.kind == "boolean":
        answer = ANSWERS.get((system, code), REFUSED)
        return () if isinstance(answer, Nothing) else (answer,)
    if ANSWERS.get((system, code), REFUSED) is None:
        return (None,)
    if target.kind == "choice":
        if system == CHOICE_SYSTEM and code in target.choices:
            return (str(code),)
        if target.id == "sex" and system == GENDER_SYSTEM and code in GENDERS:
            return (GENDERS[str(code)],)
    return ()


def _bare_number(run: Run, target: Target, number: int | Decimal, path: str, *, ours: bool) -> Value:
    if not ours and target.unit not in WITHOUT_UNIT:
        message = f"{target.id} needs a unit ({target.unit}); a bare number is not taken"
        run.refuse("required", "unit-missing", path, message)
        return REFUSED
    return plausible(run, target, Decimal(number), path)


def plausible(run: Run, target: Target, amount: Decimal, path: str) -> Decimal | Nothing:
    """Return the amount if a living patient can have it; refuse it otherwise."""
    if (target.low is not None and amount < target.low) or (target.high is not None and amount > target.high):
        message = (
            f"{amount:f} {target.unit} cannot be right for {target.id} ({target.low} to {target.high}); check the unit"
        )
        if abs(amount.adjusted()) > 12:  # noqa: PLR2004
            message = f"the amount cannot be right for {target.id} ({target.low} to {target.high} {target.unit})"
        run.refuse("value", "implausible", path, message)
        return REFUSED
    return amount


def amount_of(run: Run, target: Target, quantity: Resource, path: str) -> Decimal | Bound | Nothing | None:
    """Read a Quantity as an amount in the unit of the finding."""
    if "value" not in quantity:
        return None if "_value" in quantity or "extension" in quantity else SILENT
    number = Decimal(quantity["value"])
    code = quantity.get("code")
    conversion = target.units.get(code) if code is not None and quantity.get("system") == UCUM else None
    if conversion is None:
        conversion = _conversion(run, target, quantity, path)
        if conversion is None:
            return REFUSED
    amount = number if conversion is SAME else conversion(number)
    comparator = quantity.get("comparator")
    if comparator is None:
        return plausible(run, target, amount, path)
    if comparator not in ("<", "<=", ">", ">="):
        run.refuse(
            "not-supported", "comparator", f"{path}.comparator", f"{comparator!r} is not understood for {target.id}"
        )
        return REFUSED
    return Bound(comparator, amount)


def _conversion(run: Run, target: Target, quantity: Resource, path: str) -> Any:  # noqa: ANN401
    system, code, unit = quantity.get("system"), quantity.get("code"), quantity.get("unit")
    expected = ", ".join(list(target.units)[:6])
    if code is not None and system == UCUM:
        found = target.units.get(bare(code))
        if found is None:
            message = f"the unit {code!r} is not one that {target.id} is measured in ({expected})"
            run.refuse("value", "unit-wrong", f"{path}.code", message)
        return found
    if code is not None and system is not None:
        message = f"the unit of {target.id} must be of {UCUM}, not of {system}"
        run.refuse("value", "unit-system", f"{path}.system", message)
        return None
    written = code if code is not None else unit
    if written is None:
        if target.unit in WITHOUT_UNIT:
            return SAME
        message = f"{target.id} has no unit; send one of {expected}"
        run.refuse("required", "unit-missing", path, message)
        return None
    found = target.units.get(written) or target.units.get(WRITTEN.get(written, ""))
    if found is None:
        message = f"{written!r} is not a unit that {target.id} is measured in ({expected})"
        run.refuse("value", "unit-wrong", path, message)
        return None
    message = f"the unit {written!r} is not coded; taken as the UCUM unit of that name"
    run.warn("incomplete", "unit-not-coded", path, message)
    return found


def certain(bound: Bound, threshold: Threshold) -> bool | None:
    """Whether every amount beyond a bound fulfils a comparison (True), none does (False), or it is open (None)."""
    limit, sign = threshold.limit, threshold.sign
    if bound.comparator in (">", ">="):
        strict = bound.comparator == ">"
        beyond = bound.limit > limit or (bound.limit == limit and (strict or sign in (">=", "<")))
        if not beyond:
            return None
        return sign in (">", ">=")
    strict = bound.comparator == "<"
    beyond = bound.limit < limit or (bound.limit == limit and (strict or sign in ("<=", ">")))
    if not beyond:
        return None
    return sign in ("<", "<=")

"""From the answer to a question to the value of an Observation, as far as R4 and R5 both allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json: TypeAlias = dict[str, Any]

ABSENT_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
"""https://hl7.org/fhir/R4/valueset-data-absent-reason.html: "I do not know" is the reason why there is no value."""


def value(answer: Mapping[str, Any], unit: Json | None) -> Json | None:
    """Return the member of the Observation that says the answer; nothing where there is no answer.

    https://hl7.org/fhir/R4/observation.html#Observation.value_x_: no decimal, Coding, date or uri, so these become a
    Quantity, a CodeableConcept, a dateTime and a string. ValueError for an answer that an Observation cannot say.
    """
    for key, given in answer.items():
        if key.startswith("value"):
            writer = _WRITERS.get(key)
            if writer is None:
                raise ValueError(key)
            return writer(given, unit)
    return None


def _number(given: Any, unit: Json | None) -> Json:  # noqa: ANN401 - as the answer has it
    quantity: Json = {"value": given}
    if unit is not None:
        if unit.get("display") or unit.get("code"):
            quantity["unit"] = unit.get("display") or unit["code"]
        quantity |= {key: unit[key] for key in ("system", "code") if key in unit}
    return {"valueQuantity": quantity}


def _integer(given: Any, unit: Json | None) -> Json:  # noqa: ANN401 - as the answer has it
    return {"valueInteger": given} if unit is None else _number(given, unit)


def _coding(given: Any, _: Json | None) -> Json:  # noqa: ANN401 - as the answer has it
    if given.get("system") == ABSENT_SYSTEM:
        return {"dataAbsentReason": {"coding": [given]}}
    if not ("code" in given or "system" in given) and "display" in given:
        return {"valueCodeableConcept": {"text": given["display"]}}
    return {"valueCodeableConcept": {"coding": [given]}}


_WRITERS: Final[dict[str, Callable[[Any, Json | None], Json]]] = {
    "valueBoolean": lambda given, _: {"valueBoolean": given},
    "valueInteger": _integer,
    "valueDecimal": _number,
    "valueQuantity": lambda given, _: {"valueQuantity": given},
    "valueCoding": _coding,
    "valueString": lambda given, _: {"valueString": given},
    "valueUri": lambda given, _: {"valueString": given},
    "valueDate": lambda given, _: {"valueDateTime": given},
    "valueDateTime": lambda given, _: {"valueDateTime": given},
    "valueTime": lambda given, _: {"valueTime": given},
}
"""What is not here (an attachment, a reference) no Observation of R4 can have as its value."""

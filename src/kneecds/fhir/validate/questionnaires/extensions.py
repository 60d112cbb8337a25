"""The extensions that a form says its rules with, and how their values are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"

# https://hl7.org/fhir/extensions/
MIN_LENGTH: Final = f"{_CORE}minLength"
MIN_VALUE: Final = f"{_CORE}minValue"
MAX_VALUE: Final = f"{_CORE}maxValue"
MAX_DECIMAL_PLACES: Final = f"{_CORE}maxDecimalPlaces"
REGEX: Final = f"{_CORE}regex"
ENTRY_FORMAT: Final = f"{_CORE}entryFormat"
MIME_TYPE: Final = f"{_CORE}mimeType"
MAX_SIZE: Final = f"{_CORE}maxSize"
MIN_OCCURS: Final = f"{_CORE}questionnaire-minOccurs"
MAX_OCCURS: Final = f"{_CORE}questionnaire-maxOccurs"
HIDDEN: Final = f"{_CORE}questionnaire-hidden"
UNIT: Final = f"{_CORE}questionnaire-unit"
UNIT_OPTION: Final = f"{_CORE}questionnaire-unitOption"
UNIT_VALUE_SET: Final = f"{_CORE}questionnaire-unitValueSet"
REFERENCE_RESOURCE: Final = f"{_CORE}questionnaire-referenceResource"
OPTION_EXCLUSIVE: Final = f"{_CORE}questionnaire-optionExclusive"
CONSTRAINT: Final = f"{_CORE}questionnaire-constraint"
TARGET_CONSTRAINT: Final = f"{_CORE}targetConstraint"
VARIABLE: Final = f"{_CORE}variable"
TRANSLATION: Final = f"{_CORE}translation"
VERSION_ALGORITHM: Final = f"{_CORE}artifact-versionAlgorithm"

# https://hl7.org/fhir/uv/sdc/
MIN_QUANTITY: Final = f"{_SDC}minQuantity"
MAX_QUANTITY: Final = f"{_SDC}maxQuantity"
UNIT_OPEN: Final = f"{_SDC}unitOpen"
ENABLE_WHEN_EXPRESSION: Final = f"{_SDC}enableWhenExpression"
ANSWER_EXPRESSION: Final = f"{_SDC}answerExpression"
INITIAL_EXPRESSION: Final = f"{_SDC}initialExpression"
CALCULATED_EXPRESSION: Final = f"{_SDC}calculatedExpression"
OBSERVATION_EXTRACT: Final = f"{_SDC}observationExtract"


def objects(holder: object, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects in a list of an element, with their numbers."""
    listed = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(listed, list):
        for number, one in enumerate(listed):
            if isinstance(one, dict):
                yield number, one


def read(holder: object) -> dict[str, list[dict[str, Any]]]:
    """Return the extensions of an element by their url."""
    found: dict[str, list[dict[str, Any]]] = {}
    for _, extension in objects(holder, "extension"):
        url = extension.get("url")
        if isinstance(url, str):
            found.setdefault(url, []).append(extension)
    return found


def value(extension: dict[str, Any]) -> tuple[str, Any]:
    """Return the type and the value of an extension; ("", None) where it has none."""
    for name, inner in extension.items():
        if name[:5] == "value" and len(name) > 5:  # noqa: PLR2004 - the length of "value"
            return name[5:], inner
    return "", None


def first(extensions: dict[str, list[dict[str, Any]]], url: str) -> Any:  # noqa: ANN401 - a value of any type
    """Return the value of the first extension of a url; None where there is none."""
    listed = extensions.get(url)
    return value(listed[0])[1] if listed else None


def integer(extensions: dict[str, list[dict[str, Any]]], url: str) -> int | None:
    """Return the whole number that an extension says."""
    said = first(extensions, url)
    if isinstance(said, bool):
        return None
    try:
        return int(said) if said is not None else None
    except (TypeError, ValueError, OverflowError):
        return None

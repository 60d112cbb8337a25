"""What the extensions of a form ask of it, those of Structured Data Capture among them.

https://hl7.org/fhir/uv/sdc/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.expressions import FHIRPATH
from kneecds.fhir.validate.questionnaires.patterns import compile_pattern
from kneecds.fhir.validate.questionnaires.run import shown

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.consistency import Part, Whole

_PROFILES: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
_TEXTS: Final = frozenset({"string", "text", "url", "open-choice", "choice", "coding", "integer", "decimal"})

FITTING: Final[dict[str, frozenset[str]]] = {
    ext.UNIT: frozenset({"integer", "decimal"}),
    ext.UNIT_OPTION: frozenset({"quantity"}),
    ext.UNIT_VALUE_SET: frozenset({"quantity"}),
    ext.MIN_QUANTITY: frozenset({"quantity"}),
    ext.MAX_QUANTITY: frozenset({"quantity"}),
    ext.MIME_TYPE: frozenset({"attachment"}),
    ext.MAX_SIZE: frozenset({"attachment"}),
    ext.REFERENCE_RESOURCE: frozenset({"reference"}),
    ext.MAX_DECIMAL_PLACES: frozenset({"decimal", "quantity"}),
    ext.MIN_LENGTH: _TEXTS,
    ext.REGEX: _TEXTS,
    ext.MIN_VALUE: frozenset({"integer", "decimal", "date", "dateTime", "time", "quantity"}),
    ext.MAX_VALUE: frozenset({"integer", "decimal", "date", "dateTime", "time", "quantity"}),
}
"""The types of question that an extension means something for: https://hl7.org/fhir/extensions/"""


def extensions_of_type(form: Whole, part: Part) -> None:
    """Look at extensions that mean nothing for the type of their question."""
    for url in part.extensions:
        fitting = FITTING.get(url)
        if fitting is not None and part.type and part.type not in fitting:
            name = url.rpartition("/")[2]
            message = f"{name} means nothing for a {shown(part.type)} item"
            form.context.warn("business-rule", "questionnaire-extension-type", part.path, message)


def pattern(form: Whole, part: Part) -> None:
    """Look at a regular expression that cannot be read."""
    text = ext.first(part.extensions, ext.REGEX)
    if isinstance(text, str) and text and compile_pattern(text) is None:
        message = f"the expression {shown(text)} cannot be read the same way everywhere"
        form.context.warn("value", "questionnaire-regex-form", part.path, message)


def extraction(form: Whole, part: Part) -> None:
    """Look at observation extraction, which nothing that is only read can have."""
    if part.type == "display" and ext.first(part.extensions, ext.OBSERVATION_EXTRACT) is True:
        message = "an item that is only read gives no Observation"
        form.context.warn("invariant", "sdc-obsn-1", part.path, message, "take observationExtract off")


def expressions(form: Whole, part: Part) -> None:
    """Look at the FHIRPath of an item."""
    _readable(form, part.extensions, part.path)
    if ext.ENABLE_WHEN_EXPRESSION in part.extensions and part.source.get("enableWhen"):
        message = "the item has enableWhen and enableWhenExpression; only one of them is looked at"
        form.context.warn("business-rule", "questionnaire-enable-twice", part.path, message)


def form_expressions(form: Whole) -> None:
    """Look at the FHIRPath of the form as a whole."""
    _readable(form, ext.read(form.source), form.path)


def _readable(form: Whole, extensions: dict[str, list[dict[str, Any]]], path: str) -> None:
    for url, listed in extensions.items():
        for extension in listed:
            said = ext.value(extension)[1]
            if not isinstance(said, dict):
                said = ext.first(ext.read(extension), "expression") if url == ext.TARGET_CONSTRAINT else None
            if (
                not isinstance(said, dict)
                or said.get("language") != FHIRPATH
                or not isinstance(said.get("expression"), str)
            ):
                continue
            from kneecds.fhir.fhirpath import can_be_read  # noqa: PLC0415 - only forms with expressions pay for it

            text = said["expression"]
            if "{{" not in text and can_be_read(text) is False:
                message = f"{shown(text)} is not FHIRPath"
                form.context.warn("invalid", "questionnaire-expression", path, message)


def version_algorithm(form: Whole) -> None:
    """Look at a form that claims an SDC profile and does not say how its versions are ordered."""
    meta = form.source.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    if not any(isinstance(one, str) and one.startswith(_PROFILES) for one in claimed or ()):
        return
    said = ext.VERSION_ALGORITHM in ext.read(form.source) or any(
        name[:16] == "versionAlgorithm" for name in form.source
    )
    if form.source.get("version") and not said:
        message = "the form has a version and does not say how versions are ordered"
        form.context.warn("invariant", "sdc-2", form.path, message, "add artifact-versionAlgorithm")

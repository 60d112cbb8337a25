"""The units that a form offers for a quantity.

https://hl7.org/fhir/extensions/StructureDefinition-questionnaire-unitOption.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires import options as choices
from kneecds.fhir.validate.questionnaires.run import Run, Trail, shown

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.values import Check


def unit_checks(extensions: dict[str, list[dict[str, Any]]]) -> list[Check]:
    """Return the checks of the unit of a quantity."""
    is_open = ext.first(extensions, ext.UNIT_OPEN) in (choices.OR_TYPE, choices.OR_STRING)
    offered = [
        value for extension in extensions.get(ext.UNIT_OPTION, ()) if isinstance(value := ext.value(extension)[1], dict)
    ]
    if offered and not is_open:
        return [_offered(offered)]
    named = ext.first(extensions, ext.UNIT_VALUE_SET)
    if isinstance(named, str) and not is_open:
        return [choices.check_unit_value_set(named)]
    usual = ext.first(extensions, ext.UNIT)
    if isinstance(usual, dict) and isinstance(usual.get("code"), str) and not is_open:
        return [_usual(usual)]
    return []


def _offered(offered: list[dict[str, Any]]) -> Check:
    words = ", ".join(str(one.get("code") or one.get("display") or "") for one in offered[:5])

    def one_of_them(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        if not any(_is(value, one) for one in offered):
            said = value.get("code") or value.get("unit") or "no unit"
            message = f"the unit of the answer is {shown(str(said))}; the form offers {shown(words)}"
            run.error(
                "code-invalid", "questionnaire-unit", at, message, "answer in one of the form's units, with its code"
            )

    return one_of_them


def _is(value: dict[str, Any], unit: dict[str, Any]) -> bool:
    code, system = unit.get("code"), unit.get("system")
    if code is None:
        return unit.get("display") is not None and value.get("unit") == unit.get("display")
    return value.get("code") == code and (system is None or value.get("system") == system)


def _usual(unit: dict[str, Any]) -> Check:
    def the_usual(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        code = value.get("code")
        if code is not None and code != unit["code"]:
            message = f"the unit of the answer is {shown(str(code))}; the form names {shown(unit['code'])}"
            run.warn("value", "questionnaire-other-unit", at, message)

    return the_usual

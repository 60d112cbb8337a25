"""FHIRPath in a form: enableWhenExpression, and the constraints that complete answers must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir.validate.questionnaires import extensions as ext

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.run import Run

FHIRPATH: Final = "text/fhirpath"


class Expression(NamedTuple):
    """An expression and the language it is written in."""

    text: str
    language: str


class Constraint(NamedTuple):
    """What must hold before answers count as complete.

    https://hl7.org/fhir/extensions/StructureDefinition-targetConstraint.html
    """

    key: str
    severity: str
    human: str
    expression: Expression


def expression_of(extensions: dict[str, list[dict[str, Any]]], url: str) -> Expression | None:
    """Return the expression of an extension."""
    said = ext.first(extensions, url)
    return _expression(said)


def _expression(said: object) -> Expression | None:
    if isinstance(said, str):
        return Expression(said, FHIRPATH)
    if isinstance(said, dict) and isinstance(said.get("expression"), str):
        return Expression(said["expression"], str(said.get("language", "")))
    return None


def constraints_of(extensions: dict[str, list[dict[str, Any]]]) -> tuple[Constraint, ...]:
    """Return the constraints of a form or an item."""
    found = []
    for extension in (*extensions.get(ext.CONSTRAINT, ()), *extensions.get(ext.TARGET_CONSTRAINT, ())):
        parts = ext.read(extension)
        expression = _expression(ext.first(parts, "expression"))
        if expression is not None:
            found.append(
                Constraint(
                    str(ext.first(parts, "key") or ""),
                    "error" if ext.first(parts, "severity") == "error" else "warning",
                    str(ext.first(parts, "human") or ""),
                    expression,
                )
            )
    return tuple(found)


def truth(run: Run, expression: Expression, focus: dict[str, Any], *, empty: bool | None) -> bool | None:
    """Evaluate to true or false over a part of the response; `empty` is what nothing means, None that it is open."""
    found = _evaluate(run, expression, focus)
    if found is None:
        return None
    if not found:
        return empty
    return found[0] if len(found) == 1 and isinstance(found[0], bool) else None


def _evaluate(run: Run, expression: Expression, focus: dict[str, Any]) -> list[Any] | None:
    if expression.language != FHIRPATH:
        return None
    from kneecds.fhir import fhirpath  # noqa: PLC0415 - only forms with expressions pay for it

    if run.variables is None:
        run.variables = {"questionnaire": run.form.source}
        for extension in ext.read(run.form.source).get(ext.VARIABLE, ()):
            _variable(run, extension)
    return fhirpath.evaluate(
        expression.text,
        focus,
        run.context.release,
        base=None if focus is run.response else "QuestionnaireResponse.item",
        resource=run.response,
        variables=run.variables,
    )


def _variable(run: Run, extension: dict[str, Any]) -> None:
    """Work out one variable of the form; one that cannot be worked out stays unknown to what uses it."""
    said = ext.value(extension)[1]
    expression = _expression(said)
    if expression is None or not isinstance(said, dict) or run.variables is None:
        return
    found = _evaluate(run, expression, run.response)
    if found is not None and isinstance(said.get("name"), str):
        run.variables[said["name"]] = found

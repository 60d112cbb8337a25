"""Layer 7: answers against their form, and forms against themselves.

`look` is the room; `answers.check` looks at one response of a compiled `form.Form`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.validate.questionnaires import answers
from kneecds.fhir.validate.questionnaires.find import find_form
from kneecds.fhir.validate.questionnaires.run import Run

if TYPE_CHECKING:
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.questionnaires.form import Form


def look(context: Context) -> None:
    """Look at every response and every form of a document."""
    local: dict[int, Form] = {}
    for holder in context.holders:
        if holder.kind == "QuestionnaireResponse":
            form = find_form(context, holder, local)
            if form is not None:
                answers.check(Run(context, holder.value, form, holder.path))
        elif holder.kind == "Questionnaire":
            from kneecds.fhir.validate.questionnaires.consistency import check  # noqa: PLC0415 - only for forms

            check(context, holder)

"""Whether a response was given for the right subject, and while its form was in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.questionnaires import moments
from kneecds.fhir.validate.questionnaires.run import shown

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.run import Run


def circumstances(run: Run) -> None:
    """Look at when a response was given and whom it is about."""
    source = run.form.source
    period = source.get("effectivePeriod")
    if isinstance(period, dict):
        _period(run, period)
    kinds = source.get("subjectType")
    if isinstance(kinds, list) and kinds:
        _subject(run, [kind for kind in kinds if isinstance(kind, str)])


def _period(run: Run, period: dict[str, Any]) -> None:
    authored, start, end = run.response.get("authored"), period.get("start"), period.get("end")
    if not isinstance(authored, str):
        return
    if isinstance(end, str) and moments.compare(authored, end) == 1:
        message = f"the response is of {shown(authored)}, and the form was to be used until {shown(end)}"
        run.warn("business-rule", "questionnaire-period", f"{run.path}.authored", message)
    if isinstance(start, str) and moments.compare(authored, start) == -1:
        message = f"the response is of {shown(authored)}, and the form was to be used from {shown(start)}"
        run.warn("business-rule", "questionnaire-period", f"{run.path}.authored", message)


def _subject(run: Run, kinds: list[str]) -> None:
    subject = run.response.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    if not isinstance(reference, str):
        return
    before, _, _ = reference.partition("/_history/")
    kind = before.rpartition("/")[0].rpartition("/")[2]
    if kind.isalpha() and kind[:1].isupper() and kind not in kinds:
        message = f"the subject is a {shown(kind)}; the form is for {shown(', '.join(kinds))}"
        run.warn("value", "questionnaire-subject", f"{run.path}.subject", message)

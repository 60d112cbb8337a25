"""What is kept of an answer: hashes, ids of rules and cards, versions and times; of the patient nothing unless asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.service.clock import new_id
from kneecds.storage.keyed import digest
from kneecds.storage.rows import CardRow, EvaluationRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from kneecds.cdshooks.model import Advice, HookRequest, Service
    from kneecds.core.assessment import RuleResult, Software
    from kneecds.pipeline import Evaluation


def row(
    service: Service,
    request: HookRequest,
    advice: Advice,
    rules_undecided: tuple[str, ...],
    *,
    at: datetime,
    as_of: date,
    software: Software,
    sent: bytes,
    answer: bytes,
    seconds: float,
    keep_input: bool,
) -> EvaluationRow:
    """Return the row of an answered call."""
    found = advice.evaluation
    return EvaluationRow(
        id=new_id(),
        at=at,
        service=service.id,
        hook=service.hook,
        hook_instance_hash=digest(request.instance),
        request_hash=digest(sent),
        answer_hash=digest(answer),
        status="not-assessed" if found is None else found.assessment.status,
        tier="" if found is None else found.assessment.tier or "",
        rules_met=() if found is None else met(found),
        rules_undecided=rules_undecided,
        software_version=software.version,
        knowledge_version=software.knowledge_version,
        knowledge_hash=software.knowledge_hash,
        as_of=as_of,
        duration_ms=round(seconds * 1000, 3),
        cards=tuple([CardRow(one.uuid, one.role, one.indicator, one.rules, one.suggestions) for one in advice.made]),
        inputs=sent if keep_input else None,
    )


def met(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the ids of the rules that are met, each once."""
    answer = evaluation.assessment
    return _ids([*answer.person_rules, *(rule for knee in answer.knees for rule in knee.rules)])


def undecided(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the ids of the rules that lack an answer, each once."""
    answer = evaluation.assessment
    return _ids([*answer.person_undecided, *(rule for knee in answer.knees for rule in knee.undecided)])


def _ids(rules: Iterable[RuleResult]) -> tuple[str, ...]:
    return tuple(sorted({rule.rule for rule in rules}))

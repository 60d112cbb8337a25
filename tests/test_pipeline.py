"""The order of things: parse, validate, read, think, write; and what each step hands to the next."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kneecds import pipeline
from kneecds.core.facts import Fact
from kneecds.errors import error
from kneecds.knowledge import shipped
from kneecds.render.json import to_json

AS_OF = date(2026, 1, 1)
SYSTEM = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
SIDES = {"left": "82169009", "right": "6757004"}

Json = dict[str, Any]


def said(finding: str, value: object = True, *, side: str = "left", time: str = "2025-12-31", **more: Any) -> Json:
    """Return an Observation."""
    kind = "valueBoolean" if isinstance(value, bool) else "valueQuantity"
    resource: Json = {
        "resourceType": "Observation",
        "id": f"{finding}-{side}".replace("_", "-")[:60],
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": SYSTEM, "code": finding}]},
        "effectiveDateTime": time,
        kind: value,
        **more,
    }
    if side in SIDES:
        resource["bodySite"] = {"coding": [{"system": "http://snomed.info/sct", "code": SIDES[side]}]}
    return resource


def bundle(*resources: Json, birth_date: str = "1990-05-17") -> Json:
    patient = {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": birth_date}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in (patient, *resources)],
    }


def evaluate(*resources: Json, **options: Any) -> pipeline.Evaluation:
    return pipeline.evaluate(bundle(*resources), knowledge=shipped(), as_of=AS_OF, **options)


# --- escalation, as what was said differs -----------------------------------------------------------------------

HOT = (said("warmth"), said("knee_swelling"), said("fever", side=""))

ESCALATIONS = [
    pytest.param((), None, "data-required", id="nothing said, nothing answered"),
    pytest.param((said("knee_pain"),), "routine", "data-requested", id="that it hurts is a complaint, and no more"),
    pytest.param((said("locked_knee"),), "urgent_same_day", "data-requested", id="a locked knee, unless it is an old one"),
    pytest.param(HOT, "urgent_same_day", "data-requested", id="hot, swollen and feverish"),
    pytest.param((*HOT[:2], said("knee_tenderness")), "urgent_same_day", "data-requested", id="hot, swollen and tender, unless it is old"),
    pytest.param((*HOT[:2], said("fever", value=False, side="")), "soon_within_days", "data-requested", id="hot and swollen without more"),
    pytest.param((said("fever", side=""),), "routine", "data-requested", id="fever alone says nothing of a knee"),
    pytest.param((said("absent_pedal_pulses"), said("knee_injury")), "emergency", "success", id="no pulse after an injury: nothing is higher"),
    pytest.param((said("locked_knee", status="entered-in-error"),), None, "data-required", id="entered in error"),
    pytest.param((said("locked_knee", time="2026-01-02"),), None, "data-required", id="of the future"),
    pytest.param((said("locked_knee", value=False),), None, "data-required", id="not locked"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "tier", "status"), ESCALATIONS)
def test_escalation(resources: tuple[Json, ...], tier: str | None, status: str) -> None:
    answer = evaluate(*resources).assessment
    assert (answer.tier, answer.status) == (tier, status)


# --- the newest statement, and contradictions -------------------------------------------------------------------

NEWEST = [
    pytest.param((True, "2025-12-30"), (False, "2025-12-31"), "absent", id="yesterday no, the day before yes"),
    pytest.param((False, "2025-12-30"), (True, "2025-12-31"), "present", id="yesterday yes, the day before no"),
    pytest.param((True, "2025-12-31"), (False, "2025-12-31"), "contradicted", id="both on one day"),
    pytest.param((True, "2025-12-31T08:00:00Z"), (False, "2025-12-31T20:00:00Z"), "absent", id="no later on one day"),
    pytest.param((True, "2025-12-31T08:00:00Z"), (False, "2025-12-31T08:00:00+00:00"), "contradicted", id="one instant, written in two ways"),
    pytest.param((True, "2025-12-31"), (True, "2025-12-31"), "present", id="said twice"),
    pytest.param((True, "2025-12-31"), (False, "2020-01-01"), "present", id="an old no does not count"),
]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1], ids=["as sent", "turned round"])
@pytest.mark.parametrize(("one", "other", "state"), NEWEST)
def test_newest(one: tuple[bool, str], other: tuple[bool, str], state: str, order: int) -> None:
    resources = [
        said("locked_knee", value, time=time, id=f"o{number}") for number, (value, time) in enumerate((one, other))
    ]
    answer = evaluate(*resources[::order]).assessment
    assert [known.state for known in answer.findings if known.finding == "locked_knee"] == [state]
    assert answer.tier == ("urgent_same_day" if state in ("present", "contradicted") else None)
    assert ("statements-contradict" in {issue.rule for issue in answer.issues}) is (state == "contradicted")


def test_contradicted_sex_does_not_depend_on_the_order() -> None:
    stated = [
        Fact("sex", "person", "female"),
        Fact("sex", "person", "male"),
        Fact("anterior_knee_pain", "left", value=True),
    ]

    def lines(facts: list[Fact]) -> list[tuple[str, float]]:
        answer = pipeline.evaluate_facts(facts, knowledge=shipped(), as_of=AS_OF).assessment
        return [(line.condition, line.prior) for line in answer.knees[0].hypotheses]

    assert lines(stated) == lines([stated[1], stated[0], stated[2]])


# --- sides ------------------------------------------------------------------------------------------------------


def test_each_knee_has_its_own_answer() -> None:
    answer = evaluate(said("locked_knee", side="left"), said("anterior_knee_pain", side="right")).assessment
    left, right = answer.knees
    assert (left.side, left.tier, right.side, right.tier) == ("left", "urgent_same_day", "right", "routine")
    assert {rule.scope for rule in left.rules} == {"left"}
    assert not right.rules


def test_no_side_is_a_knee_of_its_own() -> None:
    answer = evaluate(said("locked_knee", side="")).assessment
    assert [knee.side for knee in answer.knees] == ["unspecified"]
    assert "laterality-missing" in {issue.rule for issue in answer.issues}


# --- steps ------------------------------------------------------------------------------------------------------


def test_issues_of_every_step_arrive() -> None:
    broken = said("effusion", status=None)
    evaluation = evaluate(
        said("locked_knee"),
        {k: v for k, v in broken.items() if v is not None},
        said("fever", side="", time="2027-01-01"),
    )
    assert {"structure-required", "future"} <= {issue.rule for issue in evaluation.issues}
    assert not evaluation.ok
    assert evaluation.assessment.status == "data-required"


def test_what_a_host_found_itself_is_kept() -> None:
    own = error("value", "host-rule", "", "the host's own remark")
    evaluation = pipeline.evaluate_facts(
        [Fact("locked_knee", "left", value=True)], knowledge=shipped(), as_of=AS_OF, issues=(own,), unusable=True
    )
    assert own in evaluation.issues
    assert (evaluation.assessment.status, evaluation.assessment.tier) == ("data-required", "urgent_same_day")


def test_explain_what_is_not_in_the_list() -> None:
    evaluation = evaluate(said("anterior_knee_pain"))
    listed = {line.condition for line in evaluation.assessment.knees[0].hypotheses}
    other = "gout"
    assert other not in listed
    ((side, line),) = evaluation.explain(other)
    assert (side, line.condition, line.rank) == ("left", other, 0)


def test_a_map_of_the_host() -> None:
    """Its codes are read as the findings that it maps them to; without it they are not."""
    system = "https://example.org/local"
    local = {**said("locked_knee"), "code": {"coding": [{"system": system, "code": "LK"}]}}
    group = {
        "source": system,
        "target": SYSTEM,
        "element": [{"code": "LK", "target": [{"code": "locked_knee", "equivalence": "equivalent"}]}],
    }
    table = {"resourceType": "ConceptMap", "status": "active", "group": [group]}
    assert evaluate(local).assessment.tier is None
    assert evaluate(local, maps=(table,)).assessment.tier == "urgent_same_day"


def test_the_same_knowledge_is_compiled_once() -> None:
    assert pipeline.prepare(shipped()) is pipeline.prepare(shipped())


def test_settings_differ_in_priors_and_never_in_rules() -> None:
    answers = {
        setting: evaluate(said("locked_knee"), said("giving_way"), setting=setting).assessment
        for setting in ("primary_care", "emergency", "sports_clinic", "self_referred_exerciser")
    }
    assert len({answer.tier for answer in answers.values()}) == 1
    assert len({tuple(rule.rule for rule in answer.knees[0].rules) for answer in answers.values()}) == 1
    assert len({to_json(answer.knees[0].hypotheses) for answer in answers.values()}) > 1

"""An assessment that has something of everything."""

from __future__ import annotations

import pytest

from kneecds.core.assessment import (
    SCHEMA_VERSION,
    Answer,
    Assessment,
    Blocked,
    Contribution,
    Counterfactual,
    FactorPresent,
    Hypothesis,
    InstrumentResult,
    Knee,
    KnownFinding,
    Option,
    Question,
    RuleResult,
    Software,
)
from kneecds.core.facts import Origin, Subject
from kneecds.errors import warning
from kneecds.render.page import Names


def hypothesis(condition: str, rank: int, probability: float, **more: object) -> Hypothesis:
    return Hypothesis(
        condition,
        condition.replace("_", " ").capitalize(),
        rank,
        probability,
        probability / 2,
        min(1.0, probability * 1.5),
        probability,
        "routine",
        **more,  # type: ignore[arg-type]
    )


LOCKED = RuleResult(
    rule="rf_locked",
    title="Locked knee",
    tier="urgent_same_day",
    status="met_unless",
    scope="right",
    because=("locked knee: present", "trauma: present"),
    cancelled_by=(Answer("old_locking", "Old fixed loss of extension", "present", "patient"),),
    raises=("bucket_handle_meniscal_tear",),
    action="See orthopaedics today",
    sources=("nice_ng1",),
)

REASONS = {
    "supporting": tuple(
        Contribution(f"f{number}", f"Sign {number}", "present", number / 2, "measured", "study_a")
        for number in range(1, 6)
    ),
    "opposing": (
        Contribution("lachman", "Lachman positive", "absent", -1.2, "qualitative", "review", "strong against"),
    ),
    "missing": (
        Contribution("thessaly", "Thessaly test", "unknown", 0, "measured", "study_b", if_present=1.1, if_absent=-0.7),
    ),
}


@pytest.fixture
def assessment() -> Assessment:
    right = Knee(
        side="right",
        tier="urgent_same_day",
        enough_known=True,
        hypotheses=(
            hypothesis(
                "meniscal_tear",
                1,
                0.62,
                includes=("medial_meniscal_tear",),
                prior=0.11,
                prior_source="prior_study",
                prior_basis="consensus",
                confirmed_by="MRI",
                **REASONS,
            ),
            hypothesis("acl_tear", 2, 0.08),
        ),
        named=(hypothesis("bucket_handle_meniscal_tear", 0, 0.04, raised_by=("rf_locked",)),),
        not_excluded=(hypothesis("septic_arthritis", 0, 0.002),),
        rules=(LOCKED,),
        undecided=(
            RuleResult(
                "rf_hot",
                "Hot swollen knee",
                "emergency",
                "undecided",
                "right",
                decided_by=(Answer("fever", "Fever", "present", "patient"),),
                raises=("meniscal_tear",),
            ),
        ),
        instruments=(
            InstrumentResult(
                "ottawa_knee_rule", "Ottawa knee rule", "right", "met", "Take a film", sources=("stiell",)
            ),
            InstrumentResult(
                "wells_dvt",
                "Wells score",
                "right",
                "undecided",
                score_low=1,
                score_high=3,
                decided_by=(Answer("calf", "Calf swelling", ">= 3"),),
            ),
        ),
        factors=(FactorPresent("load", "Load increased", "Go back a step", "right"),),
    )
    return Assessment(
        schema_version=SCHEMA_VERSION,
        software=Software("0.1.0", "2026.1", "abcdef0123456789"),
        as_of="2026-01-31",
        setting="primary_care",
        status="data-requested",
        subject=Subject("Patient/p1", "1990-01-01", "female"),
        tier="urgent_same_day",
        knees=(right,),
        questions=(
            Question("fever", "Fever", "person", "patient", "escalation", "Decides the hot knee", 4, "emergency"),
        ),
        counterfactuals=(
            Counterfactual("raise", "emergency", "right", (Answer("fever", "Fever", "present"),), "rf_locked"),
            Counterfactual("lower", "routine", "right", (Answer("age_years", "Age", ">= 55"),)),
        ),
        options=(
            Option("walk", "self_care", "Keep walking", "right", "moderate", dosage="daily", sources=("nice_ng1",)),
            Option("squats", "exercise", "Half squats", "right", "strong_guideline", caution=("pain above 5",)),
            Option("see", "referral", "Refer", "right", "strong_guideline"),
            Option("film", "imaging", "Radiograph", "right", "strong_guideline"),
            Option("rest", "load_management", "Run less", "right", "limited"),
            Option("odd", "novelty", "Something new", "person", "limited"),
        ),
        against=(Option("mri", "imaging", "No MRI first", "right", "recommend_against"),),
        blocked=(Blocked("nsaid", "NSAID by mouth", "person", ("on_anticoagulant",), ("peptic_ulcer",)),),
        findings=(
            KnownFinding("swelling", "Swelling", "right", "contradicted", origins=(Origin("Observation/o1"),)),
            KnownFinding("crp", "CRP", "person", "stale", "12", "mg/L"),
        ),
        issues=(warning("value", "unit", "Bundle.entry[3]", "a unit was not understood"),),
    )


@pytest.fixture
def names() -> Names:
    return Names({"on_anticoagulant": "Takes an anticoagulant"}, {"nice_ng1": "A guideline"})

"""What is offered, what is left out and why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from core.small import action, answer, condition, knowledge, ratio, rule, yes_no

from kneecds.core.model import Model
from kneecds.knowledge import shipped

AS_OF = date(2026, 1, 1)
SHIPPED = Model(shipped().files)
FINDINGS = [
    yes_no("pain"),
    yes_no("hot"),
    yes_no("unable"),
    yes_no("pregnant", scope="person", category="context"),
    yes_no("ulcer", scope="person", category="history"),
]
CONDITIONS = [
    condition("tendinopathy", ratio("pain", "20"), prior=0.5, parent="overuse"),
    condition("overuse", prior=0, managed_by_probability="no"),
    condition("infection", prior=0.0001, managed_by_probability="rank_only", default_tier="emergency"),
]
RULES = [
    rule("rf_hot", "hot", "urgent_same_day", raises=("infection",)),
    rule("rf_unable", "unable", "urgent_same_day"),
]


def advice(
    *actions: Any, present: tuple[str, ...] = (), absent: tuple[str, ...] = ()
) -> tuple[list[str], dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return what is offered, what is blocked by what, and what is advised against for whom."""
    found = answer(
        knowledge(FINDINGS, CONDITIONS, RULES, actions=actions), AS_OF, present=("pain", *present), absent=absent
    )
    return (
        [one.action for one in found.options],
        {one.action: one.because for one in found.blocked},
        {one.action: one.because for one in found.against},
    )


EXERCISE = action("squats", "tendinopathy")
NSAID = action("nsaid", "tendinopathy", kind="medication", contraindicated_for=("ulcer",), screened_by="nsaid_screen")
SCREEN = action("nsaid_screen", kind="medication", contraindicated_for=("ulcer", "pregnant"))

OFFERED = [
    pytest.param((EXERCISE,), (), ["squats"], {}, id="for a listed condition"),
    pytest.param((action("rest", "overuse"),), (), ["rest"], {}, id="for the class above it"),
    pytest.param((action("surgery", "gout"),), (), [], {}, id="for another condition"),
    pytest.param((NSAID, SCREEN), (), ["nsaid"], {}, id="nothing known against it"),
    pytest.param((NSAID, SCREEN), ("ulcer",), [], {"nsaid": ("ulcer",)}, id="its own contraindication"),
    pytest.param((NSAID, SCREEN), ("pregnant",), [], {"nsaid": ("pregnant",)}, id="that of the screen"),
    pytest.param((action("run", "tendinopathy", contraindicated_for=("infection",)),), ("hot",), [], {}, id="urgent: exercise waits, nothing need be said"),
    pytest.param((action("film", "tendinopathy", kind="imaging", urgency="today"),), ("hot",), [], {}, id="urgent: a milder listed condition waits"),
    pytest.param((action("fluid", "infection", kind="referral", urgency="today"),), ("hot",), ["fluid"], {}, id="urgent: for the raised condition"),
    pytest.param((action("fluid", "infection", kind="referral"),), ("hot",), [], {}, id="urgent: what is not fit for it waits"),
    pytest.param((action("scan", "infection", kind="imaging", urgency="soon"),), ("hot",), ["scan"], {}, id="urgent: what follows within days"),
    pytest.param((action("squats", "infection", urgency="today"),), ("hot",), [], {}, id="urgent: exercise waits, however it is marked"),
    pytest.param((action("film", "tendinopathy", kind="imaging", urgency="today"),), (), [], {}, id="not urgent: nothing for today"),
    pytest.param((action("film", "infection", kind="imaging", urgency="today", contraindicated_for=("ulcer",)),), ("hot", "ulcer"), [], {"film": ("ulcer",)}, id="urgent: a contraindication holds"),
    pytest.param((action("film", "unable", kind="imaging", urgency="today"),), ("unable",), ["film"], {}, id="urgent: for a finding whose rule names no condition"),
]  # fmt: skip


@pytest.mark.parametrize(("actions", "present", "offered", "blocked"), OFFERED)
def test_offered(
    actions: tuple, present: tuple[str, ...], offered: list[str], blocked: dict[str, tuple[str, ...]]
) -> None:
    assert advice(*actions, present=present)[:2] == (offered, blocked)


@pytest.mark.parametrize(
    ("absent", "caution"),
    [((), {"not known: ulcer, pregnant"}), (("ulcer",), {"not known: pregnant"}), (("ulcer", "pregnant"), set())],
)
def test_what_is_not_known_to_be_absent_is_said(absent: tuple[str, ...], caution: set[str]) -> None:
    """Nobody asked is not no: an option says which answers it still needs."""
    found = answer(
        knowledge(FINDINGS, CONDITIONS, RULES, actions=(NSAID, SCREEN)), AS_OF, present=("pain",), absent=absent
    )
    assert {words for option in found.options for words in option.caution} == caution


def test_what_needs_review_is_a_caution() -> None:
    reviewed = action("nsaid", "tendinopathy", kind="medication", reviewed_by="nsaid_cautions")
    review = action("nsaid_cautions", kind="medication", contraindicated_for=("ulcer",))
    found = answer(knowledge(FINDINGS, CONDITIONS, RULES, actions=(reviewed, review)), AS_OF, present=("pain", "ulcer"))
    assert [(option.action, option.caution) for option in found.options] == [("nsaid", ("ulcer",))]


def test_what_guidelines_say_not_to_do() -> None:
    """For advice against something the list says whom it concerns."""
    against = action(
        "no_injection", kind="injection", evidence_strength="recommend_against", contraindicated_for=("tendinopathy",)
    )
    assert advice(against)[2] == {"no_injection": ("tendinopathy",)}
    assert advice(action("no_film", evidence_strength="recommend_against", contraindicated_for=("infection",)))[2] == {}


def test_better_supported_first() -> None:
    weak, strong = (
        action("tape", "tendinopathy", evidence_strength="limited"),
        action("squats", "tendinopathy", evidence_strength="strong_guideline"),
    )
    assert advice(weak, strong)[0] == ["squats", "tape"]


def test_because_names_the_condition() -> None:
    found = answer(knowledge(FINDINGS, CONDITIONS, RULES, actions=(EXERCISE,)), AS_OF, present=("pain",))
    assert [(option.because, option.scope, option.sources) for option in found.options] == [
        (("tendinopathy",), "left", ("study",))
    ]


def test_a_statement_is_no_option() -> None:
    said = action("tears_are_common", "tendinopathy", kind="imaging", statement=True)
    assert advice(said) == ([], {}, {"tears_are_common": ("tendinopathy",)})


def test_a_long_list_is_cut_by_kind() -> None:
    """The best supported of each kind; lay advice only where little else is known."""
    many = [action(f"exercise_{number}", "tendinopathy") for number in range(8)]
    lay = [
        action(f"lay_{number}", "tendinopathy", kind="self_care", evidence_strength="seed_only") for number in range(8)
    ]
    assert advice(*lay, *many)[0] == [f"exercise_{number}" for number in range(6)] + [
        f"lay_{number}" for number in range(3)
    ]


def shipped_advice(*present: str, absent: tuple[str, ...] = (), **amounts: Any) -> tuple[set[str], set[str]]:
    """Return what the knowledge that ships offers, and of which kinds."""
    found = answer(SHIPPED, AS_OF, present=("knee_pain", *present), absent=absent, **amounts)
    assert len({(one.action, one.scope) for one in found.options}) == len(found.options)
    return {one.action for one in found.options}, {one.kind for one in found.options}


URGENT = [
    pytest.param(("suspected_dvt", "leg_swelling", "calf_pain"), {}, {"wells_d_dimer", "leg_vein_ultrasound"}, {"technique_review", "physio_referral", "knee_film_today"}, id="clot"),
    pytest.param(("knee_injury", "effusion_within_2h"), {"age_years": 24}, {"knee_film_today", "mri_acute_injury", "acute_knee_clinic"}, {"physio_referral", "acl_rehab", "orthopaedics_same_day"}, id="haemarthrosis"),
    pytest.param(("knee_injury", "unable_to_walk_4_steps"), {"age_years": 60, "symptom_duration_days": 1}, {"knee_film_today", "splint_no_weight"}, {"physio_referral", "periprosthetic_film"}, id="Ottawa"),
    pytest.param(("locked_knee",), {"age_years": 25, "symptom_duration_days": 2}, {"knee_film_today", "orthopaedics_same_day", "mri_locked_knee"}, {"physio_referral", "meniscus_rehab"}, id="locked"),
    pytest.param(("hot_swollen_joint", "acute_knee_swelling", "fever"), {"age_years": 60}, {"refer_aspiration", "infection_bloods"}, {"gout_flare_drugs", "physio_referral", "prosthesis_orthopaedics", "child_joint_infection"}, id="hot and swollen"),
    pytest.param(("hot_swollen_joint", "acute_knee_swelling", "fever", "knee_prosthesis"), {"age_years": 70}, {"prosthesis_orthopaedics"}, {"refer_aspiration"}, id="hot replacement"),
    pytest.param(("saddle_numbness",), {}, {"ed_cauda_equina"}, {"physio_referral"}, id="cauda equina"),
    pytest.param(("safeguarding_concern",), {"age_years": 2}, {"safeguarding_referral"}, set(), id="safeguarding"),
    pytest.param(("unable_to_extend_actively", "knee_injury"), {"age_years": 50}, {"knee_film_today", "orthopaedics_same_day"}, {"physio_referral"}, id="extensor mechanism"),
    pytest.param(("limp", "hip_internal_rotation_limited"), {"age_years": 12}, {"scfe_hip_films", "scfe_orthopaedics", "scfe_no_weight"}, {"osd_activity_ladder"}, id="slipped epiphysis"),
]  # fmt: skip


@pytest.mark.parametrize(("present", "amounts", "offered", "never"), URGENT)
def test_an_urgent_knee_gets_what_settles_the_question(
    present: tuple[str, ...], amounts: dict[str, float], offered: set[str], never: set[str]
) -> None:
    found, kinds = shipped_advice(*present, **amounts)
    assert offered <= found
    assert not never & found
    assert kinds <= {"imaging", "referral", "education"}


def test_imaging_of_osteoarthritis_does_not_contradict_itself() -> None:
    for_it = {one.id for one in SHIPPED.actions_for["knee_osteoarthritis"] if one.kind == "imaging"}
    assert not for_it  # it is a clinical diagnosis; that is said among what guidelines advise against


def test_new_advice_names_no_anti_inflammatory_unscreened() -> None:
    for one in SHIPPED.files.actions:
        if "NSAID" in one.text + one.dosage and one.kind == "medication" and one.indicated_for:
            assert one.screened_by, one.id
        if one.urgency:
            assert "NSAID" not in one.text + one.dosage

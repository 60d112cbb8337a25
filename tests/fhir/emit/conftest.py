"""Assessments built by hand, one for each shape that the writer must cope with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest

from kneecds.core.assessment import (
    Answer,
    Assessment,
    Blocked,
    Contribution,
    Counterfactual,
    Hypothesis,
    Knee,
    KnownFinding,
    Option,
    Question,
    RuleResult,
    Software,
)
from kneecds.core.facts import Origin, Subject
from kneecds.core.knowledge import Action, Code, Condition, Finding, RedFlag, Source
from kneecds.errors import fatal, warning
from kneecds.fhir.emit import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"

HOSTILE = (
    '<script>alert("x")</script> & ]]> **bold** [link](javascript:x) | `code`\n# heading '
    "\x00\x07\x9b\ud800\ufffe\u202egnp.exe\u2066 \U0001f9b5\u0301 e\u0301"
)


def _condition(name: str, label: str, managed: str, *codes: Code) -> Condition:
    return Condition(name, label, "joint", "adults", True, "routine", managed, codes=codes)  # type: ignore[arg-type]


CONDITIONS = (
    _condition(
        "knee_osteoarthritis",
        "Osteoarthritis of the knee",
        "yes",
        Code(SNOMED, "239873007", "Osteoarthritis of knee (disorder)"),
        Code(ICD, "M17.11", "Unilateral primary osteoarthritis, right knee", side="right"),
        Code(ICD, "M17.31", "Unilateral post-traumatic osteoarthritis, right knee", side="right"),
        Code(ICD, "M17.0", "Bilateral primary osteoarthritis of knee"),
    ),
    _condition(
        "acl_tear",
        "Anterior cruciate ligament tear",
        "yes",
        Code(SNOMED, "444470001", "Injury of anterior cruciate ligament (disorder)", means="broader"),
    ),
    _condition(
        "patellar_tendinopathy",
        "Patellar tendinopathy",
        "yes",
        Code(ICD, "M76.51", "Patellar tendinitis, right knee", side="right"),
        Code(ICD, "M76.52", "Patellar tendinitis, left knee", side="left"),
        Code(ICD, "M76.50", "Patellar tendinitis, unspecified knee"),
    ),
    _condition("septic_arthritis", "Septic arthritis", "rank_only"),
    _condition("deep_vein_thrombosis", "Deep vein thrombosis", "rank_only"),
    _condition("gout", "Gout", "yes", Code(SNOMED, "90560007", "Gout (disorder)", emit=False)),
)
FINDINGS = (
    Finding(
        "fever",
        "Fever",
        "38 or more",
        "general",
        "boolean",
        "person",
        "patient",
        codes=(Code(SNOMED, "386661006", "Fever (finding)"),),
    ),
    Finding("hot_joint", "Hot joint", "warm", "sign", "boolean", "knee", "clinician"),
    Finding("knee_swelling", "Knee swelling", "swollen", "symptom", "boolean", "knee", "patient"),
    Finding(
        "crp_mg_l",
        "CRP",
        "C-reactive protein",
        "lab",
        "quantity",
        "person",
        "device_or_lab",
        unit="mg/L",
        codes=(Code(LOINC, "1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"),),
    ),
)
RULES = tuple(
    RedFlag(name, title, "fever", tier, f"do what {name} says", "a reason", ("source_a", "source_b"))  # type: ignore[arg-type]
    for name, title, tier in (
        ("rf_hot_swollen_joint", "Hot swollen joint", "emergency"),
        ("rf_fever_with_knee", "Fever with a painful knee", "urgent_same_day"),
        ("rf_locked_knee", "Locked knee", "soon_within_days"),
        *((f"rf_undecided_{number}", f"Undecided {number}", "routine") for number in range(40)),
    )
)
KINDS = (
    ("physio_referral", "referral"),
    ("refer_aspiration", "referral"),
    ("xray_chronic_first", "imaging"),
    ("mri_incidental_caution", "imaging"),
    ("quad_set", "exercise"),
    ("wall_sit", "exercise"),
    ("low_impact_swap", "load_management"),
    ("ice_15_20", "self_care"),
    ("education_diagnosis_active", "education"),
    ("topical_nsaid", "medication"),
    ("strong_opioids_oa", "medication"),
)
ACTIONS = tuple(Action(name, kind, f"Text of {name}: a < b & c", "moderate", ("source_a",)) for name, kind in KINDS)
SOURCES = (
    Source("source_a", "A trial of knees", "Author et al.", "2001", "https://doi.org/10.1000/1", "a figure"),
    Source("source_b", "Not a web page", "-", "n/d", "10.1000/2", "a choice"),
)


def files(**changes: object) -> SimpleNamespace:
    """Return knowledge just large enough to write with."""
    whole = {"conditions": CONDITIONS, "findings": FINDINGS, "red_flags": RULES, "actions": ACTIONS, "sources": SOURCES}
    return SimpleNamespace(**(whole | changes))


def rule(name: str, scope: str = "right", **changes: object) -> RuleResult:
    known = next(one for one in RULES if one.id == name)
    plain = RuleResult(
        name,
        known.title,
        known.tier,
        "met",
        scope,  # type: ignore[arg-type]
        because=("Hot joint present", "Temperature 38.6 C"),
        raises=("septic_arthritis",),
        action=known.action,
        rationale=known.rationale,
        sources=known.source,
        findings=("hot_joint", "fever"),
    )
    return msgspec.structs.replace(plain, **changes)


def hypothesis(name: str, rank: int, probability: float, **changes: object) -> Hypothesis:
    known = next(one for one in CONDITIONS if one.id == name)
    plain = Hypothesis(
        name,
        known.label,
        rank,
        probability,
        probability / 2,
        (1 + probability) / 2,
        probability,
        known.default_tier,
        supporting=tuple(
            Contribution(finding, label, "present", 1.163, "measured", "source_a", note="capped")
            for finding, label in (("knee_swelling", "Knee swelling"), ("hot_joint", "Hot joint"))
        ),
        opposing=(Contribution("fever", "Fever", "absent", -0.3, "qualitative", "source_b", weight="weak against"),),
        missing=(Contribution("crp_mg_l", "CRP", "unknown", 0, "measured", "source_a", if_present=1.0),),
        prior=0.12,
        prior_source="source_b",
        prior_basis="consensus",
        confirmed_by="Aspiration",
    )
    return msgspec.structs.replace(plain, **changes)


def option(name: str, scope: str = "right", **changes: object) -> Option:
    known = next(one for one in ACTIONS if one.id == name)
    plain = Option(
        name,
        known.kind,
        known.text,
        scope,  # type: ignore[arg-type]
        known.evidence_strength,
        because=("knee_osteoarthritis", "rf_fever_with_knee"),
        dosage="twice a week",
        caution=("Anticoagulant",),
        sources=known.source,
    )
    return msgspec.structs.replace(plain, **changes)


def known_findings() -> tuple[KnownFinding, ...]:
    filler = tuple(
        KnownFinding(
            f"filler_{number}",
            f"Filler {number}",
            "right",
            "absent",
            origins=(Origin("QuestionnaireResponse/q1", f"item[{number}]", f"l{number}"),),
        )
        for number in range(24)
    )
    return (
        KnownFinding(
            "fever",
            "Fever",
            "person",
            "present",
            origins=(Origin("Observation/o1"), Origin("QuestionnaireResponse/q1", link_id="1")),
        ),
        KnownFinding("hot_joint", "Hot joint", "right", "present", origins=(Origin("Observation/o2"),)),
        KnownFinding(
            "knee_swelling",
            "Knee swelling",
            "right",
            "contradicted",
            origins=(Origin("Observation/o3"), Origin("Observation/o4")),
        ),
        KnownFinding(
            "crp_mg_l",
            "CRP",
            "person",
            "value",
            "12.0",
            "mg/L",
            origins=(Origin("urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"), Origin("the host's laboratory")),
        ),
        *filler,
    )


def knee(side: str = "right", tier: str = "urgent_same_day", **changes: object) -> Knee:
    plain = Knee(
        side,  # type: ignore[arg-type]
        tier,  # type: ignore[arg-type]
        enough_known=True,
        hypotheses=(
            hypothesis("knee_osteoarthritis", 1, 0.4237),
            hypothesis("acl_tear", 2, 0.081),
            hypothesis("patellar_tendinopathy", 3, 0.0042),
            hypothesis("septic_arthritis", 4, 0.9999),
        ),
        named=(hypothesis("gout", 0, 0.0, raised_by=("rf_fever_with_knee",)),),
        not_excluded=(hypothesis("deep_vein_thrombosis", 0, 0.001),),
        rules=(
            rule("rf_hot_swollen_joint", side, tier="urgent_same_day"),
            rule("rf_fever_with_knee", side),
            rule(
                "rf_locked_knee",
                side,
                status="met_unless",
                cancelled_by=(Answer("fever", "Old loss of extension", "present"),),
            ),
        ),
        undecided=tuple(rule(f"rf_undecided_{number}", side, status="undecided") for number in range(40)),
    )
    return msgspec.structs.replace(plain, **changes)


def normal(**changes: object) -> Assessment:
    plain = Assessment(
        "1",
        Software("0.1.0", "2026.11", "abc123"),
        "2026-11-20T10:30:00+01:00",
        "primary_care",
        "data-requested",
        Subject("Patient/p1", "1970-01-01", "female"),
        "urgent_same_day",
        knees=(knee(),),
        questions=tuple(
            Question(name, label, scope, "clinician", "escalation", "It would decide a rule.", 3.0, "emergency")  # type: ignore[arg-type]
            for name, label, scope in (
                ("hot_joint", "Hot joint", "right"),
                ("fever", "Fever", "person"),
                ("crp_mg_l", "CRP", "person"),
            )
        ),
        counterfactuals=(
            Counterfactual(
                "raise",
                "emergency",
                "right",
                (Answer("fever", "Fever", "present"), Answer("hot_joint", "Hot joint", "present")),
            ),
            Counterfactual("lower", "routine", "right", (Answer("fever", "Fever", "absent"),)),
        ),
        options=tuple(option(name) for name, _ in KINDS[:10]),
        against=(option("strong_opioids_oa", strength="recommend_against_strong"),),
        blocked=(Blocked("topical_nsaid", "Topical NSAID", "person", ("Open wound",), ("Pregnancy",)),),
        findings=known_findings(),
        issues=(
            warning(
                "value", "unit-plausible", "Bundle.entry[3].resource.value", "38.6 [degF] is not a body temperature"
            ),
        ),
    )
    return msgspec.structs.replace(plain, **changes)


def hostile() -> Assessment:
    """Every text that can come from outside is an attack."""
    bad_rule = rule(
        "rf_fever_with_knee",
        because=(HOSTILE,),
        title=HOSTILE,
        action=HOSTILE,
        rationale=HOSTILE,
        cancelled_by=(Answer(HOSTILE, HOSTILE, HOSTILE),),
        status="met_unless",
        sources=(HOSTILE,),
        findings=(HOSTILE, "fever"),
    )
    bad_hypothesis = hypothesis(
        "acl_tear", 1, 0.3, label=HOSTILE, note=HOSTILE, confirmed_by=HOSTILE, raised_by=(HOSTILE,), includes=(HOSTILE,)
    )
    unknown_hypothesis = msgspec.structs.replace(bad_hypothesis, condition=HOSTILE)
    return normal(
        software=Software(HOSTILE, HOSTILE, ""),
        as_of="yesterday",
        subject=Subject(f"Patient/{HOSTILE}"),
        knees=(
            knee(
                hypotheses=(bad_hypothesis, unknown_hypothesis),
                rules=(bad_rule, msgspec.structs.replace(bad_rule, rule=HOSTILE)),
                named=(unknown_hypothesis,),
            ),
        ),
        questions=(
            Question(HOSTILE, HOSTILE, "right", "patient", "escalation", HOSTILE, 1.0),
            Question("fever", "\x00", "right", "patient", "escalation", "", 1.0),
        ),
        counterfactuals=(Counterfactual("raise", "emergency", "right", (Answer(HOSTILE, HOSTILE, HOSTILE),)),),
        options=tuple(
            option(
                "quad_set",
                action=action,
                kind=kind,
                text=HOSTILE,
                strength=HOSTILE,
                because=(HOSTILE,),
                dosage=HOSTILE,
                caution=(HOSTILE,),
                sources=(HOSTILE,),
            )
            for action in ("quad_set", HOSTILE)
            for kind in ("exercise", "imaging", "self_care", HOSTILE)
        ),
        against=(option("strong_opioids_oa", text=HOSTILE),),
        blocked=(Blocked(HOSTILE, HOSTILE, "right", (HOSTILE,), (HOSTILE,)),),
        findings=(
            KnownFinding(
                HOSTILE,
                HOSTILE,
                "right",
                "contradicted",
                HOSTILE,
                HOSTILE,
                (Origin(HOSTILE, HOSTILE, HOSTILE, HOSTILE), Origin('Observation/"x')),
            ),
            KnownFinding("fever", "\x00 ", "right", "contradicted", origins=(Origin("\u202e"), Origin(" "))),
        ),
        issues=(fatal("invalid", HOSTILE, HOSTILE, HOSTILE), warning("value", "", "", "\x00")),
    )


def _failure() -> Assessment:
    return normal(
        status="failure",
        tier=None,
        knees=(),
        questions=(),
        counterfactuals=(),
        options=(),
        against=(),
        blocked=(),
        findings=(),
        subject=Subject(),
        as_of="2026-11-20",
        issues=(fatal("structure", "json-syntax", "Bundle", "The input ends in the middle of a value"),),
    )


SHAPES: dict[str, Callable[[], Assessment]] = {
    "normal": normal,
    "emergency": lambda: normal(
        tier="emergency",
        knees=(knee(tier="emergency", rules=(rule("rf_hot_swollen_joint"),)),),
        person_rules=(rule("rf_fever_with_knee", "person"),),
        person_undecided=(rule("rf_undecided_1", "person", status="undecided"),),
        options=(),
    ),
    "success": lambda: normal(
        status="success",
        tier="self_care",
        questions=(),
        issues=(),
        knees=(knee(tier="self_care", rules=(), undecided=()),),
    ),
    "data-required": lambda: normal(
        status="data-required",
        knees=(knee(enough_known=False, hypotheses=(), named=(), not_excluded=(), rules=()),),
        options=(),
        against=(),
        blocked=(),
        counterfactuals=(),
    ),
    "nothing known": lambda: normal(
        status="data-required",
        tier=None,
        knees=(),
        questions=(),
        counterfactuals=(),
        options=(),
        against=(),
        blocked=(),
        findings=(),
        issues=(),
    ),
    "failure": _failure,
    "failure that still carries conclusions": lambda: normal(status="failure", issues=()),
    "both knees": lambda: normal(
        knees=(knee("left", "routine"), knee("right"), knee("unspecified", "self_care", rules=())),
        options=tuple(
            option(name, scope) for name, _ in KINDS[:10] for scope in ("left", "right", "unspecified", "person")
        ),
    ),
    "hostile": hostile,
    "date only": lambda: normal(as_of="2026-11-20"),
}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return one catalogue for all tests: what it keeps must not show."""
    return Catalogue.of(files())


@pytest.fixture(params=list(SHAPES))
def assessment(request: pytest.FixtureRequest) -> Assessment:
    """Return each shape in turn."""
    return SHAPES[request.param]()


@pytest.fixture
def shaped() -> Callable[[str], Assessment]:
    """Return a shape by its name."""
    return lambda name: SHAPES[name]()


@pytest.fixture
def changed() -> Callable[..., Assessment]:
    """Return the normal shape with changes."""
    return normal


@pytest.fixture
def hostile_text() -> str:
    """Return a text with markup, markdown, controls and characters that turn the line."""
    return HOSTILE

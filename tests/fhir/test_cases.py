"""The compact case format: written as FHIR and read back, nothing is lost, changed or added."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from readings import facts

from kneecds.errors import InputError
from kneecds.fhir.cases import to_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.core.knowledge import Finding
    from kneecds.fhir.read import Reading

AS_OF = date(2026, 3, 15)
SHARED = Path(__file__).parents[3] / "shared" / "clinical" / "development-vignettes.jsonl"
SIDES = {"left": ["left"], "right": ["right"], "bilateral": ["left", "right"]}


def case(**more: Any) -> dict[str, Any]:
    return {
        "id": "t1",
        "age_years": 40,
        "sex": "female",
        "side": "right",
        "findings": {"present": ["effusion"], "absent": ["fever"]},
        **more,
    }


WRITTEN = [
    case(),
    case(side="left", duration_days=0, onset="sudden_traumatic"),
    case(side="bilateral", measurements={"pain_nrs_0_10": 8, "temperature_c": 38.4}),
    case(side="unknown", onset="unknown", sex="male"),
    case(age_years=1.5, sex="other", side=None),
    case(age_years=0.33),
    case(age_years=None, sex=None),
    case(findings={"present": ["pregnant", "on_anticoagulant", "known_gout", "lachman_positive"], "absent": ["night_pain", "d_dimer_raised", "gram_stain_positive"]}),
]  # fmt: skip


def vignettes() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SHARED.read_text("utf-8").splitlines()] if SHARED.exists() else []


def expected(case_: dict[str, Any], findings: dict[str, Finding]) -> set[tuple[str, str, object]]:
    stated: dict[str, object] = dict.fromkeys(case_["findings"]["present"], True) | dict.fromkeys(
        case_["findings"]["absent"], False
    )
    stated |= {name: Decimal(str(value)) for name, value in case_.get("measurements", {}).items()}
    if case_.get("duration_days") is not None:
        stated["symptom_duration_days"] = Decimal(str(case_["duration_days"]))
    if case_.get("onset") not in (None, "unknown"):
        stated["onset"] = case_["onset"]
    if case_.get("age_years") is not None:
        stated["age_years"] = Decimal(str(case_["age_years"]))
    if case_.get("sex"):
        stated["sex"] = case_["sex"]
    of_knee = SIDES.get(case_["side"], ["unspecified"])
    return {
        (name, scope, value)
        for name, value in stated.items()
        for scope in (of_knee if findings[name].scope == "knee" else ["person"])
    }


@pytest.mark.parametrize(
    "one", [*WRITTEN, *vignettes()], ids=lambda one: f"{one['id']}-{one['side']}-{one['age_years']}"
)
def test_round_trip(take: Callable[..., Reading], findings: dict[str, Finding], one: dict[str, Any]) -> None:
    written = to_bundle(one, findings, AS_OF)
    reading = take(written)
    assert facts(reading) == expected(one, findings)
    assert len(reading.facts) == len(facts(reading))
    assert reading.unusable is False
    assert {i.rule for i in reading.issues} <= {"laterality-missing", "birth-date-missing"}
    assert to_bundle(one, findings, AS_OF) == written


def test_codes_of_others_stand_beside_ours(findings: dict[str, Finding]) -> None:
    (_, observation, _) = (entry["resource"] for entry in to_bundle(case(), findings, AS_OF)["entry"])
    assert [coding["code"] for coding in observation["code"]["coding"]] == ["202381003", "effusion"]
    assert observation["bodySite"]["coding"][0]["code"] == "6757004"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"findings": {"present": ["no_such"], "absent": []}}, "case-unknown-finding"),
        ({"findings": {"present": ["crp_mg_l"], "absent": []}}, "case-wrong-kind"),
        ({"measurements": {"effusion": 3}}, "case-wrong-kind"),
        ({"onset": "creeping"}, "case-unknown-choice"),
        ({"side": "middle"}, "case-unknown-side"),
    ],
)
def test_unknown_ids_are_reported(findings: dict[str, Finding], change: dict[str, Any], rule: str) -> None:
    with pytest.raises(InputError) as caught:
        to_bundle(case(**change), findings, AS_OF)
    assert [issue.rule for issue in caught.value.issues] == [rule]

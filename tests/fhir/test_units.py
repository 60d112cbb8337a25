"""Units: every conversion by an independent figure, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from kneecds.fhir.units import bare, units_for

if TYPE_CHECKING:
    from kneecds.core.knowledge import Finding


@pytest.mark.parametrize(
    ("finding", "unit", "given", "of", "expected"),
    [
        pytest.param("temperature_c", "Cel", "38.0", "Cel", "38.0", id="the own unit keeps its decimals"),
        pytest.param("temperature_c", "Cel", "100.4", "[degF]", "38", id="100.4 F is 38 C exactly"),
        pytest.param("temperature_c", "Cel", "310.15", "K", "37.00", id="kelvin"),
        pytest.param("crp_mg_l", "mg/L", "2.5", "mg/dL", "25", id="CRP in mg/dL"),
        pytest.param("urate_umol_l", "umol/L", "7", "mg/dL", "416.36", id="urate by its molar mass"),
        pytest.param("urate_umol_l", "umol/L", "0.42", "mmol/L", "420", id="urate in mmol/L"),
        pytest.param("wbc_10e9_l", "10*9/L", "12.4", "10*3/uL", "12.4", id="the same number"),
        pytest.param("wbc_10e9_l", "10*9/L", "12400", "/uL", "12.4", id="cells per microlitre"),
        pytest.param("synovial_wbc_per_ul", "/uL", "52", "10*3/uL", "52000", id="thousands in joint fluid"),
        pytest.param("synovial_wbc_per_ul", "/uL", "52", "10*9/L", "52000", id="per litre in joint fluid"),
        pytest.param("synovial_neutrophil_percent", "%", "0.9", "1", "90", id="a fraction"),
        pytest.param("symptom_duration_days", "d", "6", "wk", "42", id="weeks"),
        pytest.param("symptom_duration_days", "d", "12", "h", "0.5", id="hours"),
        pytest.param("symptom_duration_days", "d", "2", "a", "730.5", id="years"),
        pytest.param("exercise_to_onset_hours", "h", "2", "d", "48", id="days as hours"),
        pytest.param("morning_stiffness_minutes", "min", "0.5", "h", "30", id="hours as minutes"),
        pytest.param("pregnancy_weeks", "wk", "141", "d", "20.142857143", id="days as weeks, rounded"),
        pytest.param("age_years", "a", "30", "mo", "2.5", id="months as years"),
    ],
)
def test_conversion(finding: str, unit: str, given: str, of: str, expected: str) -> None:
    assert units_for(finding, unit)[of](Decimal(given)) == Decimal(expected)


@pytest.mark.parametrize(
    ("finding", "unit", "wrong"),
    [
        ("crp_mg_l", "mg/L", "nmol/L"),
        ("temperature_c", "Cel", "mg/L"),
        ("egfr_ml_min_1_73m2", "mL/min/{1.73_m2}", "mL/min"),
        ("other_umol_l", "umol/L", "mg/dL"),
        ("symptom_duration_days", "d", "D"),
    ],
)
def test_unknown_unit(finding: str, unit: str, wrong: str) -> None:
    assert wrong not in units_for(finding, unit)


def test_annotations_change_nothing() -> None:
    assert bare("10*3/uL{cells}") == "10*3/uL"
    assert bare("{score}") == "1"


def test_every_unit_of_a_finding_has_a_table(findings: dict[str, Finding]) -> None:
    assert [f.id for f in findings.values() if f.unit and len(units_for(f.id, f.unit)) < 2] == []

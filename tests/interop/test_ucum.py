"""NLM's ucum-lhc and we agree on what is a UCUM unit and on what an amount is in another unit."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Final

import node
import pytest

pytestmark = pytest.mark.usefixtures("javascript")

CODES: Final = Path(__file__).parent / "cases" / "ucum.jsonl"
"""Codes of every make, with what the HL7 engine says of them (test_hapi_agreement.py asks it)."""

IN_USE: Final = [
    "1",
    "10*3/uL",
    "10*6/uL",
    "10*9/L",
    "10*12/L",
    "%",
    "%",
    "deg",
    "rad",
    "m",
    "cm",
    "mm",
    "km",
    "[in_i]",
    "[ft_i]",
    "[mi_i]",
    "g",
    "kg",
    "mg",
    "ug",
    "ng",
    "[lb_av]",
    "[oz_av]",
    "L",
    "mL",
    "dL",
    "uL",
    "fL",
    "s",
    "min",
    "h",
    "d",
    "wk",
    "mo",
    "a",
    "ms",
    "/min",
    "/h",
    "/d",
    "Hz",
    "N",
    "N.m",
    "W",
    "J",
    "kJ",
    "kcal",
    "Pa",
    "kPa",
    "mm[Hg]",
    "bar",
    "Cel",
    "[degF]",
    "K",
    "mol",
    "mmol",
    "umol",
    "nmol",
    "mmol/L",
    "umol/L",
    "mg/dL",
    "mg/L",
    "g/L",
    "g/dL",
    "ug/L",
    "ng/mL",
    "pg/mL",
    "U/L",
    "k[IU]/L",
    "[IU]/L",
    "m[IU]/mL",
    "meq/L",
    "mosm/kg",
    "mL/min",
    "mL/min/{1.73_m2}",
    "mm/h",
    "kg/m2",
    "{score}",
    "{count}",
    "{steps}/d",
    "{beats}/min",
    "{INR}",
    "{a}m",
    "m{a}",
    "mg/kg",
    "mg/kg/d",
    "ug/kg/min",
    "[pH]",
    "dB",
    "m/s",
    "m/s2",
    "km/h",
    "m2",
    "cm2",
    "mL/kg",
    "mmhg",
    "mmHg",
    "°C",
    "foo",
    "mg/dl/",
    "m//s",
    "kg/m^2",
    "10^3/uL",
    "bpm",
    "lb",
    "in",
    "ft",
    "yr",
    "hr",
    "sec",
    "week",
    "years",
    "cc",
    "mcg",
    "µg",
]
"""What forms and devices send, right and wrong."""

CONVERSIONS: Final = (
    ("37.5", "Cel", "[degF]"), ("100.4", "[degF]", "Cel"), ("310.15", "K", "Cel"), ("6", "wk", "d"), ("2", "a", "mo"),
    ("90", "min", "h"), ("3600", "s", "h"), ("5.5", "[ft_i]", "cm"), ("2", "[in_i]", "cm"), ("1", "[mi_i]", "km"),
    ("150", "[lb_av]", "kg"), ("10", "[oz_av]", "g"), ("500", "mg", "g"), ("1", "kg", "ug"), ("120", "mm[Hg]", "kPa"),
    ("1", "bar", "mm[Hg]"), ("5", "mg/dL", "mg/L"), ("5", "mmol/L", "umol/L"), ("12", "10*9/L", "10*3/uL"),
    ("50000", "/uL", "10*9/L"), ("30", "kg/m2", "g/cm2"), ("90", "deg", "rad"), ("1", "L", "mL"), ("250", "mL", "dL"),
    ("70", "/min", "Hz"), ("4.184", "kJ", "cal_th"), ("2", "{score}", "1"), ("50", "%", "1"),
    ("1", "kg", "cm"), ("1", "mg/dL", "mmol/L"), ("1", "[IU]", "mg"), ("1", "Cel", "m"), ("1", "foo", "m"),
)  # fmt: skip


def test_what_is_a_unit() -> None:
    from kneecds.fhir.terminology import ucum  # noqa: PLC0415 - not before a judge has been found

    verdicts = {answer["code"]: answer["valid"] for answer in node.ask("ucum", [{"code": code} for code in IN_USE])}
    assert {code: said for code, said in verdicts.items() if (ucum.parse(code) is not None) != said} == {}


def test_no_code_on_which_both_judges_are_against_us() -> None:
    """ucum-lhc takes prefixes of units that are not metric, and refuses Cel/s and m{a}{b}: there the HL7 engine decides."""
    from kneecds.fhir.terminology import ucum  # noqa: PLC0415

    rows = [json.loads(line) for line in CODES.read_text("utf-8").splitlines()]
    answers = node.ask("ucum", [{"code": row["code"]} for row in rows])
    alone = [row["code"] for row, answer in zip(rows, answers, strict=True) if answer["valid"] != row["valid"]]
    assert len(alone) < len(rows) / 10
    assert [row for row in rows if (ucum.parse(row["code"]) is not None) != row["valid"]] == []


def test_what_an_amount_is_in_another_unit() -> None:
    from kneecds.fhir.terminology import ucum  # noqa: PLC0415

    asked = [{"value": float(value), "from": source, "to": target} for value, source, target in CONVERSIONS]
    for (value, source, target), answer in zip(CONVERSIONS, node.ask("ucum", asked), strict=True):
        one, other = ucum.parse(source), ucum.parse(target)
        mine = ucum.convert(Decimal(value), one, other) if one and other else None
        what = f"{value} {source} in {target}: ucum-lhc says {answer['value']}, we say {mine}"
        assert (mine is None) == (answer["value"] is None), what
        assert mine is None or float(mine) == pytest.approx(answer["value"], rel=1e-9), what

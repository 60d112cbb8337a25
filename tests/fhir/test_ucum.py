"""Units by the grammar of UCUM: what is one, what it measures, what it is in another; and that our table of units agrees."""

from __future__ import annotations

import json
import re
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.fhir import units
from kneecds.fhir.terminology.ucum import comparable, convert, parse

JUDGED = Path(__file__).parents[1] / "interop/cases/ucum.jsonl"
TABLE = json.loads((Path(units.__file__).parent / "terminology/ucum.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("m", id="a base unit"),
        pytest.param("10", id="a number alone"),
        pytest.param("10*3/uL", id="a power of ten"),
        pytest.param("10^9/L", id="a power of ten, written with a caret"),
        pytest.param("/min", id="per something"),
        pytest.param("{score}", id="an annotation alone"),
        pytest.param("/100{WBCs}", id="a number with an annotation"),
        pytest.param("mL/min/{1.73_m2}", id="an annotation as a unit"),
        pytest.param("kg.m/(s2.(A))", id="parentheses in parentheses"),
        pytest.param("m-2", id="a negative exponent"),
        pytest.param("m+2", id="an exponent with plus"),
        pytest.param("mm[Hg]", id="a prefix, letters and brackets"),
        pytest.param("B[10.nV]", id="a dot in brackets"),
        pytest.param("[in_i'H2O]", id="digits in brackets"),
        pytest.param("[m/s2/Hz^(1/2)]", id="anything in brackets"),
        pytest.param("''", id="seconds of an arc"),
        pytest.param("%[slope]", id="an atom of a sign and brackets"),
        pytest.param("k[iU]/mL", id="an arbitrary unit with a prefix"),
        pytest.param("KiBy", id="a binary prefix"),
        pytest.param("cd", id="candela, not a hundredth of a day"),
        pytest.param("{beats per minute}", id="spaces in an annotation, as HL7's reader takes them"),
        pytest.param("(m.s){a}", id="an annotation after parentheses, likewise"),
        pytest.param("(" * 20 + "m" + ")" * 20, id="twenty deep"),
    ],
)
def test_is_a_unit(code: str) -> None:
    assert parse(code) is not None


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="nothing"),
        pytest.param("mmHg", id="no such atom"),
        pytest.param("KG", id="another case is another code"),
        pytest.param("mg/dL/", id="ends with an operator"),
        pytest.param("mg//dL", id="two operators"),
        pytest.param("2mg", id="a number without an operator"),
        pytest.param("mg dL", id="a space"),
        pytest.param(" mg", id="a space before"),
        pytest.param("1.5m", id="a decimal and a unit"),
        pytest.param("(m)2", id="an exponent of parentheses"),
        pytest.param("(m", id="open parentheses"),
        pytest.param("m)", id="closed but not opened"),
        pytest.param("()", id="nothing in parentheses"),
        pytest.param("{a", id="open annotation"),
        pytest.param("{a{b}}", id="an annotation in an annotation"),
        pytest.param("m^2", id="a caret is for ten only"),
        pytest.param("µg", id="not ASCII"),
        pytest.param("kmin", id="a minute takes no prefix"),
        pytest.param("m[degF]", id="nor does Fahrenheit"),
        pytest.param("kkg", id="two prefixes"),
        pytest.param("m--2", id="two signs"),
        pytest.param("m2{a}3", id="an exponent after the annotation"),
        pytest.param("{a}m", id="the annotation before the unit"),
        pytest.param("[foo]", id="brackets around nothing known"),
        pytest.param("m" + "/s" * 128, id="more than 255 characters"),
        pytest.param("(" * 21 + "m" + ")" * 21, id="twenty-one deep"),
    ],
)
def test_is_none(code: str) -> None:
    assert parse(code) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("mg/dL", "g/L", True),
        ("mg/dL", "mmol/L", False),
        ("Cel", "[degF]", True),
        ("mm[Hg]", "kPa", True),
        ("{score}", "1", True),
        ("[iU]/L", "[iU]/mL", True),
        ("[iU]/L", "[IU]/L", True),
        ("[iU]/L", "U/L", False),
        ("[iU]", "1", False),
        ("[iU]/[iU]", "1", True),
        ("[CFU]", "[PFU]", False),
        ("/min", "Hz", True),
        ("kg.m2/s2", "J", True),
    ],
)
def test_comparable(one: str, other: str, expected: bool) -> None:
    left, right = parse(one), parse(other)
    assert left is not None
    assert right is not None
    assert comparable(left, right) is expected


@pytest.mark.parametrize(
    ("given", "source", "target", "expected"),
    [
        ("1", "mg/dL", "g/L", "0.01"),
        ("1", "[lb_av]", "kg", "0.45359237"),
        ("6", "[ft_i]", "cm", "182.88"),
        ("37", "Cel", "[degF]", "98.6"),
        ("100.4", "[degF]", "Cel", "38"),
        ("0", "K", "Cel", "-273.15"),
        ("37000", "mCel", "Cel", "37"),
        ("10", "[degRe]", "Cel", "12.5"),
        ("1", "a", "d", "365.25"),
        ("1", "mo", "d", "30.4375"),
        ("120", "mm[Hg]", "kPa", "15.99864"),
        ("3", "dB", "B", "0.3"),
        ("7", "[pH]", "[pH]", "7"),
        ("2", "k[IU]/mL", "[iU]/L", "2000000"),
        ("1", "/3", "1", "0.33333333333333333333333333333333333333333333333333"),
        ("7", "[pH]", "mol/L", None),
        ("7", "mg/dL", "mmol/L", None),
        ("1", "Cel/s", "K/s", None),
        ("1", "/0", "1", None),
        ("1", "0", "1", None),
        ("NaN", "m", "cm", None),
        ("1E+999999", "m", "cm", None),
        ("1", "[pi]99999", "1", None),
    ],
)
def test_convert(given: str, source: str, target: str, expected: str | None) -> None:
    one, other = parse(source), parse(target)
    assert one is not None
    assert other is not None
    assert convert(Decimal(given), one, other) == (None if expected is None else Decimal(expected))


def test_every_atom_and_prefix_is_worked_out() -> None:
    for code in (*TABLE["base"], *TABLE["atoms"]):
        assert parse(code) is not None, code
    for prefix, value in TABLE["prefixes"].items():
        unit = parse(f"{prefix}g")
        assert unit is not None
        assert unit.factor == Fraction(value)


def test_special_and_arbitrary_are_told() -> None:
    celsius, international, plain = parse("Cel"), parse("[iU]/L"), parse("mg/L")
    assert celsius is not None
    assert international is not None
    assert plain is not None
    assert (celsius.is_special, international.is_special, plain.is_special) == (True, False, False)
    assert (celsius.is_arbitrary, international.is_arbitrary, plain.is_arbitrary) == (False, True, False)


@pytest.mark.skipif(not JUDGED.exists(), reason="the table is not part of the package")
def test_the_reference_reader_says_the_same() -> None:
    """The verdicts are those of the UCUM reader inside HL7's validator (org.fhir:ucum 1.0.9)."""
    judged = [json.loads(line) for line in JUDGED.read_text("utf-8").splitlines()]
    assert len(judged) >= 500
    assert [row["code"] for row in judged if (parse(row["code"]) is not None) is not row["valid"]] == []


@given(st.text(alphabet="mgsLkd[]{}()./*^0123456789+-'%iUHgCel_ \x00é\n", max_size=300))
def test_anything_is_answered(code: str) -> None:
    unit = parse(code)
    assert unit is None or convert(Decimal(1), unit, unit) in {Decimal(1), None}


def test_hostile_codes_cost_little() -> None:
    started = time.perf_counter()
    for code in (
        "[pi]999." * 31 + "m",
        "(" * 255,
        "{" * 255,
        "10*" + "9" * 250,
        "a" * 1_000_000,
        "1." * 127 + "1",
        "[" * 255,
    ):
        unit = parse(code)
        if unit is not None:
            convert(Decimal("9" * 400), unit, unit)
    assert time.perf_counter() - started < 0.5


NOT_UCUM = {"mm", "mL/min/{1.73m2}", "mL/min/1.73.m2", "mg/100mL"}
"""Read as people mean them: mm is the Westergren reading after an hour; 1.73.m2 stands for the body surface."""
ROUNDED = {("mm[Hg]", "kPa"): "0.00001"}


@pytest.mark.parametrize(
    ("unit", "code"),
    [(unit, code) for unit, table in units._TABLES.items() for code in table if code not in NOT_UCUM or unit == "cm"],
)
def test_our_table_of_units_agrees(unit: str, code: str) -> None:
    """What is known of units for the knowledge's findings is what UCUM makes of them."""
    target, source = parse(unit), parse(code)
    assert target is not None
    assert source is not None
    conversion = units._TABLES[unit][code]
    for amount in (Decimal(0), Decimal(36), Decimal("100.4")):
        exact = convert(amount, source, target)
        assert exact is not None
        allowed = Decimal(ROUNDED.get((unit, code), "1e-9")) * max(1, abs(exact))
        assert abs(conversion(amount) - exact) <= allowed, (exact, conversion(amount))


def test_what_people_write_becomes_ucum() -> None:
    assert [code for code in units.WRITTEN.values() if parse(code) is None] == []
    assert [code for code in map(units.bare, ("10*3/uL{cells}", "{score}")) if parse(code) is None] == []
    assert [name for name in units.WRITTEN if re.search(r"[^!-~]", name) and parse(name) is not None] == []

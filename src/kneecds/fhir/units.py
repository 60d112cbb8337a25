"""UCUM units that a stated amount may have, and how it becomes an amount in our unit.

The table is closed: a unit that is not listed for a finding is refused, never guessed. Factors are exact decimals
except where the unit itself is a mean (a month is 30.4375 days, a year 365.25, as UCUM has it) or a molar mass is
used (urate: 59.48 µmol/L for 1 mg/dL).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

UCUM: Final = "http://unitsofmeasure.org"

_EXACT: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)
_PLACES: Final = 9
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")


class Conversion(NamedTuple):
    """Multiply, divide, then add."""

    times: Decimal
    over: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)
    before: Decimal = Decimal(0)  # added first

    def __call__(self, amount: Decimal) -> Decimal:
        """Return the amount in our unit."""
        if self == SAME:
            return amount
        product = _EXACT.multiply(_EXACT.add(amount, self.before), self.times)
        value = _EXACT.add(_EXACT.divide(product, self.over), self.plus)
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_PLACES:
            value = value.quantize(Decimal(1).scaleb(-_PLACES), context=_EXACT).normalize(_EXACT)
        return value


SAME: Final = Conversion(Decimal(1))


def _by(times: str, over: str = "1") -> Conversion:
    return Conversion(Decimal(times), Decimal(over))


_DAY: Final = {
    "a": ("365.25", "1"),
    "mo": ("30.4375", "1"),
    "wk": ("7", "1"),
    "d": ("1", "1"),
    "h": ("1", "24"),
    "min": ("1", "1440"),
    "s": ("1", "86400"),
}
"""What one of each is in days, as numerator and denominator."""


def _time(unit: str) -> dict[str, Conversion]:
    times, over = _DAY[unit]
    table = {}
    for name, (up, down) in _DAY.items():
        numerator, denominator = Decimal(up) * Decimal(over), Decimal(down) * Decimal(times)
        table[name] = SAME if name == unit else Conversion(numerator, denominator)
    if unit in ("a", "mo"):  # twelve months are a year, whatever the mean length of either
        table |= {"a": _by("12"), "mo": SAME} if unit == "mo" else {"a": SAME, "mo": _by("1", "12")}
    return table


_TABLES: Final[dict[str, dict[str, Conversion]]] = {
    **{unit: _time(unit) for unit in _DAY},
    "Cel": {
        "Cel": SAME,
        "[degF]": Conversion(Decimal(5), Decimal(9), before=Decimal(-32)),
        "K": Conversion(Decimal(1), plus=Decimal("-273.15")),
    },
    "mg/L": {
        "mg/L": SAME, "mg/dL": _by("10"), "ug/mL": SAME, "g/L": _by("1000"), "mg/mL": _by("1000"),
        "g/dL": _by("10000"), "ug/L": _by("1", "1000"), "ng/mL": _by("1", "1000"), "ug/dL": _by("1", "100"),
    },
    "mm/h": {"mm/h": SAME, "mm/(1.h)": SAME, "mm": SAME},  # the Westergren reading is taken after one hour
    "10*9/L": {
        "10*9/L": SAME, "10*3/uL": SAME, "10*6/mL": SAME, "10*3/mm3": SAME, "10^9/L": SAME, "10^3/uL": SAME,
        "/nL": SAME, "/uL": _by("1", "1000"), "/mm3": _by("1", "1000"), "10*6/L": _by("1", "1000"),
    },
    "/uL": {
        "/uL": SAME, "/mm3": SAME, "10*6/L": SAME, "10*3/mL": SAME, "10*3/uL": _by("1000"), "10*3/mm3": _by("1000"),
        "10*9/L": _by("1000"), "10*6/mL": _by("1000"), "10^3/uL": _by("1000"), "10^9/L": _by("1000"),
        "10^6/L": SAME, "/mL": _by("1", "1000"), "/L": _by("1", "1000000"),
    },
    "%": {"%": SAME, "1": _by("100")},
    "1": {"1": SAME, "%": _by("1", "100")},
    "mL/min/{1.73_m2}": {
        "mL/min/{1.73_m2}": SAME, "mL/min/{1.73m2}": SAME, "mL/min/1.73.m2": SAME, "mL/s/{1.73_m2}": _by("60"),
    },
    "kg/m2": {"kg/m2": SAME, "kg.m-2": SAME, "g/cm2": _by("10")},
    "mm[Hg]": {"mm[Hg]": SAME, "kPa": _by("7.50062"), "cm[Hg]": _by("10")},
    "/min": {"/min": SAME, "1/min": SAME, "min-1": SAME, "/s": _by("60"), "Hz": _by("60")},
    "deg": {"deg": SAME, "rad": _by("57.295779513")},
    "{score}": {"{score}": SAME, "1": SAME, "{points}": SAME},
    "{INR}": {"{INR}": SAME, "1": SAME},
    "umol/L": {"umol/L": SAME, "mmol/L": _by("1000"), "nmol/mL": SAME},
    "cm": {"cm": SAME, "m": _by("100"), "mm": _by("1", "10"), "[in_i]": _by("2.54"), "[ft_i]": _by("30.48")},
    "kg": {"kg": SAME, "g": _by("1", "1000"), "[lb_av]": _by("0.45359237")},
}  # fmt: skip

_OF_FINDING: Final[dict[str, dict[str, Conversion]]] = {
    "urate_umol_l": {"mg/dL": _by("59.48"), "mg/L": _by("5.948"), "mg/100mL": _by("59.48")},
}
"""Conversions that hold for one substance only."""

WITHOUT_UNIT: Final = frozenset({"{score}", "{INR}", "1"})
"""Our units that a bare number may have."""

WRITTEN: Final[dict[str, str]] = {
    "°C": "Cel", "degC": "Cel", "C": "Cel", "°F": "[degF]", "degF": "[degF]", "F": "[degF]", "mmHg": "mm[Hg]",
    "mm Hg": "mm[Hg]", "bpm": "/min", "beats/min": "/min", "beats/minute": "/min", "breaths/minute": "/min",
    "mm/hr": "mm/h", "kg/m^2": "kg/m2", "kg/m²": "kg/m2", "years": "a", "year": "a", "yr": "a", "months": "mo",
    "month": "mo", "weeks": "wk", "week": "wk", "days": "d", "day": "d", "hours": "h", "hour": "h", "hr": "h",
    "minutes": "min", "minute": "min", "degrees": "deg", "degree": "deg", "°": "deg", "percent": "%",
    "µmol/L": "umol/L", "μmol/L": "umol/L", "x10^9/L": "10*9/L", "10^3/µL": "10*3/uL", "K/uL": "10*3/uL",
    "score": "{score}", "/min": "/min",
}  # fmt: skip
"""How units are written for people where `Quantity.code` is missing."""


def units_for(finding: str, unit: str) -> Mapping[str, Conversion]:
    """Return every unit that is understood for a finding in this unit; its own unit at least."""
    return {unit: SAME, **_TABLES.get(unit, {}), **_OF_FINDING.get(finding, {})}


def bare(code: str) -> str:
    """Return a UCUM code without its annotations, which never change an amount."""
    return _ANNOTATION.sub("", code) or "1"

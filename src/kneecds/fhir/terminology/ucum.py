"""Units of the Unified Code for Units of Measure: whether a code is one, what it measures, and how one becomes another.

Codes are read by the whole grammar (https://ucum.org/ucum), not looked up in a list: `mg/dL`, `10*3/uL{cells}` and
`kg.m2/s2` are units, `mg/dl/` and `mmHg` are none. Amounts are exact fractions, so a conversion is exact.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from kneecds.fhir.terminology.ucum_atoms import Atoms
from kneecds.fhir.terminology.ucum_grammar import MOST_CHARACTERS, read

UCUM: Final = "http://unitsofmeasure.org"

_KEPT: Final = 4096
_DIGITS: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)
_LARGEST: Final = 400  # digits before or after the point of a value that is converted

# https://ucum.org/ucum#section-Special-Units-on-non-ratio-Scales: kelvin = (value + before) * times
_TEMPERATURES: Final[dict[str, tuple[Fraction, Fraction]]] = {
    "Cel": (Fraction("273.15"), Fraction(1)),
    "[degF]": (Fraction("459.67"), Fraction(5, 9)),
    "[degRe]": (Fraction("218.52"), Fraction(5, 4)),
}


class Unit(NamedTuple):
    """A valid UCUM code and what it amounts to in base units."""

    code: str
    dimension: tuple[int, ...]
    """Exponents of metre, second, gram, radian, kelvin, coulomb and candela."""
    arbitrary: tuple[tuple[str, int], ...]
    """Units that a procedure defines, such as [iU], with their exponents; they become nothing else."""
    factor: Fraction | None
    """How many base units one of it is; None for what no plain factor describes."""
    special: str
    """The atom of a unit that has a function instead, alone in its code: Cel, [pH], B."""
    is_special: bool
    """Whether such a unit stands anywhere in the code."""

    @property
    def is_arbitrary(self) -> bool:
        """Whether only a procedure says what it is."""
        return bool(self.arbitrary)


@lru_cache(maxsize=1)
def _atoms() -> Atoms:
    return Atoms()


def parse(code: str) -> Unit | None:
    """Return the unit of a case sensitive UCUM code; None when it is none."""
    return _parse(code) if len(code) <= MOST_CHARACTERS else None


@lru_cache(maxsize=_KEPT)
def _parse(code: str) -> Unit | None:
    amount = read(code, _atoms().find)
    if amount is None:
        return None
    return Unit(code, amount.dimension, amount.arbitrary, amount.factor, amount.special, amount.has_special)


def comparable(one: Unit, other: Unit) -> bool:
    """Whether both measure the same kind of thing: the same dimension and the same arbitrary units."""
    return one.dimension == other.dimension and one.arbitrary == other.arbitrary


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal | None:
    """Return an amount in another unit; None when it cannot be said exactly what it is there.

    A result that no decimal can hold, such as a third, is rounded to 50 digits.
    """
    if not comparable(source, target) or source.factor is None or target.factor is None:
        return None
    if not value.is_finite() or max(abs(value.adjusted()), len(value.as_tuple().digits)) > _LARGEST:
        return None
    amount = Fraction(value)
    if source.special != target.special or source.is_special != target.is_special:
        amount_in_base = _to_base(amount, source)
        return None if amount_in_base is None else _from_base(amount_in_base, target)
    if source.is_special and not source.special:
        return None
    return _decimal(amount * source.factor / target.factor)


def _to_base(amount: Fraction, unit: Unit) -> Fraction | None:
    if unit.factor is None:
        return None
    scaled = amount * unit.factor
    if not unit.is_special:
        return scaled
    scale = _TEMPERATURES.get(unit.special)
    return None if scale is None else (scaled + scale[0]) * scale[1]


def _from_base(amount: Fraction, unit: Unit) -> Decimal | None:
    if unit.factor is None:
        return None
    if not unit.is_special:
        return _decimal(amount / unit.factor)
    scale = _TEMPERATURES.get(unit.special)
    return None if scale is None else _decimal((amount / scale[1] - scale[0]) / unit.factor)


def _decimal(amount: Fraction) -> Decimal:
    return _DIGITS.divide(Decimal(amount.numerator), Decimal(amount.denominator))

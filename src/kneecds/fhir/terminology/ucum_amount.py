"""What a unit amounts to in base units, and how such amounts multiply."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

SIZE: Final = 7
"""Metre, second, gram, radian, kelvin, coulomb, candela: https://ucum.org/ucum#section-Base-Units."""

NO_DIMENSION: Final = (0,) * SIZE
MOST_BITS: Final = 4096
"""An amount with a longer fraction is not worked out; the largest real unit needs about 200."""
_MOST_EXPONENT: Final = 4096


class Amount(NamedTuple):
    """How much of which base units something is; `factor` is None where that is no plain multiple."""

    factor: Fraction | None
    dimension: tuple[int, ...]
    arbitrary: tuple[tuple[str, int], ...] = ()
    """Units that only a procedure defines, each a dimension of its own."""
    special: str = ""
    """The function that leads to base units where a factor does not."""
    has_special: bool = False

    def times(self, other: Amount, exponent: int) -> Amount:
        """Return the product with a power of another amount."""
        if self is UNITY and exponent == 1:
            return other
        factor = None
        if self.factor is not None and other.factor is not None and not (self.has_special or other.has_special):
            factor = _product(self.factor, other.factor, exponent)
        arbitrary = self.arbitrary
        if other.arbitrary:
            counted = dict(arbitrary)
            for name, power in other.arbitrary:
                counted[name] = counted.get(name, 0) + power * exponent
            arbitrary = tuple(sorted(pair for pair in counted.items() if pair[1]))
        dimension = self.dimension
        if other.dimension is not NO_DIMENSION:
            dimension = tuple([a + b * exponent for a, b in zip(dimension, other.dimension, strict=True)])
        return Amount(factor, dimension, arbitrary, "", self.has_special or other.has_special)


UNITY: Final = Amount(Fraction(1), NO_DIMENSION)


def number(factor: Fraction) -> Amount:
    """Return a number without dimension; nothing can be made of zero units."""
    return Amount(factor or None, NO_DIMENSION)


def _bits(factor: Fraction) -> int:
    return factor.numerator.bit_length() + factor.denominator.bit_length()


def _product(factor: Fraction, other: Fraction, exponent: int) -> Fraction | None:
    if abs(exponent) > _MOST_EXPONENT or _bits(other) * abs(exponent) > MOST_BITS:
        return None
    made = factor * other**exponent
    return made if _bits(made) <= MOST_BITS else None

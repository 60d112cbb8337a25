"""The grammar of UCUM's case sensitive codes: https://ucum.org/ucum#section-Full-and-Limited-Conformance."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from kneecds.fhir.terminology.ucum_amount import UNITY, Amount, number

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHARACTERS: Final = 255
MOST_NESTED: Final = 20

_ANNOTATIONS: Final = r"(?:\{[ -z|~]*\})"
_EXPONENT: Final = r"[+-]?[0-9]+"
_ATOM: Final = r"(?:\[[!-Z\\^-z|~]*\]|[!#$%&'*,:;<>?@A-Z\\^_`a-z|~])+"
_OPERAND: Final = re.compile(
    rf"(?:(?P<symbol>10[*^]|{_ATOM})(?P<exponent>{_EXPONENT})?|(?P<factor>[0-9]+)){_ANNOTATIONS}*|{_ANNOTATIONS}+"
)
"""A unit with its exponent, or a number; either may be annotated, and an annotation alone is the unity."""
_AFTER_TERM: Final = re.compile(rf"\){_ANNOTATIONS}*")
"""The grammar has no annotation here, no second one and no space inside; HL7's own reader takes all three, and so do we."""


def read(code: str, find: Callable[[str], Amount | None]) -> Amount | None:
    """Return what a code amounts to, `find` knowing the symbols; None when it is no UCUM code."""
    if not 0 < len(code) <= MOST_CHARACTERS:
        return None
    outer: list[tuple[Amount, int]] = []
    term, sign, at = UNITY, 1, 0
    if code[0] == "/":
        sign, at = -1, 1
    while True:
        if code[at : at + 1] == "(":
            if len(outer) == MOST_NESTED:
                return None
            outer.append((term, sign))
            term, sign, at = UNITY, 1, at + 1
            continue
        operand = _OPERAND.match(code, at)
        amount, exponent = _value(operand, find) if operand is not None else (None, 1)
        if operand is None or amount is None:
            return None
        at = operand.end()
        if operand.group() == code and exponent == 1:
            return amount
        term = term.times(amount, sign * exponent)
        while (closed := _AFTER_TERM.match(code, at)) is not None:
            if not outer:
                return None
            inner = term
            term, sign = outer.pop()
            term, at = term.times(inner, sign), closed.end()
        if at == len(code):
            return None if outer else term
        if code[at] not in "./":
            return None
        sign, at = (1 if code[at] == "." else -1), at + 1


def _value(operand: re.Match[str], find: Callable[[str], Amount | None]) -> tuple[Amount | None, int]:
    symbol, exponent, factor = operand.group("symbol", "exponent", "factor")
    if symbol:
        return find(symbol), int(exponent or 1)
    return number(Fraction(int(factor))) if factor else UNITY, 1

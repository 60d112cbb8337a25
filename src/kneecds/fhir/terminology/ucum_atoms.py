"""The prefixes and unit atoms of UCUM, worked out in base units when first asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import msgspec

from kneecds.fhir.terminology.ucum_amount import NO_DIMENSION, SIZE, Amount, number
from kneecds.fhir.terminology.ucum_grammar import read


class _File(msgspec.Struct):
    prefixes: dict[str, str]
    base: list[str]
    atoms: dict[str, list[str]]


class Atoms:
    """Every atom and prefix; an atom is worked out once."""

    def __init__(self) -> None:
        """Read the table that tools/build_ucum.py makes."""
        raw = Path(__file__).with_name("ucum.json").read_bytes()
        self._file = msgspec.json.decode(raw, type=_File)
        self._known: dict[str, Amount] = {}
        for place, code in enumerate(self._file.base):
            self._known[code] = Amount(Fraction(1), tuple(int(place == at) for at in range(SIZE)))
        self._prefixes = {code: Fraction(value) for code, value in self._file.prefixes.items()}
        self._metric = frozenset(self._file.base) | {
            code for code, facts in self._file.atoms.items() if "m" in facts[0]
        }

    def find(self, symbol: str) -> Amount | None:
        """Return what an atom is, or an atom that takes prefixes with one; None for anything else."""
        if symbol in self._known or symbol in self._file.atoms:
            return self._atom(symbol)
        for length in (1, 2):
            prefix, rest = symbol[:length], symbol[length:]
            if rest in self._metric and prefix in self._prefixes:
                atom = self._atom(rest)
                factor = None if atom.factor is None else self._prefixes[prefix] * atom.factor
                return atom._replace(factor=factor)
        return None

    def _atom(self, code: str) -> Amount:
        known = self._known.get(code)
        if known is None:
            known = self._known[code] = self._work_out(code)
        return known

    def _work_out(self, code: str) -> Amount:
        # definitions lead from atom to atom to the base units, a dozen steps at most
        kind, value, unit, *function = self._file.atoms[code]
        amount = read(unit, self.find)
        if amount is None:
            message = f"the unit {code} is defined by {unit}, which is none"
            raise ValueError(message)
        if "a" in kind:
            own = amount.arbitrary or ((code, 1),)
            return Amount(Fraction(value), NO_DIMENSION, own)
        if function:  # one of a special unit is one step of its function; where it starts is the function's business
            return Amount(Fraction(1), amount.dimension, (), code, has_special=True)
        return amount.times(number(Fraction(value)), 1)

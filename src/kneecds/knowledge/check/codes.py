"""Codes of published systems: only systems whose terms we follow, only codes whose check digit is right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.core.knowledge import Code
    from kneecds.knowledge.check.places import Placed

# Verhoeff's tables, as the SNOMED CT Release File Specification gives them: https://confluence.ihtsdotools.org/ (5.5)
_MULTIPLY = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_FIRST_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_PERMUTATIONS = 8


def verhoeff(digits: str) -> bool:
    """Say whether the last digit is the check digit of those before it."""
    check = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(position % _PERMUTATIONS):
            value = _FIRST_PERMUTATION[value]
        check = _MULTIPLY[check][value]
    return check == 0


def snomed_concept(code: str) -> str:
    """Return what is wrong with a SNOMED CT concept identifier, or nothing."""
    if not re.fullmatch(r"[1-9]\d{5,17}", code):
        return "is not 6 to 18 digits"
    if code[-3:-1] not in ("00", "10"):
        return "is not the identifier of a concept"
    return "" if verhoeff(code) else "has a wrong check digit"


def loinc(code: str) -> str:
    """Return what is wrong with a LOINC code, or nothing; the digit after the dash is a mod 10 check digit."""
    match = re.fullmatch(r"(\d{1,7})-(\d)", code)
    if match is None:
        return "is not digits, a dash and a check digit"
    doubled = [int(digit) * (2 - position % 2) for position, digit in enumerate(reversed(match[1]))]
    total = sum(value // 10 + value % 10 for value in doubled)
    return "" if -total % 10 == int(match[2]) else "has a wrong check digit"


def rxnorm(code: str) -> str:
    """Return what is wrong with an RxNorm identifier, or nothing."""
    return "" if re.fullmatch(r"[1-9]\d{0,7}", code) else "is not 1 to 8 digits"


def icd_10_cm(code: str) -> str:
    """Return what is wrong with the form of an ICD-10-CM code, or nothing."""
    return "" if re.fullmatch(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", code) else "has not the form of ICD-10-CM"


SYSTEMS: dict[str, Callable[[str], str]] = {
    "http://snomed.info/sct": snomed_concept,
    "http://loinc.org": loinc,
    "http://www.nlm.nih.gov/research/umls/rxnorm": rxnorm,
    "http://hl7.org/fhir/sid/icd-10-cm": icd_10_cm,
}
"""The systems whose terms of use stand in NOTICE, and how their codes are checked."""


def problems(placed: Placed) -> Iterator[str]:
    """Yield what is wrong with codes, and codes that mean two things."""
    for records in (placed.findings, placed.conditions, placed.actions):
        owner: dict[tuple[str, str], str] = {}
        for place, record in records:
            for number, code in enumerate(record.codes):
                for problem in (*_one(code, placed.boolean_ids), *_twice(code, record.codes[:number])):
                    yield place.at(f"codes[{number}]", problem)
                first = owner.setdefault((code.system, code.code), record.id) if code.means == "same" else record.id
                if first != record.id:
                    yield place.at(f"codes[{number}]", f"{code.code} already means {first}")


def _one(code: Code, boolean: set[str]) -> Iterator[str]:
    if code.system not in SYSTEMS:
        yield f"system {code.system} is not in NOTICE"
    elif wrong := SYSTEMS[code.system](code.code):
        yield f"{code.code} {wrong}"
    for finding in code.sets:
        if finding not in boolean:
            yield f"sets {finding!r}, which is not a yes-or-no finding"


def _twice(code: Code, before: tuple[Code, ...]) -> Iterator[str]:
    if any((code.system, code.code) == (other.system, other.code) for other in before):
        yield f"{code.code} is listed twice"

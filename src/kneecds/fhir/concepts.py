"""What the codes of published systems mean here, looked up by (system, code)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from kneecds.errors import KnowledgeError
from kneecds.fhir.units import Conversion, units_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kneecds.core.knowledge import Code, Condition, Finding

CANONICAL: Final = "https://kneecds.org/fhir"
FINDING_SYSTEM: Final = f"{CANONICAL}/CodeSystem/kneecds-finding"
CONDITION_SYSTEM: Final = f"{CANONICAL}/CodeSystem/kneecds-condition"
CHOICE_SYSTEM: Final = f"{CANONICAL}/CodeSystem/kneecds-choice"
SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"

_SAME_SYSTEM: Final = {
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.90": ICD_10_CM,
}
"""https://terminology.hl7.org: the OID of each system, which CDA-based senders use."""

_SHORTEST_ICD: Final = 3
_LONGEST_ICD: Final = 7
"""ICD-10-CM codes without their dot: three characters of the category, at most four that refine it."""

Relation = Literal["same", "narrower", "broader", "opposite"]
CodeSide = Literal["", "left", "right", "both"]
ReadingKind = Literal[
    "", "limit", "five_times_limit", "crystal_type", "crystal_presence", "gram", "pregnancy", "pain_scale", "site_knee", "site_leg",
]  # fmt: skip

_READINGS: Final[dict[tuple[str, str], ReadingKind]] = {
    (LOINC, "48065-7"): "limit",
    (LOINC, "48066-5"): "limit",
    (LOINC, "2157-6"): "five_times_limit",
    (LOINC, "5781-0"): "crystal_type",
    (LOINC, "38458-6"): "crystal_presence",
    (LOINC, "664-3"): "gram",
    (LOINC, "82810-3"): "pregnancy",
    (LOINC, "38214-3"): "pain_scale",
    (SNOMED, "707793005"): "site_knee",
    (SNOMED, "247441003"): "site_knee",
    (SNOMED, "271771009"): "site_knee",
    (SNOMED, "129255007"): "site_knee",
    (SNOMED, "161679004"): "site_knee",
    (SNOMED, "44077006"): "site_leg",
}
"""Broader codes that establish a finding together with something else in the resource: what to look at."""

_SIGNS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}
_COMPARISON: Final = re.compile(r"(\w+) (>=|<=|>|<) (-?\d+(?:\.\d+)?)")


class Target:
    """A finding as the readers need it; built once, compared by identity."""

    __slots__ = (
        "choices", "high", "id", "implies", "kind", "knee", "label", "low", "stale_after_days", "thresholds", "unit", "units",
    )  # fmt: skip

    def __init__(self, finding: Finding, implies: frozenset[str]) -> None:
        """Take from the finding what reading a value needs."""
        self.id = finding.id
        self.label = finding.label
        self.kind = finding.value_type
        self.knee = finding.scope == "knee"
        self.unit = finding.unit
        self.units: dict[str, Conversion] = dict(units_for(finding.id, finding.unit)) if finding.unit else {}
        self.low = None if finding.plausible is None else Decimal(str(finding.plausible[0]))
        self.high = None if finding.plausible is None else Decimal(str(finding.plausible[1]))
        self.choices = frozenset(finding.choices)
        self.stale_after_days = finding.stale_after_days
        self.implies = implies
        self.thresholds: tuple[Threshold, ...] = ()


class Threshold(NamedTuple):
    """A yes/no finding that is nothing but a comparison of an amount."""

    finding: str
    sign: str
    limit: Decimal

    def holds(self, amount: Decimal) -> bool:
        """Whether this amount fulfils it."""
        return _SIGNS[self.sign](amount, self.limit)


class Meaning(NamedTuple):
    """What a code says: of which finding, how the two relate, of which side, and what a record entry with it sets."""

    target: Target | None
    means: Relation = "same"
    side: CodeSide = ""
    ours: bool = False
    reading: ReadingKind = ""
    sets: tuple[Target, ...] = ()
    conditions: tuple[str, ...] = ()
    note: str = ""
    code: str = ""


class Unclear(NamedTuple):
    """Codings of one concept that mean different things."""

    findings: tuple[str, ...]


class Concepts:
    """All codes, aliases and comparisons, prepared for looking up."""

    def __init__(self, findings: Iterable[Finding], conditions: Iterable[Condition] = ()) -> None:
        """Prepare the tables; KnowledgeError if a code stands for two findings."""
        by_id = {finding.id: finding for finding in findings}
        self._findings = tuple(by_id.values())
        self.targets: dict[str, Target] = {
            finding.id: Target(finding, _implied(finding.id, by_id)) for finding in by_id.values()
        }
        self.by_code: dict[tuple[str | None, str | None], Meaning] = {}
        self._subtrees: dict[str, Meaning] = {}  # of ICD-10-CM, by the code without its dot
        problems: list[str] = []
        for finding in by_id.values():
            target = self.targets[finding.id]
            for name in (*finding.aliases, finding.id):
                self.by_code[FINDING_SYSTEM, name] = Meaning(target, ours=True, code=name)
            for code in finding.codes:
                known = self.by_code.get((code.system, code.code))
                if known is not None:
                    problems.append(
                        f"{code.system}|{code.code} stands for {finding.id} and {known.target and known.target.id}"
                    )
                self.by_code[code.system, code.code] = self._meaning(target, code)
                if code.subtree and code.system == ICD_10_CM:
                    self._subtrees[code.code.replace(".", "")] = self.by_code[code.system, code.code]
        for condition in conditions:
            self._condition(condition)
        for finding in by_id.values():
            match = _COMPARISON.fullmatch(finding.derived_from)
            if match and match[1] in self.targets:
                threshold = Threshold(finding.id, match[2], Decimal(match[3]))
                self.targets[match[1]].thresholds += (threshold,)
        self.raised = {
            amount: next(t for t in self.targets[amount].thresholds if t.finding == finding)
            for amount, finding in _RAISED.items()
            if amount in self.targets and any(t.finding == finding for t in self.targets[amount].thresholds)
        }
        if problems:
            raise KnowledgeError(tuple(problems))
        self._plain = {key: meaning for key, meaning in self.by_code.items() if _is_plain(meaning)}
        self.plans: dict[tuple[int, object], Any] = {}  # of questionnaire forms; filled by their reader

    @cached_property
    def _ingredients(self) -> dict[str, Meaning]:
        """RxNorm's one-word names of ingredients, in lower case, with what each means."""
        return {
            code.display.lower(): self.by_code[RXNORM, code.code]
            for finding in self._findings
            for code in finding.codes
            if code.system == RXNORM and code.means != "broader" and code.display.isalpha()
        }

    def ingredients_named(self, concept: dict[str, Any]) -> Iterator[Meaning]:
        """Yield the ingredients that the RxNorm displays of a product name, for a product whose code is not known.

        RxNorm writes them in full: "warfarin sodium 5 MG Oral Tablet".
        """
        for coding in concept.get("coding", ()):
            if coding.get("system") == RXNORM:
                for word in re.findall(r"[a-z]+", str(coding.get("display", "")).lower()):
                    if word in self._ingredients:
                        yield self._ingredients[word]

    def _meaning(self, target: Target, code: Code) -> Meaning:
        return Meaning(
            target,
            code.means,
            _side(code),
            reading=_READINGS.get((code.system, code.code), ""),
            sets=tuple(self.targets[name] for name in code.sets if name in self.targets),
            note=code.note,
            code=code.code,
        )

    def _condition(self, condition: Condition) -> None:
        of_all: dict[str, Target] = {}
        for code in condition.codes:
            sets = tuple(self.targets[name] for name in code.sets if name in self.targets)
            of_all |= {target.id: target for target in sets}
            known = self.by_code.get((code.system, code.code))
            if known is None:
                known = Meaning(None, side=_side(code), sets=sets, note=code.note, code=code.code)
            elif known.conditions:  # the code names either condition: only what holds for both is certain
                known = known._replace(sets=tuple(target for target in known.sets if target in sets))
            else:
                known = known._replace(sets=(*known.sets, *(target for target in sets if target not in known.sets)))
            self.by_code[code.system, code.code] = known._replace(conditions=(*known.conditions, condition.id))
        for name in (condition.id, *condition.aliases):
            meaning = Meaning(None, ours=True, sets=tuple(of_all.values()), conditions=(condition.id,), code=name)
            self.by_code.setdefault((CONDITION_SYSTEM, name), meaning)

    def meaning(self, concept: dict[str, Any] | None) -> Meaning | Unclear | None:
        """Return what a CodeableConcept says, taking all its codings together."""
        if not concept:
            return None
        codings = concept.get("coding")
        if not codings:
            return None
        coding = codings[0]
        if len(codings) == 1:
            return self.of_coding(coding)
        plain = self._plain
        first = plain.get((coding.get("system"), coding.get("code")))
        if first is not None and len(codings) == 2:  # noqa: PLR2004 - the usual pair: a published code and ours
            coding = codings[1]
            second = plain.get((coding.get("system"), coding.get("code")))
            if second is not None and second.target is first.target:
                return second if second.ours else first
        return self.of_codings(codings)

    def of_coding(self, coding: dict[str, Any]) -> Meaning | None:
        """Return what one Coding says; the OID of a system counts as the system."""
        system = coding.get("system")
        found = self.by_code.get((system, coding.get("code")))
        if found is None:
            if system in _SAME_SYSTEM:
                system = _SAME_SYSTEM[system]
                found = self.by_code.get((system, coding.get("code")))
            if found is None and system == ICD_10_CM:
                return self._in_subtree(coding.get("code"))
        return found

    def _in_subtree(self, code: object) -> Meaning | None:
        """Return what the longest listed category that an ICD-10-CM code starts with says; with or without the dot."""
        plain = code.replace(".", "", 1) if isinstance(code, str) else ""
        if len(plain) <= _LONGEST_ICD:
            for length in range(len(plain), _SHORTEST_ICD - 1, -1):
                found = self._subtrees.get(plain[:length])
                if found is not None:
                    return found
        return None

    def of_codings(self, codings: Iterable[dict[str, Any]]) -> Meaning | Unclear | None:
        """Return what several codings of one thing say together."""
        found = [meaning for coding in codings if (meaning := self.of_coding(coding)) is not None]
        if len(found) < 2:  # noqa: PLR2004
            return found[0] if found else None
        return combine(found)


_RAISED: Final = {
    "crp_mg_l": "crp_raised",
    "esr_mm_h": "esr_raised",
    "wbc_10e9_l": "wbc_raised",
    "urate_umol_l": "hyperuricaemia",
}
"""Amounts for which the laboratory's own limit, where stated, decides what is raised."""


def _is_plain(meaning: Meaning) -> bool:
    """Whether a meaning has nothing that another of the same finding could add to."""
    return meaning.means == "same" and not (meaning.side or meaning.reading or meaning.sets)


def combine(found: list[Meaning]) -> Meaning | Unclear:
    """Return the most certain of several meanings, or say that they differ."""
    sure = [meaning for meaning in found if meaning.target is not None and meaning.means != "broader"]
    if not sure:
        with_target = [meaning for meaning in found if meaning.target is not None]
        first = (with_target or found)[0]
        if not with_target:  # translations of one diagnosis: the most that any of them says
            first = first._replace(sets=tuple(dict.fromkeys(target for meaning in found for target in meaning.sets)))
        sides = {meaning.side for meaning in found if meaning.side}
        return Unclear(tuple(sorted(sides))) if len(sides) > 1 else first._replace(side=sides.pop() if sides else "")
    names = {meaning.target.id for meaning in sure if meaning.target is not None}
    implied = {name for meaning in sure if meaning.target is not None for name in meaning.target.implies}
    left = names - implied or names
    whole = [
        m.target.id for m in sure if m.target is not None and left <= {m.target.id, *(other.id for other in m.sets)}
    ]
    if whole:  # one of them says all: hypertensive heart failure, beside heart failure
        left = {whole[0]}
    sides = {meaning.side for meaning in found if meaning.side}
    if len(left) > 1 or len(sides) > 1:
        return Unclear(tuple(sorted(left if len(left) > 1 else sides)))
    name = left.pop()
    those = [meaning for meaning in sure if meaning.target is not None and meaning.target.id == name]
    relations = {meaning.means for meaning in those}
    if "opposite" in relations and len(relations) > 1:
        return Unclear((name, f"not {name}"))
    best = min(those, key=lambda meaning: (not meaning.ours, meaning.means == "same"))
    reading: ReadingKind = next((m.reading for m in found if m.reading and m.target is best.target), "")
    sets = tuple(dict.fromkeys(target for meaning in found for target in meaning.sets))
    conditions = tuple(dict.fromkeys(name for meaning in found for name in meaning.conditions))
    side: CodeSide = sides.pop() if sides else ""
    return best._replace(reading=best.reading or reading, sets=sets, conditions=conditions, side=side)


def _side(code: Code) -> CodeSide:
    return code.side or ("both" if "bilateral" in code.display.lower() else "")


def _implied(start: str, by_id: dict[str, Finding]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in by_id[waiting.pop()].implies:
            if name not in found and name in by_id:
                found.add(name)
                waiting.append(name)
    return frozenset(found - {start})

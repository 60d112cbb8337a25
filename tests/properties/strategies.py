"""Random patients: what was stated of each side, as facts and as the FHIR that says the same."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from kneecds.core.criteria import AllOf, Amount, AnyOf, AtLeast, Compare, Criteria, Is, Not, Points, finding_ids, parse
from kneecds.core.facts import Fact
from kneecds.fhir.concepts import CHOICE_SYSTEM, FINDING_SYSTEM, SNOMED
from kneecds.fhir.dates import born_before
from kneecds.knowledge import shipped
from kneecds.pipeline import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from kneecds.core.facts import Scope
    from kneecds.core.knowledge import Finding

Json = dict[str, Any]

FINDINGS: dict[str, Finding] = {finding.id: finding for finding in shipped().files.findings}
ASKED = {name: finding for name, finding in FINDINGS.items() if finding.asked_of != "computed"}
GIVEN = ("age_years", "sex")
QUANTITIES = {
    "symptom_duration_days": (0, 1, 2, 7, 10, 14, 20, 42, 90, 400),
    "temperature_c": (36.5, 38, 39.5),
    "heart_rate_per_min": (70, 135),
    "resp_rate_per_min": (14, 26),
    "systolic_bp_mmhg": (85, 130),
    "crp_mg_l": (2, 25, 120),
    "esr_mm_h": (5, 60),
    "wbc_10e9_l": (6, 14),
    "knee_flexion_deg": (40, 95, 135),
    "knee_extension_lack_deg": (0, 10),
    "pain_nrs_0_10": (2, 5, 9),
    "morning_stiffness_minutes": (5, 30, 90),
    "egfr_ml_min_1_73m2": (40, 95),
    "bmi_kg_m2": (22, 36),
    "ankle_brachial_index": (0.8, 1.1),
    "exercise_to_onset_hours": (12, 48),
    "synovial_wbc_per_ul": (150, 60000),
    "urate_umol_l": (300, 480),
    "inr": (1, 3),
    "pregnancy_weeks": (0, 12, 30),
}
"""Amounts on both sides of the limits that rules set; all of them are plausible."""
NORMAL = frozenset(name for name in ASKED if name.endswith("_normal"))
"""Findings of which the absence is what would be wrong."""
SITES = {"left": "82169009", "right": "6757004"}


@cache
def prepared() -> Prepared:
    """Return the shipped knowledge, compiled once for all tests."""
    return prepare(shipped())


class Stated(NamedTuple):
    """One statement: what is said of one finding, on one side or of the person."""

    finding: str
    scope: Scope
    value: bool | Decimal | str

    def fact(self) -> Fact:
        """Return it as a host hands it over."""
        return Fact(self.finding, self.scope, self.value)


class Person(NamedTuple):
    """Somebody with everything that was stated; one statement a finding and side."""

    age_years: int
    sex: str
    stated: tuple[Stated, ...]

    def but(self, stated: Sequence[Stated]) -> Person:
        """Return the same person with other statements."""
        return self._replace(stated=tuple(stated))

    def also(self, finding: str, scope: Scope, value: bool | Decimal | str) -> Person:
        """Return the same person with one more statement."""
        return self.but([*self.stated, Stated(finding, scope, value)])

    def says(self, finding: str, scope: str) -> bool:
        """Whether a finding was stated of one side."""
        return any(one.finding == finding and one.scope == scope for one in self.stated)

    def facts(self) -> tuple[Fact, ...]:
        """Return what a host that knows the findings itself hands over."""
        given = (Fact("age_years", "person", Decimal(self.age_years)), Fact("sex", "person", self.sex))
        return (*given, *(one.fact() for one in self.stated))

    def swapped(self) -> Person:
        """Return the mirror image."""
        other = {"left": "right", "right": "left"}
        return self.but([one._replace(scope=other.get(one.scope, one.scope)) for one in self.stated])  # type: ignore[arg-type]

    def bundle(self, as_of: date) -> Json:
        """Return the FHIR that says the same."""
        patient: Json = {
            "resourceType": "Patient",
            "id": "p",
            "gender": self.sex,
            "birthDate": born_before(as_of, Decimal(self.age_years)).isoformat(),
        }
        return collection(
            [patient, *(observation(f"o{n}", one, as_of) for n, one in enumerate(self.stated))],
        )


def collection(resources: Sequence[Json]) -> Json:
    """Return resources as a Bundle."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def observation(id_: str, stated: Stated, as_of: date, **changes: object) -> Json:
    """Return one statement as an Observation; `changes` replace elements, None takes one away."""
    finding, value = FINDINGS[stated.finding], stated.value
    resource: Json = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": FINDING_SYSTEM, "code": finding.id}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": as_of.isoformat(),
    }
    if isinstance(value, bool):
        resource["valueBoolean"] = value
    elif isinstance(value, str):
        resource["valueCodeableConcept"] = {"coding": [{"system": CHOICE_SYSTEM, "code": value}]}
    else:
        resource["valueQuantity"] = {"value": value, "system": "http://unitsofmeasure.org", "code": finding.unit}
    if stated.scope in SITES:
        resource["bodySite"] = {"coding": [{"system": SNOMED, "code": SITES[stated.scope]}]}
    return {name: part for name, part in {**resource, **changes}.items() if part is not None}


# --- what rules look at -------------------------------------------------------------------------------------


@cache
def leaves(finding_or_rule: str) -> frozenset[str]:
    """Return the findings that can be asked and that a rule or a derived finding rests on."""
    flags = {flag.id: flag.when for flag in shipped().files.red_flags}
    text = flags.get(finding_or_rule) or FINDINGS[finding_or_rule].derived_from
    found: set[str] = set()
    for name in finding_ids(parse(text)) if text else ():
        if name in ASKED and name not in GIVEN:
            found.add(name)
        if FINDINGS[name].derived_from:
            found |= leaves(name)
    return frozenset(found)


def polarity(tree: Criteria, *, turned: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield every yes-or-no finding of criteria, derivations opened, with whether it is asked to be present."""
    match tree:
        case Is(name):
            yield name, not turned
            if FINDINGS[name].derived_from and not isinstance(parse(FINDINGS[name].derived_from), Points):
                yield from polarity(parse(FINDINGS[name].derived_from), turned=turned)
        case Not(part):
            yield from polarity(part, turned=not turned)
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            for part in parts:
                yield from polarity(part, turned=turned)
        case Compare(Points(parts), sign, _):
            for weight, part in parts:
                yield from polarity(part, turned=turned is not ((weight < 0) is not (sign in ("<", "<="))))
        case Compare(Amount(name)) if FINDINGS[name].derived_from:
            yield from polarity(Compare(parse(FINDINGS[name].derived_from), tree.sign, tree.number), turned=turned)
        case _:
            return


def follows(finding: str) -> set[str]:
    """Return what a present finding makes present: what it implies, and what that implies."""
    found, waiting = {finding}, [finding]
    while waiting:
        for other in FINDINGS[waiting.pop()].implies:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


@cache
def red_flag_findings() -> tuple[str, ...]:
    """Return the findings that rules only ever ask to be present, and that shut out nothing which a rule asks for."""
    asked: set[str] = set()
    barred: set[str] = set()
    for flag in shipped().files.red_flags:
        for name, present in polarity(parse(flag.when)):
            (asked if present else barred).add(name)
    shuts_out: dict[str, set[str]] = {name: set(finding.excludes) for name, finding in FINDINGS.items()}
    for name, finding in FINDINGS.items():
        for other in finding.excludes:
            shuts_out[other].add(name)
    telling = asked | barred
    return tuple(
        name
        for name, finding in ASKED.items()
        if finding.value_type == "boolean"
        and name in asked
        and not follows(name) & barred
        and not any(shuts_out[one] & telling for one in follows(name))
    )


# --- strategies ---------------------------------------------------------------------------------------------


@cache
def pools() -> tuple[tuple[str, ...], ...]:
    """Return groups of findings that belong together: those of one rule, and those that speak for one condition."""
    files = shipped().files
    rules = [leaves(flag.id) for flag in files.red_flags]
    conditions = [
        {row.finding for row in condition.evidence if row.finding in ASKED} - set(GIVEN)
        for condition in files.conditions
    ]
    return tuple(tuple(sorted(group)) for group in (*rules, *conditions) if group)


def value_of(finding: str) -> st.SearchStrategy[bool | Decimal | str]:
    """Draw a value that a finding can have; present twice as often as absent."""
    known = ASKED[finding]
    if known.value_type == "boolean":
        return st.sampled_from((True, True, False))
    if known.value_type == "choice":
        return st.sampled_from(known.choices)
    return st.sampled_from(QUANTITIES[finding]).map(lambda number: Decimal(str(number)))


def scope_of(finding: str, sides: Sequence[Scope]) -> st.SearchStrategy[Scope]:
    """Draw a side that a finding can have."""
    return st.just("person") if ASKED[finding].scope == "person" else st.sampled_from(sides)


@st.composite
def persons(draw: st.DrawFn, *, sides: Sequence[Scope] = ("left", "right"), most: int = 12) -> Person:
    """Draw somebody: the findings of one or two rules or conditions, in any truth, and a few of no concern."""
    usable = [
        name for name in ASKED if name not in GIVEN and (name in QUANTITIES or ASKED[name].value_type != "quantity")
    ]
    focus = draw(st.lists(st.sampled_from(pools()), min_size=1, max_size=2))
    near = sorted({name for group in focus for name in group if name in usable})
    names = draw(st.lists(st.sampled_from(near or usable), max_size=most, unique=True))
    names += draw(st.lists(st.sampled_from(usable), max_size=3, unique=True))
    stated: dict[tuple[str, str], Stated] = {}
    for name in names:
        scope = draw(scope_of(name, sides))
        stated[name, scope] = Stated(name, scope, draw(value_of(name)))
    age_years = draw(st.sampled_from((4, 11, 14, 17, 25, 38, 49, 55, 62, 70, 84)))
    return Person(age_years, draw(st.sampled_from(("female", "male"))), tuple(stated.values()))


@st.composite
def thorough(draw: st.DrawFn) -> Person:
    """Draw somebody of whom nearly everything was asked of one knee: nothing wrong but for a few findings."""
    person = draw(persons(sides=("left",), most=5))
    said = {one.finding for one in person.stated}
    healthy = {"symptom_duration_days": 20, "knee_flexion_deg": 135, "knee_extension_lack_deg": 0}
    rest: list[Stated] = []
    for name, finding in ASKED.items():
        if name in said or name in GIVEN or name in NORMAL:
            continue
        scope: Scope = "person" if finding.scope == "person" else "left"
        if finding.value_type == "boolean":
            rest.append(Stated(name, scope, value=False))
        elif name in QUANTITIES:
            rest.append(Stated(name, scope, Decimal(str(healthy.get(name, QUANTITIES[name][0])))))
    return person.but([*person.stated, *rest])

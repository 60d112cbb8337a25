"""Conditions: parents, priors and evidence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kneecds.core.criteria import holds
from kneecds.core.knowledge import AGE_BANDS
from kneecds.core.truth import Truth
from kneecds.knowledge.check import criteria, figures, graphs
from kneecds.knowledge.check.findings import repeated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kneecds.core.criteria import Criteria
    from kneecds.core.knowledge import Condition, Finding
    from kneecds.knowledge.check.places import Place, Placed

OLDEST_YEARS = 110


def problems(placed: Placed) -> Iterator[str]:
    """Yield what is wrong with the conditions."""
    yield from repeated(placed.conditions)
    known = placed.condition_ids
    parents = {condition.id: {condition.parent} - {""} for _, condition in placed.conditions}
    in_circle = set(graphs.circles(parents))
    findings = placed.finding_by_id
    ages = Ages(findings)
    for place, condition in placed.conditions:
        if place.file != f"conditions/{condition.id}.yaml":
            yield place.at("id", f"{condition.id} does not name the file")
        if condition.parent and condition.parent not in known:
            yield place.at("parent", f"unknown condition {condition.parent!r}")
        if condition.id in in_circle:
            yield place.at("parent", f"{condition.id} is its own ancestor")
        if condition.gate is not None:
            for problem in criteria.problems(condition.gate.when, findings):
                yield place.at("gate.when", problem)
        yield from _priors(place, condition, ages)
        yield from _evidence(place, condition, placed.boolean_ids, findings.keys())


class Ages:
    """Whether criteria can hold in an age band, whatever else is true."""

    def __init__(self, findings: Mapping[str, Finding]) -> None:
        """Read the derivations; all but the age stays unknown."""
        self._trees = {
            finding.id: criteria.parsed(finding.derived_from)
            for finding in findings.values()
            if finding.value_type == "boolean"
        }
        self._age = 0.0
        self._open: set[str] = set()

    def exclude(self, text: str, band: str) -> bool:
        """Say whether the criteria fail at every whole year of the band."""
        tree = criteria.parsed(text)
        return tree is not None and all(self._at(tree, age) is Truth.NO for age in years_of(band))

    def _at(self, tree: Criteria, age: int) -> Truth:
        self._age = age
        return holds(tree, self)

    def truth(self, finding: str) -> Truth:
        """Return what the age alone says of a yes-or-no finding."""
        tree = self._trees.get(finding)
        if tree is None or finding in self._open:
            return Truth.UNKNOWN
        self._open.add(finding)
        truth = holds(tree, self)
        self._open.remove(finding)
        return truth

    def amount(self, finding: str) -> float | None:
        """Return the age; nothing else is known."""
        return self._age if finding == "age_years" else None

    def choice(self, finding: str) -> str | None:  # noqa: ARG002 - nothing is known
        """Return None: nothing else is known."""
        return None


def years_of(band: str) -> range:
    """Return the whole years of an age band."""
    starts = 0
    for name, ends in AGE_BANDS:
        last = OLDEST_YEARS if ends == float("inf") else int(ends)
        if name == band:
            return range(starts, last)
        starts = last
    return range(0)


def _priors(place: Place, condition: Condition, ages: Ages) -> Iterator[str]:
    for number, prior in enumerate(condition.priors):
        shares = prior.low, prior.estimate, prior.high
        if not 0 < shares[0] <= shares[1] <= shares[2] < 1:
            yield place.at(f"priors[{number}]", "{:g}, {:g}, {:g} do not rise between 0 and 1".format(*shares))
    cells = Counter((prior.age_band, prior.setting, prior.sex) for prior in condition.priors)
    for cell, times in cells.items():
        if times > 1:
            yield place.at("priors", f"{times} rows for {', '.join(cell)}")
    sexes: dict[tuple[str, str], set[str]] = {}
    for band, setting, sex in cells:
        sexes.setdefault((band, setting), set()).add(sex)
    for (band, setting), given in sexes.items():
        if len(given) == 1 and given != {"any"}:
            yield place.at("priors", f"{band}, {setting}: only for {', '.join(given)}")
    if condition.managed_by_probability != "no":
        yield from _missing(place, condition, {band for band, setting in sexes if setting == "primary_care"}, ages)


def _missing(place: Place, condition: Condition, given: set[str], ages: Ages) -> Iterator[str]:
    for band, _ in AGE_BANDS:
        if band not in given and not (condition.gate is not None and ages.exclude(condition.gate.when, band)):
            yield place.at("priors", f"none for {band} in primary_care, and no gate excludes that age")


def _evidence(place: Place, condition: Condition, boolean: set[str], known: object) -> Iterator[str]:
    seen: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(condition.evidence):
        where = f"evidence[{number}] {row.finding}"
        if row.finding not in known:  # type: ignore[operator]
            yield place.at(where, f"unknown finding {row.finding!r}")
        elif row.finding not in boolean and row.use == "yes":
            yield place.at(where, "is not a yes-or-no finding, so the row can only be quoted (use: no)")
        for problem in figures.problems(row):
            yield place.at(where, problem)
        printed = (row.sensitivity, row.specificity, row.lr_positive, row.lr_negative)
        key = (row.finding, row.setting, *printed, row.interval, row.source)
        if any(printed) and key in seen:
            yield place.at(where, f"the same figures as evidence[{seen[key]}]")
        seen[key] = number

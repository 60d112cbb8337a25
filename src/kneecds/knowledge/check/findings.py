"""Findings: ids, implications, exclusions and derivations that can all hold together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kneecds.knowledge.check import criteria, graphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.core.knowledge import Condition, Finding
    from kneecds.knowledge.check.places import Place, Placed


def problems(placed: Placed) -> Iterator[str]:
    """Yield what is wrong with the findings."""
    yield from _names(placed)
    known = placed.finding_by_id
    boolean = placed.boolean_ids
    for place, finding in placed.findings:
        yield from _references(place, finding, known.keys(), boolean)
        if finding.derived_from:
            wanted = finding.value_type
            if wanted == "choice":
                yield place.at("derived_from", "a choice cannot be derived")
            else:
                for problem in criteria.problems(finding.derived_from, known, wanted):
                    yield place.at("derived_from", problem)
        if finding.plausible is not None and not finding.plausible[0] < finding.plausible[1]:
            yield place.at("plausible", f"{finding.plausible[0]:g} is not below {finding.plausible[1]:g}")
    yield from _contradictions(placed)


def repeated(places: list[tuple[Place, Finding]] | list[tuple[Place, Condition]]) -> Iterator[str]:
    """Yield ids and aliases that do not belong to exactly one record."""
    times = Counter(record.id for _, record in places)
    owner: dict[str, str] = {}
    for place, record in places:
        if times[record.id] > 1:
            yield place.at("id", f"{record.id} is used {times[record.id]} times")
        for alias in record.aliases:
            if alias in times:
                yield place.at("aliases", f"{alias} is itself an id")
            if alias in owner:
                yield place.at("aliases", f"{alias} already stands for {owner[alias]}")
            owner[alias] = record.id


def _names(placed: Placed) -> Iterator[str]:
    yield from repeated(placed.findings)
    conditions = placed.condition_ids
    for place, finding in placed.findings:
        if finding.id in conditions:
            yield place.at("id", f"{finding.id} is also a condition")


def _references(place: Place, finding: Finding, known: object, boolean: set[str]) -> Iterator[str]:
    for field, others in (("implies", finding.implies), ("excludes", finding.excludes)):
        if others and finding.value_type != "boolean":
            yield place.at(field, f"only a yes-or-no finding can, this is a {finding.value_type}")
        for other in others:
            if other not in known:  # type: ignore[operator]
                yield place.at(field, f"unknown finding {other!r}")
            elif other not in boolean:
                yield place.at(field, f"{other} is not a yes-or-no finding")


def _contradictions(placed: Placed) -> Iterator[str]:
    implies = {finding.id: finding.implies for _, finding in placed.findings}
    needs = {finding.id: criteria.mentioned(finding.derived_from) for _, finding in placed.findings}
    excludes: dict[str, set[str]] = {finding.id: set(finding.excludes) for _, finding in placed.findings}
    for _, finding in placed.findings:
        for other in finding.excludes:
            excludes.setdefault(other, set()).add(finding.id)
    in_circle = set(graphs.circles(implies))
    derived_in_circle = set(graphs.circles(needs))
    for place, finding in placed.findings:
        if finding.id in in_circle:
            yield place.at("implies", f"{finding.id} implies itself in the end")
        if finding.id in derived_in_circle:
            yield place.at("derived_from", f"{finding.id} is derived from itself in the end")
        follows = graphs.reach(finding.id, implies) | {finding.id}
        clashes = sorted(one for one in follows if excludes.get(one, set()) & follows)
        if clashes:
            yield place.at("implies", f"what follows excludes itself: {', '.join(clashes)}")

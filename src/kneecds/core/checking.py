"""Facts that a host hands over itself are held to what facts read from FHIR are held to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from kneecds.core.facts import SIDES
from kneecds.core.statements import PERSON, moment
from kneecds.errors import Issue, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from kneecds.core.facts import Fact
    from kneecds.core.knowledge import Finding
    from kneecds.core.vocabulary import Vocabulary


def checked(facts: Iterable[Fact], vocabulary: Vocabulary, as_of: date) -> tuple[tuple[Fact, ...], tuple[Issue, ...]]:
    """Return the facts that can be used, and an issue for everything that keeps another from being used."""
    good, issues = [], []
    for number, fact in enumerate(facts):
        name = fact.finding if fact.finding in vocabulary.findings else vocabulary.aliases.get(fact.finding, "")
        where = fact.origin.expression or f"facts[{number}]"
        finding = vocabulary.findings.get(name)
        found = list(_problems(fact, finding, where, as_of))
        issues += found
        if not found:
            good.append(fact)
    return tuple(good), tuple(issues)


def _problems(fact: Fact, finding: Finding | None, where: str, as_of: date) -> Iterator[Issue]:
    if finding is None:
        yield error(
            "not-found", "finding-unknown", where, f"{fact.finding!r} is not a finding of this knowledge version"
        )
        return
    if fact.scope != PERSON and fact.scope not in SIDES:
        yield error("value", "scope-unknown", where, f"{fact.scope!r} is no scope: {', '.join((*SIDES, PERSON))}")
    if fact.origin.time:
        try:
            day, _ = moment(fact.origin.time, as_of)
        except ValueError:
            yield error("value", "time-unreadable", where, f"{fact.origin.time!r} is not a FHIR dateTime")
        else:
            if day > as_of:
                message = f"{fact.origin.time} is later than {as_of.isoformat()}, the day of this assessment; not used"
                yield error("business-rule", "future", where, message)
    if fact.value is not None:
        yield from _value(fact.value, finding, where)


def _value(value: object, finding: Finding, where: str) -> Iterator[Issue]:
    if finding.value_type == "boolean":
        fits = isinstance(value, bool)
    elif finding.value_type == "choice":
        fits = isinstance(value, str) and value in finding.choices
    else:
        fits = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    if not fits:
        wanted = " or ".join(finding.choices) if finding.choices else finding.value_type
        yield error("value", "value-kind", where, f"{finding.label}: {wanted} is needed, not {value!r}; not used")
    elif finding.value_type == "quantity":
        number = float(value)  # type: ignore[arg-type] # one of the kinds above
        low, high = finding.plausible or (-1e12, 1e12)
        if not low <= number <= high:  # also when it is not a number
            message = f"{number:g} {finding.unit} cannot be right for {finding.label} ({low:g} to {high:g}); not used"
            yield error("value", "implausible", where, message)

"""Whether a criteria text parses, and asks of each finding what it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kneecds.core.criteria import (
    Amount,
    Chosen,
    Compare,
    Criteria,
    CriteriaError,
    Is,
    Points,
    finding_ids,
    parse,
    parts_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kneecds.core.knowledge import Finding

Wanted = Literal["boolean", "quantity"]


def problems(text: str, findings: Mapping[str, Finding], wanted: Wanted = "boolean") -> Iterator[str]:
    """Yield what is wrong with one criteria text; the whole must be a truth, or an amount."""
    try:
        tree = parse(text)
    except CriteriaError as error:
        yield f"not in the criteria language: {error}"
        return
    yield from dict.fromkeys(_typed(tree, findings, wanted))


def parsed(text: str) -> Criteria | None:
    """Return the tree of a text, or None where `problems` has already said why there is none."""
    try:
        return parse(text) if text else None
    except CriteriaError:
        return None


def mentioned(text: str) -> set[str]:
    """Return every finding a text mentions."""
    tree = parsed(text)
    return set(finding_ids(tree)) if tree else set()


def _typed(tree: Criteria, findings: Mapping[str, Finding], wanted: Wanted) -> Iterator[str]:
    match tree:
        case Is(finding):
            yield from _is_a(finding, wanted, findings)
            return
        case Points():
            if wanted == "boolean":
                yield "points(...) is a number, it must be compared"
        case _ if wanted == "quantity":
            yield "is a truth, a number is needed"
    match tree:
        case Compare(Amount(finding)):
            yield from _is_a(finding, "quantity", findings)
        case Chosen(finding, choice):
            yield from _is_a(finding, "choice", findings)
            known = findings.get(finding)
            if known is not None and known.value_type == "choice" and choice not in known.choices:
                yield f"{finding} has no choice {choice!r}"
        case _:
            for part in parts_of(tree):
                yield from _typed(part, findings, "boolean")


def _is_a(finding: str, wanted: str, findings: Mapping[str, Finding]) -> Iterator[str]:
    known = findings.get(finding)
    if known is None:
        yield f"unknown finding {finding!r}"
    elif known.value_type != wanted:
        yield f"{finding} is a {known.value_type}, a {wanted} is needed"

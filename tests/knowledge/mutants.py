"""Criteria with one thing wrong: a part left out, a `not` forgotten, a limit or a count moved by one step."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from known import NO, UNKNOWN, YES, Knee, vocabulary
from msgspec.structs import replace

from kneecds.core.criteria import AllOf, Amount, AnyOf, AtLeast, Chosen, Compare, Criteria, Is, Not, Points, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from known import Value


class Exempt(NamedTuple):
    """A change to a rule that cannot change any outcome, and why."""

    rule: str
    change: str
    why: str


STEPS = {"ankle_brachial_index": 0.01, "inr": 0.1, "janssens_score": 0.5}
"""The smallest difference anyone would record; 1 where nothing else is said."""


def mutants(tree: Criteria) -> Iterator[tuple[str, Criteria]]:
    """Yield every version of the criteria with one thing wrong, and what it is; "(2)" for the second of that name."""
    seen: Counter[str] = Counter()
    for change, mutant in _changed(tree):
        seen[change] += 1
        yield change if seen[change] == 1 else f"{change} ({seen[change]})", mutant


def _changed(tree: Criteria) -> Iterator[tuple[str, Criteria]]:
    match tree:
        case AllOf() | AnyOf() | AtLeast():
            yield from _of_group(tree)
        case Not(part):
            yield f"{text(part)} for {text(tree)}", part
            for change, other in _changed(part):
                yield change, Not(other)
        case Compare(Amount(finding), sign, number):
            step = STEPS.get(finding, 1)
            for moved in (round(number - step, 3), round(number + step, 3)):
                yield f"{finding} {sign} {moved:g} for {number:g}", replace(tree, number=moved)
        case Compare(Points(parts)):
            yield from _of_score(tree, parts)
        case _:
            return


def _of_group(tree: AllOf | AnyOf | AtLeast) -> Iterator[tuple[str, Criteria]]:
    for at, part in enumerate(tree.parts):
        before, after = tree.parts[:at], tree.parts[at + 1 :]
        yield f"without {text(part)}", rebuilt(tree, (*before, *after))
        for change, other in _changed(part):
            yield change, rebuilt(tree, (*before, other, *after))
    if isinstance(tree, AtLeast):
        for count in (tree.count - 1, tree.count + 1):
            yield f"at least {count} for {text(tree)}", replace(tree, count=count)


def _of_score(tree: Compare, parts: tuple[tuple[float, Criteria], ...]) -> Iterator[tuple[str, Criteria]]:
    for at, (weight, part) in enumerate(parts):
        before, after = parts[:at], parts[at + 1 :]
        yield f"without {weight:g} for {text(part)}", replace(tree, amount=Points((*before, *after)))
        for change, other in _changed(part):
            yield change, replace(tree, amount=Points((*before, (weight, other), *after)))
    step = min(abs(weight) % 1 or 1 for weight, _ in parts)
    for moved in (tree.number - step, tree.number + step):
        yield f"{tree.sign} {moved:g} points for {tree.number:g}", replace(tree, number=moved)


def opened(tree: Criteria, keep: frozenset[str] = frozenset()) -> Criteria:
    """Return criteria with every computed finding but those to keep replaced by what it is computed from."""
    trees, findings = vocabulary().trees, vocabulary().findings
    match tree:
        case Is(finding) if findings[finding].asked_of == "computed" and finding not in keep:
            return opened(trees[finding], keep)
        case Compare(Amount(finding), sign, number) if finding in trees and finding not in keep:
            return Compare(opened_points(trees[finding]), sign, number)
        case Compare(Points() as points, sign, number):
            return Compare(opened_points(points), sign, number)
        case Not(part):
            return Not(opened(part, keep))
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            return replace(tree, parts=tuple(opened(part, keep) for part in parts))
        case _:
            return tree


def opened_points(points: Criteria) -> Points:
    """Return a score with every computed finding in it replaced by what it is computed from."""
    assert isinstance(points, Points)
    return Points(tuple((weight, opened(part)) for weight, part in points.parts))


def rebuilt(tree: AllOf | AnyOf | AtLeast, parts: tuple[Criteria, ...]) -> Criteria:
    """Return the same kind of group with other parts; a group of one is that one."""
    if isinstance(tree, AtLeast):
        return AtLeast(tree.count, parts)
    return parts[0] if len(parts) == 1 else replace(tree, parts=parts)


def text(tree: Criteria) -> str:
    """Return criteria as the text they came from, brackets as needed."""
    match tree:
        case Is(finding):
            return finding
        case Chosen(finding, choice):
            return f"{finding} == {choice}"
        case Not(part):
            return f"not {_bracketed(part)}"
        case AllOf(parts):
            return " and ".join(_bracketed(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_bracketed(part) for part in parts)
        case AtLeast(count, parts):
            return f"at_least({count}, {', '.join(text(part) for part in parts)})"
        case Points(parts):
            return f"points({', '.join(f'{weight:g}: {text(part)}' for weight, part in parts)})"
        case Compare(amount, sign, number):
            side = amount.finding if isinstance(amount, Amount) else text(amount)
            return f"{side} {sign} {number:g}"


def _bracketed(tree: Criteria) -> str:
    return f"({text(tree)})" if isinstance(tree, (AllOf, AnyOf)) else text(tree)


# --- patients who would tell criteria from their mutant -----------------------------------------------------


def patients(tree: Criteria, rows: Sequence[Knee], count: int = 500) -> Iterator[Knee]:
    """Yield patients of a table with a few answers changed at random, the same in every run."""
    draw = random.Random(text(tree))
    for _ in range(count):
        answers = list(_answers(tree, draw))
        changes = draw.sample(answers, draw.randint(1, min(4, len(answers))))
        yield draw.choice(rows).but(dict(changes))


def _answers(tree: Criteria, draw: random.Random) -> Iterator[tuple[str, Value]]:
    """Yield an answer, or none, to every question, down to those of derivations; amounts lie near the limits."""
    findings, trees = vocabulary().findings, vocabulary().trees
    match tree:
        case Compare(Amount(finding), _, number) if finding not in trees:
            amounts: tuple[Value, ...] = (UNKNOWN, number - 1, number, number + 1)
            yield finding, draw.choice(amounts)
        case Chosen(finding, choice):
            choices: tuple[Value, ...] = (UNKNOWN, choice, *findings[finding].choices)
            yield finding, draw.choice(choices)
        case Is(finding):
            if findings[finding].asked_of != "computed":
                yield finding, draw.choice((UNKNOWN, YES, NO))
            if finding in trees:
                yield from _answers(trees[finding], draw)
        case Compare(Amount(finding)):
            yield from _answers(trees[finding], draw)
        case _:
            for part in parts_of(tree):
                yield from _answers(part, draw)

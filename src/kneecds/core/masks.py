"""Criteria as bit masks: the fast reading of `core.criteria`.

What is known of a side is two integers: one bit a fact in `yes`, one in `no`; a fact in neither is unknown.
A fact is a yes-or-no finding, or one comparison ("age_years >= 55") that some criteria make.
`and` over facts is then one test of a mask, however many facts there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.criteria import (
    SIGNS,
    AllOf,
    Amount,
    AnyOf,
    AtLeast,
    Chosen,
    Compare,
    Criteria,
    CriteriaError,
    Is,
    Not,
    Points,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NO, UNKNOWN, YES = 0, 1, 2  # as `core.truth.Truth`; plain numbers here because this is the hot path

ALL, ANY, COUNT, SUM = 0, 1, 2, 3


class Node(NamedTuple):
    """One step of a rule: facts that must be present, facts that must be absent, and further steps."""

    kind: int
    present: int  # mask of facts that count when they are YES
    absent: int  # mask of facts that count when they are NO
    nodes: tuple[Node, ...]
    needed: int = 0  # COUNT: how many
    weights: tuple[tuple[float, Node], ...] = ()  # SUM: what each part adds
    relation: Callable[[float, float], bool] | None = None  # SUM: how the sum is compared
    number: float = 0.0  # SUM: with what
    turned: bool = False  # SUM: the comparison must fail

    def support(self) -> int:
        """Return the mask of every fact this step looks at."""
        mask = self.present | self.absent
        for node in self.nodes:
            mask |= node.support()
        for _, node in self.weights:
            mask |= node.support()
        return mask


def evaluate(node: Node, yes: int, no: int) -> int:
    """Return NO, UNKNOWN or YES."""
    kind = node.kind
    present, absent = node.present, node.absent
    if kind == ALL:
        if no & present or yes & absent:
            return NO
        result = YES if yes & present == present and no & absent == absent else UNKNOWN
        for part in node.nodes:
            truth = evaluate(part, yes, no)
            if truth < result:
                if truth == NO:
                    return NO
                result = truth
        return result
    if kind == ANY:
        if yes & present or no & absent:
            return YES
        result = NO if no & present == present and yes & absent == absent else UNKNOWN
        for part in node.nodes:
            truth = evaluate(part, yes, no)
            if truth > result:
                if truth == YES:
                    return YES
                result = truth
        return result
    if kind == COUNT:
        sure = (yes & present).bit_count() + (no & absent).bit_count()
        out = (no & present).bit_count() + (yes & absent).bit_count()
        size = present.bit_count() + absent.bit_count() + len(node.nodes)
        for part in node.nodes:
            truth = evaluate(part, yes, no)
            if truth == YES:
                sure += 1
            elif truth == NO:
                out += 1
        if sure >= node.needed:
            return YES
        return NO if size - out < node.needed else UNKNOWN
    lowest, highest = sum_range(node, yes, no)
    if node.relation is None:
        msg = "a sum must be compared"
        raise CriteriaError(msg)
    low, high = node.relation(lowest, node.number), node.relation(highest, node.number)
    if low != high:
        return UNKNOWN
    return YES if low is not node.turned else NO


def sum_range(node: Node, yes: int, no: int) -> tuple[float, float]:
    """Return the least and the greatest sum of points that what is known allows."""
    lowest = highest = 0.0
    for weight, part in node.weights:
        truth = evaluate(part, yes, no)
        if truth == YES or (truth == UNKNOWN and weight < 0):
            lowest += weight
        if truth == YES or (truth == UNKNOWN and weight > 0):
            highest += weight
    return lowest, highest


def bits(mask: int) -> Iterator[int]:
    """Yield the positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Compiler:
    """Turns criteria into nodes; gives each finding and each comparison its bit."""

    def __init__(self, boolean_ids: list[str], derivations: dict[str, Criteria]) -> None:
        """Give every yes-or-no finding its bit; `derivations` are looked into for sums of points."""
        self.bit_of = {finding: position for position, finding in enumerate(boolean_ids)}
        self.fact_names: list[tuple[str, ...]] = [(finding,) for finding in boolean_ids]
        self.comparisons: dict[tuple[str, str, float], int] = {}
        self.choices: dict[tuple[str, str], int] = {}
        self._derivations = derivations

    def node(self, tree: Criteria, *, turned: bool = False) -> Node:
        """Return the mask form of a tree, or of its opposite; `not` moves inwards to the facts."""
        match tree:
            case Not(part):
                return self.node(part, turned=not turned)
            case AllOf(parts):
                return self._group(ANY if turned else ALL, parts, turned=turned)
            case AnyOf(parts):
                return self._group(ALL if turned else ANY, parts, turned=turned)
            case AtLeast(count, parts):
                # "fewer than n of m" is "at least m - n + 1 of the opposites"
                needed = len(parts) - count + 1 if turned else count
                return self._counted(needed, parts, turned=turned)
            case Compare(Points(), _, _) | Compare(Amount(), _, _) if (points := self._points_of(tree)) is not None:
                weights = tuple((weight, self.node(part)) for weight, part in points.parts)
                return Node(SUM, 0, 0, (), 0, weights, SIGNS[tree.sign], tree.number, turned)
            case _:
                mask = 1 << self.fact(tree)
                return Node(ALL, 0, mask, ()) if turned else Node(ALL, mask, 0, ())

    def fact(self, tree: Criteria) -> int:
        """Return the bit of one fact, giving it one if it is new."""
        match tree:
            case Is(finding):
                return self.bit_of[finding]
            case Chosen(finding, choice):
                if (finding, choice) not in self.choices:
                    self.choices[finding, choice] = self._new((finding, "==", choice))
                return self.choices[finding, choice]
            case Compare(Amount(finding), sign, number):
                if (finding, sign, number) not in self.comparisons:
                    self.comparisons[finding, sign, number] = self._new((finding, sign, f"{number:g}"))
                return self.comparisons[finding, sign, number]
            case _:
                msg = f"not a fact: {tree!r}"
                raise CriteriaError(msg)

    def _new(self, name: tuple[str, ...]) -> int:
        self.fact_names.append(name)
        return len(self.fact_names) - 1

    def _points_of(self, tree: Compare) -> Points | None:
        if isinstance(tree.amount, Points):
            return tree.amount
        derivation = self._derivations.get(tree.amount.finding)
        return derivation if isinstance(derivation, Points) else None

    def _group(self, kind: int, parts: tuple[Criteria, ...], *, turned: bool) -> Node:
        present = absent = 0
        nodes = []
        for part in parts:
            node = self.node(part, turned=turned)
            single = node.kind in (ALL, ANY) and not node.nodes and (node.present | node.absent).bit_count() == 1
            if single or (node.kind == kind and not node.nodes):
                present |= node.present
                absent |= node.absent
            else:
                nodes.append(node)
        return Node(kind, present, absent, tuple(nodes))

    def _counted(self, needed: int, parts: tuple[Criteria, ...], *, turned: bool) -> Node:
        present = absent = 0
        nodes = []
        for part in parts:
            node = self.node(part, turned=turned)
            if node.kind == ALL and not node.nodes and (node.present | node.absent).bit_count() == 1:
                present |= node.present
                absent |= node.absent
            else:
                nodes.append(node)
        return Node(COUNT, present, absent, tuple(nodes), needed)

"""The findings as bits, and what follows from what is known of one side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.criteria import SIGNS, Criteria, finding_ids, parse
from kneecds.core.masks import UNKNOWN, YES, Compiler, Node, bits, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kneecds.core.knowledge import Finding


class State(NamedTuple):
    """What is known of one side, with everything that follows from it."""

    yes: int
    no: int
    conflicts: int  # facts that one statement affirms and another denies

    @property
    def known(self) -> int:
        """The facts that are not unknown."""
        return self.yes | self.no


class _Derivation(NamedTuple):
    mask: int
    support: int
    node: Node
    spreads: int  # the fact and all that it implies


class Vocabulary:
    """Gives every finding its bit, and works out what implies, excludes and derives what."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Give every finding its bit and prepare implications, exclusions and derivations."""
        self.findings: dict[str, Finding] = {finding.id: finding for finding in findings}
        boolean_ids = [finding.id for finding in self.findings.values() if finding.value_type == "boolean"]
        trees = {f.id: parse(f.derived_from) for f in self.findings.values() if f.derived_from}
        self.trees: dict[str, Criteria] = trees
        self.compiler = Compiler(boolean_ids, trees)
        self.bit_of = self.compiler.bit_of
        self.aliases = {alias: f.id for f in self.findings.values() for alias in f.aliases}
        count = len(boolean_ids)
        self.up = [self._implied(position) for position in range(count)]
        self.down = [0] * count
        for position, mask in enumerate(self.up):
            for implied in bits(mask):
                self.down[implied] |= 1 << position
        self.excludes = [0] * count
        for finding in self.findings.values():
            if finding.value_type == "boolean":
                for other in finding.excludes:
                    if other in self.bit_of:
                        self.excludes[self.bit_of[finding.id]] |= 1 << self.bit_of[other]
                        self.excludes[self.bit_of[other]] |= 1 << self.bit_of[finding.id]
        self.derivations = [
            _Derivation(1 << self.bit_of[finding], node.support(), node, self.up[self.bit_of[finding]])
            for finding in self._in_order_of_need(trees)
            for node in [self.compiler.node(trees[finding])]
        ]
        self.derivation_of = {one.mask.bit_length() - 1: one.node for one in self.derivations}
        self.person_mask = 0
        self.amount_facts: dict[str, tuple[tuple[Callable[[float, float], bool], float, int], ...]] = {}
        self.choice_facts: dict[str, tuple[tuple[str, int], ...]] = {}
        self._up_needed = sum(1 << position for position, mask in enumerate(self.up) if mask != 1 << position)
        self._down_needed = sum(1 << position for position, mask in enumerate(self.down) if mask != 1 << position)
        self._needed = self._up_needed | self._down_needed
        for derivation in self.derivations:
            self._needed |= derivation.support
        self._exclusive = sum(1 << position for position, mask in enumerate(self.excludes) if mask)
        self._needed |= self._exclusive
        self.finish()

    def finish(self) -> None:
        """Take in the comparisons that rules compiled since have added."""
        self.amount_facts = {}
        for (finding, sign, number), position in self.compiler.comparisons.items():
            entry = (SIGNS[sign], number, 1 << position)
            self.amount_facts[finding] = (*self.amount_facts.get(finding, ()), entry)
        self.choice_facts = {}
        for (finding, choice), position in self.compiler.choices.items():
            self.choice_facts[finding] = (*self.choice_facts.get(finding, ()), (choice, 1 << position))
        self.person_mask = sum(
            1 << position
            for position, name in enumerate(self.compiler.fact_names)
            if self.findings[name[0]].scope == "person"
        )

    def node(self, text: str) -> Node:
        """Compile criteria; call `finish` after the last one."""
        return self.compiler.node(parse(text))

    def amount_masks(self, finding: str, value: float) -> tuple[int, int]:
        """Return which comparisons with this amount are true and which are false."""
        yes = no = 0
        for relation, number, mask in self.amount_facts.get(finding, ()):
            if relation(value, number):
                yes |= mask
            else:
                no |= mask
        return yes, no

    def choice_masks(self, finding: str, choice: str) -> tuple[int, int]:
        """Return which comparisons with this choice are true and which are false."""
        yes = no = 0
        for option, mask in self.choice_facts.get(finding, ()):
            if option == choice:
                yes |= mask
            else:
                no |= mask
        return yes, no

    def close(self, yes: int, no: int) -> State:
        """Add everything that follows; what is both affirmed and denied counts as present, and is a conflict."""
        denied = no
        up, down, excludes = self.up, self.down, self.excludes
        for position in bits(yes & self._up_needed):
            yes |= up[position]
        fresh = yes | no  # what became known since the derivations were last looked at
        while True:
            before_yes, before_no = yes, no
            no &= ~yes
            for position in bits(no & self._down_needed):
                no |= down[position]
            for position in bits(yes & self._exclusive):
                no |= excludes[position]
            no &= ~yes
            fresh |= (yes | no) & ~(before_yes | before_no)
            for mask, support, node, spreads in self.derivations:
                if not support & fresh or yes & mask:
                    continue
                truth = evaluate(node, yes, no)
                if truth == YES:
                    fresh |= spreads & ~yes
                    yes |= spreads
                    no &= ~spreads
                elif truth != UNKNOWN:
                    fresh |= mask & ~no
                    no |= mask
            if yes == before_yes and no == before_no:
                return State(yes, no, yes & denied)
            fresh = (yes | no) & ~(before_yes | before_no)
            if not fresh & self._needed:
                return State(yes, no, yes & denied)

    def names(self, mask: int) -> list[str]:
        """Return what the set bits mean, in the order of the vocabulary."""
        return [" ".join(self.compiler.fact_names[position]) for position in bits(mask)]

    def _implied(self, position: int) -> int:
        seen, todo = 0, [position]
        while todo:
            at = todo.pop()
            if not seen >> at & 1:
                seen |= 1 << at
                name = self.compiler.fact_names[at][0]
                todo += [self.bit_of[other] for other in self.findings[name].implies if other in self.bit_of]
        return seen

    def _in_order_of_need(self, trees: Mapping[str, Criteria]) -> list[str]:
        """Order derived findings so that each comes after those it is derived from."""
        ordered: list[str] = []
        seen: set[str] = set()

        def visit(finding: str) -> None:
            if finding in seen or finding not in trees:
                return
            seen.add(finding)
            for needed in finding_ids(trees[finding]):
                visit(needed)
            if finding in self.bit_of:
                ordered.append(finding)

        for finding in trees:
            visit(finding)
        return ordered

"""Met unless: whether a rule would be met if what nobody answered did not stand in its way.

Two kinds of unanswered facts cannot hold back a rule that raises: those that it only asks to be absent
(a locked knee is urgent unless it is an old fixed loss of extension), and upper limits on time
(a hot swollen knee of unknown duration is urgent unless it is old). They are named as what would cancel it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.criteria import AllOf, Amount, AnyOf, AtLeast, Compare, Criteria, Is, Not, Points
from kneecds.core.masks import ALL, ANY, COUNT, SUM, YES, Node, evaluate

if TYPE_CHECKING:
    from kneecds.core.vocabulary import Vocabulary

TIME_LIMITS = frozenset({"symptom_duration_days"})


class Hope(NamedTuple):
    """One step of a rule read hopefully: some facts must be YES, others must only not be known to be otherwise."""

    kind: int
    present: int  # must be YES
    not_present: int  # must not be YES
    not_absent: int  # must not be NO
    nodes: tuple[Hope, ...]
    needed: int = 0
    exact: Node | None = None  # read without hope


def hopeful(tree: Criteria, vocabulary: Vocabulary, *, turned: bool = False) -> Hope:
    """Return the hopeful form of criteria, derivations opened up."""
    match tree:
        case Not(part):
            return hopeful(part, vocabulary, turned=not turned)
        case AllOf(parts) | AnyOf(parts):
            kind = ALL if isinstance(tree, AllOf) is not turned else ANY
            return _gathered(kind, [hopeful(part, vocabulary, turned=turned) for part in parts])
        case AtLeast(count, parts):
            needed = len(parts) - count + 1 if turned else count
            return Hope(COUNT, 0, 0, 0, tuple(hopeful(part, vocabulary, turned=turned) for part in parts), needed)
        case Compare(Points()):
            return Hope(SUM, 0, 0, 0, (), 0, vocabulary.compiler.node(tree, turned=turned))
        case Compare(Amount(finding)) if isinstance(vocabulary.trees.get(finding), Points):
            return Hope(SUM, 0, 0, 0, (), 0, vocabulary.compiler.node(tree, turned=turned))
        case _:
            return _fact(tree, vocabulary, turned=turned)


def _fact(tree: Criteria, vocabulary: Vocabulary, *, turned: bool) -> Hope:
    mask = 1 << vocabulary.compiler.fact(tree)
    if turned:
        return Hope(ALL, 0, mask, 0, ())
    if isinstance(tree, Compare) and isinstance(tree.amount, Amount):
        if tree.amount.finding in TIME_LIMITS and tree.sign in ("<=", "<"):
            return Hope(ALL, 0, 0, mask, ())
    elif isinstance(tree, Is) and tree.finding in vocabulary.trees:
        derived = _gathered(ALL, [Hope(ALL, 0, 0, mask, ()), hopeful(vocabulary.trees[tree.finding], vocabulary)])
        return Hope(ANY, mask, 0, 0, (derived,))
    return Hope(ALL, mask, 0, 0, ())


def _gathered(kind: int, parts: list[Hope]) -> Hope:
    """Join steps of one kind, single facts into the masks of the whole."""
    present = not_present = not_absent = 0
    nodes: list[Hope] = []
    for part in parts:
        facts = (part.present | part.not_present | part.not_absent).bit_count()
        if part.kind in (ALL, ANY) and not part.nodes and (part.kind == kind or facts == 1):
            present |= part.present
            not_present |= part.not_present
            not_absent |= part.not_absent
        elif part.kind == kind and kind in (ALL, ANY):
            present |= part.present
            not_present |= part.not_present
            not_absent |= part.not_absent
            nodes += part.nodes
        else:
            nodes.append(part)
    return Hope(kind, present, not_present, not_absent, tuple(nodes))


def met_unless(hope: Hope, yes: int, no: int) -> bool:
    """Say whether nothing but unanswered exclusions and time limits stands between the facts and the rule."""
    kind, present, not_present, not_absent, nodes, needed, exact = hope
    if kind == ALL:
        if yes & present != present or yes & not_present or no & not_absent:
            return False
        for part in nodes:  # noqa: SIM110 - a loop is twice as fast here as all() of a generator
            if not met_unless(part, yes, no):
                return False
        return True
    if kind == ANY:
        if yes & present or not_present & ~yes or not_absent & ~no:
            return True
        for part in nodes:  # noqa: SIM110
            if met_unless(part, yes, no):
                return True
        return False
    if kind == COUNT:
        return sum(met_unless(part, yes, no) for part in nodes) >= needed
    return exact is not None and evaluate(exact, yes, no) == YES


def indispensable(hope: Hope) -> int:
    """Return facts without which a rule cannot be met, however hopefully it is read."""
    if hope.kind != ALL:
        return 0
    mask = hope.present
    for part in hope.nodes:
        mask |= indispensable(part)
    return mask


def cancelling(hope: Hope, yes: int, no: int) -> tuple[int, int]:
    """Return the unanswered facts that would cancel a rule that is met unless: if present, and if absent."""
    known = yes | no
    if hope.kind == SUM or not met_unless(hope, yes, no):
        return 0, 0
    if hope.kind == ANY and (yes & hope.present or no & hope.not_present or yes & hope.not_absent):
        return 0, 0
    if_present, if_absent = hope.not_present & ~known, hope.not_absent & ~known
    for part in hope.nodes:
        more_present, more_absent = cancelling(part, yes, no)
        if_present |= more_present
        if_absent |= more_absent
    return if_present, if_absent

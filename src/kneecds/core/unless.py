"""Met unless: would a rule be met if what nobody answered did not stand in its way?

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
            return Hope(kind, 0, 0, 0, tuple(hopeful(part, vocabulary, turned=turned) for part in parts))
        case AtLeast(count, parts):
            needed = len(parts) - count + 1 if turned else count
            return Hope(COUNT, 0, 0, 0, tuple(hopeful(part, vocabulary, turned=turned) for part in parts), needed)
        case Compare(Points()):
            return Hope(SUM, 0, 0, 0, (), 0, vocabulary.compiler.node(tree, turned=turned))
        case Compare(Amount(finding), sign, _):
            if isinstance(vocabulary.trees.get(finding), Points):
                return Hope(SUM, 0, 0, 0, (), 0, vocabulary.compiler.node(tree, turned=turned))
            mask = 1 << vocabulary.compiler.fact(tree)
            if turned:
                return Hope(ALL, 0, mask, 0, ())
            if finding in TIME_LIMITS and sign in ("<=", "<"):
                return Hope(ALL, 0, 0, mask, ())
            return Hope(ALL, mask, 0, 0, ())
        case _:
            mask = 1 << vocabulary.compiler.fact(tree)
            if turned:
                return Hope(ALL, 0, mask, 0, ())
            if isinstance(tree, Is) and tree.finding in vocabulary.trees:
                derived = hopeful(vocabulary.trees[tree.finding], vocabulary)
                return Hope(ANY, mask, 0, 0, (Hope(ALL, 0, 0, mask, (derived,)),))
            return Hope(ALL, mask, 0, 0, ())


def met_unless(hope: Hope, yes: int, no: int) -> bool:
    """Say whether nothing but unanswered exclusions and time limits stands between the facts and the rule."""
    if hope.kind == ALL:
        return (
            yes & hope.present == hope.present
            and not yes & hope.not_present
            and not no & hope.not_absent
            and all(met_unless(part, yes, no) for part in hope.nodes)
        )
    if hope.kind == ANY:
        return bool(
            yes & hope.present
            or hope.not_present & ~yes
            or hope.not_absent & ~no
            or any(met_unless(part, yes, no) for part in hope.nodes),
        )
    if hope.kind == COUNT:
        return sum(met_unless(part, yes, no) for part in hope.nodes) >= hope.needed
    return hope.exact is not None and evaluate(hope.exact, yes, no) == YES


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

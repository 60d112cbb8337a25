"""The fast reading of criteria is the plain one, and hope only ever grows with what is found."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kneecds.core.criteria import (
    SIGNS,
    AllOf,
    Amount,
    AnyOf,
    AtLeast,
    Chosen,
    Compare,
    Criteria,
    Is,
    Not,
    Points,
    holds,
    parse,
    parts_of,
)
from kneecds.core.knowledge import Finding
from kneecds.core.masks import Node, bits, evaluate
from kneecds.core.truth import Truth
from kneecds.core.unless import Hope, cancelling, hopeful, met_unless
from kneecds.core.vocabulary import Vocabulary
from kneecds.knowledge.artefact import shipped

if TYPE_CHECKING:
    from collections.abc import Callable


class Facts(NamedTuple):
    """What is known of one side, as answers and not as bits; nothing is concluded from it."""

    words: Vocabulary
    truths: dict[str, Truth]
    amounts: dict[str, float]
    choices: dict[str, str]

    def truth(self, finding: str) -> Truth:
        """Return whether a yes-or-no finding is present."""
        return self.truths.get(finding, Truth.UNKNOWN)

    def amount(self, finding: str) -> float | None:
        """Return the value of a quantity, or None if it is not known."""
        return self.amounts.get(finding)

    def choice(self, finding: str) -> str | None:
        """Return the choice of a finding, or None if it is not known."""
        return self.choices.get(finding)

    def masks(self) -> tuple[int, int]:
        """Return the same as bits, without what follows from it."""
        yes = no = 0
        for finding, truth in self.truths.items():
            mask = 1 << self.words.bit_of[finding]
            yes |= mask if truth is Truth.YES else 0
            no |= mask if truth is Truth.NO else 0
        for finding, amount in self.amounts.items():
            more_yes, more_no = self.words.amount_masks(finding, amount)
            yes, no = yes | more_yes, no | more_no
        for finding, choice in self.choices.items():
            more_yes, more_no = self.words.choice_masks(finding, choice)
            yes, no = yes | more_yes, no | more_no
        return yes, no


# --- random criteria ----------------------------------------------------------------------------------------

BOOLEANS = ("a", "b", "c", "d", "e", "f")
AMOUNTS = ("age_years", "symptom_duration_days")
NUMBERS = (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
CHOICES = ("gradual", "sudden")


def finding(finding_id: str, kind: Literal["boolean", "quantity", "choice"]) -> Finding:
    """Return a finding of which only the kind matters."""
    return Finding(
        id=finding_id,
        label=finding_id,
        definition=finding_id,
        category="symptom",
        value_type=kind,
        scope="knee",
        asked_of="patient",
        choices=CHOICES if kind == "choice" else (),
    )


def words() -> Vocabulary:
    """Return a small vocabulary that concludes nothing."""
    return Vocabulary(
        [
            *(finding(name, "boolean") for name in BOOLEANS),
            *(finding(name, "quantity") for name in AMOUNTS),
            finding("onset", "choice"),
        ]
    )


leaves = st.one_of(
    st.builds(Is, st.sampled_from(BOOLEANS)),
    st.builds(Chosen, st.just("onset"), st.sampled_from(CHOICES)),
    st.builds(
        Compare, st.builds(Amount, st.sampled_from(AMOUNTS)), st.sampled_from(sorted(SIGNS)), st.sampled_from(NUMBERS)
    ),
)


def groups(inner: st.SearchStrategy[Criteria]) -> st.SearchStrategy[Criteria]:
    """Return criteria one level higher."""
    several = st.lists(inner, min_size=2, max_size=4, unique=True).map(tuple)
    return st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, several),
        st.builds(AnyOf, several),
        several.flatmap(lambda parts: st.builds(AtLeast, st.integers(1, len(parts)), st.just(parts))),
        st.builds(
            Compare,
            st.builds(
                Points,
                st.lists(st.tuples(st.sampled_from((-2.0, 0.5, 1.0, 3.0)), inner), min_size=1, max_size=4).map(tuple),
            ),
            st.sampled_from(("<", "<=", ">", ">=")),
            st.sampled_from(NUMBERS),
        ),
    )


criteria = st.recursive(leaves, groups, max_leaves=12)


@st.composite
def knowledge(draw: st.DrawFn) -> Callable[[Vocabulary], Facts]:
    """Draw what is known in the small vocabulary."""
    truths = draw(st.dictionaries(st.sampled_from(BOOLEANS), st.sampled_from((Truth.YES, Truth.NO))))
    amounts = draw(st.dictionaries(st.sampled_from(AMOUNTS), st.sampled_from(NUMBERS)))
    choices = draw(st.dictionaries(st.just("onset"), st.sampled_from(CHOICES)))
    return lambda vocabulary: Facts(vocabulary, truths, amounts, choices)


@given(criteria, knowledge())
def test_masks_say_what_the_plain_reading_says(tree: Criteria, known: Callable[[Vocabulary], Facts]) -> None:
    """For any criteria and any knowledge, compiled and plain reading agree."""
    vocabulary = words()
    node = vocabulary.compiler.node(tree)
    vocabulary.finish()
    facts = known(vocabulary)
    assert evaluate(node, *facts.masks()) == holds(tree, facts)


@given(criteria, knowledge())
def test_hope_never_meets_what_is_excluded(tree: Criteria, known: Callable[[Vocabulary], Facts]) -> None:
    """What is met is met unless; what is not met is not, whatever is still open."""
    vocabulary = words()
    node, hope = vocabulary.compiler.node(tree), hopeful(tree, vocabulary)
    vocabulary.finish()
    yes, no = known(vocabulary).masks()
    truth = evaluate(node, yes, no)
    if truth != Truth.UNKNOWN:
        assert met_unless(hope, yes, no) is (truth == Truth.YES)


# --- the shipped criteria -----------------------------------------------------------------------------------


class Shipped(NamedTuple):
    """All shipped rules and derivations, compiled together."""

    words: Vocabulary
    trees: dict[str, Criteria]
    nodes: dict[str, Node]
    hopes: dict[str, Hope]


@cache
def book() -> Shipped:
    """Return the shipped rules and derived findings that are a truth and not a number."""
    vocabulary = Vocabulary(shipped().files.findings)
    rules = {flag.id: parse(flag.when) for flag in shipped().files.red_flags}
    derived = {name: tree for name, tree in vocabulary.trees.items() if not isinstance(tree, Points)}
    trees = {**rules, **derived}
    nodes = {name: vocabulary.compiler.node(tree) for name, tree in trees.items()}
    hopes = {name: hopeful(tree, vocabulary) for name, tree in rules.items()}
    vocabulary.finish()
    return Shipped(vocabulary, trees, nodes, hopes)


def sums_opened(tree: Criteria) -> Criteria:
    """Return criteria with every score replaced by the points it is the sum of."""
    match tree:
        case Compare(Amount(name), sign, number) if isinstance(points := book().words.trees.get(name), Points):
            return Compare(points, sign, number)
        case Not(part):
            return Not(sums_opened(part))
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            return replace(tree, parts=tuple(map(sums_opened, parts)))
        case _:
            return tree


def leaves_of(tree: Criteria) -> list[Criteria]:
    """Return the facts that criteria rest on."""
    parts = parts_of(tree)
    return [leaf for part in parts for leaf in leaves_of(part)] if parts else [tree]


def drawn_facts(data: st.DataObject, tree: Criteria) -> Facts:
    """Draw an answer, or none, to each question of the criteria."""
    truths: dict[str, Truth] = {}
    amounts: dict[str, float] = {}
    choices: dict[str, str] = {}
    for leaf in leaves_of(sums_opened(tree)):
        match leaf:
            case Is(name):
                truths[name] = data.draw(st.sampled_from(Truth), label=name)
            case Compare(Amount(name), _, number) if name not in amounts:
                amount = data.draw(st.sampled_from((None, number - 1, number, number + 1)), label=name)
                if amount is not None:
                    amounts[name] = amount
            case Chosen(name, choice):
                chosen = data.draw(st.sampled_from((None, choice, "other")), label=name)
                if chosen is not None:
                    choices[name] = chosen
            case _:
                pass
    return Facts(book().words, truths, amounts, choices)


@pytest.mark.parametrize("name", book().trees)
@settings(max_examples=20)
@given(data=st.data())
def test_shipped_criteria_read_alike(name: str, data: st.DataObject) -> None:
    """Every rule and derived finding means the same compiled as read plainly, before anything is concluded."""
    tree = book().trees[name]
    facts = drawn_facts(data, tree)
    assert evaluate(book().nodes[name], *facts.masks()) == holds(sums_opened(tree), facts)


def wanted(hope: Hope) -> int:
    """Return the facts that a rule asks to be present, somewhere, and never to be absent."""
    asked, barred = _asked(hope)
    return asked & ~barred


def _asked(hope: Hope) -> tuple[int, int]:
    asked, barred = hope.present | hope.not_absent, hope.not_present
    for part in hope.nodes:
        more_asked, more_barred = _asked(part)
        asked, barred = asked | more_asked, barred | more_barred
    return asked, barred | (hope.exact.support() if hope.exact is not None else 0)


@pytest.mark.parametrize("name", book().hopes)
@settings(max_examples=20)
@given(data=st.data())
def test_one_more_present_finding_never_unmeets_a_rule(name: str, data: st.DataObject) -> None:
    """What a rule asks for may be found later: met unless stays met unless."""
    hope = book().hopes[name]
    yes, no = drawn_facts(data, book().trees[name]).masks()
    unknown_and_wanted = list(bits(wanted(hope) & ~yes & ~no))
    if met_unless(hope, yes, no) and unknown_and_wanted:
        more = 1 << data.draw(st.sampled_from(unknown_and_wanted), label="also present")
        assert met_unless(hope, yes | more, no)


@pytest.mark.parametrize("name", book().hopes)
@settings(max_examples=20)
@given(data=st.data())
def test_what_would_cancel_is_open_and_named(name: str, data: st.DataObject) -> None:
    """A rule met only unless names an open fact that would cancel it; a rule that is not met names none."""
    hope, node = book().hopes[name], book().nodes[name]
    yes, no = drawn_facts(data, book().trees[name]).masks()
    if_present, if_absent = cancelling(hope, yes, no)
    assert not (if_present | if_absent) & (yes | no)
    if not met_unless(hope, yes, no):
        assert not if_present | if_absent
    elif evaluate(node, yes, no) == Truth.UNKNOWN and not has_derivation(book().trees[name]):
        assert if_present | if_absent


def has_derivation(tree: Criteria) -> bool:
    """Say whether criteria name a finding that is itself derived."""
    match tree:
        case Is(name):
            return name in book().words.trees
        case _:
            return any(has_derivation(part) for part in parts_of(tree))

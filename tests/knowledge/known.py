"""Patients in few words, and what a rule makes of them.

A knee is built from what is known of it; what is not named is unknown. A row of a table names one patient by what
differs from the patient the table begins with, and the outcome a clinician would expect of the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NamedTuple, TypeAlias

from kneecds.core import masks
from kneecds.core.criteria import Criteria, parse
from kneecds.core.knowledge import TIER_RANK, Instrument, RedFlag
from kneecds.core.truth import Truth
from kneecds.core.unless import Hope, hopeful, met_unless
from kneecds.core.vocabulary import State, Vocabulary
from kneecds.knowledge.artefact import shipped

YES: Final = Truth.YES
NO: Final = Truth.NO
UNKNOWN: Final = Truth.UNKNOWN

Value: TypeAlias = Truth | float | str
Outcome: TypeAlias = Literal["met", "met unless", "not met", "undecided"]


@dataclass(frozen=True)
class Knee:
    """What is known of one patient and one side; everything else is unknown."""

    known: dict[str, Value]

    def but(self, changes: dict[str, Value]) -> Knee:
        """Return the same patient with these findings different; UNKNOWN takes one away."""
        merged = {**self.known, **changes}
        return Knee({finding: value for finding, value in merged.items() if value is not UNKNOWN})


def knee(**known: Value) -> Knee:
    """Return a patient of whom this is known."""
    return Knee(known)


# --- tables -------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """How one patient differs from the first of the table, and what is then expected."""

    about: str
    expected: Outcome
    changes: dict[str, Value]


class Case(NamedTuple):
    """One line of a table: a rule, a patient in words, the same patient as findings, and the outcome."""

    rule: str
    about: str
    knee: Knee
    expected: Outcome


def met(about: str, **changes: Value) -> Row:
    """Expect the rule to be met."""
    return Row(about, "met", changes)


def unless(about: str, **changes: Value) -> Row:
    """Expect the rule to be met unless an open answer cancels it."""
    return Row(about, "met unless", changes)


def not_met(about: str, **changes: Value) -> Row:
    """Expect the rule not to be met."""
    return Row(about, "not met", changes)


def undecided(about: str, **changes: Value) -> Row:
    """Expect the rule to wait for an answer."""
    return Row(about, "undecided", changes)


def table(rule: str, base: Knee, *rows: Row) -> tuple[Case, ...]:
    """Return the cases of one rule, each told as a change to the first patient."""
    return tuple(Case(rule, row.about, base.but(row.changes), row.expected) for row in rows)


# --- what the rules make of them ----------------------------------------------------------------------------


@cache
def vocabulary() -> Vocabulary:
    """Return the shipped findings as bits."""
    return Vocabulary(shipped().files.findings)


@cache
def red_flags() -> dict[str, RedFlag]:
    """Return the shipped rules by id."""
    return {flag.id: flag for flag in shipped().files.red_flags}


@cache
def instruments() -> dict[str, Instrument]:
    """Return the shipped instruments by id."""
    return {instrument.id: instrument for instrument in shipped().files.instruments}


class Rule(NamedTuple):
    """Criteria ready to be tried: compiled, and read hopefully if the tier lets an open exclusion count as absent."""

    node: masks.Node
    hope: Hope | None


def compiled(tree: Criteria, tier: str = "routine") -> Rule:
    """Compile criteria; the tier says whether `met unless` exists for them."""
    raises = TIER_RANK[tier] >= TIER_RANK["soon_within_days"]
    return Rule(vocabulary().compiler.node(tree), hopeful(tree, vocabulary()) if raises else None)


@cache
def compiled_flags() -> dict[str, Rule]:
    """Return all red flags compiled, with the comparisons they make known to the vocabulary."""
    rules = {flag.id: compiled(parse(flag.when), flag.tier) for flag in red_flags().values()}
    vocabulary().finish()
    return rules


def state(patient: Knee) -> State:
    """Return what is known of a patient, with everything that follows."""
    words = vocabulary()
    yes = no = 0
    for name, value in patient.known.items():
        finding = words.findings[name]
        if finding.asked_of == "computed":
            msg = f"{name} is computed: say what it follows from"
            raise TypeError(msg)
        match finding.value_type, value:
            case "boolean", Truth.YES:
                more = (1 << words.bit_of[name], 0)
            case "boolean", Truth.NO:
                more = (0, 1 << words.bit_of[name])
            case "choice", str(choice) if choice in finding.choices:
                more = words.choice_masks(name, choice)
            case "quantity", (int() | float()) as amount if not isinstance(amount, Truth):
                more = words.amount_masks(name, amount)
            case _:
                msg = f"{name} cannot be {value!r}"
                raise TypeError(msg)
        yes, no = yes | more[0], no | more[1]
    return words.close(yes, no)


def outcome(rule: Rule, known: State) -> Outcome:
    """Say what the rule comes to: an open exclusion or time limit cannot hold back a rule that raises."""
    truth = masks.evaluate(rule.node, known.yes, known.no)
    if truth == masks.YES:
        return "met"
    if truth == masks.NO:
        return "not met"
    if rule.hope is not None and met_unless(rule.hope, known.yes, known.no):
        return "met unless"
    return "undecided"

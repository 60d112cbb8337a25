"""Every statement about orders is met, not met and undecided when it should be, and rests on what it says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, get_args

import pytest
from known import YES, Case, Knee, knee, vocabulary
from msgspec.structs import replace
from mutants import Exempt, mutants, text
from tables import arthritis, children, everyday, infection, injury, nerves, tumours, vascular
from tables.appropriateness import CASES

from kneecds import pipeline
from kneecds.core.appropriateness import Rater
from kneecds.core.criteria import finding_ids, parse
from kneecds.core.facts import Fact
from kneecds.core.knowledge import OrderKind
from kneecds.core.truth import Truth
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.core.knowledge import Appropriateness
    from kneecds.core.rating import StatementResult
    from kneecds.pipeline import Evaluation

AS_OF = date(2026, 1, 15)
STATEMENTS = {one.id: one for one in shipped().appropriateness}
OF_FLAGS_ALONE = {one.id for one in STATEMENTS.values() if one.red_flags and not one.when}
FLAG_CASES = tuple(
    case
    for module in (arthritis, children, everyday, infection, injury, nerves, tumours, vascular)
    for case in module.CASES
)
OUTCOMES = {"met": "met", "not_met": "not met", "not_applicable": "not met", "undecided": "undecided"}


def facts_of(patient: Knee) -> tuple[Fact, ...]:
    return tuple(_fact(name, value) for name, value in patient.known.items())


def _fact(name: str, value: Truth | float | str) -> Fact:
    scope = vocabulary().findings[name].scope
    if isinstance(value, Truth):
        return Fact(name, "person" if scope == "person" else "left", value is YES)
    stated = value if isinstance(value, str) else Decimal(str(value))
    return Fact(name, "person" if scope == "person" else "left", stated)


def evaluated(patient: Knee) -> Evaluation:
    return pipeline.evaluate_facts(facts_of(patient), knowledge=shipped(), as_of=AS_OF)


def result_of(rater: Rater, statement: Appropriateness, evaluation: Evaluation) -> StatementResult:
    (rating,) = rater.rated(evaluation.assessment, evaluation.facts, [(statement.orders[0], "left")])
    return next(one for one in rating.statements if one.statement == statement.id)


@cache
def shipped_rater() -> Rater:
    return pipeline.prepare(shipped()).rater


def _ids(cases: tuple[Case, ...]) -> list[str]:
    return [f"{case.rule}: {case.about}" for case in cases]


@pytest.mark.parametrize("case", CASES, ids=_ids(CASES))
def test_result(case: Case) -> None:
    """A patient in words gets the result a clinician expects."""
    result = result_of(shipped_rater(), STATEMENTS[case.rule], evaluated(case.knee))
    assert OUTCOMES[result.status] == case.expected
    assert bool(result.decided_by) == (result.status == "undecided")


def test_every_statement_has_its_table() -> None:
    """Each statement with criteria or a decision rule is seen met, not met and undecided."""
    assert {case.rule for case in CASES} == set(STATEMENTS) - OF_FLAGS_ALONE
    for name in set(STATEMENTS) - OF_FLAGS_ALONE:
        assert {case.expected for case in CASES if case.rule == name} == {"met", "not met", "undecided"}, name


@pytest.mark.parametrize(
    ("name", "flag"), [(name, flag) for name in sorted(STATEMENTS) for flag in STATEMENTS[name].red_flags]
)
def test_each_red_flag_counts(name: str, flag: str) -> None:
    """A patient who meets a red flag meets the statement that rests on it, or at least that part of it."""
    patient = next(case.knee for case in FLAG_CASES if case.rule == flag and case.expected == "met")
    result = result_of(shipped_rater(), STATEMENTS[name], evaluated(patient))
    title = next(one.title for one in shipped().files.red_flags if one.id == flag)
    assert title in result.met
    if name in OF_FLAGS_ALONE:
        assert result.status == "met"


@pytest.mark.parametrize("name", sorted(OF_FLAGS_ALONE))
def test_open_red_flags_leave_it_open(name: str) -> None:
    """Of a knee that only hurts, no red flag is decided, and so no statement that rests on one."""
    result = result_of(shipped_rater(), STATEMENTS[name], evaluated(knee(knee_pain=YES)))
    assert (result.status, bool(result.unknown), bool(result.decided_by)) == ("undecided", True, True)


def test_emergencies_are_complete() -> None:
    """Every rule that is an emergency makes a referral to the emergency department appropriate."""
    emergencies = {one.id for one in shipped().files.red_flags if one.tier == "emergency"}
    assert emergencies <= set(STATEMENTS["emergency_red_flag"].red_flags)


NAMES = {
    "film_red_flag": ("film", "radiograph"),
    "mri_red_flag": ("mri",),
    "ct_red_flag": ("ct",),
    "ultrasound_red_flag": ("ultrasound",),
    "orthopaedics_red_flag": ("orthopaed", "acute knee clinic"),
    "rheumatology_red_flag": ("rheumatolog",),
}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_red_flags_name_the_order(name: str) -> None:
    """The action of every listed rule names what the statement is about."""
    actions = {one.id: one.action.lower() for one in shipped().files.red_flags}
    assert [flag for flag in STATEMENTS[name].red_flags if not any(word in actions[flag] for word in NAMES[name])] == []


# --- no criterion can be dropped ------------------------------------------------------------------------------

EXEMPT: tuple[Exempt, ...] = ()


def changed(statement: Appropriateness) -> Iterator[tuple[str, Appropriateness]]:
    """Yield every version of a statement with one thing wrong in its criteria, its decision rule or its verdict."""
    if statement.when:
        for change, tree in mutants(parse(statement.when)):
            yield f"when: {change}", replace(statement, when=text(tree))
    if statement.applies:
        for change, tree in mutants(parse(statement.applies)):
            yield f"applies: {change}", replace(statement, applies=text(tree))
        yield "without applies", replace(statement, applies="")
    if statement.instrument:
        other = "not_met" if statement.result == "met" else "met"
        yield "another result", replace(statement, result=other)
        if statement.when:
            yield "without the decision rule", replace(statement, instrument="")
    if statement.red_flags and statement.when:
        yield "without red flags", replace(statement, red_flags=())


def test_no_criterion_can_be_dropped() -> None:
    """Take any criterion out or move any limit by one: some row then fails."""
    survivors = set()
    for name in {case.rule for case in CASES}:
        statement = STATEMENTS[name]
        versions = {f"{name}_{number}": (change, one) for number, (change, one) in enumerate(changed(statement))}
        rater = Rater(shipped().files, [replace(one, id=key) for key, (_, one) in versions.items()])
        wrong: set[str] = set()
        for case in CASES:
            if case.rule == name:
                evaluation = evaluated(case.knee)
                (rating,) = rater.rated(evaluation.assessment, evaluation.facts, [(statement.orders[0], "left")])
                wrong |= {one.statement for one in rating.statements if OUTCOMES[one.status] != case.expected}
        survivors |= {(name, change) for key, (change, _) in versions.items() if key not in wrong}
    exempt = {(entry.rule, entry.change) for entry in EXEMPT}
    unexplained = [f"{rule}: {change}" for rule, change in sorted(survivors - exempt)]
    assert not unexplained, "no row fails after:\n" + "\n".join(unexplained)
    assert exempt <= survivors, f"a row does fail: {sorted(exempt - survivors)}"


# --- what is written down -------------------------------------------------------------------------------------


def test_every_order_has_a_statement() -> None:
    assert {kind for one in STATEMENTS.values() for kind in one.orders} == set(get_args(OrderKind))


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_criteria_say_what_is_asked(name: str) -> None:
    """The lines that a reader sees mention the findings that `applies` and `when` mention, and no others."""
    statement = STATEMENTS[name]
    shown = {name for line in statement.criteria if line.when for name in _names(line.when)}
    assert shown == {*_names(statement.applies), *_names(statement.when)}


def _names(criteria: str) -> set[str]:
    return set(finding_ids(parse(criteria))) if criteria else set()


@pytest.mark.parametrize("case", [case for case in CASES if case.expected == "met"], ids=lambda case: case.rule)
def test_lines_of_a_met_statement_are_met(case: Case) -> None:
    """Where a statement is met so is every line of its own that a finding can say."""
    statement = STATEMENTS[case.rule]
    result = result_of(shipped_rater(), statement, evaluated(case.knee))
    lines = {line.text for line in statement.criteria if line.when}
    assert lines <= {*result.met} or (
        statement.id == "ultrasound_soft_tissue" and lines & {*result.met}
    )  # alternatives

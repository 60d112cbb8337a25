"""Every red flag does what its text says, and no part of it is without effect."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from known import Case, Rule, compiled, compiled_flags, outcome, red_flags, state, vocabulary
from mutants import Exempt, mutants, opened, patients
from tables import arthritis, children, everyday, infection, injury, nerves, tumours, vascular

from kneecds.core.criteria import Amount, Compare, Criteria, Is, Not, parse, parts_of
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import bits
from kneecds.core.unless import TIME_LIMITS, cancelling

if TYPE_CHECKING:
    from kneecds.core.vocabulary import State

GROUPS = (vascular, infection, injury, children, tumours, arthritis, nerves, everyday)
CASES: tuple[Case, ...] = tuple(case for group in GROUPS for case in group.CASES)


INSTRUMENT_RESULTS = frozenset({"ottawa_knee_rule_positive", "pittsburgh_knee_rule_positive", "wells_dvt_score"})
"""What these are computed from has its rows in the tables of the instruments."""

EXEMPT: tuple[Exempt, ...] = (
    Exempt("rf_child_haemarthrosis", "without knee_injury", "swelling within two hours of the injury implies one"),
    Exempt("rf_child_leukaemia", "without age_years < 18", "low neutrophils are computed for those under 18 only"),
    Exempt("rf_child_leukaemia", "age_years < 19 for 18", "low neutrophils are computed for those under 18 only"),
    Exempt("rf_child_leukaemia", "without age_years < 18 (2)", "the rule asks for it beside the low neutrophils"),
    Exempt("rf_child_leukaemia", "age_years < 19 for 18 (2)", "the rule asks for it beside the low neutrophils"),
    Exempt("rf_crps", "without recent_knee_surgery", "implies an earlier operation on the knee"),
    Exempt("rf_effusion_within_2h", "without knee_injury", "swelling within two hours of the injury implies one"),
    Exempt(
        "rf_gonococcal", "without pustular_skin_lesions", "a new rash, so also in the eye, urinary, gut or skin item"
    ),
    Exempt("rf_gonococcal", "without urinary_or_genital_symptoms", "also in the eye, urinary, gut or skin item"),
    Exempt("rf_hip_fracture", "without unable_to_bear_weight", "implies that four steps are not possible"),
    Exempt("rf_knee_dislocation", "without knee_injury (2)", "bent backwards implies an injury"),
    Exempt("rf_lyme_exposure", "without effusion", "implies swelling"),
    Exempt("rf_pvns", "without not other_joint_swelling", "implies pain of that joint"),
    Exempt("rf_rheumatic_fever", "without other_joint_swelling", "implies pain of that joint"),
    Exempt("rf_scfe_obese_adolescent", "without age_years < 18", "the rule ends at 16"),
    Exempt("rf_scfe_obese_adolescent", "age_years < 17 for 18", "the rule ends at 16"),
    Exempt("rf_scfe_obese_adolescent", "age_years < 19 for 18", "the rule ends at 16"),
    Exempt("rf_scfe_obese_adolescent", "without obesity", "implies overweight"),
    Exempt("rf_severe_leg_pain_after_injury", "without rapid_worsening", "implies that the pain gets worse"),
    Exempt("rf_systemic_arthritis", "without other_joint_swelling", "implies pain of that joint"),
)


@cache
def known_of(number: int) -> State:
    """Return a patient of the tables with what follows; all rules and mutants are compiled before."""
    compiled_flags()
    all_mutants()
    return state(CASES[number].knee)


@cache
def all_mutants() -> dict[str, list[tuple[str, Rule]]]:
    """Return each rule's mutants, compiled; also those of what its computed findings are computed from."""
    changed = {
        flag.id: [
            (change, compiled(mutant, flag.tier))
            for tree in dict.fromkeys((parse(flag.when), opened(parse(flag.when), INSTRUMENT_RESULTS)))
            for change, mutant in mutants(tree)
        ]
        for flag in red_flags().values()
    }
    vocabulary().finish()
    return changed


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case.rule}: {case.about}" for case in CASES])
def test_table(number: int) -> None:
    """A patient in words gets the outcome a clinician expects of the rule."""
    case = CASES[number]
    assert outcome(compiled_flags()[case.rule], known_of(number)) == case.expected


OPEN = tuple(number for number, case in enumerate(CASES) if case.expected == "met unless")


@pytest.mark.parametrize("number", OPEN, ids=[f"{CASES[number].rule}: {CASES[number].about}" for number in OPEN])
def test_what_would_cancel_cancels(number: int) -> None:
    """A rule that is met unless names what would cancel it, and each of these alone does."""
    rule, known = compiled_flags()[CASES[number].rule], known_of(number)
    assert rule.hope is not None
    if_present, if_absent = cancelling(rule.hope, known.yes, known.no)
    assert if_present | if_absent
    for mask in bits(if_present):
        closed = vocabulary().close(known.yes | 1 << mask, known.no)
        assert outcome(rule, closed) not in {"met", "met unless"}, vocabulary().names(1 << mask)
    for mask in bits(if_absent):
        closed = vocabulary().close(known.yes, known.no | 1 << mask)
        assert outcome(rule, closed) not in {"met", "met unless"}, vocabulary().names(1 << mask)


def test_every_rule_has_a_table() -> None:
    """A new rule file needs rows, and rows need a rule file."""
    assert {case.rule for case in CASES} == set(red_flags())


@pytest.mark.parametrize("rule", sorted(red_flags()))
def test_each_kind_of_row(rule: str) -> None:
    """Each rule is seen met, not met, undecided and, where something may cancel it, met unless."""
    flag = red_flags()[rule]
    wanted = {"met", "not met", "undecided"}
    if TIER_RANK[flag.tier] >= TIER_RANK["soon_within_days"] and can_be_cancelled(parse(flag.when)):
        wanted.add("met unless")
    assert {case.expected for case in CASES if case.rule == rule} == wanted


@pytest.mark.parametrize("rule", sorted(red_flags()))
def test_rows_are_told_apart(rule: str) -> None:
    """No two rows of a rule have the same words or the same patient."""
    rows = [case for case in CASES if case.rule == rule]
    assert len({case.about for case in rows}) == len(rows)
    assert len({tuple(sorted(map(str, case.knee.known.items()))) for case in rows}) == len(rows)


def test_no_criterion_can_be_dropped() -> None:
    """Take any part out of any rule, or move any limit by a step: some row then fails."""
    numbered = list(enumerate(CASES))
    exempt = {(entry.rule, entry.change) for entry in EXEMPT}
    survivors = []
    for rule, changed in all_mutants().items():
        rows = [(number, case) for number, case in numbered if case.rule == rule]
        survivors += [
            (rule, change)
            for change, mutant in changed
            if all(outcome(mutant, known_of(number)) == case.expected for number, case in rows)
        ]
    unexplained = [f"{rule}: {change}" for rule, change in survivors if (rule, change) not in exempt]
    assert not unexplained, "no row fails after:\n" + "\n".join(unexplained)
    assert exempt <= set(survivors), f"a row does fail: {sorted(exempt - set(survivors))}"


@pytest.mark.parametrize("entry", EXEMPT, ids=[f"{entry.rule}: {entry.change}" for entry in EXEMPT])
def test_exemptions_are_proved(entry: Exempt) -> None:
    """No patient drawn at random tells the rule from the changed rule, which the tables call the same."""
    rule = compiled_flags()[entry.rule]
    same = [mutant for change, mutant in all_mutants()[entry.rule] if change == entry.change]
    rows = [case.knee for case in CASES if case.rule == entry.rule]
    drawn = [state(patient) for patient in patients(parse(red_flags()[entry.rule].when), rows)]
    for mutant in same:
        assert [outcome(rule, known) for known in drawn] == [outcome(mutant, known) for known in drawn]
    assert {"met", "not met", "undecided"} <= {outcome(rule, known) for known in drawn}


def can_be_cancelled(tree: Criteria) -> bool:
    """Say whether criteria, derivations opened, ask for an absence or set an upper limit on time."""
    match tree:
        case Not():
            return True
        case Compare(Amount(finding), sign, _) if finding in TIME_LIMITS:
            return sign in ("<", "<=")
        case Is(finding) if finding in vocabulary().trees:
            return can_be_cancelled(vocabulary().trees[finding])
        case _:
            return any(can_be_cancelled(part) for part in parts_of(tree))

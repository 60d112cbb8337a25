"""Every published instrument counts as published, knows its limits, and says which answers are missing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from known import NO, UNKNOWN, YES, Case, Knee, Rule, compiled, instruments, knee, outcome, state, vocabulary
from mutants import Exempt, mutants, opened, opened_points, patients
from tables.instruments import APPLIES, CASES

from kneecds.core import masks
from kneecds.core.criteria import (
    Compare,
    Points,
    finding_ids,
    parse,
)

if TYPE_CHECKING:
    from known import Value

    from kneecds.core.knowledge import Band, Instrument

SCORED = ("janssens_gout", "stress_fracture_rule", "wells_dvt")


class Book:
    """All instruments, all their mutants, their bands and scores, compiled together."""

    def __init__(self) -> None:
        """Compile everything, then let the vocabulary take in all comparisons."""
        self.when: dict[str, Rule] = {}
        self.applies: dict[str, Rule] = {}
        self.when_mutants: dict[str, list[tuple[str, Rule]]] = {}
        self.applies_mutants: dict[str, list[tuple[str, Rule]]] = {}
        self.bands: dict[str, list[tuple[Band, Rule]]] = {}
        self.scores: dict[str, masks.Node] = {}
        for instrument in instruments().values():
            tree = opened(parse(instrument.when))
            self.when[instrument.id] = compiled(parse(instrument.when))
            self.when_mutants[instrument.id] = [(change, compiled(mutant)) for change, mutant in mutants(tree)]
            if instrument.applies:
                tree = opened(parse(instrument.applies))
                self.applies[instrument.id] = compiled(parse(instrument.applies))
                self.applies_mutants[instrument.id] = [(change, compiled(other)) for change, other in mutants(tree)]
            self.bands[instrument.id] = [(band, compiled(parse(band.when))) for band in instrument.bands]
            if instrument.score:
                points = parse(instrument.score)
                assert isinstance(points, Points)
                self.scores[instrument.id] = vocabulary().compiler.node(Compare(points, ">=", 0))
        vocabulary().finish()


@cache
def book() -> Book:
    """Return the compiled instruments."""
    return Book()


def _ids(cases: tuple[Case, ...]) -> list[str]:
    return [f"{case.rule}: {case.about}" for case in cases]


@pytest.mark.parametrize("case", CASES, ids=_ids(CASES))
def test_result(case: Case) -> None:
    """A patient in words gets the published result."""
    rules = book().when
    assert outcome(rules[case.rule], state(case.knee)) == case.expected


@pytest.mark.parametrize("case", APPLIES, ids=_ids(APPLIES))
def test_applies(case: Case) -> None:
    """An instrument is kept to the patients it was made for."""
    rules = book().applies
    assert outcome(rules[case.rule], state(case.knee)) == case.expected


def test_every_instrument_has_its_tables() -> None:
    """Each instrument is seen met, not met and undecided, and so is each statement of whom it is for."""
    every = {"met", "not met", "undecided"}
    for cases, rules in ((CASES, book().when), (APPLIES, book().applies)):
        assert {case.rule for case in cases} == set(rules)
        for rule in rules:
            assert {case.expected for case in cases if case.rule == rule} == every, rule


EXEMPT: tuple[Exempt, ...] = (
    Exempt("gp_history_effusion", "without knee_swelling", "a bouncing kneecap implies an effusion, and so swelling"),
    Exempt("janssens_gout", "without not other_joint_swelling", "implies pain of that joint"),
)


def test_no_criterion_can_be_dropped() -> None:
    """Take any item out, move any limit, count or threshold by one: some row then fails."""
    survivors = set()
    for cases, changed in ((CASES, book().when_mutants), (APPLIES, book().applies_mutants)):
        rows = [(case, state(case.knee)) for case in cases]
        survivors |= {
            (rule, change)
            for rule, others in changed.items()
            for change, mutant in others
            if all(outcome(mutant, known) == case.expected for case, known in rows if case.rule == rule)
        }
    exempt = {(entry.rule, entry.change) for entry in EXEMPT}
    unexplained = [f"{rule}: {change}" for rule, change in sorted(survivors - exempt)]
    assert not unexplained, "no row fails after:\n" + "\n".join(unexplained)
    assert exempt <= survivors, f"a row does fail: {sorted(exempt - survivors)}"


@pytest.mark.parametrize("entry", EXEMPT, ids=[f"{entry.rule}: {entry.change}" for entry in EXEMPT])
def test_exemptions_are_proved(entry: Exempt) -> None:
    """No patient drawn at random tells the instrument from the changed one, which the tables call the same."""
    instrument = instruments()[entry.rule]
    changed = {**dict(book().applies_mutants[entry.rule]), **dict(book().when_mutants[entry.rule])}
    of_when = entry.change in dict(book().when_mutants[entry.rule])
    rule = (book().when if of_when else book().applies)[entry.rule]
    tree = parse(instrument.when if of_when else instrument.applies)
    rows = [case.knee for case in (CASES if of_when else APPLIES) if case.rule == entry.rule]
    drawn = [state(patient) for patient in patients(tree, rows)]
    assert [outcome(rule, known) for known in drawn] == [outcome(changed[entry.change], known) for known in drawn]
    assert {"met", "not met", "undecided"} <= {outcome(rule, known) for known in drawn}


@pytest.mark.parametrize("case", CASES, ids=_ids(CASES))
def test_opened_criteria_mean_the_same(case: Case) -> None:
    """What the mutants are made from says what the instrument says."""
    opened_rule = compiled(opened(parse(instruments()[case.rule].when)))
    book()
    assert outcome(opened_rule, state(case.knee)) == case.expected


# --- what the items add -------------------------------------------------------------------------------------

ITEMS: tuple[tuple[str, dict[str, Value], float], ...] = (
    ("janssens_gout", {"sex": "male"}, 2),
    ("janssens_gout", {"sex": "female"}, 0),
    ("janssens_gout", {"previous_similar_attack": YES}, 2),
    ("janssens_gout", {"rapid_onset_under_24h": YES}, 0.5),
    ("janssens_gout", {"erythema": YES}, 1),
    ("janssens_gout", {"hypertension": YES}, 1.5),
    ("janssens_gout", {"heart_failure": YES}, 1.5),
    ("janssens_gout", {"ischaemic_heart_disease_or_stroke": YES}, 1.5),
    ("janssens_gout", {"hypertension": YES, "heart_failure": YES}, 1.5),
    ("janssens_gout", {"urate_umol_l": 350}, 0),
    ("janssens_gout", {"urate_umol_l": 351}, 3.5),
    ("stress_fracture_rule", {"focal_bony_tenderness": YES}, 3),
    ("stress_fracture_rule", {"prior_bone_stress_injury": YES}, 2),
    ("stress_fracture_rule", {"pes_cavus": YES}, 2),
    ("stress_fracture_rule", {"recent_training_increase": YES}, 1),
    ("wells_dvt", {"active_cancer": YES}, 1),
    ("wells_dvt", {"leg_paralysis_or_plaster": YES}, 1),
    ("wells_dvt", {"recent_immobilisation": YES}, 1),
    ("wells_dvt", {"recent_surgery": YES}, 1),
    ("wells_dvt", {"recent_immobilisation": YES, "recent_surgery": YES}, 1),
    ("wells_dvt", {"calf_tenderness": YES}, 1),
    ("wells_dvt", {"entire_leg_swollen": YES}, 1),
    ("wells_dvt", {"calf_over_3cm_larger": YES}, 1),
    ("wells_dvt", {"pitting_oedema": YES}, 1),
    ("wells_dvt", {"collateral_superficial_veins": YES}, 1),
    ("wells_dvt", {"previous_dvt": YES}, 1),
    ("wells_dvt", {"alternative_to_dvt_as_likely": YES}, -2),
)
"""The points of each item alone, from the publications; no answer, no points yet."""


@pytest.mark.parametrize(("instrument", "answers", "points"), ITEMS, ids=[f"{row[0]}: {row[1]}" for row in ITEMS])
def test_points(instrument: str, answers: dict[str, Value], points: float) -> None:
    """Each item adds its published points, once."""
    before, after = score(instrument, knee()), score(instrument, Knee(answers))
    if points > 0:
        assert (after[0] - before[0], after[1]) == (points, before[1])
    elif points < 0:
        assert (after[0], after[1] - before[1]) == (before[0], points)
    else:
        assert after[0] == before[0]


@pytest.mark.parametrize(
    ("instrument", "least", "most"),
    [
        ("janssens_gout", 0, 10.5),
        ("stress_fracture_rule", 0, 8),
        ("wells_dvt", -2, 9),
    ],
)
def test_nothing_known_leaves_the_whole_range(instrument: str, least: float, most: float) -> None:
    """The range of the score is the published one (a knee cannot score the big toe)."""
    assert score(instrument, knee()) == (least, most)


@pytest.mark.parametrize("instrument", SCORED)
def test_items_of_the_text_are_items_of_the_score(instrument: str) -> None:
    """The list a reader sees, the score and the computed result count the same items."""
    shown = instruments()[instrument]
    listed = {(item.points, opened(parse(item.when))) for item in shown.criteria if item.when}
    score_tree = opened_points(parse(shown.score))
    result = opened(parse(shown.when))
    assert listed == set(score_tree.parts)
    assert isinstance(result, Compare)
    assert result.amount == score_tree


@pytest.mark.parametrize("instrument", instruments().values(), ids=instruments())
def test_all_that_counts_is_listed(instrument: Instrument) -> None:
    """No finding takes part in the result without a line that says so."""
    lines = [instrument.applies, *(item.when for item in instrument.criteria)]
    listed = {finding for line in lines if line for finding in finding_ids(opened(parse(line)))}
    assert set(finding_ids(opened(parse(instrument.when)))) <= listed


# --- bands --------------------------------------------------------------------------------------------------

NO_WELLS = knee(
    active_cancer=NO,
    leg_paralysis_or_plaster=NO,
    recent_immobilisation=NO,
    recent_surgery=NO,
    calf_tenderness=NO,
    entire_leg_swollen=NO,
    calf_over_3cm_larger=NO,
    pitting_oedema=NO,
    collateral_superficial_veins=NO,
    previous_dvt=NO,
    alternative_to_dvt_as_likely=NO,
)
NO_JANSSENS = knee(
    sex="female",
    previous_similar_attack=NO,
    rapid_onset_under_24h=NO,
    erythema=NO,
    hypertension=NO,
    ischaemic_heart_disease_or_stroke=NO,
    heart_failure=NO,
    urate_umol_l=300,
)
NO_STRESS = knee(focal_bony_tenderness=NO, prior_bone_stress_injury=NO, pes_cavus=NO, recent_training_increase=NO)

BANDS: tuple[tuple[str, str, Knee, dict[str, Value], set[str]], ...] = (
    ("wells_dvt", "0", NO_WELLS, {}, {"unlikely", "low"}),
    ("wells_dvt", "-2", NO_WELLS, {"alternative_to_dvt_as_likely": YES}, {"unlikely", "low"}),
    ("wells_dvt", "1", NO_WELLS, {"calf_tenderness": YES}, {"unlikely", "moderate"}),
    ("wells_dvt", "2", NO_WELLS, {"calf_tenderness": YES, "previous_dvt": YES}, {"likely", "moderate"}),
    (
        "wells_dvt",
        "3",
        NO_WELLS,
        {"calf_tenderness": YES, "previous_dvt": YES, "active_cancer": YES},
        {"likely", "high"},
    ),
    ("wells_dvt", "1 or 2", NO_WELLS, {"calf_tenderness": YES, "previous_dvt": UNKNOWN}, {"moderate"}),
    ("wells_dvt", "0 or 1", NO_WELLS, {"previous_dvt": UNKNOWN}, {"unlikely"}),
    ("janssens_gout", "0", NO_JANSSENS, {}, {"4 or less"}),
    ("janssens_gout", "4", NO_JANSSENS, {"sex": "male", "previous_similar_attack": YES}, {"4 or less"}),
    (
        "janssens_gout",
        "4.5",
        NO_JANSSENS,
        {"sex": "male", "previous_similar_attack": YES, "rapid_onset_under_24h": YES},
        {"over 4 and under 8"},
    ),
    (
        "janssens_gout",
        "7.5",
        NO_JANSSENS,
        {"sex": "male", "previous_similar_attack": YES, "urate_umol_l": 400},
        {"over 4 and under 8"},
    ),
    (
        "janssens_gout",
        "8",
        NO_JANSSENS,
        {"sex": "male", "previous_similar_attack": YES, "rapid_onset_under_24h": YES, "urate_umol_l": 400},
        {"8 or more"},
    ),
    ("janssens_gout", "0 or 3.5", NO_JANSSENS, {"urate_umol_l": UNKNOWN}, {"4 or less"}),
    ("janssens_gout", "2 or 5.5", NO_JANSSENS, {"sex": "male", "urate_umol_l": UNKNOWN}, set()),
    ("stress_fracture_rule", "2", NO_STRESS, {"pes_cavus": YES}, {"under 3"}),
    ("stress_fracture_rule", "3", NO_STRESS, {"focal_bony_tenderness": YES}, {"3 or more"}),
    ("stress_fracture_rule", "0 to 3", NO_STRESS, {"focal_bony_tenderness": UNKNOWN}, set()),
)


@pytest.mark.parametrize(
    ("instrument", "points", "base", "answers", "expected"),
    BANDS,
    ids=[f"{row[0]}: {row[1]} points" for row in BANDS],
)
def test_bands(instrument: str, points: str, base: Knee, answers: dict[str, Value], expected: set[str]) -> None:
    """A score, also one that is known only as a range, falls into the published band."""
    rules, patient = book().bands[instrument], base.but(answers)
    known = state(patient)
    assert {band.label for band, rule in rules if outcome(rule, known) == "met"} == expected, points


# --- which answers decide -----------------------------------------------------------------------------------

NO_OTTAWA = knee(
    knee_injury=YES,
    age_years=30,
    isolated_patellar_tenderness=NO,
    fibular_head_tenderness=NO,
    unable_to_flex_90=NO,
    unable_to_walk_4_steps=NO,
)
OPEN: tuple[tuple[str, str, Knee, dict[str, tuple[str, str]]], ...] = (
    (
        "ottawa_knee_rule",
        "steps not tested: they decide",
        NO_OTTAWA.but({"unable_to_walk_4_steps": UNKNOWN}),
        {"unable_to_walk_4_steps": ("met", "not met")},
    ),
    (
        "ottawa_knee_rule",
        "two items open: either decides if present, neither if absent",
        NO_OTTAWA.but({"unable_to_walk_4_steps": UNKNOWN, "fibular_head_tenderness": UNKNOWN}),
        {"unable_to_walk_4_steps": ("met", "undecided"), "fibular_head_tenderness": ("met", "undecided")},
    ),
    (
        "ottawa_knee_rule",
        "injury and steps open: no one answer makes it positive",
        NO_OTTAWA.but({"unable_to_walk_4_steps": UNKNOWN, "knee_injury": UNKNOWN}),
        {"knee_injury": ("undecided", "not met"), "unable_to_walk_4_steps": ("undecided", "not met")},
    ),
    (
        "pittsburgh_knee_rule",
        "fall known, steps open",
        knee(fall=YES, age_years=30),
        {"unable_to_walk_4_steps": ("met", "not met"), "direct_blow": ("undecided", "undecided")},
    ),
    (
        "gp_history_acl",
        "effusion known, two open",
        knee(effusion=YES),
        {"pop_at_injury": ("met", "undecided"), "giving_way": ("met", "undecided")},
    ),
    (
        "wells_dvt",
        "2 points, nobody weighed other diagnoses",
        NO_WELLS.but({"calf_tenderness": YES, "previous_dvt": YES, "alternative_to_dvt_as_likely": UNKNOWN}),
        {"alternative_to_dvt_as_likely": ("not met", "met")},
    ),
    (
        "stress_fracture_rule",
        "bone not felt",
        NO_STRESS.but({"focal_bony_tenderness": UNKNOWN, "recent_training_increase": UNKNOWN}),
        {"focal_bony_tenderness": ("met", "not met"), "recent_training_increase": ("undecided", "undecided")},
    ),
    (
        "janssens_gout",
        "man with a red joint and an earlier attack, heart and onset open",
        NO_JANSSENS.but(
            {
                "sex": "male",
                "previous_similar_attack": YES,
                "urate_umol_l": 400,
                "rapid_onset_under_24h": UNKNOWN,
                "hypertension": UNKNOWN,
            }
        ),
        {"rapid_onset_under_24h": ("met", "undecided"), "hypertension": ("met", "undecided")},
    ),
)
"""What is open, and the result if it were present and if it were absent."""


@pytest.mark.parametrize(
    ("instrument", "about", "patient", "expected"), OPEN, ids=[f"{row[0]}: {row[1]}" for row in OPEN]
)
def test_which_answers_decide(instrument: str, about: str, patient: Knee, expected: dict[str, tuple[str, str]]) -> None:
    """An undecided instrument is decided by the answers it lacks, and by no other."""
    rule = book().when[instrument]
    assert outcome(rule, state(patient)) == "undecided", about
    open_questions = {
        finding
        for finding in finding_ids(opened(parse(instruments()[instrument].when)))
        if finding not in patient.known and vocabulary().findings[finding].value_type == "boolean"
    }
    answers = {
        finding: (outcome(rule, state(patient.but({finding: YES}))), outcome(rule, state(patient.but({finding: NO}))))
        for finding in open_questions
    }
    assert answers == expected, about


def score(instrument: str, patient: Knee) -> tuple[float, float]:
    """Return the least and the greatest score that what is known allows."""
    known = state(patient)
    return masks.sum_range(book().scores[instrument], known.yes, known.no)

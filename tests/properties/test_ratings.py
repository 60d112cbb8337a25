"""What holds of ratings of orders for every patient."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from properties.strategies import ASKED, NORMAL, Person, Stated, persons, prepared, thorough

from kneecds import pipeline
from kneecds.core.knowledge import OrderKind
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from kneecds.core.rating import OrderSide, Rating

AS_OF = date(2026, 1, 15)
KINDS: tuple[OrderKind, ...] = get_args(OrderKind)
STATEMENTS = {one.id: one for one in shipped().appropriateness}
OTHER: dict[OrderSide, OrderSide] = {"left": "right", "right": "left", "unspecified": "unspecified", "both": "both"}
OPEN = "Not everything that decides it is known"

trial = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def ratings(person: Person, side: OrderSide = "left") -> tuple[Rating, ...]:
    known = pipeline.evaluate_facts(person.facts(), knowledge=shipped(), as_of=AS_OF)
    return prepared().rater.rated(known.assessment, known.facts, [(kind, side) for kind in KINDS])


def contradicts_itself(person: Person) -> bool:
    known = pipeline.evaluate_facts(person.facts(), knowledge=shipped(), as_of=AS_OF)
    return any(issue.code == "conflict" for issue in known.issues)


def someone() -> st.SearchStrategy[Person]:
    return st.one_of(persons(sides=("left",)), thorough())


class TestUnknownIsNotNo:
    """Unknown is not no: as long as an answer could make an order appropriate, it is not called anything else."""

    @trial
    @given(someone(), st.data())
    def test_forgetting_never_makes_an_open_order_not_appropriate(self, person: Person, data: st.DataObject) -> None:
        assume(person.stated and not contradicts_itself(person))
        at = data.draw(st.integers(0, len(person.stated) - 1))
        forgetful = person.but([one for number, one in enumerate(person.stated) if number != at])
        for before, after in zip(ratings(person), ratings(forgetful), strict=True):
            if before.rating is None and before.reason == OPEN:
                assert after.rating != "not_appropriate"

    @trial
    @given(someone())
    def test_nothing_open_stands_behind_a_rating_that_is_not_in_favour(self, person: Person) -> None:
        for rating in ratings(person):
            if rating.rating in ("not_appropriate", "no_criteria_apply"):
                assert not [one for one in rating.statements if one.status == "undecided"]

    @trial
    @given(someone())
    def test_no_rating_says_what_would_decide(self, person: Person) -> None:
        for rating in ratings(person):
            if rating.rating is None and rating.reason == OPEN:
                assert rating.decided_by


class TestRedFlagsFirst:
    """A red flag that asks for an order makes it appropriate, whatever else is known."""

    @trial
    @given(someone())
    def test_met_rules_make_appropriate(self, person: Person) -> None:
        answer = pipeline.evaluate_facts(person.facts(), knowledge=shipped(), as_of=AS_OF).assessment
        met = {rule.rule for knee in answer.knees if knee.side == "left" for rule in knee.rules}
        for rating in ratings(person):
            asked = [one for one in STATEMENTS.values() if rating.order in one.orders and not one.when]
            if any(met.intersection(one.red_flags) for one in asked):
                assert rating.rating == "appropriate"


class TestLeftIsNotRight:
    """Swapping left and right swaps the ratings."""

    @trial
    @given(persons(), st.sampled_from(("left", "right", "both", "unspecified")))
    def test_mirror(self, person: Person, side: OrderSide) -> None:
        for here, there in zip(ratings(person, side), ratings(person.swapped(), OTHER[side]), strict=True):
            assert here.rating == there.rating
            assert here.side == OTHER[there.side]
            ours = sorted(
                (one.statement, one.side, one.status, one.met, one.not_met, one.unknown) for one in here.statements
            )
            theirs = sorted(
                (one.statement, str(OTHER[one.side]), one.status, one.met, one.not_met, one.unknown)
                for one in there.statements
            )
            assert ours == theirs

    @trial
    @given(persons(), persons())
    def test_the_other_knee_changes_nothing(self, person: Person, other: Person) -> None:
        """What is stated of the right knee alone changes no rating of a left knee that is in play."""
        left = [one for one in person.stated if one.scope != "right"]
        right = [one for one in other.stated if one.scope == "right" and not _tells_of_the_person(one.finding)]
        alone, beside = ratings(person.but(left)), ratings(person.but([*left, *right]))
        for before, after in zip(alone, beside, strict=True):
            if before.rating is not None:
                assert (before.rating, before.statements) == (after.rating, after.statements)


def _tells_of_the_person(finding: str) -> bool:
    words = prepared().model.vocabulary
    position = words.bit_of.get(finding)
    return position is not None and bool(words.up[position] & words.person_mask)


PRESENT = {
    "knee_mri": ("knee_pain", "anterior_knee_pain", "gradual_onset"),
    "knee_radiograph": ("knee_pain", "knee_injury", "sudden_onset"),
    "knee_arthroscopy": ("knee_pain", "known_osteoarthritis", "gradual_onset"),
}
DAYS = {"knee_mri": 60, "knee_radiograph": 2, "knee_arthroscopy": 60}


def asked_everything(kind: str) -> Person:
    """Return somebody of 30 of whom all was asked, with nothing but a plain complaint."""
    stated = [
        Stated(name, "person" if finding.scope == "person" else "left", value=name in PRESENT[kind])
        for name, finding in ASKED.items()
        if finding.value_type == "boolean" and name not in NORMAL and "normal" not in name
    ]
    return Person(30, "female", (*stated, Stated("symptom_duration_days", "left", Decimal(DAYS[kind]))))


class TestWhatIsNotAppropriate:
    """Of somebody of whom everything is known an order can be not appropriate; of whom less is known, only as much as decides it."""

    @pytest.mark.parametrize("kind", sorted(PRESENT))
    def test_reached(self, kind: OrderKind) -> None:
        assert rating_of(asked_everything(kind), kind).rating == "not_appropriate"

    @trial
    @given(st.sampled_from(sorted(PRESENT)), st.data())
    def test_knowing_less_never_makes_it_so(self, kind: OrderKind, data: st.DataObject) -> None:
        """What is not appropriate with some of the answers is so with more of them."""
        person = asked_everything(kind)
        numbers = st.sets(st.integers(0, len(person.stated) - 1), max_size=12)
        less = data.draw(numbers)
        least = less | data.draw(numbers)
        known, less_known = (
            rating_of(person.but([one for number, one in enumerate(person.stated) if number not in gone]), kind)
            for gone in (less, least)
        )
        assert known.rating in ("not_appropriate", None)
        if less_known.rating == "not_appropriate":
            assert known.rating == "not_appropriate"


def rating_of(person: Person, kind: OrderKind) -> Rating:
    return next(one for one in ratings(person) if one.order == kind)

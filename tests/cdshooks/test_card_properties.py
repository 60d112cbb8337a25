"""What a client may rely on, whoever the patient is. Each class begins with the sentence that it proves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from cdshooks.calls import AS_OF, asked, body_of, called, response, service_of
from cdshooks.response_rules import INDICATORS, problems
from cdshooks.shown import markup
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from properties.strategies import FINDINGS, Person, Stated, persons, red_flag_findings, thorough

if TYPE_CHECKING:
    from cdshooks.calls import Json

SAID = ("not an all-clear", "could still raise this", "Would raise it to")
"""One of these stands in the first card where something unanswered could raise the urgency."""


TOLD = ("**A red flag is met (", "**A condition that should not wait is probable (")


def trial(most: int) -> settings:
    slow = (
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    )
    return settings(max_examples=most, deadline=None, derandomize=True, suppress_health_check=slow)


def resources(person: Person) -> list[Json]:
    return [entry["resource"] for entry in person.bundle(AS_OF)["entry"]]


def cards(person: Person, kind: str = "assessment", **how: Any) -> list[Json]:
    found: list[Json] = called(service_of(kind), resources(person), **how)["cards"]
    return found


def of_a_knee(stated: Stated) -> bool:
    """Whether a statement of today makes the knee a matter: affirmed, or of a side."""
    return stated.scope in ("left", "right") and stated.value is not False


def loudness(found: list[Json]) -> int:
    return INDICATORS.index(found[0]["indicator"]) if found else -1


class TestEveryResponseKeepsTheRules:
    """All rules of a response hold, and its markdown is ours."""

    @trial(120)
    @given(persons(), st.sampled_from(("assessment", "intake")))
    def test_of_anybody(self, person: Person, kind: str) -> None:
        found = cards(person, kind)
        assert problems({"cards": found}) == []
        assert [markup(card["detail"]) for card in found] == [[] for _ in found]
        assert not [card for card in found if "\n\n\n" in card["detail"] or card["detail"] != card["detail"].strip()]

    @trial(15)
    @given(thorough())
    def test_of_somebody_nearly_all_is_known_of(self, person: Person) -> None:
        assert problems({"cards": cards(person)}, resources=True) == []


class TestSameCallSameBytes:
    """The same call is answered by the same bytes, and the order of what was sent changes nothing that is urgent."""

    @trial(40)
    @given(persons())
    def test_twice(self, person: Person) -> None:
        service = service_of("assessment")
        body = body_of(service, resources(person))
        assert response(asked(service, body)) == response(asked(service, body))


class TestLeftIsNotRight:
    """A left/right swap swaps the cards of one knee, and nothing else."""

    @trial(60)
    @given(persons(sides=("left",)))
    def test_one_knee(self, person: Person) -> None:
        left, right = cards(person), cards(person.swapped())
        assert [card["indicator"] for card in left] == [card["indicator"] for card in right]
        for one, other in zip(left, right, strict=True):
            turned = re.sub("right(?= knee|\\))", "left", other["detail"]).replace("Right knee", "Left knee")
            assert turned == one["detail"]
            assert "Right knee" not in one["detail"] + one["summary"]

    @trial(60)
    @given(persons())
    def test_two_knees(self, person: Person) -> None:
        left, right = cards(person), cards(person.swapped())
        assert [(card["indicator"], card["source"]["topic"]["code"]) for card in left] == [
            (card["indicator"], card["source"]["topic"]["code"]) for card in right
        ]


class TestMoreDangerIsNeverQuieter:
    """Adding a present red-flag finding never lowers the indicator of the first card, whichever service is asked."""

    @trial(120)
    @given(
        persons(),
        st.sampled_from(red_flag_findings()),
        st.sampled_from(("left", "right")),
        st.sampled_from(("assessment", "intake")),
    )
    def test_one_more_red_flag_finding(self, person: Person, finding: str, side: str, kind: str) -> None:
        scope: Any = "person" if FINDINGS[finding].scope == "person" else side
        assume(not person.says(finding, scope))
        assert loudness(cards(person.also(finding, scope, value=True), kind)) >= loudness(cards(person, kind))


class TestARedFlagIsNeverLostAndNeverTwice:
    """Where the assessment shows a red flag the intake service says so in its only card, and does not repeat it."""

    @trial(80)
    @given(persons())
    def test_both_services(self, person: Person) -> None:
        first, form = cards(person)[:1], cards(person, "intake")
        assert len(form) <= 1
        urgent = [card for card in first if card["source"]["topic"]["code"] == "red-flag"]
        told = [card for card in form if card["detail"].startswith(TOLD)]
        assert len(urgent) == len(told)
        for card, other in zip(urgent, told, strict=True):
            assert other["source"]["topic"]["code"] == "intake"
            within_days = card["summary"].startswith("Within days")
            assert other["indicator"] == ("info" if within_days else card["indicator"])
            assert other["summary"].endswith("can wait") is not within_days


class TestSilenceNeverReassures:
    """Removing data never makes the first card milder without saying that what is missing could raise it."""

    @trial(100)
    @given(persons(), st.data())
    def test_less_of_somebody(self, person: Person, data: st.DataObject) -> None:
        kept = data.draw(st.lists(st.sampled_from(person.stated), unique=True) if person.stated else st.just([]))
        less = person.but(kept)
        before, after = cards(person), cards(less)
        if loudness(after) >= loudness(before):
            return
        if after:
            assert any(words in after[0]["detail"] for words in SAID)
        else:
            assert not [one for one in less.stated if of_a_knee(one)]

    @pytest.mark.parametrize("key", ["conditions", "medicines", "procedures", "responses", "allergies"])
    def test_a_query_that_was_not_answered_is_said_in_the_first_card(self, key: str) -> None:
        person = Person(50, "male", ()).also("knee_pain", "left", value=True)
        first = cards(person, without=[key])[0]
        assert "**Not supplied:** " in first["detail"]

    @trial(40)
    @given(persons())
    def test_a_knee_in_play_is_never_passed_over(self, person: Person) -> None:
        assume([one for one in person.stated if of_a_knee(one)])
        assert cards(person)

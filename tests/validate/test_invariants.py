"""The invariants of the specification: which resources break them, release by release."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_room import broken, said

from kneecds.fhir.structure.definitions import constraints
from kneecds.fhir.structure.facts import RELEASES, facts_of
from kneecds.fhir.validate.invariants import look
from kneecds.fhir.validate.invariants.moments import may_be_not_after, not_after
from kneecds.fhir.validate.invariants.table import ANYWHERE, ROWS, by_type, own_keys

UCUM = "http://unitsofmeasure.org"
ALL = RELEASES
FOURTH = ("R4", "R4B")

Json = dict[str, Any]


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def kg(value: float, **more: Any) -> Json:
    return {"value": value, "system": UCUM, "code": "kg", **more}


@pytest.mark.parametrize("release", ALL)
@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        pytest.param("2020", "2020", ALL, id="the same year"),
        pytest.param("2020-01-01", "2020-01-02", ALL, id="a day later"),
        pytest.param("2021", "2019", (), id="years apart the wrong way"),
        pytest.param("2020", "2020-03", ("R5",), id="a month of the year: R4 asks for certainty"),
        pytest.param("2020-03-01", "2020-03-01T10:00:00Z", ("R5",), id="a time of the day"),
        pytest.param("2021", "2020", ("R5",), id="on earth there is always a place where it is still last year"),
        pytest.param("2020-03-01T10:00:00Z", "2020-03-01T10:00:00+05:00", (), id="the zone counts"),
        pytest.param("2020-03-01T10:00:00Z", "2020-03-01T10:00:00.000Z", ALL, id="fractions of nothing"),
        pytest.param("2020-03-01T10:00:00.5Z", "2020-03-01T10:00:00Z", ("R5",), id="a fraction of a second"),
    ],
)
def test_a_period_ends_after_it_starts(start: str, end: str, before: tuple[str, ...], release: Any) -> None:
    found = broken(look, observation(effectivePeriod={"start": start, "end": end}), release)
    assert ("per-1" not in found) == (release in before)


@pytest.mark.parametrize(
    ("low", "high", "releases"),
    [
        pytest.param({"value": 3}, {"value": 2}, FOURTH, id="plain numbers"),
        pytest.param(kg(4), kg(2), ALL, id="one unit"),
        pytest.param(kg(4), {"value": 2000, "system": UCUM, "code": "g"}, ALL, id="two units that measure the same"),
        pytest.param(kg(1), {"value": 2000, "system": UCUM, "code": "g"}, (), id="two units, in order"),
        pytest.param(kg(3), {"value": 2, "system": UCUM, "code": "m"}, (), id="units that cannot be compared"),
        pytest.param({"value": 3, "unit": "a"}, {"value": 2, "unit": "b"}, (), id="units in words"),
        pytest.param({"unit": "kg"}, {"value": 2, "unit": "kg"}, FOURTH, id="an end without a value"),
        pytest.param(kg(3), kg(2), FOURTH, id="in R5 both may be rounded"),
    ],
)
def test_a_range_has_its_low_end_first(low: Json, high: Json, releases: tuple[str, ...]) -> None:
    for release in ALL:
        found = broken(look, observation(valueRange={"low": low, "high": high}), release)
        assert ("rng-2" in found) == (release in releases), release


@pytest.mark.parametrize(
    ("reference", "inside", "releases"),
    [
        pytest.param("#p", [], ALL, id="to nothing"),
        pytest.param("#p", ["p"], (), id="to what is contained"),
        pytest.param("Patient/p", [], (), id="to elsewhere"),
        pytest.param("#", [], ("R4B", "R5"), id="to itself, from outside what is contained"),
    ],
)
def test_a_local_reference_leads_to_what_is_contained(
    reference: str, inside: list[str], releases: tuple[str, ...]
) -> None:
    contained = [{"resourceType": "Patient", "id": one} for one in inside]
    document = observation(subject={"reference": reference}, **({"contained": contained} if contained else {}))
    for release in ALL:
        assert ("ref-1" in broken(look, document, release)) == (release in releases), release


def organization(identifier: str, part_of: str = "") -> Json:
    more = {"partOf": {"reference": part_of}} if part_of else {}
    return {"resourceType": "Organization", "id": identifier, "name": "x", **more}


@pytest.mark.parametrize(
    ("inside", "lost"),
    [
        pytest.param([organization("a")], [], id="referred to"),
        pytest.param([organization("a", "#b"), organization("b")], [], id="by one that is referred to"),
        pytest.param([organization("a"), organization("b")], [1], id="by nothing"),
        pytest.param([organization("a"), organization("b", "#")], [], id="refers to its container"),
        pytest.param([organization("a"), organization("b", "#b")], [1], id="only to itself"),
        pytest.param([organization("a"), organization("b", "#c"), organization("c")], [1, 2], id="a chain of the lost"),
        pytest.param([organization("a"), organization("b", "#c"), organization("c", "#b")], [], id="a ring is let be"),
    ],
)
def test_what_is_contained_is_referred_to(inside: list[Json], lost: list[int]) -> None:
    document = {"resourceType": "Patient", "contained": inside, "managingOrganization": {"reference": "#a"}}
    found = [issue.expression for issue in said(look, document) if issue.rule == "dom-3"]
    assert found == [f"Patient.contained[{number}]" for number in lost]


LINKED = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.mark.parametrize(
    ("element", "is_lost"),
    [
        pytest.param({"text": {"status": "generated", "div": LINKED.format('<a href="#a">x</a>')}}, False, id="a link"),
        pytest.param(
            {"text": {"status": "generated", "div": LINKED.format('<img src="#a" alt="x"/>')}}, False, id="an image"
        ),
        pytest.param({"text": {"status": "generated", "div": LINKED.format("see #a")}}, True, id="words"),
        pytest.param({"extension": [{"url": "https://a.org/e", "valueUri": "#a"}]}, False, id="a URI"),
        pytest.param({"extension": [{"url": "https://a.org/e", "valueString": "#a"}]}, True, id="a string"),
        pytest.param({"managingOrganization": {"display": "#a"}}, True, id="a display"),
    ],
)
def test_narratives_refer_by_links_and_not_by_words(element: Json, is_lost: bool) -> None:
    document = {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "a", "name": "x"}]}
    assert any(issue.rule == "dom-3" for issue in said(look, document | element)) is is_lost


def test_a_chain_of_many_contained_resources_takes_no_time() -> None:
    many = [organization(f"o{number}", f"#o{number + 1}") for number in range(20_000)]
    started = time.perf_counter()
    said(look, {"resourceType": "Patient", "contained": many, "managingOrganization": {"reference": "#o0"}})
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("release", RELEASES)
def test_every_constraint_has_a_function_or_its_expression(release: Any) -> None:
    """What is of every element is looked at apart; the rest of a type is either here or evaluated as published."""
    declared = {
        (kind, constraint.key)
        for kind in (
            "Observation",
            "QuestionnaireResponse",
            "Questionnaire",
            "Bundle",
            "Patient",
            "Condition",
            "Quantity",
        )
        for constraint in constraints(kind, release)
        if constraint.key not in ANYWHERE and constraint.path.startswith(kind)
    }
    by_resolving = {("Observation", "obs-9")}
    assert declared - own_keys(release) - by_resolving == set()


def test_each_key_of_a_type_and_release_has_one_function() -> None:
    seen = [(row.type, row.id, release) for row in ROWS for release in row.releases]
    assert len(seen) == len(set(seen))


def test_best_practice_is_said_when_asked() -> None:
    assert "dom-6" not in broken(look, observation())
    assert "dom-6" in {issue.rule for issue in said(look, observation(), best_practice=True)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "#", "#a", "a", "2020", "display", "group"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "id", "value", "item"]), inner),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_nothing_that_json_can_say_makes_it_raise(data: st.DataObject) -> None:
    release = data.draw(st.sampled_from(RELEASES))
    kind = data.draw(st.sampled_from(sorted(one for one in by_type(release) if "." not in one)))
    facts = facts_of(release)
    if kind not in facts.resource_types:
        kind = "Observation"
    names = st.sampled_from(sorted(facts.type(kind).properties))
    document = {"resourceType": kind, **data.draw(st.dictionaries(names, JSON, max_size=6))}
    for issue in said(look, document, release):
        assert issue.expression.startswith(kind)


@given(st.sampled_from(["2020", "2020-03", "2020-03-01", "2020-03-01T10:00:00Z", "x", ""]), st.text(max_size=30))
def test_dates_of_any_text_can_be_compared(one: str, other: str) -> None:
    """What is no date is let be: the structure has said so already."""
    assert not_after(one, other) in (True, False, None)
    assert may_be_not_after(other, one) in (True, False)


def test_a_list_of_resources_is_looked_at_one_by_one() -> None:
    found = said(look, [observation(), observation(valueQuantity={"value": 1, "code": "kg"})])
    assert [(issue.rule, issue.expression) for issue in found] == [("qty-3", "$this[1].value.ofType(Quantity)")]


def test_a_count_is_written_without_a_point() -> None:
    def counted(number: str) -> str:
        value = f'{{"value": {number}, "system": "{UCUM}", "code": "1"}}'
        return f'{{"resourceType": "Patient", "extension": [{{"url": "https://a.org/e", "valueCount": {value}}}]}}'

    assert "cnt-3" not in broken(look, counted("2"))
    assert broken(look, counted("2.0"))["cnt-3"] == "Patient.extension[0].value.ofType(Count).value"


def test_a_repeated_link_id_is_found_however_deep() -> None:
    item: Json = {"linkId": "x", "type": "display"}
    for number in range(50):
        item = {"linkId": f"g{number}", "type": "group", "item": [item]}
    document = {"resourceType": "Questionnaire", "status": "draft", "item": [item, {"linkId": "x", "type": "display"}]}
    assert broken(look, json.dumps(document))["que-2"] == "Questionnaire.item[1].linkId"

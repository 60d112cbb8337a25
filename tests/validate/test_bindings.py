"""Codes against their code systems and value sets; units."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_room import broken, said

from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.validate.bindings import look

UCUM = "http://unitsofmeasure.org"
TERMS = "http://terminology.hl7.org/CodeSystem"
OURS = "https://example.org/fhir/CodeSystem/ours"

Json = dict[str, Any]


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize(
    ("resource", "rules"),
    [
        pytest.param(observation(category=[coded(f"{TERMS}/observation-category", "exam")]), {}, id="a code of HL7"),
        pytest.param(
            observation(category=[coded(f"{TERMS}/observation-category", "foo")]),
            {"code-unknown": "Observation.category[0].coding[0].code"},
            id="no code of HL7",
        ),
        pytest.param(observation(code=coded("http://loinc.org", "foo")), {}, id="a system that is not at hand"),
        pytest.param(observation(code=coded("https://example.org/c", "foo")), {}, id="a system of somebody"),
        pytest.param(
            observation(code={"coding": [{"code": "a"}]}),
            {"coding-system-missing": "Observation.code.coding[0]"},
            id="none",
        ),
        pytest.param(observation(code={"coding": [{"display": "a"}]}), {}, id="a display is enough"),
        pytest.param(
            observation(code=coded(UCUM, "foo")),
            {"ucum-unit": "Observation.code.coding[0].code"},
            id="a unit as a code",
        ),
        pytest.param(observation(valueQuantity={"value": 1, "unit": "foo"}), {}, id="a unit in words"),
        pytest.param(observation(language="de-CH-1996"), {}, id="a language"),
        pytest.param(observation(language="foo bar"), {"language-tag": "Observation.language"}, id="no language"),
    ],
)
def test_a_code_is_one(resource: Json, rules: dict[str, str]) -> None:
    assert broken(look, resource) == rules


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        pytest.param(coded(f"{TERMS}/condition-clinical", "active"), False, id="in it"),
        pytest.param({"text": "active"}, True, id="text alone"),
        pytest.param({"extension": [{"url": "https://a.org/e", "valueString": "x"}]}, True, id="an extension alone"),
        pytest.param({"coding": [{"code": "active"}]}, True, id="without a system"),
        pytest.param(coded("https://example.org/c", "active"), True, id="of another system"),
        pytest.param(
            {
                "coding": [
                    {"system": "https://example.org/c", "code": "a"},
                    *coded(f"{TERMS}/condition-clinical", "active")["coding"],
                ]
            },
            False,
            id="one of several is enough",
        ),
    ],
)
def test_a_required_binding_asks_for_a_code_of_the_value_set(status: Json, wrong: bool) -> None:
    found = broken(look, {"resourceType": "Condition", "subject": {"display": "x"}, "clinicalStatus": status})
    assert ("binding-required" in found) == wrong


@pytest.mark.parametrize(
    ("content", "code", "found"),
    [
        ("complete", "knee", []),
        ("complete", "kneecap", []),
        ("complete", "hip", ["code-unknown"]),
        ("fragment", "hip", []),
    ],
)
def test_a_supplied_code_system_decides_where_it_is_complete(content: str, code: str, found: list[str]) -> None:
    concepts = [{"code": "knee", "concept": [{"code": "kneecap"}]}]
    system = {"resourceType": "CodeSystem", "url": OURS, "content": content, "caseSensitive": True, "concept": concepts}
    issues = said(look, observation(code=coded(OURS, code)), beside=[system])
    assert [issue.rule for issue in issues] == found


@pytest.mark.parametrize(
    ("loinc", "unit", "wrong"),
    [
        ("8867-4", "/min", False),
        ("8867-4", "{beats}/min", False),
        ("8867-4", "kg", True),
        ("8310-5", "[degF]", False),
        ("29463-7", "[lb_av]", False),
        ("8480-6", "kPa", False),
        ("8480-6", "/min", True),
        ("2345-7", "kg", False),
    ],
)
def test_a_vital_sign_has_a_unit_of_its_kind(loinc: str, unit: str, wrong: bool) -> None:
    quantity = {"value": 70, "system": UCUM, "code": unit}
    alone = observation(code=coded("http://loinc.org", loinc), valueQuantity=quantity)
    inside = observation(component=[{"code": coded("http://loinc.org", loinc), "valueQuantity": quantity}])
    assert ("unit-dimension" in broken(look, alone)) == wrong
    assert ("unit-dimension" in broken(look, inside)) == wrong


WRONG = st.sampled_from([None, 1, "", "a", [], {}, [{}], [{"system": []}], {"coding": [1, {"code": {}}]}, {"code": 1}])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_values_of_any_kind_are_looked_at_without_harm(data: st.DataObject) -> None:
    """What has the wrong kind was said by the structure."""
    kind = data.draw(st.sampled_from(["Observation", "Condition", "Patient", "Questionnaire", "ValueSet", "Claim"]))
    names = st.sampled_from(sorted(facts_of("R4").type(kind).properties))
    inner = st.dictionaries(
        st.sampled_from(["coding", "system", "code", "value", "unit", "version"]), WRONG, max_size=3
    )
    document = {"resourceType": kind, **data.draw(st.dictionaries(names, WRONG | inner | st.lists(inner, max_size=2)))}
    said(look, document)

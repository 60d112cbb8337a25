"""Extensions: their urls, places and contents, as HL7 publishes them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_room import broken, said

from kneecds.fhir.structure.facts import RELEASES, Release
from kneecds.fhir.validate import references
from kneecds.fhir.validate.extensions import look

HL7 = "http://hl7.org/fhir/StructureDefinition"

Json = dict[str, Any]


def patient(*extensions: Json, **more: Any) -> Json:
    return {"resourceType": "Patient", **({"extension": list(extensions)} if extensions else {}), **more}


def hl7(name: str, **more: Any) -> Json:
    return {"url": f"{HL7}/{name}", **more}


BORN = hl7("patient-birthPlace", valueAddress={"city": "A"})
CODE: Json = {"url": "code", "valueCodeableConcept": {"text": "x"}}
ON_BIRTH_DATE = hl7("patient-birthTime", valueDateTime="2020-01-01T10:00:00Z")
SUPPLIED: Json = {"resourceType": "StructureDefinition", "url": "https://a.org/e", "type": "Extension"}


@pytest.mark.parametrize(
    ("resource", "rules"),
    [
        pytest.param(patient(BORN), {}, id="as it should be"),
        pytest.param(patient({"url": "https://a.org/e", "valueString": "x"}), {}, id="of somebody"),
        pytest.param(patient({"url": "urn:oid:2.16.840", "valueString": "x"}), {}, id="an OID"),
        pytest.param(
            patient({"url": "https://a.org/e", "extension": [{"url": "b", "valueString": "x"}]}), {}, id="parts"
        ),
        pytest.param(
            patient({"url": "e", "valueString": "x"}), {"extension-url": "Patient.extension[0].url"}, id="relative"
        ),
        pytest.param(patient({"url": "https://a.org/e"}), {"ext-1": "Patient.extension[0]"}, id="empty"),
        pytest.param(
            patient({"url": "https://a.org/e", "_valueString": {"extension": [BORN]}}),
            {"extension-context": "Patient.extension[0].value.ofType(string).extension[0]"},
            id="a value that has only extensions is one",
        ),
        pytest.param(
            patient(hl7("patient-birthPlace", valueString="A")), {"extension-type": "Patient.extension[0]"}, id="type"
        ),
        pytest.param(
            {"resourceType": "Organization", "name": "x", "extension": [BORN]},
            {"extension-context": "Organization.extension[0]"},
            id="place",
        ),
        pytest.param(
            patient(birthDate="2020-01-01", _birthDate={"extension": [ON_BIRTH_DATE]}), {}, id="on a primitive"
        ),
        pytest.param(patient(ON_BIRTH_DATE), {"extension-context": "Patient.extension[0]"}, id="beside the primitive"),
        pytest.param(patient(hl7("data-absent-reason", valueCode="unknown")), {}, id="of any element: on a resource"),
        pytest.param(patient(hl7("patient-nationality", extension=[CODE])), {}, id="parts of HL7"),
        pytest.param(
            patient(hl7("patient-nationality", extension=[CODE, CODE])),
            {"extension-parts": "Patient.extension[0]"},
            id="twice",
        ),
        pytest.param(
            patient(hl7("patient-nationality", extension=[{"url": "code", "valueString": "x"}])),
            {"extension-type": "Patient.extension[0].extension[0]"},
            id="type of a part",
        ),
        pytest.param(
            patient(modifierExtension=[BORN]), {"extension-modifier": "Patient.modifierExtension[0]"}, id="modifier"
        ),
        pytest.param(
            patient(hl7("patient-bornWhere", valueString="x")),
            {"extension-unknown": "Patient.extension[0].url"},
            id="misspelt",
        ),
    ],
)
def test_an_extension_is_what_its_definition_says(resource: Json, rules: dict[str, str]) -> None:
    assert broken(look, resource) == rules


@pytest.mark.parametrize(
    "element",
    [
        pytest.param(
            {"item": [{"linkId": "a", "type": "text", "extension": [hl7("questionnaire-hidden", valueBoolean=True)]}]},
            id="item",
        ),
        pytest.param(
            {
                "item": [
                    {
                        "linkId": "g",
                        "type": "group",
                        "item": [
                            {
                                "linkId": "a",
                                "type": "text",
                                "extension": [hl7("questionnaire-hidden", valueBoolean=True)],
                            }
                        ],
                    }
                ]
            },
            id="item in an item",
        ),
        pytest.param(
            {
                "title": "x",
                "_title": {
                    "extension": [
                        hl7(
                            "translation",
                            extension=[{"url": "lang", "valueCode": "de"}, {"url": "content", "valueString": "y"}],
                        )
                    ]
                },
            },
            id="a translation of a string",
        ),
        pytest.param(
            {
                "item": [
                    {
                        "linkId": "a",
                        "type": "choice",
                        "answerOption": [
                            {"valueString": "x", "extension": [hl7("questionnaire-optionPrefix", valueString="A")]}
                        ],
                    }
                ]
            },
            id="an option",
        ),
    ],
)
@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_the_extensions_of_forms_stand_where_forms_have_them(element: Json, release: Any) -> None:
    assert broken(look, {"resourceType": "Questionnaire", "status": "draft", **element}, release) == {}


def test_a_modifier_extension_that_is_not_known_is_said_and_one_that_is_given_is_not() -> None:
    document = patient(modifierExtension=[{"url": "https://a.org/e", "valueString": "x"}])
    assert [(one.rule, one.severity) for one in said(look, document)] == [("modifier-extension-unknown", "warning")]
    assert said(look, document, beside=[SUPPLIED]) == []


ODD = st.recursive(
    st.sampled_from([None, 1, "", "a", "#", f"{HL7}/patient-nationality", f"{HL7}/translation", f"{HL7}/geolocation"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "extension", "valueString", "_valueCode", "valueCode", "value"]), inner
        )
    ),
    max_leaves=10,
)


@given(ODD, ODD)
@settings(max_examples=200, deadline=None)
def test_values_of_any_kind_are_looked_at_without_harm(one: Any, other: Any) -> None:
    said(look, {"resourceType": "Patient", "extension": one, "_birthDate": other, "name": [{"extension": other}]})
    said(look, {"resourceType": "Patient", "extension": [one, {"url": other, "extension": one}]})


UNIT = hl7("questionnaire-unit", valueCoding={"system": "http://unitsofmeasure.org", "code": "cm"})
AT_LEAST = hl7("questionnaire-minOccurs", valueInteger=2)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("item", "is_met"),
    [
        ({"type": "decimal", "extension": [UNIT]}, True),
        ({"type": "integer", "extension": [UNIT]}, True),
        ({"type": "quantity", "extension": [UNIT]}, False),
        ({"type": "string", "required": True, "repeats": True, "extension": [AT_LEAST]}, True),
        ({"type": "string", "repeats": True, "extension": [AT_LEAST]}, False),
        ({"type": "string", "required": False, "repeats": True, "extension": [AT_LEAST]}, False),
        ({"type": ["string"], "extension": [UNIT]}, False),
        ({"extension": [UNIT]}, False),
    ],
)
def test_the_element_around_is_as_the_extension_wants_it(item: Json, is_met: bool, release: Release) -> None:
    form: Json = {"resourceType": "Questionnaire", "status": "draft", "item": [{"linkId": "a", "text": "x", **item}]}
    assert broken(look, form, release) == (
        {} if is_met else {"extension-condition": "Questionnaire.item[0].extension[0]"}
    )


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("name", "reference", "rules"),
    [
        ("observation-gatewayDevice", "Device/1", []),
        ("observation-gatewayDevice", "https://example.org/fhir/Device/1", []),
        ("observation-gatewayDevice", "Patient/1", ["reference-target"]),
        ("observation-reagent", "Device/1", ["reference-target"]),
        ("event-basedOn", "Patient/1", []),
        ("unknown", "Patient/1", []),
    ],
)
def test_a_reference_in_an_extension_leads_to_what_it_may(
    name: str, reference: str, rules: list[str], release: Release
) -> None:
    held = hl7(name, valueReference={"reference": reference})
    own: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "extension": [held]}
    assert list(broken(references.look, own, release)) == rules


WRITTEN: Json = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", "code": "WRITTEN"}


@pytest.mark.parametrize(
    ("mode", "is_one"),
    [
        ({"coding": [WRITTEN]}, True),
        ({"coding": [{"system": "https://a.org/c", "code": "x"}, WRITTEN]}, True),
        ({"coding": [{"system": "https://a.org/c", "code": "x"}]}, False),
        ({"coding": [WRITTEN | {"code": "SUNG"}]}, False),
        ({"text": "written"}, False),
        ({"extension": [{"url": "https://a.org/e", "valueString": "x"}]}, False),
    ],
)
def test_a_concept_in_an_extension_has_a_code_of_its_value_set(mode: Json, is_one: bool) -> None:
    held = hl7("questionnaireresponse-completionMode", valueCodeableConcept=mode)
    response: Json = {"resourceType": "QuestionnaireResponse", "status": "completed", "extension": [held]}
    rules = {} if is_one else {"extension-code": "QuestionnaireResponse.extension[0]"}
    assert broken(look, response) == rules


@pytest.mark.parametrize(("severity", "is_one"), [("error", True), ("warning", True), ("grave", False)])
def test_a_part_of_an_extension_has_a_code_of_its_value_set(severity: str, is_one: bool) -> None:
    parts = {"key": {"valueId": "a"}, "severity": {"valueCode": severity}, "expression": {"valueString": "true"}}
    held = hl7("questionnaire-constraint", extension=[
        *({"url": url, **part} for url, part in parts.items()), {"url": "human", "valueString": "x"},
    ])  # fmt: skip
    form: Json = {"resourceType": "Questionnaire", "status": "draft", "extension": [held]}
    assert broken(look, form) == ({} if is_one else {"extension-code": "Questionnaire.extension[0].extension[1]"})

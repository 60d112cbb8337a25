"""The shipped facts of HL7's definitions: whole definitions rebuilt, constraints, bindings, extensions, terms."""

from __future__ import annotations

import json
import re

import pytest

from kneecds.fhir.structure.definitions import (
    HL7,
    PUBLISHED,
    binding,
    canonical_targets,
    constraints,
    core_profile,
    core_profiles,
    profile_urls,
    structure_definition,
    type_profiles,
)
from kneecds.fhir.structure.extensions import extension
from kneecds.fhir.structure.facts import RELEASES, Release, facts_of
from kneecds.fhir.structure.terminology_facts import code_system, value_set, value_set_compose

OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.mark.parametrize("release", RELEASES)
def test_every_type_has_its_definition_again(release: Release) -> None:
    for name in (
        *sorted(facts_of(release).resource_types),
        "Element",
        "Quantity",
        "Timing",
        "string",
        "SimpleQuantity",
    ):
        definition = structure_definition(name, release)
        assert definition is not None, name
        elements = definition["snapshot"]["element"]
        paths = [element["path"] for element in elements]
        assert paths[0] == definition["type"]
        assert len({element["id"] for element in elements}) == len(elements)
        for element in elements[1:]:
            assert element["path"].rpartition(".")[0] in paths
            assert ("type" in element) != ("contentReference" in element)
            assert element.get("contentReference", f"#{name}")[1:].split(".")[0] == name
            assert name == "SimpleQuantity" or HL7 + element["base"]["path"].split(".")[0] in profile_urls(release)


@pytest.mark.parametrize("name", ["Foo", "Observation.component", "", "http://example.org/x", "System.String"])
def test_what_is_no_type_has_no_definition(name: str) -> None:
    assert structure_definition(name, "R4") is None


def test_an_element_says_what_hl7_says_of_it() -> None:
    definition = structure_definition("Observation", "R4")
    assert definition is not None
    assert definition["baseDefinition"] == f"{HL7}DomainResource"
    by_path = {element["path"]: element for element in definition["snapshot"]["element"]}
    status = by_path["Observation.status"]
    assert (status["min"], status["max"], status["isModifier"]) == (1, "1", True)
    assert status["binding"] == {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/observation-status"}
    assert by_path["Observation.component.referenceRange"]["contentReference"] == "#Observation.referenceRange"
    assert by_path["Observation.referenceRange.low"]["type"] == [
        {"code": "Quantity", "profile": [f"{HL7}SimpleQuantity"]}
    ]
    assert by_path["Observation.specimen"]["type"] == [{"code": "Reference", "targetProfile": [f"{HL7}Specimen"]}]
    assert {rule["key"] for rule in by_path["Observation"]["constraint"]} >= {"obs-6", "obs-7", "dom-2", "dom-6"}
    assert {rule["key"] for rule in by_path["Observation.extension"]["constraint"]} == {"ele-1", "ext-1"}


def test_a_definition_is_fresh_each_time() -> None:
    one, other = structure_definition("Patient", "R4"), structure_definition("Patient", "R4")
    assert one is not None
    one["snapshot"]["element"].clear()
    assert other is not None
    assert other["snapshot"]["element"]


def test_constraints_are_inherited_and_know_best_practice() -> None:
    keys = {one.key: one for one in constraints("QuestionnaireResponse", "R4")}
    assert keys["qrs-1"].path == "QuestionnaireResponse.item"
    assert keys["dom-6"].best_practice
    assert keys["dom-6"].severity == "warning"
    assert not keys["dom-2"].best_practice
    assert {one.key for one in constraints("Age", "R4")} >= {"age-1", "qty-3", "ele-1"}


def test_bindings_targets_and_profiles() -> None:
    assert binding("Observation.code", "R4") is None  # an example binding
    bound = binding("Age.comparator", "R4")
    assert bound is not None
    assert bound.strength == "required"
    assert binding("Nothing.at.all", "R4") is None
    assert canonical_targets("QuestionnaireResponse.questionnaire", "R4") == ("Questionnaire",)
    assert canonical_targets("Meta.profile", "R4") == ("StructureDefinition",)
    assert type_profiles("Observation.referenceRange.low", "R5") == (("Quantity", f"{HL7}SimpleQuantity"),)


@pytest.mark.parametrize("release", RELEASES)
def test_vital_signs_are_there(release: Release) -> None:
    assert {url.rpartition("/")[2] for url in core_profiles(release)} >= {"vitalsigns", "bodyweight", "bmi", "bp"}
    weight = core_profile(f"{HL7}bodyweight", release)
    assert weight is not None
    assert weight["baseDefinition"] == f"{HL7}vitalsigns"
    fixed = [element for element in weight["snapshot"]["element"] if "29463-7" in json.dumps(element)]
    assert fixed
    assert core_profile("http://example.org/x", release) is None


@pytest.mark.parametrize("release", RELEASES)
def test_an_extension_says_where_it_stands_and_what_it_holds(release: Release) -> None:
    place = extension(f"{HL7}patient-birthPlace", release)
    assert place is not None
    assert ("element", "Patient") in place.contexts
    assert (place.types, place.value_required, place.content.most) == (("Address",), True, 1)
    nationality = extension(f"{HL7}patient-nationality", release)
    assert nationality is not None
    assert not nationality.value_allowed
    assert nationality.parts["code"].types == ("CodeableConcept",)
    assert extension("http://example.org/more", release) is None


@pytest.mark.parametrize("release", RELEASES)
def test_code_systems_and_value_sets(release: Release) -> None:
    category = code_system(OBSERVATION_CATEGORY, release)
    assert category is not None
    assert category.complete
    assert {"vital-signs", "exam", "survey", "laboratory"} <= category.codes
    encounter = value_set("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", release)
    assert encounter is not None
    assert ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB") in encounter
    identifier = code_system("http://terminology.hl7.org/CodeSystem/v2-0203", release)
    assert identifier is not None
    assert {"MR", "SS", "NPI"} <= identifier.codes
    assert value_set("http://hl7.org/fhir/ValueSet/condition-code", release) is None
    assert value_set_compose("http://hl7.org/fhir/ValueSet/condition-code", release) is not None
    assert code_system("http://snomed.info/sct", release) is None
    assert value_set("http://example.org/x", release) is None


@pytest.mark.parametrize("release", RELEASES)
def test_required_codes_are_those_of_their_value_set(release: Release) -> None:
    """The short lists of the walker and the value sets were made of the same definitions."""
    for name in (
        "Observation",
        "Patient",
        "QuestionnaireResponse",
        "Questionnaire",
        "Condition",
        "Bundle.entry.request",
    ):
        for of in facts_of(release).type(name).properties.values():
            bound = binding(f"{name}.{of.element}", release)
            if of.codes is not None and bound is not None:
                pairs = value_set(bound.value_set, release)
                assert pairs is not None
                assert of.codes == {code for _, code in pairs}


def test_no_sentence_of_the_specification_is_shipped() -> None:
    """Strings are names, codes, URLs and expressions: none has a row of plain words."""
    prose = re.compile(r"(?:\b[a-z]{2,},? ){7,}")
    for path in sorted(PUBLISHED.glob("*.json")):
        text = path.read_text("utf-8")
        if "terms" in path.name:
            continue  # a code may be a sentence
        assert not prose.search(text), path.name
        assert not re.search(r'"(?:definition|description|comment|requirements|human|short|text)":"', text), path.name

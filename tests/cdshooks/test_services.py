from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kneecds.cdshooks import services
from kneecds.cdshooks.prefetch import resource_type
from kneecds.fhir.read import EXTRACTORS
from kneecds.pipeline import INTAKE

if TYPE_CHECKING:
    from kneecds.cdshooks.model import Query, Service

EACH = pytest.mark.parametrize("service", services.SERVICES, ids=lambda one: f"{one.id} {one.hook}")
QUERIES = sorted({query for one in services.SERVICES for query in one.queries}, key=lambda query: query.key)
EVERY = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)

# https://hl7.org/fhir/R4/: search parameters of each type that we use, and their kind
PARAMETERS = {
    "Observation": {"patient": "reference", "date": "date"},
    "QuestionnaireResponse": {"patient": "reference", "questionnaire": "reference", "authored": "date"},
    "Condition": {"patient": "reference"},
    "MedicationRequest": {"patient": "reference", "status": "token", "authoredon": "date"},
    "AllergyIntolerance": {"patient": "reference"},
    "Procedure": {"patient": "reference", "status": "token", "date": "date"},
}


def test_each_service_is_found_under_its_hook_only() -> None:
    pairs = [(one.id, one.hook) for one in services.SERVICES]
    assert len(set(pairs)) == len(pairs)
    assert all(services.find(*pair) is one for pair, one in zip(pairs, services.SERVICES, strict=True))
    assert services.find("kneecds-assessment", "order-sign") is None
    assert services.known("kneecds-intake")
    assert not services.known("kneecds-")


def test_advice_on_an_order_replaces_what_was_said_when_it_was_selected() -> None:
    hooks = [one.hook for one in services.SERVICES if one.id == "kneecds-order-appropriateness"]
    assert hooks == ["order-select", "order-sign"]


@EACH
def test_only_patient_and_observations_are_required(service: Service) -> None:
    assert [query.key for query in service.queries if query.required] == ["patient", "observations"]


@EACH
def test_what_is_asked_for_is_what_is_read(service: Service) -> None:
    assert {resource_type(query) for query in service.queries} <= {"Patient", *EXTRACTORS}


def test_of_what_is_read_only_statements_of_medicines_are_not_asked_for() -> None:
    asked = {resource_type(query) for query in QUERIES}
    assert {"Patient", *EXTRACTORS} - asked == {"MedicationStatement"}


@EVERY
def test_a_template_keeps_to_the_recommended_subset(query: Query) -> None:
    # tokens of the context, instance read or type search, reference, token, _count, _sort
    assert set(re.findall(r"\{\{(.*?)\}\}", query.template)) == {"context.patientId"}
    kind, _, rest = query.template.partition("?")
    if not rest:
        assert kind == "Patient/{{context.patientId}}"
        return
    known = PARAMETERS[kind]
    names = [part.partition("=")[0] for part in rest.split("&")]
    assert len(set(names)) == len(names)
    assert names[0] == "patient"
    for name, _, value in (part.partition("=") for part in rest.split("&")):
        if name == "_sort":
            assert known[value.removeprefix("-")] == "date"
        elif name == "_count":
            assert value.isdigit()
        else:
            assert known[name] in ("reference", "token")


def test_only_answers_to_our_own_form_are_asked_for() -> None:
    assert f"questionnaire={INTAKE}&" in services.RESPONSES.template


# `version` and `hookVersion` are of the ballot
BASIC = {"hook", "id", "title", "description", "prefetch", "usageRequirements"}


def test_discovery_says_what_2_0_knows() -> None:
    told = services.discovery(services.SERVICES)
    assert set(told) == {"services"}
    for one, service in zip(told["services"], services.SERVICES, strict=True):
        assert set(one) == BASIC
        assert (one["id"], one["hook"]) == (service.id, service.hook)
        assert one["prefetch"] == {query.key: query.template for query in service.queries}
        assert all(isinstance(value, str) and value for name, value in one.items() if name != "prefetch")


def test_the_ballot_adds_versions() -> None:
    for one in services.discovery(ballot=True)["services"]:
        assert set(one) == {*BASIC, "version", "hookVersion"}
        assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", one["version"])


def test_without_services_the_list_is_empty() -> None:
    assert services.discovery(()) == {"services": []}

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hook_calls import AWAY, PATIENT, Json, found, observation, sent, view
from hypothesis import given
from hypothesis import strategies as st

from kneecds.cdshooks.model import HookRequest, Query, Supply
from kneecds.cdshooks.prefetch import filled, supplies, supply
from kneecds.cdshooks.services import OBSERVATIONS, find
from kneecds.cdshooks.services import PATIENT as WHO
from kneecds.cdshooks.wire import read_request
from kneecds.errors import UsageError

VIEW = "kneecds-assessment"
SERVICE = find(VIEW, "patient-view")
NEXT = {
    "link": [
        {"relation": "self", "url": "https://ehr.example/fhir/a"},
        {"relation": "next", "url": "https://ehr.example/fhir?page=2"},
    ]
}


def outcome(severity: str = "error", code: str = "timeout", **changes: Any) -> Json:
    issue = {"severity": severity, "code": code, "diagnostics": "Martha Smith is not known", **changes}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def entries(*one: Json, **members: Any) -> Json:
    return found(**members) | {"entry": list(one)}


TABLE = [
    # (1) a resource or a Bundle
    pytest.param(WHO, PATIENT, "given", 1, "", id="a resource"),
    pytest.param(OBSERVATIONS, found(observation()), "given", 1, "", id="a Bundle"),
    pytest.param(OBSERVATIONS, found(observation(), type=AWAY), "given", 1, "", id="a Bundle without a type"),
    pytest.param(OBSERVATIONS, found(observation(), total=1), "given", 1, "", id="as many as were found"),
    pytest.param(OBSERVATIONS, found(observation(), signature={"x": 1}), "given", 1, "", id="more in its frame than is usual"),
    # (2) null, and a Bundle with nothing in it
    pytest.param(WHO, None, "nothing", 0, "", id="null for a resource"),
    pytest.param(OBSERVATIONS, None, "nothing", 0, "", id="null for a search"),
    pytest.param(OBSERVATIONS, found(), "nothing", 0, "", id="an empty Bundle"),
    pytest.param(OBSERVATIONS, found(total=0), "nothing", 0, "", id="an empty Bundle that says so"),
    # (4) the query failed
    pytest.param(WHO, outcome(), "failed", 0, "(timeout)", id="an outcome"),
    pytest.param(OBSERVATIONS, outcome(), "failed", 0, "(timeout)", id="an outcome for a search"),
    pytest.param(OBSERVATIONS, outcome("information"), "failed", 0, "(timeout)", id="an outcome is no answer, whatever it says"),
    pytest.param(OBSERVATIONS, outcome(code="Martha Smith"), "failed", 0, "the query failed", id="a code that is none"),
    # of the wrong kind
    pytest.param(WHO, observation(), "failed", 0, "not one Patient", id="another type"),
    pytest.param(WHO, found(PATIENT), "failed", 0, "not one Patient", id="a Bundle for a read"),
    pytest.param(OBSERVATIONS, observation(), "failed", 0, "not a Bundle", id="a resource for a search"),
    pytest.param(OBSERVATIONS, found(observation(), type="history"), "failed", 0, "not the result of a search", id="a history"),
    pytest.param(OBSERVATIONS, found(PATIENT), "failed", 0, "no Observation", id="a Bundle of something else"),
    pytest.param(OBSERVATIONS, found(found(observation())), "failed", 0, "not one resource", id="a Bundle in a Bundle"),
    pytest.param(OBSERVATIONS, entries({"fullUrl": "urn:x"}), "failed", 0, "not one resource", id="an entry without resource"),
    pytest.param(OBSERVATIONS, entries({"resource": 5}), "failed", 0, "not one resource", id="an entry that is a number"),
    pytest.param(OBSERVATIONS, entries({"resource": {"id": "x"}}), "failed", 0, "not one resource", id="an entry of no type"),
    pytest.param(OBSERVATIONS, found() | {"entry": {}}, "failed", 0, "cannot be read", id="entry is no array"),
    pytest.param(OBSERVATIONS, entries({"resource": observation(), "search": 5}), "failed", 0, "cannot be read", id="search is a number"),
    pytest.param(OBSERVATIONS, found(observation(), implicitRules="https://x.example"), "failed", 0, "rules", id="rules of its own"),
    pytest.param(OBSERVATIONS, found(observation(), modifierExtension=[{"url": "https://x.example"}]), "failed", 0, "modifier", id="modified"),
    # not all of it
    pytest.param(OBSERVATIONS, found(observation(), total=2), "given", 1, "found more", id="more were found than sent"),
    pytest.param(OBSERVATIONS, found(total=2), "failed", 0, "found more", id="some were found and none sent"),
    pytest.param(OBSERVATIONS, found(observation(), link=5), "given", 1, "links", id="links that cannot be read"),
    pytest.param(
        OBSERVATIONS,
        entries({"resource": observation()}, {"resource": outcome(), "search": {"mode": "outcome"}}),
        "given", 1, "failed in part (timeout)", id="an outcome with an error among the entries",
    ),
    pytest.param(
        OBSERVATIONS,
        entries({"resource": outcome(), "search": {"mode": "outcome"}}),
        "failed", 0, "failed in part (timeout)", id="an outcome with an error only",
    ),
    pytest.param(
        OBSERVATIONS,
        entries({"resource": observation()}, {"resource": outcome("warning"), "search": {"mode": "outcome"}}),
        "given", 1, "", id="an outcome with a warning",
    ),
    pytest.param(
        OBSERVATIONS, entries({"resource": outcome("warning"), "search": {"mode": "outcome"}}),
        "nothing", 0, "", id="nothing found, with a warning",
    ),
    pytest.param(
        OBSERVATIONS,
        entries({"resource": observation(), "modifierExtension": [{"url": "https://x.example"}]}, {"resource": observation("o2")}),
        "given", 1, "modifier extension", id="a modified entry is not used",
    ),
    pytest.param(
        OBSERVATIONS,
        entries({"resource": observation()}, {"resource": {"resourceType": "Specimen", "id": "s"}, "search": {"mode": "include"}}),
        "given", 2, "", id="an included resource",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("query", "value", "state", "count", "note"), TABLE)
def test_what_a_value_says(query: Query, value: Json | None, state: str, count: int, note: str) -> None:
    result = supply(query, sent(value))
    assert (result.state, len(result.resources)) == (state, count)
    assert note in result.note
    assert bool(note) == bool(result.note)
    assert "Martha" not in result.note


def test_the_four_states_are_told_apart() -> None:
    call = view(prefetch={"patient": PATIENT, "observations": None, "conditions": outcome(), "unasked": PATIENT})
    assert SERVICE is not None
    states = {one.query.key: one.state for one in supplies(SERVICE, read_request(sent(call), VIEW))}
    assert states == {
        "patient": "given", "observations": "nothing", "conditions": "failed",
        "responses": "not_supplied", "medicines": "not_supplied", "procedures": "not_supplied", "allergies": "not_supplied",
    }  # fmt: skip


@pytest.mark.parametrize("call", [view(prefetch=AWAY), view(prefetch={"unasked": None})])
def test_without_prefetch_nothing_was_supplied(call: Json) -> None:
    assert SERVICE is not None
    given = supplies(SERVICE, read_request(sent(call), VIEW))
    assert [one.query for one in given] == list(SERVICE.queries)
    assert {(one.state, one.note) for one in given} == {("not_supplied", "not sent")}


@pytest.mark.parametrize("frame", [NEXT, NEXT | {"total": 99}])
def test_a_page_of_several_is_noticed(frame: Json) -> None:
    page = supply(OBSERVATIONS, sent(found(observation(), **frame)))
    assert (page.state, page.next_page, page.note) == ("given", "https://ehr.example/fhir?page=2", "")


def test_an_empty_page_of_several_is_not_nothing() -> None:
    assert supply(OBSERVATIONS, sent(found(**NEXT))).state == "given"


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Bundle","type":"searchset","entry":[],"entry":[{"resource":{"resourceType":"Observation"}}]}',
        (
            b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","id":"a"},'
            b'"resource":{"resourceType":"Observation","id":"b"}}]}'
        ),
        (
            b'{"resourceType":"Bundle", "type":"searchset","entry":[{"resource":{"resourceType":"Observation","id":"a"},'
            b'"resource":{"resourceType":"Observation","id":"b"},"x\\u003ay\\u003az\\u003a":1}]}'
        ),
    ],
)
def test_no_entry_is_lost_to_a_repeated_name(body: bytes) -> None:
    result = supply(OBSERVATIONS, body)
    assert (result.state, result.note) == ("failed", "the Bundle has a member twice")


def test_bytes_are_kept_and_full_urls_with_them() -> None:
    body = sent(found(observation(value=1.5), observation("o2"))).replace(b"1.5", b"1.50")
    result = supply(OBSERVATIONS, body)
    assert b'"value":1.50' in result.resources[0]
    assert result.urls[1] == b'"https://ehr.example/fhir/Observation/o2"'


@pytest.mark.parametrize("text", ["\\u003cdiv", "a\\u003ab", "a:b", "\\u003A"])
@pytest.mark.parametrize("indent", [None, 1])
def test_escapes_and_space_are_not_taken_for_a_repeated_name(text: str, indent: int | None) -> None:
    body = json.dumps(found(observation(note=[{"text": "@"}])), indent=indent).replace("@", text).encode()
    result = supply(OBSERVATIONS, body)
    assert (result.state, len(result.resources), result.note) == ("given", 1, "")


def test_a_resource_whose_type_comes_last_is_known() -> None:
    body = b'{"id": "p1", "x": {"resourceType": "Group"}, "resourceType": "Patient"}'
    assert supply(WHO, body).state == "given"
    bundle = (
        b'{"type":"searchset","entry":[{"resource":{"id":"a","resourceType":"Observation"}}],"resourceType":"Bundle"}'
    )
    assert len(supply(OBSERVATIONS, bundle).resources) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"[]", b"5", b'{"resourceType":"Patient"', b'{"resourceType":"Bundle","x":"\xff"}']
)
def test_what_is_no_json_of_fhir_is_no_answer(body: bytes) -> None:
    assert {supply(query, body).state for query in (OBSERVATIONS, WHO)} <= {"failed", "given"}
    assert supply(OBSERVATIONS, body).state == "failed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["resource", "entry", "search", "mode", "link", "resourceType", "type", "total"]), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(JSON, st.sampled_from(["entry", "link", "total", "type", "id", "meta"]), JSON)
def test_any_frame_has_one_of_the_states(resource: Any, name: str, value: Any) -> None:
    whole = found(observation()) | {"x": resource, name: value}
    for one in (resource, whole):
        result = supply(OBSERVATIONS, msgspec.json.encode(one))
        assert isinstance(result, Supply)
        assert (result.state == "given") == bool(result.resources or result.next_page)
        if one is not None and result.state == "nothing":
            assert not (whole.get("entry") if one is whole else one.get("entry"))


def request(user: str = "Practitioner/dr-1", **context: Any) -> HookRequest:
    changes = {f"context.{name}": value for name, value in context.items()}
    return read_request(sent(view(fhirAuthorization=AWAY, **{"context.userId": user, **changes})), VIEW)


@pytest.mark.parametrize(
    ("template", "asked", "expected"),
    [
        ("Patient/{{context.patientId}}", request(), "Patient/p1"),
        ("Patient/{{ context.patientId }}", request(), "Patient/p1"),
        ("Observation?patient={{context.patientId}}&_count=5", request(patientId="a.b-c"), "Observation?patient=a.b-c&_count=5"),
        ("Encounter/{{context.encounterId}}", request(), "Encounter/e1"),
        ("{{context.userId}}", request(), "Practitioner/dr-1"),
        ("Practitioner/{{userPractitionerId}}", request(), "Practitioner/dr-1"),
        ("PractitionerRole/{{userPractitionerRoleId}}", request("PractitionerRole/r"), "PractitionerRole/r"),
        ("Patient/{{userPatientId}}", request("Patient/p1"), "Patient/p1"),
        ("RelatedPerson/{{userRelatedPersonId}}", request("RelatedPerson/r"), "RelatedPerson/r"),
    ],
)  # fmt: skip
def test_tokens_are_replaced(template: str, asked: HookRequest, expected: str) -> None:
    assert filled(template, asked) == expected


def test_what_replaces_a_token_stays_one_value() -> None:
    asked = request()
    hostile = msgspec.structs.replace(asked, context=msgspec.structs.replace(asked.context, patient_id="p1&x=/../é"))
    assert filled("Observation?patient={{context.patientId}}", hostile) == "Observation?patient=p1%26x%3D%2F..%2F%C3%A9"


@pytest.mark.parametrize("template", ["{{userPatientId}}", "{{context.draftOrders}}", "{{today}}"])
def test_a_token_without_an_answer_is_an_error(template: str) -> None:
    with pytest.raises(UsageError):
        filled(template, request())

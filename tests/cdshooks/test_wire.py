from __future__ import annotations

import json
from typing import Any

import pytest
from hook_calls import AWAY, CAPTURES, GRANTED, PATIENT, UUID, Json, found, observation, order, select, sent, sign, view
from hypothesis import given
from hypothesis import strategies as st

from kneecds.cdshooks import services
from kneecds.cdshooks.model import HookRequest
from kneecds.cdshooks.rules import MOST, RULES
from kneecds.cdshooks.wire import MAX_QUERIES, read_request
from kneecds.errors import InputError

VIEW = "kneecds-assessment"
ORDERS = "kneecds-order-appropriateness"
CASES = CAPTURES.parent / "fhir-test-cases"

needs_captures = pytest.mark.skipif(not CAPTURES.exists(), reason="the captures lie outside the repository")


def service_of(call: Json) -> str:
    return VIEW if call.get("hook") == "patient-view" else ORDERS


def read(call: Json, **options: Any) -> HookRequest:
    return read_request(sent(call), service_of(call), **options)


def refused(body: bytes, service: str = VIEW, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read_request(body, service, **options)
    assert all(issue.is_error for issue in caught.value.issues)
    return [(issue.rule, issue.expression) for issue in caught.value.issues]


SOUND = [
    pytest.param(view(), id="patient-view with everything"),
    pytest.param(select(), id="order-select: draftOrders without type, entries without fullUrl"),
    pytest.param(sign(), id="order-sign"),
    pytest.param(view(**{"context.encounterId": AWAY}), id="no encounter"),
    pytest.param(view(prefetch=AWAY), id="nothing prefetched"),
    pytest.param(view(prefetch={"patient": None, "observations": None}), id="null says that there is nothing"),
    pytest.param(view(prefetch={"other": PATIENT}), id="a prefetch key that is not ours"),
    pytest.param(view(fhirAuthorization=AWAY), id="a FHIR server without a token"),
    pytest.param(view(fhirAuthorization=AWAY, fhirServer=AWAY), id="neither server nor token"),
    pytest.param(view(fhirServer="http://localhost:8701/fhir"), id="http on this machine"),
    pytest.param(view(fhirServer="http://127.0.0.1/fhir/"), id="http on this machine, by number"),
    pytest.param(view(fhirServer="http://[::1]:80/fhir"), id="http on this machine, IPv6"),
    pytest.param(view(extension={"com.example.x": {"max": 5, "y": True}}), id="unknown extensions"),
    pytest.param(view(unheard="of"), id="an unknown member"),
    pytest.param(view(**{"context.unheard": "of"}), id="an unknown member of the context"),
    pytest.param(view(**{"fhirAuthorization.patient": AWAY}), id="a token that names no patient"),
    pytest.param(view(**{"context.userId": "RelatedPerson/x.y-1"}), id="a relative"),
    pytest.param(view(**{"context.userId": "Patient/p1"}), id="the patient"),
    pytest.param(view(hookInstance=UUID.upper()), id="a UUID in capitals"),
    pytest.param(
        sign(**{"context.draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order(note=[{"text": "x"}], instantiatesUri=["a", None], _instantiatesUri=[None, {"id": "b"}])}]}}),
        id="null in two lists that FHIR keeps in step",
    ),
    pytest.param(sign(**{"context.draftOrders": {"resourceType": "Bundle"}}), id="no draft order"),
]  # fmt: skip


@pytest.mark.parametrize("call", SOUND)
def test_a_sound_call_is_read(call: Json) -> None:
    request = read(call)
    assert request.hook == call["hook"]
    assert request.context.patient_id == "p1"
    assert set(request.prefetch or ()) == set(call.get("prefetch", ()))
    assert [one["id"] for one in request.context.draft_orders] == [
        entry["resource"]["id"] for entry in call["context"].get("draftOrders", {}).get("entry", ())
    ]


def test_nothing_of_the_context_is_dropped() -> None:
    request = read(select(**{"context.encounterId": "e9"}))
    context = request.context
    assert (context.user_id, context.patient_id, context.encounter_id) == ("PractitionerRole/a", "p1", "e9")
    assert context.selections == ("ServiceRequest/x1",)
    assert request.authorization is not None
    assert request.authorization.access_token == "secret-token"
    assert "secret" not in repr(request)


def test_what_was_prefetched_stays_the_bytes_that_came() -> None:
    body = sent(view()).replace(b'"1964-03-01"', b'"1964-03-01", "x":  3.20')
    assert b'"x":  3.20' in (read_request(body, VIEW).prefetch or {})["patient"]


BUNDLE = "context.draftOrders"
BROKEN = [
    #
    (view(hook=None), "json-blank", "Request.hook"),
    (view(hookInstance=""), "json-blank", "Request.hookInstance"),
    (view(context={}), "json-blank", "Request.context"),
    (view(**{"context.encounterId": ""}), "json-blank", "Request.context.encounterId"),
    (view(fhirServer=None), "json-blank", "Request.fhirServer"),
    (view(fhirAuthorization={}), "json-blank", "Request.fhirAuthorization"),
    (view(extension={}), "json-blank", "Request.extension"),
    (view(extension={"a b": {"c": []}}), "json-blank", "Request.extension.`a b`.c"),
    (view(prefetch={}), "json-blank", "Request.prefetch"),
    (view(prefetch=None), "json-blank", "Request.prefetch"),
    (view(prefetch={"patient": {}}), "json-blank", "Request.prefetch.patient"),
    (view(prefetch={"patient": ""}), "json-blank", "Request.prefetch.patient"),
    (view(prefetch={"patient": []}), "json-blank", "Request.prefetch.patient"),
    (select(**{"context.selections": []}), "json-blank", "Request.context.selections"),
    (select(**{BUNDLE: {}}), "json-blank", "Request.context.draftOrders"),
    (sign(**{BUNDLE: {"resourceType": "Bundle", "entry": []}}), "json-blank", "Request.context.draftOrders.entry"),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": [{"resource": order(note=[None])}]}}),
        "json-blank",
        "Request.context.draftOrders.entry[0].resource.note[0]",
    ),
    # R-18 and on: what a request has
    (view(hook=AWAY), "request-required", "Request.hook"),
    (view(hookInstance=AWAY), "request-required", "Request.hookInstance"),
    (view(context=AWAY), "request-required", "Request.context"),
    (view(**{"context.userId": AWAY}), "request-required", "Request.context.userId"),
    (view(**{"context.patientId": AWAY}), "request-required", "Request.context.patientId"),
    (select(**{"context.selections": AWAY}), "request-required", "Request.context.selections"),
    (select(**{BUNDLE: AWAY}), "request-required", "Request.context.draftOrders"),
    (sign(**{BUNDLE: AWAY}), "request-required", "Request.context.draftOrders"),
    (view(hook=5), "request-type", "Request.hook"),
    (view(hookInstance=["x"]), "request-type", "Request.hookInstance"),
    (view(context="p1"), "request-type", "Request.context"),
    (view(prefetch=[1]), "request-type", "Request.prefetch"),
    (view(prefetch="x"), "request-type", "Request.prefetch"),
    (view(fhirServer=5), "request-type", "Request.fhirServer"),
    (view(fhirAuthorization="token"), "request-type", "Request.fhirAuthorization"),
    (view(extension=[1]), "extension", "Request.extension"),
    (view(hook="order-sign"), "hook-mismatch", "Request.hook"),
    (view(hook="encounter-start"), "hook-mismatch", "Request.hook"),
    (view(hookInstance=f"urn:uuid:{UUID}"), "hook-instance", "Request.hookInstance"),
    (view(hookInstance="1234"), "hook-instance", "Request.hookInstance"),
    (view(hookInstance=f"{UUID}\n"), "hook-instance", "Request.hookInstance"),
    (view(**{"context.userId": "a"}), "context-user", "Request.context.userId"),
    (view(**{"context.userId": "Device/a"}), "context-user", "Request.context.userId"),
    (view(**{"context.userId": "Practitioner/a/b"}), "context-user", "Request.context.userId"),
    (view(**{"context.patientId": "Patient/p1"}), "context-id", "Request.context.patientId"),
    (view(**{"context.patientId": "p_1"}), "context-id", "Request.context.patientId"),
    (view(**{"context.patientId": "../x"}), "context-id", "Request.context.patientId"),
    (view(**{"context.patientId": "x" * 65}), "context-id", "Request.context.patientId"),
    (view(**{"context.encounterId": "Encounter/e1"}), "context-id", "Request.context.encounterId"),
    (view(**{"context.encounterId": 7}), "request-type", "Request.context.encounterId"),
    (select(**{"context.selections": "ServiceRequest/x1"}), "context-selections", "Request.context.selections"),
    (select(**{"context.selections": ["x1"]}), "context-selections", "Request.context.selections[0]"),
    (select(**{"context.selections": [5]}), "context-selections", "Request.context.selections[0]"),
    (select(**{"context.selections": ["ServiceRequest/x9"]}), "context-selections", "Request.context.selections[0]"),
    (select(**{"context.selections": ["ServiceRequest/x1"] * 201}), "too-many", "Request.context.selections"),
    (sign(**{BUNDLE: [order()]}), "context-draft-orders", "Request.context.draftOrders"),
    (sign(**{BUNDLE: order()}), "context-draft-orders", "Request.context.draftOrders"),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": 1}}),
        "context-draft-orders",
        "Request.context.draftOrders.entry",
    ),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x"}]}}),
        "context-draft-orders",
        "Request.context.draftOrders.entry[0].resource",
    ),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": [{"resource": "{}"}]}}),
        "context-draft-orders",
        "Request.context.draftOrders.entry[0].resource",
    ),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": [{"resource": {"id": "x"}}]}}),
        "context-draft-orders",
        "Request.context.draftOrders.entry[0].resource",
    ),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": [{"resource": order(str(n))} for n in range(201)]}}),
        "too-many",
        "Request.context.draftOrders.entry",
    ),
    # the FHIR server, and the token for it
    (view(fhirServer=AWAY), "fhir-server-required", "Request.fhirServer"),
    (view(fhirServer="http://ehr.example/fhir"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="http://127.0.0.1.evil.example/fhir"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="ftp://ehr.example/fhir"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="/fhir"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="https://"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="https://a:b@ehr.example/fhir"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="https://ehr.example/fhir?x=1"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="https://ehr.example:99999/fhir"), "fhir-server", "Request.fhirServer"),
    (view(fhirServer="https://ehr.example/a b"), "fhir-server", "Request.fhirServer"),
    *[
        (view(**{f"fhirAuthorization.{name}": AWAY}), "request-required", f"Request.fhirAuthorization.{name}")
        for name in GRANTED
        if name != "patient"
    ],
    (view(**{"fhirAuthorization.token_type": "MAC"}), "authorization", "Request.fhirAuthorization.token_type"),
    (view(**{"fhirAuthorization.access_token": "a\r\nb"}), "authorization", "Request.fhirAuthorization.access_token"),
    (view(**{"fhirAuthorization.expires_in": "300"}), "authorization", "Request.fhirAuthorization.expires_in"),
    (view(**{"fhirAuthorization.expires_in": 300.5}), "authorization", "Request.fhirAuthorization.expires_in"),
    (view(**{"fhirAuthorization.expires_in": True}), "authorization", "Request.fhirAuthorization.expires_in"),
    (view(**{"fhirAuthorization.expires_in": -1}), "authorization", "Request.fhirAuthorization.expires_in"),
    (view(**{"fhirAuthorization.scope": ["a"]}), "request-type", "Request.fhirAuthorization.scope"),
    (view(**{"fhirAuthorization.patient": "Patient/p1"}), "context-id", "Request.fhirAuthorization.patient"),
    # one patient
    (view(**{"fhirAuthorization.patient": "p2"}), "patient-mismatch", "Request.fhirAuthorization.patient"),
    (
        sign(**{BUNDLE: {"resourceType": "Bundle", "entry": [{"resource": order(patient="p2")}]}}),
        "patient-mismatch",
        "Request.context.draftOrders.entry[0].resource.subject",
    ),
    # what was prefetched
    (view(prefetch={"patient": 5}), "prefetch-value", "Request.prefetch.patient"),
    (view(prefetch={"patient": "Patient/p1"}), "prefetch-value", "Request.prefetch.patient"),
    (view(prefetch={"patient": [PATIENT]}), "prefetch-value", "Request.prefetch.patient"),
    (view(prefetch={"patient": {"resource": PATIENT}}), "prefetch-value", "Request.prefetch.patient"),
    (view(prefetch={"patient": {"resourceType": 5}}), "prefetch-value", "Request.prefetch.patient"),
    (view(prefetch={f"k{n}": None for n in range(MAX_QUERIES + 1)}), "too-many", "Request.prefetch"),
]


@pytest.mark.parametrize(
    ("call", "rule", "place"), BROKEN, ids=[f"{n} {rule}: {place}" for n, (_, rule, place) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_said_with_its_place(call: Json, rule: str, place: str) -> None:
    service = ORDERS if {"draftOrders", "selections"} & set(call.get("context") or ()) else VIEW
    assert (rule, place) in refused(sent(call), service)


def test_every_rule_of_a_request_is_seen_to_refuse() -> None:
    tested = {rule for _, rule, _ in BROKEN} | {"request-object"}
    assert tested == {rule for rule in RULES if not rule.startswith("feedback")}


def test_all_breaches_come_at_once_with_their_requirement() -> None:
    call = view(
        hookInstance="x",
        fhirServer=AWAY,
        prefetch={"patient": 1},
        **{"context.patientId": "Patient/p1", "context.userId": 1},
    )
    with pytest.raises(InputError) as caught:
        read(call)
    assert len(caught.value.issues) == 5
    assert all(issue.message.endswith(f"({RULES[issue.rule].requirement})") for issue in caught.value.issues)


def test_no_message_repeats_what_was_sent() -> None:
    call = view(
        hook="MARTHA", hookInstance="MARTHA", **{"context.patientId": "Patient/MARTHA", "context.userId": "MARTHA"}
    )
    with pytest.raises(InputError) as caught:
        read_request(sent(call), VIEW)
    assert "MARTHA" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "rule", "place"),
    [
        (b"", "json-empty", "Request"),
        (b"  ", "json-empty", "Request"),
        (b"null", "request-object", "Request"),
        (b"[]", "request-object", "Request"),
        (b"5", "request-object", "Request"),
        (b"{}", "request-required", "Request.hook"),
        (b'{"hook"', "json-syntax", "Request"),
        (b'{"hook":"a","hook":"b"}', "json-duplicate-key", "Request.hook"),
        (b'{"context":{"a":1,"a":2}}', "json-duplicate-key", "Request.context.a"),
        (b'{"prefetch":{"a":null,"a":null}}', "json-duplicate-key", "Request.prefetch.a"),
        (b'{"prefetch":{"a":null},"prefetch":{"b":null}}', "json-duplicate-key", "Request.prefetch"),
        (b'{"b":1,"b":2,"a\\u003a":3}', "json-duplicate-key", "Request.b"),
        (b'{"b":1,"b":2,"a\\u003A":3}', "json-duplicate-key", "Request.b"),
        (b'{"hook":"\xff"}', "json-encoding", "Request"),
        (b'{"hook":"\\ud800"}', "json-surrogate", "Request"),
        (b'{"a":' + b"[" * 101 + b"1" + b"]" * 101 + b"}", "json-depth", "Request"),
        (b'{"prefetch":{"a":' + b"[" * 100_000, "json-depth", "Request"),
        (b'{"prefetch":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "json-depth", "Request"),
        (b'{"a":1e999999999}', "json-number", "Request"),
        (b'{"a":NaN}', "json-syntax", "Request"),
        ("{}".encode("utf-16"), "json-encoding", "Request"),
    ],
)  # fmt: skip
def test_json_that_is_not_strict_is_refused(body: bytes, rule: str, place: str) -> None:
    assert (rule, place) in refused(body)


def test_a_large_body_is_refused_before_it_is_read() -> None:
    assert refused(b"x" * 101, max_bytes=100) == [("json-size", "Request")]


def test_a_byte_order_mark_is_skipped() -> None:
    assert read_request(b"\xef\xbb\xbf" + sent(view()), VIEW).hook == "patient-view"


def test_a_body_full_of_breaches_gives_a_bounded_answer() -> None:
    body = sent({"a": [None] * 100_000})
    assert len(refused(body)) <= MOST


def test_space_between_tokens_changes_nothing() -> None:
    call = select()
    spread = json.dumps(call, indent=2, ensure_ascii=False).encode()
    compact = read(call)
    assert read_request(spread, ORDERS).context == compact.context


@pytest.mark.parametrize("indent", [None, 1])
def test_an_escaped_colon_is_not_taken_for_a_repeated_name(indent: int | None) -> None:
    body = json.dumps(view(extension={"x": "@"}), indent=indent).replace("@", "a\\u003ab").encode()
    assert read_request(body, VIEW).hook == "patient-view"


def test_plain_http_is_for_test_data_only() -> None:
    call = view(fhirServer="http://ehr.example/fhir")
    assert read(call, allow_http=True).fhir_server == "http://ehr.example/fhir"


@needs_captures
@pytest.mark.parametrize(
    ("name", "service"), [("patient-view", VIEW), ("patient-view", "kneecds-intake"), ("order-select", ORDERS)]
)
def test_what_the_sandbox_sends_is_read(name: str, service: str) -> None:
    body = (CAPTURES / f"sandbox-{name}-request.json").read_bytes()
    request = read_request(body, service)
    assert request.context.patient_id == "2a3d4d46-512f-480f-8eb9-5a11ef3b2176"
    assert request.prefetch


@needs_captures
@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("pv-good", set()),
        ("patient-view-bad", {"context-id", "prefetch-value"}),
        ("order-select-extensions", {"request-required"}),  # draftOrders; the extension itself is tolerated
    ],
)  # fmt: skip
def test_the_vectors_of_the_fhir_validators(name: str, rules: set[str]) -> None:
    body = (CASES / f"cdshooks-request-{name}.json").read_bytes()
    hook = json.loads(body)["hook"]
    service = next(one.id for one in services.SERVICES if one.hook == hook)
    if not rules:
        assert read_request(body, service, allow_http=True).prefetch
        return
    assert {rule for rule, _ in refused(body, service)} - {"context-selections"} == rules


# "JSON elements SHALL NOT be null or empty", R-3, and whatever else may come: a refusal is never an accident
TEXT = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from([
    "hook", "hookInstance", "context", "prefetch", "fhirServer", "fhirAuthorization", "extension",
    "context.patientId", "context.userId", "context.selections", "context.draftOrders", "context.draftOrders.entry",
    "fhirAuthorization.expires_in", "fhirAuthorization.patient", "prefetch.patient", "prefetch.observations",
])  # fmt: skip


def is_read_or_refused(body: bytes, service: str) -> bool:
    try:
        return isinstance(read_request(body, service), HookRequest)
    except InputError as problem:
        return bool(problem.issues)


@given(VALUES)
def test_any_json_is_read_or_refused(value: Any) -> None:
    assert is_read_or_refused(json.dumps(value).encode(), VIEW)


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=3), st.booleans())
def test_any_damage_is_read_or_refused(damage: list[tuple[str, Any]], with_space: bool) -> None:
    call = select()
    for path, value in damage:
        try:
            call = select() if not isinstance(call, dict) else call
            holder = call
            *way, last = path.split(".")
            for step in way:
                holder = holder[step]
            holder[last] = value
        except (KeyError, TypeError):
            continue
    body = json.dumps(call, indent=1 if with_space else None).encode()
    assert is_read_or_refused(body, ORDERS)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        read_request(body, VIEW)


IDS = st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)


@given(
    patient=IDS,
    user=st.builds("{}/{}".format, st.sampled_from(["Practitioner", "PractitionerRole", "Patient", "RelatedPerson"]), IDS),
    instance=st.uuids().map(str),
    keys=st.dictionaries(TEXT, st.none() | st.builds(observation, IDS) | st.builds(found), min_size=1, max_size=4),
    orders=st.lists(IDS, min_size=1, max_size=4, unique=True),
    as_text=st.booleans(),
)  # fmt: skip
def test_any_sound_call_is_read(
    patient: str, user: str, instance: str, keys: Json, orders: list[str], as_text: bool
) -> None:
    entries = [{"resource": order(one, patient)} for one in orders]
    call = select(hookInstance=instance, prefetch=keys, fhirAuthorization=AWAY)
    call["context"] = {
        "userId": user,
        "patientId": patient,
        "selections": [f"ServiceRequest/{orders[0]}"],
        "draftOrders": {"resourceType": "Bundle", "entry": entries},
    }
    request = read_request(json.dumps(call, ensure_ascii=as_text).encode(), ORDERS)
    assert set(request.prefetch or ()) == set(keys)
    assert request.context.selections == (f"ServiceRequest/{orders[0]}",)

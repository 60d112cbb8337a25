"""Structure: each rule refuses what it is for, real resources pass, and the gate never lets through what the walk refuses."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecds.fhir.strict_json import parse
from kneecds.fhir.structure import check
from kneecds.fhir.structure.check import issues
from kneecds.fhir.structure.facts import RELEASES, Release, facts_of
from kneecds.fhir.structure.gate import sound
from kneecds.fhir.structure.usable import usable

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[2].parent / "shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="real resources lie in ../shared/data")

CODE = {
    "coding": [{"system": "http://snomed.info/sct", "code": "30989003", "display": "Knee pain"}],
    "text": "Knee pain",
}
ZONED = "2026-01-05T10:11:12+01:00"
META: dict[str, Any] = {
    "meta": {"versionId": "1", "lastUpdated": "2026-01-05T10:11:12.120Z", "profile": ["http://example.org/p|1"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "extension": [{"url": "http://example.org/e", "valueBoolean": True}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation", "id": "o1", **META, "status": "final", "code": CODE,
    "category": [CODE], "subject": {"reference": "Patient/p1"}, "effectiveDateTime": ZONED, "issued": ZONED,
    "valueQuantity": {"value": 3.2, "comparator": "<", "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"},
    "referenceRange": [{"low": {"value": 0}, "text": "usual"}], "note": [{"text": "said so", "time": ZONED}],
    "component": [{"code": CODE, "valueInteger": 3}, {"code": CODE, "valueTime": "10:11:12"}],
}  # fmt: skip
PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:oid:1.2.3", "value": "12", "period": {"start": "2020"}}],
    "active": True, "name": [{"use": "official", "family": "É", "given": ["Jane", "Q"]}], "gender": "female",
    "telecom": [{"system": "phone", "value": "1", "rank": 1}], "birthDate": "1969-04-02", "multipleBirthInteger": 2,
    "address": [{"line": ["1 Road"], "city": "Town"}], "deceasedBoolean": False,
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "http://example.org/q|1",
    "subject": {"reference": "Patient/p1"}, "authored": ZONED,
    "item": [{"linkId": "g", "item": [
        {"linkId": "a", "answer": [{"valueBoolean": True, "item": [{"linkId": "b", "answer": [{"valueDecimal": 1.5}]}]}]},
        {"linkId": "c", "answer": [{"valueCoding": {"code": "x"}}, {"valueDate": "2026-02-28"}, {"valueUri": "urn:x"}]},
    ]}],
}  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"resourceType": "Condition", "code": CODE, "subject": {"reference": "Patient/p1"}, "onsetDateTime": "2025-11", "bodySite": [CODE]},
    {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": CODE, "subject": {"display": "x"}},
    {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "x"},
        "medicationReference": {"reference": "#m"},
        "dosageInstruction": [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]}}}],
    },
    {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}, "category": ["medication"], "code": CODE},
    {"resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/p1"}, "performedDateTime": "2019"},
]  # fmt: skip
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle", "type": "collection", "timestamp": ZONED, "total": 8,
    "entry": [
        {"fullUrl": f"urn:uuid:11111111-1111-4111-8111-11111111111{number}", "resource": resource}
        for number, resource in enumerate([PATIENT, OBSERVATION, RESPONSE, *OTHERS])
    ],
}  # fmt: skip


def changed(base: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Replace members of a resource; None takes one out."""
    return {k: v for k, v in (base | members).items() if v is not ...}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (changed(OBSERVATION, resourceType=...), "structure-resource-type", "$this"),
    (changed(OBSERVATION, resourceType="Observations"), "structure-resource-type", "$this"),
    (changed(OBSERVATION, resourceType=3), "structure-resource-type", "$this"),
    (changed(OBSERVATION, statuss="final"), "structure-unknown-element", "Observation.statuss"),
    (changed(OBSERVATION, fhir_comments=["x"]), "structure-unknown-element", "Observation.fhir_comments"),
    (changed(OBSERVATION, _subject={"id": "x"}), "structure-unknown-element", "Observation._subject"),
    (changed(OBSERVATION, status=...), "structure-required", "Observation.status"),
    (changed(OBSERVATION, status="finished"), "structure-code", "Observation.status"),
    (changed(OBSERVATION, status=["final"]), "structure-cardinality", "Observation.status"),
    (changed(OBSERVATION, status=None), "structure-null", "Observation.status"),
    (changed(OBSERVATION, code="x"), "structure-type", "Observation.code"),
    (changed(OBSERVATION, code={}), "structure-empty", "Observation.code"),
    (changed(OBSERVATION, code={"text": ""}), "structure-string", "Observation.code.text"),
    (changed(OBSERVATION, code={"text": " \n"}), "structure-blank", "Observation.code.text"),
    (changed(OBSERVATION, code={"text": "x" * 1_048_577}), "structure-string", "Observation.code.text"),
    (changed(OBSERVATION, code={"text": 3}), "structure-type", "Observation.code.text"),
    (changed(OBSERVATION, code={"coding": [1]}), "structure-type", "Observation.code.coding[0]"),
    (
        changed(OBSERVATION, code={"coding": [{"system": "http://a b"}]}),
        "structure-uri",
        "Observation.code.coding[0].system",
    ),
    (
        changed(OBSERVATION, code={"coding": [{"system": "urn:oid:x"}]}),
        "structure-uri",
        "Observation.code.coding[0].system",
    ),
    (changed(OBSERVATION, code={"coding": [{"code": " x"}]}), "structure-code", "Observation.code.coding[0].code"),
    (
        changed(OBSERVATION, code={"coding": [{"userSelected": "true"}]}),
        "structure-type",
        "Observation.code.coding[0].userSelected",
    ),
    (changed(OBSERVATION, category=[]), "structure-empty", "Observation.category"),
    (changed(OBSERVATION, category=CODE), "structure-cardinality", "Observation.category"),
    (changed(OBSERVATION, category=[None]), "structure-null", "Observation.category[0]"),
    (changed(OBSERVATION, id="a b"), "structure-id", "Observation.id"),
    (changed(OBSERVATION, id="x" * 65), "structure-id", "Observation.id"),
    (changed(OBSERVATION, valueString="x"), "structure-choice", "Observation.value"),
    (changed(OBSERVATION, valueQuantity="x"), "structure-type", "Observation.value.ofType(Quantity)"),
    (
        changed(OBSERVATION, valueQuantity={"value": "3.2"}),
        "structure-type",
        "Observation.value.ofType(Quantity).value",
    ),
    (changed(OBSERVATION, valueFoo="x"), "structure-unknown-element", "Observation.valueFoo"),
    (
        changed(OBSERVATION, valueQuantity=..., valueInteger=3.5),
        "structure-integer",
        "Observation.value.ofType(integer)",
    ),
    (
        changed(OBSERVATION, valueQuantity=..., valueInteger=2**31),
        "structure-integer",
        "Observation.value.ofType(integer)",
    ),
    (changed(OBSERVATION, valueQuantity=..., valueTime="24:00:00"), "structure-time", "Observation.value.ofType(time)"),
    (
        changed(OBSERVATION, effectiveDateTime="2026-01-05T10:11"),
        "structure-datetime",
        "Observation.effective.ofType(dateTime)",
    ),
    (
        changed(OBSERVATION, effectiveDateTime="2026-01-05T10:11:12"),
        "structure-datetime",
        "Observation.effective.ofType(dateTime)",
    ),
    (changed(OBSERVATION, issued="2026-01-05"), "structure-instant", "Observation.issued"),
    (changed(OBSERVATION, contained=[{"resourceType": "Foo"}]), "structure-resource-type", "Observation.contained[0]"),
    (
        changed(OBSERVATION, contained=[{"resourceType": "Patient", "gender": "M"}]),
        "structure-code",
        "Observation.contained[0].gender",
    ),
    (changed(OBSERVATION, extension=[{"valueString": "x"}]), "structure-required", "Observation.extension[0].url"),
    (changed(PATIENT, birthDate="1969-02-29"), "structure-date", "Patient.birthDate"),
    (changed(PATIENT, birthDate="0000"), "structure-date", "Patient.birthDate"),
    (changed(PATIENT, birthDate="1969-04-02\n"), "structure-date", "Patient.birthDate"),
    (changed(PATIENT, _birthDate=None), "structure-null", "Patient.birthDate"),
    (changed(PATIENT, _birthDate=[{"id": "x"}]), "structure-type", "Patient.birthDate"),
    (changed(PATIENT, _birthDate={"extension": []}), "structure-empty", "Patient.birthDate.extension"),
    (changed(PATIENT, telecom=[{"rank": 0}]), "structure-positiveint", "Patient.telecom[0].rank"),
    (changed(PATIENT, photo=[{"data": "***"}]), "structure-base64binary", "Patient.photo[0].data"),
    (changed(PATIENT, name=[{"given": ["A", None]}]), "structure-null", "Patient.name[0].given[1]"),
    (
        changed(PATIENT, name=[{"given": ["A"], "_given": [None, {"id": "x"}]}]),
        "structure-companion",
        "Patient.name[0].given",
    ),
    (
        changed(PATIENT, name=[{"given": ["A"], "_given": [{"id": "x"}, {"id": "y"}]}]),
        "structure-companion",
        "Patient.name[0].given",
    ),
    (changed(PATIENT, name=[{"_given": [{"id": "x"}, None]}]), "structure-null", "Patient.name[0].given[1]"),
    (changed(PATIENT, name=[{"_given": [None]}]), "structure-null", "Patient.name[0].given[0]"),
    (changed(PATIENT, name=[{"_given": {"id": "x"}}]), "structure-cardinality", "Patient.name[0].given"),
    (changed(PATIENT, name=[{"_given": ["x"]}]), "structure-type", "Patient.name[0].given[0]"),
    (changed(PATIENT, name=[{"_given": []}]), "structure-empty", "Patient.name[0].given"),
    (changed(PATIENT, photo=[{"data": ""}]), "structure-base64binary", "Patient.photo[0].data"),
    (
        changed(PATIENT, text={"status": "empty", "div": "<div/>", "_div": {"id": "x"}}),
        "structure-unknown-element",
        "Patient.text._div",
    ),
    (changed(OBSERVATION, code={"coding": [{"code": "a\tb"}]}), "structure-code", "Observation.code.coding[0].code"),
    (
        changed(OBSERVATION, code={"coding": [{"code": "a\u00a0b"}]}),
        "structure-code",
        "Observation.code.coding[0].code",
    ),
    (changed(RESPONSE, questionnaire="http://a b"), "structure-canonical", "QuestionnaireResponse.questionnaire"),
    (changed(BUNDLE, total=-1), "structure-unsignedint", "Bundle.total"),
    (
        changed(BUNDLE, entry=[{"fullUrl": "urn:uuid:X", "resource": PATIENT}]),
        "structure-uri",
        "Bundle.entry[0].fullUrl",
    ),
    (changed(BUNDLE, entry=[{"resource": {"id": "x"}}]), "structure-resource-type", "Bundle.entry[0].resource"),
    (changed(BUNDLE, entry=[{"resource": "x"}]), "structure-type", "Bundle.entry[0].resource"),
    (
        changed(BUNDLE, entry=[{"resource": changed(PATIENT, gender="M")}]),
        "structure-code",
        "Bundle.entry[0].resource.gender",
    ),
]


@pytest.mark.parametrize(("resource", "rule", "expression"), REFUSED)
def test_refused(resource: dict[str, Any], rule: str, expression: str) -> None:
    """Each damage is found where it is, by one rule, and the gate does not let it through."""
    found = issues(resource)
    assert [(issue.rule, issue.expression) for issue in found] == [(rule, expression)]
    assert not sound(json.dumps(resource).encode())


@pytest.mark.parametrize(
    "resource",
    [
        changed(PATIENT, birthDate=..., _birthDate={"extension": [{"url": "http://x", "valueCode": "unknown"}]}),
        changed(PATIENT, birthDate="2024-02-29"),
        changed(PATIENT, name=[{"given": ["A", None], "_given": [None, {"id": "x"}]}]),
        changed(PATIENT, photo=[{"data": "YWJj\nZA=="}]),
        changed(PATIENT, name=[{"given": ["A", "B"], "_given": [{"id": "x"}]}]),
        changed(OBSERVATION, status=..., _status={"extension": [{"url": "http://x", "valueCode": "unknown"}]}),
        changed(
            OBSERVATION, extension=[{"url": "http://x", "_valueCode": {"extension": [{"url": "y", "valueCode": "z"}]}}]
        ),
        changed(RESPONSE, _questionnaire={"extension": [{"url": "http://x", "valueString": "Knee"}]}),
        {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": PATIENT}]},
    ],
)
def test_accepted_by_the_walk(resource: dict[str, Any]) -> None:
    assert issues(resource) == []


@pytest.mark.parametrize("resource", [BUNDLE, PATIENT, OBSERVATION, RESPONSE, *OTHERS])
def test_sound(resource: dict[str, Any]) -> None:
    assert issues(resource) == []
    for body in (json.dumps(resource), json.dumps(resource, indent=2), json.dumps(resource, separators=(",", ":"))):
        assert sound(body.encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{}", b"{", b'{"resourceType":"Foo"}', b'"\xff"', b"[" * 100_000])
def test_the_gate_never_raises(body: bytes) -> None:
    assert not sound(body)


def test_a_resource_is_an_object() -> None:
    assert [issue.rule for issue in issues([1])] == ["structure-type"]
    assert issues({"resourceType": "Patient", "gender": "M"}, path="Bundle.entry[3].resource")[0].expression == (
        "Bundle.entry[3].resource.gender"
    )


WITH_ELEMENT_ID: dict[str, Any] = {
    "resourceType": "StructureDefinition", "url": "https://a.org/p", "name": "P", "status": "draft", "kind": "resource",
    "abstract": False, "type": "Patient", "differential": {"element": [{"id": "Patient.name:a_b.given", "path": "Patient.name.given"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("release", "resource", "rules"),
    [
        ("R4", {"resourceType": "EffectEvidenceSynthesis"}, {"structure-required"}),
        ("R4B", {"resourceType": "EffectEvidenceSynthesis"}, {"structure-resource-type"}),
        ("R4", {"resourceType": "SubscriptionTopic"}, {"structure-resource-type"}),
        ("R4B", {"resourceType": "SubscriptionTopic"}, {"structure-required"}),
        ("R5", changed(OBSERVATION, status="corrected"), set()),
        ("R5", changed(OBSERVATION, status="done"), {"structure-code"}),
        (
            "R5",
            {
                "resourceType": "MedicationStatement",
                "status": "recorded",
                "medication": {"concept": CODE},
                "subject": {"id": "x"},
            },
            set(),
        ),
        ("R5", OTHERS[1], {"structure-unknown-element", "structure-required", "structure-code"}),
        ("R5", {"resourceType": "Patient", "photo": [{"size": "12"}]}, set()),
        ("R5", {"resourceType": "Patient", "photo": [{"size": 12}]}, {"structure-type"}),
        ("R4B", BUNDLE, set()),
        *((release, WITH_ELEMENT_ID, set()) for release in RELEASES),
        ("R5", changed(OBSERVATION, valueQuantity={"value": Decimal("0.00000000000000001")}), set()),
        ("R5", changed(OBSERVATION, valueQuantity={"value": Decimal("0.000000000000000001")}), {"structure-decimal"}),
        ("R5", changed(OBSERVATION, valueQuantity={"value": Decimal("1234567890123456789.5")}), {"structure-decimal"}),
        ("R4", changed(OBSERVATION, valueQuantity={"value": Decimal("1234567890123456789.5")}), set()),
        ("R4", {"resourceType": "Patient", "photo": [{"data": "AA AA"}]}, set()),
        ("R5", {"resourceType": "Patient", "photo": [{"data": "AA AA"}]}, {"structure-base64binary"}),
        ("R4", changed(OBSERVATION, issued="2026-01-05T10:11:12.0123456789Z"), set()),
        ("R5", changed(OBSERVATION, issued="2026-01-05T10:11:12.0123456789Z"), {"structure-instant"}),
        ("R5", {"resourceType": "Patient", "photo": [{"size": "+12"}]}, {"structure-integer64"}),
        ("R4", changed(OBSERVATION, code={"id": "a b", "text": "x"}), set()),
        ("R4B", changed(OBSERVATION, code={"id": "a b", "text": "x"}), {"structure-id"}),
        ("R5", changed(OBSERVATION, code={"id": "a b", "text": "x"}), {"structure-id"}),
        ("R5", {"resourceType": "CanonicalResource"}, {"structure-resource-type"}),
        (
            "R5",
            {
                "resourceType": "Subscription",
                "status": "off",
                "topic": "http://x",
                "channelType": {"code": "x"},
                "filterBy": [{"resourceType": "http://x", "filterParameter": "a", "value": "b"}],
            },
            set(),
        ),
    ],
)
def test_releases_differ(release: Release, resource: dict[str, Any], rules: set[str]) -> None:
    assert {issue.rule for issue in issues(resource, release)} == rules


@pytest.mark.parametrize("release", RELEASES)
def test_every_type_compiles(release: Release) -> None:
    facts = facts_of(release)
    seen: set[str] = set()
    waiting = sorted(facts.resource_types)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for of in facts.type(name).properties.values():
            if not of.is_primitive and of.type != "Resource":
                waiting.append(of.type)
    assert len(seen) > 600
    assert len(facts.resource_types) >= 140


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) of a tree."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield value, key
        yield from places(inner)


PATIENT_NAMES = [
    "resourceType",
    "status",
    "value",
    "valueString",
    "valueInteger",
    "_status",
    "id",
    "extension",
    "url",
    "item",
    "code",
]
ODD: list[Any] = [
    None, "", " ", "\n ", "\u00a0", "a\tb", "a\u00a0b", "a\u2003b", "x", "x y", " x", "x\n", '"', "\\", [], {}, [None], [{}], {"id": "x"}, {"url": "http://x"},
    0, -1, 1, 1.0, 2**31, 10**40, 1e300, True, False, "true", "1", "final", "male", "2024-02-30", "2024-02-29", "2023-02-29",
    "2024", "2024-13", "0000", "2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "2024-01-01T23:59:60Z", "2024-01-01T00:00:00+14:00",
    "2024-01-01T00:00:00+15:00", "12:00:00", "24:00:00", "urn:uuid:X", "urn:oid:1.2", "urn:oid:9", "http://a\tb", "٣", "e\u0301",
    "x" * 65, "Patient", "Foo", [[1]], [["x"]], ["x", "x"], CODE, [CODE], PATIENT, [PATIENT],
]  # fmt: skip
BASES = [BUNDLE, PATIENT, OBSERVATION, RESPONSE, *OTHERS]


@pytest.mark.parametrize("base", [PATIENT, OBSERVATION, RESPONSE, *OTHERS, {**BUNDLE, "entry": BUNDLE["entry"][4:5]}])
def test_every_odd_value_at_every_place(base: dict[str, Any]) -> None:
    """What the gate lets through with one value exchanged, the walk accepts; both are seen to say yes and no."""
    resource = copy.deepcopy(base)
    let_through = doubted = 0
    for owner, key in list(places(resource)):
        usual = owner[key]
        for odd in ODD:
            owner[key] = odd
            if sound(json.dumps(resource).encode()):
                let_through += 1
                assert issues(resource) == [], (key, odd)
            else:
                doubted += 1
        owner[key] = usual
    assert min(let_through, doubted) > 10


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_the_gate_calls_sound_the_walk_accepts(data: st.DataObject) -> None:
    """The gate may doubt what is sound; it never lets damage through."""
    resource = copy.deepcopy(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 3))):
        spots = list(places(resource))
        if not spots:
            break
        owner, key = data.draw(st.sampled_from(spots))
        act = data.draw(st.sampled_from(["replace", "remove", "add", "rename", "wrap", "text"]))
        if act == "remove":
            del owner[key]
        elif act == "wrap":
            owner[key] = [owner[key]]
        elif act == "add" and isinstance(owner, dict):
            owner[data.draw(st.sampled_from(PATIENT_NAMES))] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        elif act == "rename" and isinstance(owner, dict):
            owner[data.draw(st.sampled_from([f"_{key}", f"{key}x", "valueCode", "valueBoolean", "text"]))] = owner.pop(
                key
            )
        elif act == "text":
            owner[key] = data.draw(st.text(max_size=12))
        else:
            owner[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    ascii_only = data.draw(st.booleans())
    body = json.dumps(resource, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 1]))).encode(
        "utf-8", "replace"
    )
    value, problems = parse(body)
    if value is None:
        assert problems
        return
    found = issues(value)
    if sound(body):
        assert found == []


@needs_data
def test_real_resources_have_no_error() -> None:
    files = [*DATA.glob("synthea/**/*.json"), *DATA.glob("us-core/**/*.json"), *DATA.glob("bulk/*.ndjson")]
    checked = 0
    for file in files:
        body = file.read_bytes()
        for line in body.splitlines() if file.suffix == ".ndjson" else [body]:
            value, problems = parse(line)
            assert problems == ()
            if isinstance(value, dict) and "resourceType" in value:
                assert issues(value) == [], file.name
                checked += 1
    assert checked > 20


@needs_data
def test_no_valid_case_is_called_invalid() -> None:
    folder = DATA / "fhir-test-cases"
    releases: dict[str, Release] = {"4.0": "R4", "4.3": "R4B", "5.0": "R5"}
    found: dict[str, list[str]] = {"valid": [], "invalid": []}
    for line in (folder / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["scope"] == "cdshooks" or case["fhir_version"] not in releases:
            continue
        value, problems = parse((folder / case["file"]).read_bytes())
        errors = [issue for issue in problems if issue.is_error]
        if value is not None:
            errors += issues(value, releases[case["fhir_version"]])
        if errors:
            found[case["expected"]].append(case["name"])
    assert found["valid"] == []
    assert len(found["invalid"]) >= 5


def test_a_document_of_nothing_but_wrong_names_gets_a_few_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare a name with all that are known is slow; who sends many wrong names must not gain by it."""
    asked: list[str] = []
    monkeypatch.setattr(check, "get_close_matches", lambda name, *_: asked.append(name) or [])
    names = {f"wrong{number}": 1 for number in range(300)}
    entries = [{"resource": {"resourceType": "Patient", **names}} for _ in range(3)]
    _, found = usable({"resourceType": "Bundle", "type": "collection", "entry": entries}, "R4")
    assert len([issue for issue in found if issue.rule == "structure-unknown-element"]) == 900
    assert len(asked) <= 100

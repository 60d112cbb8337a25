"""Identifiers, OIDs, labels and files: what the single element says of itself is so."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_room import broken, said

from kneecds.fhir.structure.facts import RELEASES
from kneecds.fhir.validate.bindings import look

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release

Json = dict[str, Any]
URI = "urn:ietf:rfc:3986"
SYSTEM = "https://a.org/s"
ABSENT: Json = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", **more}


def held(kind: str, value: Any) -> Json:
    return patient(extension=[{"url": "https://a.org/e", f"value{kind}": value}])


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("identifier", "rule"),
    [
        ({"system": "https://a.org/mrn", "value": "1"}, None),
        ({"system": "urn:oid:2.16.840.1.113883.4.1", "value": "1"}, None),
        ({"value": "1"}, None),
        ({"system": "acme"}, "identifier-system"),
        ({"system": "1.2.3.4.5"}, "identifier-system"),
        ({"system": "mailto:a@example.org"}, "identifier-system"),
        ({"system": "#a"}, "identifier-system"),
        ({"system": URI, "value": "urn:uuid:0b9c4a5e-6f0d-4a3c-9d5e-2f6f5d1c7b11"}, None),
        ({"system": URI, "value": "https://a.org"}, None),
        ({"system": URI}, None),
        ({"system": URI, "value": "12345"}, "identifier-uri"),
        ({"system": URI, "value": "Patient/1"}, "identifier-uri"),
    ],
)
def test_identifiers(identifier: Json, rule: str | None, release: Release) -> None:
    assert list(broken(look, patient(identifier=[identifier]), release)) == ([rule] if rule else [])
    assert list(broken(look, held("Identifier", identifier), release)) == ([rule] if rule else [])


@pytest.mark.parametrize("kind", ["Uri", "Url", "Canonical", "Oid"])
@pytest.mark.parametrize(
    ("oid", "is_enough"),
    [("1.2.3", False), ("1.2.840", False), ("2.999", False), ("2.16.840", True), ("1.3.88", True), ("1.2.3.4", True)],
)
def test_oids(kind: str, oid: str, is_enough: bool) -> None:
    assert broken(look, held(kind, f"urn:oid:{oid}")) == (
        {} if is_enough else {"uri-oid-short": f"Patient.extension[0].value.ofType({kind.lower()})"}
    )


@pytest.mark.parametrize(
    ("labels", "is_twice"),
    [
        ([{"system": SYSTEM, "code": "a"}, {"system": SYSTEM, "code": "b"}], False),
        ([{"system": SYSTEM, "code": "a"}, {"system": f"{SYSTEM}2", "code": "a"}], False),
        ([{"system": SYSTEM, "code": "a"}, {"system": SYSTEM, "code": "a", "display": "A"}], True),
        ([{"code": "a"}, {"code": "a"}], True),
    ],
)
def test_labels(labels: list[Json], is_twice: bool) -> None:
    assert ("meta-security-twice" in broken(look, patient(meta={"security": labels}))) is is_twice
    assert "meta-security-twice" not in broken(look, patient(meta={"tag": labels}))


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (patient(_gender=ABSENT), "Patient.gender"),
        (patient(name=[{"_use": ABSENT, "family": "A"}]), "Patient.name[0].use"),
        (patient(gender="male", _gender=ABSENT), None),
        (patient(_birthDate=ABSENT), None),
        (patient(_language=ABSENT), None),
        (held("Coding", {"system": SYSTEM, "_code": ABSENT}), None),
    ],
)
def test_no_extension_stands_for_a_required_code(resource: Json, place: str | None) -> None:
    assert broken(look, resource) == ({"code-absent": place} if place else {})


@pytest.mark.parametrize("tag", ["en", "de-CH", "zh-Hant-TW", "sl-rozaj", "i-klingon", "x-own"])
def test_r5_takes_languages(tag: str) -> None:
    assert broken(look, patient(language=tag), "R5") == {}


@pytest.mark.parametrize("tag", ["q", "english", "en-US-", "sgn-us-asl"])
def test_r5_requires_a_language_where_r4_only_prefers_it(tag: str) -> None:
    spoken = {"communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": tag}]}}]}
    assert broken(look, patient(language=tag), "R5") == {"language-required": "Patient.language"}
    assert broken(look, patient(language=tag), "R4") == {"language-tag": "Patient.language"}
    assert broken(look, patient(**spoken), "R5") == {"language-required": "Patient.communication[0].language"}
    assert broken(look, patient(**spoken), "R4") == {}


@pytest.mark.parametrize("system", ["ucum", "#a", "/a", "www.a.org", "mailto:x"])
def test_the_system_of_a_quantity_is_absolute(system: str) -> None:
    amount = {"value": 1, "unit": "cm", "code": "cm", "system": system}
    assert broken(look, held("Quantity", amount)) == {
        "coding-system-relative": "Patient.extension[0].value.ofType(Quantity).system"
    }


def attachment(content: bytes, **more: Any) -> Json:
    return patient(photo=[{"contentType": "text/plain", "data": base64.b64encode(content).decode(), **more}])


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.sampled_from(["R4", "R5"]))
def test_the_size_of_a_file_is_that_of_its_data(content: bytes, size: int, release: Release) -> None:
    resource = attachment(content, size=str(size) if release == "R5" else size)
    wrong = {} if size == len(content) else {"attachment-size": "Patient.photo[0].size"}
    assert broken(look, resource, release) == wrong


@given(st.binary(min_size=1, max_size=50))
def test_the_hash_of_a_file_is_that_of_its_data(content: bytes) -> None:
    right = hashlib.sha1(content, usedforsecurity=False)
    assert broken(look, attachment(content, hash=base64.b64encode(right.digest()).decode())) == {}
    assert broken(look, attachment(content, hash=right.hexdigest())) == {"attachment-hash": "Patient.photo[0].hash"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["system", "code", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["system", "value", "data", "size", "hash", "security"]), JSON_VALUES))
def test_nothing_makes_it_raise(value: Json) -> None:
    for resource in (patient(identifier=[value], photo=[value], meta=value), held("Quantity", value)):
        said(look, resource)

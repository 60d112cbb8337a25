"""References, contained resources and canonical URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

_PAGE: Final = "http://hl7.org/fhir/R4/references.html"
_BUNDLE: Final = "http://hl7.org/fhir/R4/bundle.html#references"
_BASE: Final = "https://example.org/fhir"
_UUID: Final = "urn:uuid:0f6dfd1c-2b6e-4a3f-9d0e-7c1f3a5b9e1"

Json = dict[str, Any]


def _patient(reference: str = "Organization/o1", *, of: str = "managingOrganization", **more: Any) -> Json:  # noqa: ANN401
    """Return a patient whose organization is given by a reference."""
    return {"resourceType": "Patient", "id": "p1", of: {"reference": reference}, **more}


def _organization(**more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"resourceType": "Organization", "id": "o1", "name": "Clinic", **more}


def _bundle(reference: str, *urls: str, organization: Json | None = None) -> Json:
    """Return a collection of a patient and organizations at these URLs; an empty first URL is left out."""
    entries = [{"fullUrl": url, "resource": organization or _organization()} for url in urls[1:]]
    entries.append({**({"fullUrl": urls[0]} if urls[0] else {}), "resource": _patient(reference)})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _rule(
    name: str, severity: Severity, says: str, fix: str, accepted: Json, refused: Json, at: str, source: str = _PAGE
) -> Rule:
    return Rule(
        id=name, layer="reference", severity=severity, says=says, source=source, fix=fix,
        accepted=accepted, refused=refused, at=at,
    )  # fmt: skip


_HERE: Final = "Patient.managingOrganization.reference"
_IN_ENTRY: Final = f"Bundle.entry[1].resource.{_HERE.partition('.')[2]}"
_PATIENT_URL: Final = f"{_BASE}/Patient/p1"
_ORGANIZATION_URL: Final = f"{_BASE}/Organization/o1"
_VERSIONS: Final = (_PATIENT_URL, _ORGANIZATION_URL)
_CONTAINED: Final = _patient("#o1", contained=[_organization()])


def _versions(reference: str) -> Json:
    bundle = _bundle(reference, *_VERSIONS, organization=_organization(meta={"versionId": "1"}))
    second = {"fullUrl": _ORGANIZATION_URL, "resource": _organization(meta={"versionId": "2"})}
    return {**bundle, "entry": [bundle["entry"][0], bundle["entry"][1], second]}


RULES: Final[tuple[Rule, ...]] = (
    _rule(
        "reference-spelling", "error",
        "A reference is a URL: it holds no white space, and after a ? it says what is searched for.",
        "Write Type/id, an absolute URL, urn:uuid:, #id, or in a transaction Type?parameters.",
        _patient(), _patient("Organization/o 1"), _HERE,
    ),
    _rule(
        "reference-container", "error",
        "The reference # means the resource around a contained one, so it stands only in contained resources.",
        "Refer to the resource by its type and id.",
        _CONTAINED, _patient("#"), _HERE,
    ),
    _rule(
        "reference-relative", "warning",
        "A relative reference has the form Type/id, perhaps with a version.",
        "Write the type and the id, with one slash between.",
        _patient(), _patient("o1"), _HERE,
    ),
    _rule(
        "reference-relative-form", "error",
        "In a Bundle a relative reference is a type and an id, perhaps a version; in a transaction it may be a search.",
        "Write Type/id, the fullUrl of the entry that is meant, or an absolute URL.",
        _bundle("Organization/o1", *_VERSIONS), _bundle("o1", *_VERSIONS), _IN_ENTRY, _BUNDLE,
    ),
    _rule(
        "reference-type-unknown", "warning",
        "A relative reference begins with the name of a resource type.",
        "Write the type as the specification spells it; case matters.",
        _patient(), _patient("organization/o1"), _HERE,
    ),
    _rule(
        "reference-target", "error",
        "A reference leads to a resource of a type that the element allows.",
        "Refer to a resource of one of the types that the message lists.",
        _patient(), _patient("Schedule/s1"), _HERE,
    ),
    _rule(
        "reference-type", "error",
        "Reference.type is the type of the resource that is referred to, and one that may stand there.",
        "Correct the type, or leave it out: the reference says it already.",
        _patient(managingOrganization={"reference": "Organization/o1", "type": "Organization"}),
        _patient(managingOrganization={"reference": "Organization/o1", "type": "Practitioner"}),
        "Patient.managingOrganization.type",
    ),
    _rule(
        "reference-without-base", "error",
        "A relative reference in a Bundle is relative to the fullUrl of its own entry, so that must be there.",
        "Give the entry its fullUrl, or write an absolute reference.",
        _bundle("Organization/o1", *_VERSIONS),
        {
            "resourceType": "Bundle", "type": "batch",
            "entry": [{"resource": _patient(), "request": {"method": "PUT", "url": "Patient/p1"}}],
        },
        "Bundle.entry[0].resource.managingOrganization.reference", _BUNDLE,
    ),
    _rule(
        "reference-several", "error",
        "A reference without a version fits one entry of its Bundle only.",
        "Add /_history/ and the version that is meant, or leave the other versions out.",
        _versions("Organization/o1/_history/2"), _versions("Organization/o1"), _IN_ENTRY, _BUNDLE,
    ),
    _rule(
        "reference-other-type", "error",
        "The entry that a reference leads to has the type that the reference names.",
        "Correct the type in the reference, or the fullUrl of the entry.",
        _bundle(f"{_UUID}2", f"{_UUID}1", f"{_UUID}2"),
        _bundle("Organization/0f6dfd1c-2b6e-4a3f-9d0e-7c1f3a5b9e12", f"{_UUID}1", f"{_UUID}2",
                organization={"resourceType": "Practitioner", "id": "o1"}),
        _IN_ENTRY, _BUNDLE,
    ),
    _rule(
        "reference-other-base", "warning",
        "Entries of a Bundle are found by their fullUrl, not by their id.",
        "Use the same base in both fullUrls, or write the fullUrl of the entry as the reference.",
        _bundle("Organization/o1", *_VERSIONS),
        _bundle("Organization/o1", _PATIENT_URL, "https://other.example.org/Organization/o1"),
        _IN_ENTRY, _BUNDLE,
    ),
    _rule(
        "reference-unresolved", "warning",
        "A urn:uuid: or urn:oid: that is referred to in a Bundle is the fullUrl of one of its entries.",
        "Put the resource into the Bundle, or refer to it by an address where it can be had.",
        _bundle(f"{_UUID}2", f"{_UUID}1", f"{_UUID}2"), _bundle(f"{_UUID}3", f"{_UUID}1", f"{_UUID}2"),
        _IN_ENTRY, _BUNDLE,
    ),
    _rule(
        "reference-contained-id", "error",
        "A contained resource has an id, by which the resource around it refers to it.",
        "Give it an id that no other contained resource has.",
        _CONTAINED,
        _patient("#o1", contained=[_organization(), {"resourceType": "Organization", "name": "Other"}]),
        "Patient.contained[1]", f"{_PAGE}#contained",
    ),
    _rule(
        "reference-contained-duplicate", "error",
        "Every contained resource has an id of its own.",
        "Rename one of the two, and the references to it.",
        _CONTAINED, _patient("#o1", contained=[_organization(), _organization()]),
        "Patient.contained[1].id", f"{_PAGE}#contained",
    ),
    _rule(
        "reference-element-id", "error",
        "The ids of the elements of one resource are all different.",
        "Rename one of them; ids of elements may also be left out.",
        _patient(name=[{"id": "a", "family": "Doe"}, {"id": "b", "family": "Roe"}]),
        _patient(name=[{"id": "a", "family": "Doe"}, {"id": "a", "family": "Roe"}]),
        "Patient.name[1].id", "http://hl7.org/fhir/R4/element-definitions.html#Element.id",
    ),
    _rule(
        "reference-canonical", "error",
        "A canonical is an absolute URL, or # and the id of a contained resource.",
        "Write the url of the definition as it stands in it, not where it is stored.",
        {"resourceType": "Basic", "code": {"text": "note"}},
        {"resourceType": "Basic", "meta": {"profile": ["StructureDefinition/x"]}, "code": {"text": "note"}},
        "Basic.meta.profile[0]", f"{_PAGE}#canonical",
    ),
    _rule(
        "reference-canonical-url", "error",
        "The url of a definition is absolute, because everything else knows the definition by it.",
        "Write the whole URL, with its scheme.",
        {"resourceType": "Questionnaire", "status": "draft", "url": "https://example.org/fhir/Questionnaire/q"},
        {"resourceType": "Questionnaire", "status": "draft", "url": "Questionnaire/q"},
        "Questionnaire.url", "http://hl7.org/fhir/R4/resource.html#canonical",
    ),
)  # fmt: skip

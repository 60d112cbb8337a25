"""Bad input is answered with clear issues: no exception, no silence, no traceback."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from kneecds.api import assess, validate
from kneecds.cli import kneecds as command
from kneecds.cli import names
from kneecds.fhir.structure import check
from kneecds.render import text
from kneecds.render.json import to_json
from kneecds.render.page import Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.core.assessment import Assessment

AS_OF = "2026-01-01"
SYSTEM = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
SNOMED = "http://snomed.info/sct"
DATA = Path(__file__).parents[2] / "shared" / "data"

Json = dict[str, Any]

PATIENT: Json = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1964-03-01"}
LEFT: Json = {"coding": [{"system": SNOMED, "code": "82169009"}]}


def said(finding: str = "knee_swelling", **changes: Any) -> Json:
    """Return a sound Observation of the left knee with changed elements; None takes one away."""
    resource = {
        "resourceType": "Observation",
        "id": finding.replace("_", "-"),
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": finding}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2025-12-31",
        "bodySite": LEFT,
        "valueBoolean": True,
    }
    return {name: value for name, value in {**resource, **changes}.items() if value is not None}


def bundle(*resources: object) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in (PATIENT, *resources)],
    }


def amount(value: object, unit: str | None = "Cel", finding: str = "temperature_c") -> Json:
    quantity = {"value": value, "system": "http://unitsofmeasure.org", "code": unit}
    return said(
        finding, valueBoolean=None, bodySite=None, valueQuantity={k: v for k, v in quantity.items() if v is not None}
    )


def nested(depth: int) -> Json:
    """Return an object in an object in an object…"""
    outer: Json = {"resourceType": "Patient"}
    inner = outer
    for _ in range(depth):
        inner["extension"] = {}
        inner = inner["extension"]
    return outer


def rules(answer: Assessment) -> set[str]:
    return {issue.rule for issue in answer.issues if issue.is_error}


def writable(answer: Assessment) -> Assessment:
    """Return an answer that can be written in every form; what goes out is sound FHIR."""
    assert json.loads(to_json(answer))
    assert check.issues(json.loads(answer.to_fhir_bytes()), "R4") == []  # type: ignore[attr-defined]
    return answer


# --- nothing can be read --------------------------------------------------------------------------------------

CYCLE: Json = {"resourceType": "Patient"}
CYCLE["extension"] = [CYCLE]

HOPELESS: dict[str, tuple[Callable[[], Any], str]] = {
    "nothing": (lambda: b"", "json-empty"),
    "white space": (lambda: b" \r\n\t ", "json-empty"),
    "a byte order mark and nothing": (lambda: b"\xef\xbb\xbf", "json-empty"),
    "text": (lambda: b"my knee hurts", "json-syntax"),
    "XML": (lambda: b'<Patient xmlns="http://hl7.org/fhir"/>', "json-syntax"),
    "half an object": (lambda: b'{"resourceType": "Patient"', "json-syntax"),
    "two objects": (lambda: b'{"resourceType": "Patient"} {}', "json-syntax"),
    "a key twice": (lambda: b'{"resourceType": "Patient", "id": "a", "id": "b"}', "json-duplicate-key"),
    "a key twice, deep": (lambda: json.dumps(bundle(said())).replace('"valueBoolean": true', '"valueBoolean": true, "valueBoolean": false'), "json-duplicate-key"),
    "NaN": (lambda: b'{"resourceType": "Patient", "multipleBirthInteger": NaN}', "json-syntax"),
    "Infinity": (lambda: b'{"resourceType": "Patient", "multipleBirthInteger": Infinity}', "json-syntax"),
    "50 MB of spaces": (lambda: b"[" + b" " * 50_000_000 + b"]", "json-size"),
    "50 MB of text": (lambda: '{"resourceType":"Patient","id":"' + "a" * 50_000_000 + '"}', "json-size"),
    "50 MB in an object": (lambda: {"resourceType": "Patient", "id": "a" * 50_000_000}, "json-size"),
    "10 000 deep": (lambda: b"[" * 10_000 + b"]" * 10_000, "json-depth"),
    "100 000 deep": (lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json-depth"),
    "100 000 open brackets": (lambda: b"[" * 100_000, "json-depth"),
    "an object 10 000 deep": (lambda: nested(10_000), "not-json"),
    "an object 100 000 deep": (lambda: nested(100_000), "not-json"),
    "an object 300 deep": (lambda: nested(300), "json-depth"),
    "an object that holds itself": (lambda: CYCLE, "not-json"),
    "an object of Python": (lambda: {"resourceType": "Patient", "id": object()}, "not-json"),
    "no document": (lambda: None, "not-json"),
    "a number": (lambda: 5, "not-json"),
    "a lone surrogate in text": (lambda: '{"resourceType": "Patient", "id": "\ud800"}', "not-json"),
    "a lone surrogate in an object": (lambda: {"resourceType": "Patient", "id": "\udfff"}, "not-json"),
    "a lone surrogate, escaped": (lambda: b'{"resourceType": "Patient", "id": "\\ud800"}', "json-surrogate"),
    "Latin-1": (lambda: '{"resourceType": "Patient", "id": "é"}'.encode("latin-1"), "json-encoding"),
    "UTF-16": (lambda: '{"resourceType": "Patient"}'.encode("utf-16"), "json-encoding"),
    "a huge exponent": (lambda: b'{"resourceType": "Patient", "multipleBirthInteger": 1e4000000000}', "json-number"),
    "JSON null": (lambda: b"null", "not-fhir"),
    "JSON true": (lambda: b"true", "not-fhir"),
    "a JSON string": (lambda: b'"Bundle"', "not-fhir"),
    "an empty list": (list, "not-fhir"),
    "an empty object": (dict, "not-fhir"),
    "a list of numbers": (lambda: [1, 2], "structure-type"),
    "no resourceType": (lambda: {"id": "p"}, "structure-resource-type"),
    "a resourceType of nobody": (lambda: {"resourceType": "Knee"}, "structure-resource-type"),
    "a resourceType that is a list": (lambda: {"resourceType": ["Patient"]}, "structure-resource-type"),
    "entries that are none": (lambda: {"resourceType": "Bundle", "type": "collection", "entry": 5}, "structure-cardinality"),
    "entries that are null": (lambda: {"resourceType": "Bundle", "type": "collection", "entry": None}, "structure-null"),
    "two patients": (lambda: bundle(said(), {"resourceType": "Patient", "id": "q"}), "two-patients"),
    "data of another patient": (lambda: bundle(said(), said("fever", subject={"reference": "Patient/q"}, bodySite=None)), "two-patients"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOPELESS)
def test_nothing_can_be_read(name: str) -> None:
    make, rule = HOPELESS[name]
    body = make()
    began = time.perf_counter()
    answer = writable(assess(body, as_of=AS_OF))
    assert time.perf_counter() - began < 5
    assert answer.status == "failure"
    assert answer.tier is None
    assert not answer.knees
    assert not answer.options
    assert rules(answer) == {rule}
    assert all(issue.message and len(issue.message) < 400 for issue in answer.issues)
    assert any(issue.severity == "fatal" for issue in answer.issues)


@pytest.mark.parametrize("name", HOPELESS)
def test_validate_says_it_too(name: str) -> None:
    make, rule = HOPELESS[name]
    assert rule in {issue.rule for issue in validate(make(), as_of=AS_OF)}


# --- a part cannot be read ------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[object, str, str]] = {
    "resourceType of nobody": ({"resourceType": "Kneee"}, "structure-resource-type", "Bundle.entry[2].resource"),
    "a number for a resource": (5, "structure-type", "Bundle.entry[2].resource"),
    "an empty resource": ({}, "structure-type|structure-empty|structure-resource-type", "Bundle.entry[2].resource"),
    "no status": (said("fever", status=None), "structure-required", "Bundle.entry[2].resource.status"),
    "no code": (said("fever", code=None), "structure-required", "Bundle.entry[2].resource.code"),
    "null for a value": ({**said("fever"), "valueBoolean": None}, "structure-null", "Bundle.entry[2].resource.value"),
    "an array for an object": (said("fever", code=[{"text": "x"}]), "structure-cardinality", "Bundle.entry[2].resource.code"),
    "an object for an array": (said("fever", code={"coding": {"code": "fever"}}), "structure-cardinality", "Bundle.entry[2].resource.code.coding"),
    "text for a truth": (said("fever", valueBoolean="true"), "structure-type", "Bundle.entry[2].resource.value"),
    "two values": (said("fever", valueString="no"), "structure-choice", "Bundle.entry[2].resource.value"),
    "an unknown element": (said("fever", severity="bad"), "structure-unknown-element", "Bundle.entry[2].resource.severity"),
    "an id that is a path": (said("fever", id="../../etc/passwd"), "structure-id", "Bundle.entry[2].resource.id"),
    "an id with a null byte": (said("fever", id="a\0b"), "structure-id", "Bundle.entry[2].resource.id"),
    "a date that is none": (said("fever", effectiveDateTime="2025-02-30"), "structure-datetime", "Bundle.entry[2].resource.effective"),
    "a date in words": (said("fever", effectiveDateTime="yesterday"), "structure-datetime", "Bundle.entry[2].resource.effective"),
    "the future": (said("fever", bodySite=None, effectiveDateTime="2026-01-02"), "future", "Bundle.entry[2].resource.effective"),
    "the far future": (said("fever", bodySite=None, effectiveDateTime="9999-12-31"), "future", "Bundle.entry[2].resource.effective"),
    "a modifier that is not understood": (said("fever", modifierExtension=[{"url": "https://example.org/not", "valueBoolean": True}]), "modifier-extension", "Bundle.entry[2].resource.modifierExtension"),
    "implicit rules": (said("fever", implicitRules="https://example.org/rules"), "implicit-rules", "Bundle.entry[2].resource.implicitRules"),
    "a status nobody can use": (said("fever", status="unknown"), "status-unknown", "Bundle.entry[2].resource.status"),
    "words for yes": (said("fever", bodySite=None, valueBoolean=None, valueString="yes"), "value-type", "Bundle.entry[2].resource.value"),
    "a number for yes": (said("fever", bodySite=None, valueBoolean=None, valueInteger=1), "value-type", "Bundle.entry[2].resource.value"),
    "a unit of length for a temperature": (amount(39, "cm"), "unit-wrong", "Bundle.entry[2].resource.value"),
    "a unit of nobody": (amount(39, "parsec<script>"), "unit-wrong", "Bundle.entry[2].resource.value"),
    "no unit": (amount(39, None), "unit-missing", "Bundle.entry[2].resource.value"),
    "too hot to be alive": (amount(390), "implausible", "Bundle.entry[2].resource.value"),
    "a number of 400 digits": (amount(10**399), "implausible", "Bundle.entry[2].resource.value"),
    "a negative duration": (amount(-3, "d", "symptom_duration_days"), "implausible", "Bundle.entry[2].resource.value"),
    "left and right at once": (said("effusion", bodySite={"coding": [*LEFT["coding"], {"system": SNOMED, "code": "6757004"}]}), "laterality-conflict", "Bundle.entry[2].resource.bodySite"),
    "two findings in one code": (said(code={"coding": [{"system": SYSTEM, "code": "fever"}, {"system": SYSTEM, "code": "locked_knee"}]}), "codings-differ", "Bundle.entry[2].resource.code"),
    "a form of nobody": ({"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "questionnaire": "https://example.org/q", "item": [{"linkId": "1", "answer": [{"valueBoolean": True}]}]}, "form-unknown", "Bundle.entry[2].resource.questionnaire"),
    "a query that failed": ({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}, "query-failed", "Bundle.entry[2].resource.issue[0]"),
    "a subject that is no patient": (said("effusion", subject={"reference": "Group/g"}), "subject-not-patient", "Bundle.entry[2].resource.subject"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_rest_is_used_and_the_part_is_said(name: str) -> None:
    """The answer stands on what could be read, says what could not, and does not pretend to be complete."""
    part, rule, where = BROKEN[name]
    whole = bundle(said("knee_swelling"), part)
    for body in (whole, json.dumps(whole).encode()):
        answer = writable(assess(body, as_of=AS_OF))
        errors = [issue for issue in answer.issues if issue.is_error]
        assert rules(answer) & set(rule.split("|"))
        assert any(issue.expression.startswith(where) for issue in errors)
        assert answer.status == "data-required"
        assert [known.finding for known in answer.findings if known.scope == "left" and known.state == "present"] == [
            "knee_swelling"
        ]


@pytest.mark.parametrize("number", ["1E500", "-1e-500", "1.7976931348623157e309", "9" * 900])
def test_numbers_out_of_reach(number: str) -> None:
    body = json.dumps(bundle(said(), amount(39))).replace('"value": 39', f'"value": {number}')
    answer = writable(assess(body, as_of=AS_OF))
    assert rules(answer)
    assert answer.status in ("failure", "data-required")


def test_a_broken_patient_leaves_the_findings() -> None:
    for birth_date in ("2030-01-01", "1700-01-01", "19640301"):
        whole = bundle(said())
        whole["entry"][0]["resource"] = {**PATIENT, "birthDate": birth_date}
        answer = writable(assess(whole, as_of=AS_OF))
        assert rules(answer)
        assert answer.status == "data-required"
        assert [known.finding for known in answer.findings if known.finding in ("age_years", "knee_swelling")] == [
            "knee_swelling"
        ]


RICH: Json = bundle(
    said(
        effectiveDateTime=None, effectivePeriod={"start": "2025-12-30", "end": "2025-12-31"}, component=[{"code": said()["code"], "valueBoolean": True}],
        contained=[said(id="c")], hasMember=[{"reference": "#c"}], interpretation=[{"text": "high"}], note=[{"text": "x"}],
    ),
    {**amount(39), "referenceRange": [{"high": {"value": 37, "code": "Cel"}}], "specimen": {"reference": "Specimen/s"}},
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p"}, "code": {"coding": [{"system": SYSTEM, "code": "knee_prosthesis"}]},
     "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}, "bodySite": [LEFT], "onsetDateTime": "2020"},
    {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": {"reference": "Patient/p"},
     "medicationReference": {"reference": "#med"}, "contained": [{"resourceType": "Medication", "id": "med", "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "11289"}]}}]},
    {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p"}, "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}]}, "reaction": [{"manifestation": [{"text": "rash"}]}]},
    {"resourceType": "Procedure", "id": "r1", "status": "completed", "subject": {"reference": "Patient/p"}, "code": {"text": "arthroscopy"}, "performedDateTime": "2025-11-01", "bodySite": [LEFT]},
    {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "questionnaire": "https://kneecds.org/fhir/Questionnaire/kneecds-intake", "item": [{"linkId": "left", "item": [{"linkId": "left.knee_pain", "answer": [{"valueBoolean": True}]}]}]},
)  # fmt: skip
RICH["link"] = [{"relation": "self", "url": "https://example.org/Observation"}]
RICH["meta"] = {"lastUpdated": "2026-01-01T00:00:00Z"}
RICH["entry"][1] |= {
    "fullUrl": "https://example.org/Observation/o",
    "search": {"mode": "match"},
    "request": {"method": "PUT", "url": "Observation/o"},
}
JUNK = (None, 5, -1.5, "", "x", True, [], {}, [None], [[]], {"x": None}, [5], {"coding": 5})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a document."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield from places(inner, (*path, name))


def with_junk(document: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Return a document with something else in one place."""
    if not path:
        return junk
    name, *rest = path
    if isinstance(document, dict):
        return {key: with_junk(inner, tuple(rest), junk) if key == name else inner for key, inner in document.items()}
    return [with_junk(inner, tuple(rest), junk) if index == name else inner for index, inner in enumerate(document)]


def crashes(reader: Callable[..., object], junk: Any, *, frame: bool) -> list[str]:
    """Return where a reader raises when something else stands in the frame of the Bundle, or in one of its resources."""
    found = []
    for path in places(RICH):
        if frame is ("resource" not in path):
            try:
                reader(with_junk(RICH, path, junk), as_of=AS_OF)
            except Exception as problem:  # noqa: BLE001 - whatever it is
                found.append(f"{'.'.join(map(str, path))}: {type(problem).__name__} {problem}")
    return found


@pytest.mark.parametrize("junk", JUNK, ids=repr)
class TestJunkInAnyPlace:
    """Null, a number, text, an array or an object where something else belongs: an issue, and never an exception."""

    def test_assess_a_resource(self, junk: Any) -> None:
        assert crashes(assess, junk, frame=False) == []

    def test_assess_a_frame(self, junk: Any) -> None:
        assert crashes(assess, junk, frame=True) == []

    def test_validate_a_resource(self, junk: Any) -> None:
        assert crashes(validate, junk, frame=False) == []

    def test_validate_a_frame(self, junk: Any) -> None:
        assert crashes(validate, junk, frame=True) == []


# --- nothing is dropped in silence ----------------------------------------------------------------------------

UNUSED: dict[str, Json] = {
    "a finding of nobody in our own code system": said("knee_swellling"),
    "a published code that is not known here": said(code={"coding": [{"system": "http://loinc.org", "code": "718-7"}]}, bodySite=None),
    "words without a code": said(code={"text": "cannot put weight on it"}),
    "a diagnosis that is not known here": {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "code": {"coding": [{"system": SNOMED, "code": "37796009"}]}},
    "a medicine in words": {"resourceType": "MedicationStatement", "id": "m", "status": "active", "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": {"text": "warfarin"}},
    "an allergy in words": {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}, "code": {"text": "ibuprofen"}},
    "a procedure that is not known here": {"resourceType": "Procedure", "id": "r", "status": "completed", "subject": {"reference": "Patient/p"}, "code": {"text": "knee replacement"}},
    "a kind of resource that is not read": {"resourceType": "Immunization", "id": "i", "status": "completed", "patient": {"reference": "Patient/p"}, "vaccineCode": {"text": "x"}, "occurrenceDateTime": "2025-01-01"},
}  # fmt: skip
WARNED = frozenset({"a finding of nobody in our own code system", "a medicine in words", "an allergy in words"})
"""What the sender got wrong, or what may forbid an option."""


@pytest.mark.parametrize("name", UNUSED)
def test_what_is_not_understood_is_said(name: str) -> None:
    without, answer = assess(bundle(said()), as_of=AS_OF), writable(assess(bundle(said(), UNUSED[name]), as_of=AS_OF))
    added = [issue for issue in answer.issues if issue not in without.issues]
    assert added
    assert ("warning" in {issue.severity for issue in added}) is (name in WARNED)
    assert answer.status == without.status


# --- strange, but sound ---------------------------------------------------------------------------------------

TIMES = (
    "2025", "2025-12", "2025-12-31", "2025-12-31T23:59:59Z", "2025-12-31T23:59:59.123456789+14:00",
    "2025-12-31T00:00:00-12:00", "2025-12-31T23:59:60Z", "0001-01-01",
)  # fmt: skip


@pytest.mark.parametrize("stated", TIMES)
def test_every_kind_of_time(stated: str) -> None:
    two = bundle(said(effectiveDateTime=stated), said(id="other", effectiveDateTime="2025-06-01", valueBoolean=False))
    assert writable(assess(two, as_of=AS_OF)).status != "failure"


def test_contained_resources_that_point_at_each_other() -> None:
    inner = said(
        "fever", id="c", bodySite=None, hasMember=[{"reference": "#c"}, {"reference": "Observation/knee-swelling"}]
    )
    outer = said(contained=[inner], hasMember=[{"reference": "#c"}, {"reference": "Observation/knee-swelling"}])
    answer = writable(assess(bundle(outer), as_of=AS_OF))
    assert {"fever", "knee_swelling"} <= {known.finding for known in answer.findings if known.state == "present"}


def test_bundles_in_bundles() -> None:
    whole = bundle(said())
    for _ in range(40):
        whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": whole}]}
    assert [known.finding for known in assess(whole, as_of=AS_OF).findings if known.state == "present"] == [
        "knee_swelling"
    ]


def test_ten_thousand_observations() -> None:
    """Ten times the observations take about ten times as long, not a hundred times."""

    def many(count: int) -> bytes:
        sites = (LEFT, {"coding": [{"system": SNOMED, "code": "6757004"}]})
        findings = ("knee_swelling", "locked_knee", "warmth", "giving_way", "effusion")
        return json.dumps(
            bundle(
                *(
                    said(findings[n % 5], id=f"o{n}", bodySite=sites[n % 2], valueBoolean=bool(n % 3))
                    for n in range(count)
                )
            ),
        ).encode()

    def seconds(body: bytes) -> float:
        began = time.perf_counter()
        assert assess(body, as_of=AS_OF).tier is not None
        return time.perf_counter() - began

    small, large = many(1_000), many(10_000)
    seconds(small)
    fast = min(seconds(small) for _ in range(3))
    slow = min(seconds(large) for _ in range(2))
    assert slow < 10
    assert slow < 40 * fast


@pytest.mark.parametrize("release", ["R4", "R4B", "R5", None])
def test_every_release(release: Any) -> None:
    answer = writable(assess(bundle(said()), as_of=AS_OF, release=release))
    assert rules(answer) == set()
    assert [known.finding for known in answer.findings if known.scope == "left"] == ["knee_swelling"]


@pytest.mark.filterwarnings("ignore")
def test_typed_resources() -> None:
    model = pytest.importorskip("fhir.resources.R4B.bundle", reason="fhir.resources is not installed").Bundle
    typed = model.model_validate(bundle(said(), amount(39)))
    answer, plain = assess(typed, as_of=AS_OF), assess(bundle(said(), amount(39)), as_of=AS_OF)
    assert answer.to_fhir_bytes() == plain.to_fhir_bytes()


# --- text of any kind -----------------------------------------------------------------------------------------

MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</div></body>", "&lt;b&gt;", "[bold red]x[/bold red]", "[/]",
    "[link=https://example.org]x[/link]", "**bold** `code` [a](javascript:alert(1))", "\x1b[31mred\x1b[0m\x1b]0;title\x07", "{0} %s ${x}",
    "\u202eright to left", "a\u0000b", "\x7f\x9b31m", "line\r\nline", "\u2028", "' OR 1=1 --", "=cmd|'/c calc'!A1", "🦵" * 50, "z" + "\u0300" * 60,
)  # fmt: skip


def free_text(words: str) -> Json:
    """Return a bundle that has these words in every place that takes words."""
    patient = {**PATIENT, "name": [{"text": words, "family": words, "given": [words]}], "address": [{"text": words}]}
    code = {"coding": [{"system": SYSTEM, "code": "knee_swelling", "display": words}], "text": words}
    observation = said(
        code=code, note=[{"text": words}], method={"text": words}, subject={"reference": "Patient/p", "display": words},
        performer=[{"display": words}], device={"display": words}, specimen={"display": words},
        extension=[{"url": "https://example.org/x", "valueString": words}],
    )  # fmt: skip
    unknown = said(
        code={"coding": [{"system": words.strip() or "x", "code": "x", "display": words}], "text": words}, id="u"
    )
    refused = said("fever", id="f", bodySite=None, valueBoolean=None, valueString=words)
    medicine = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": words},
    }
    whole = bundle(observation, unknown, refused, medicine)
    whole["entry"][0]["resource"] = patient
    return whole


def strange() -> Iterator[Any]:
    yield from MARKUP
    path = DATA / "naughty-strings" / "blns.json"
    if path.exists():
        yield from [words for words in json.loads(path.read_text()) if words]
    else:
        yield pytest.param("", marks=pytest.mark.skip(reason="the Big List of Naughty Strings is not here"))


@pytest.mark.parametrize("words", list(strange()))
def test_text_of_any_kind(words: str) -> None:
    answer = assess(free_text(words), as_of=AS_OF)
    out = answer.to_fhir_bytes().decode()
    assert check.issues(json.loads(out), "R4") == []
    page = text.render(answer, names.shipped(), Look(width=100, color=False, ascii_only=False))
    assert not [sign for sign in page if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n"]
    for narrative in narratives(json.loads(out)):
        tags = {tag.tag.rpartition("}")[2] for tag in ET.fromstring(narrative).iter()}
        assert tags <= HARMLESS


HARMLESS = frozenset({
    "div", "p", "b", "i", "em", "strong", "ul", "ol", "li", "br", "table", "thead", "tbody", "tr", "td", "th", "h1",
    "h2", "h3", "h4", "h5", "span", "caption", "dl", "dt", "dd", "small",
})  # fmt: skip


def narratives(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"status", "div"}:
            yield value["div"]
        for part in value.values():
            yield from narratives(part)
    elif isinstance(value, list):
        for part in value:
            yield from narratives(part)


# --- on the command line --------------------------------------------------------------------------------------

SMALL = [name for name in HOPELESS if not name.startswith("50 MB")]


@pytest.mark.parametrize("form", ["text", "json", "fhir"])
@pytest.mark.parametrize("name", SMALL)
def test_command_line(name: str, form: str) -> None:
    body = HOPELESS[name][0]()
    try:
        content = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
    except (TypeError, ValueError, RecursionError):
        pytest.skip("only a host can hand this over")
    self_contained = CliRunner().invoke(command, ["assess", "-", "--as-of", AS_OF, "--format", form], input=content)
    assert self_contained.exit_code == 1
    assert "Traceback" not in self_contained.output
    assert isinstance(self_contained.exception, SystemExit | None)


@pytest.mark.parametrize("name", BROKEN)
def test_command_line_says_what_is_broken(name: str) -> None:
    content = json.dumps(bundle(said(), BROKEN[name][0])).encode()
    ran = CliRunner().invoke(command, ["assess", "-", "--as-of", AS_OF], input=content)
    assert ran.exit_code == 1
    assert any(rule in ran.output for rule in BROKEN[name][1].split("|")) or "entry[2]" in ran.output
    assert "Traceback" not in ran.output


def test_command_line_refuses_50_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    ran = CliRunner().invoke(command, ["assess", str(path), "--as-of", AS_OF])
    assert ran.exit_code == 1
    assert "json-size" in ran.output


# --- data from elsewhere --------------------------------------------------------------------------------------


def files(folder: str, pattern: str) -> list[Any]:
    found = sorted((DATA / folder).glob(pattern))
    return [pytest.param(path, id=path.stem) for path in found] or [
        pytest.param(Path(), marks=pytest.mark.skip(reason=f"the data of {folder} is not here"))
    ]


@pytest.mark.parametrize("path", [*files("synthea", "*.json"), *files("us-core", "*.json")])
def test_patients_made_elsewhere(path: Path) -> None:
    answer = writable(assess(path.read_bytes(), as_of=AS_OF))
    assert rules(answer) == set()


@pytest.mark.parametrize("path", files("synthea", "other-*.json"))
def test_no_guidance_about_a_knee_without_a_knee(path: Path) -> None:
    answer = assess(path.read_bytes(), as_of=AS_OF)
    assert answer.tier in (None, "routine")
    assert answer.tier is not None or answer.status == "data-required"
    assert not [rule for knee in answer.knees for rule in knee.rules]
    assert not [line for knee in answer.knees for line in (*knee.hypotheses, *knee.named)]
    assert not answer.options


@pytest.mark.parametrize("path", files("cds-hooks", "*.json"))
def test_prefetch_of_a_real_client(path: Path) -> None:
    request = json.loads(path.read_bytes())
    assert assess(request, as_of=AS_OF).status == "failure", "a request is not FHIR"
    resources = [one for one in request.get("prefetch", {}).values() if one]
    if resources:
        assert writable(assess(resources, as_of=AS_OF)).status != "success"


@pytest.mark.parametrize("path", files("bulk", "*.ndjson"))
def test_lines_of_bulk_data(path: Path) -> None:
    for line in path.read_bytes().splitlines()[:40]:
        assert writable(assess(line, as_of=AS_OF)).status in ("data-required", "data-requested")
    assert rules(assess(path.read_bytes(), as_of=AS_OF)) == {"json-syntax"}, "NDJSON is not JSON"


@pytest.mark.parametrize("folder", ["json-suite", "fhir-test-cases"])
def test_suites_of_others_never_crash(folder: str) -> None:
    paths = sorted((DATA / folder).glob("*.json"))
    if not paths:
        pytest.skip(f"the data of {folder} is not here")
    for path in paths:
        answer = assess(path.read_bytes(), as_of=AS_OF)
        assert answer.to_fhir_bytes()
        if path.name.startswith("n_"):
            assert answer.status == "failure", path.name

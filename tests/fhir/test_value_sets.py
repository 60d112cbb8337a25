"""Which codes a value set holds: in, not in, or not to be decided with what is at hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.fhir.terminology.value_sets import codes, contains
from kneecds.fhir.validate.supplied import Supplied

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release

COLOURS = "http://example.org/colours"
SHAPES = "http://example.org/shapes"
ELSEWHERE = "http://example.org/elsewhere"
UCUM = "http://unitsofmeasure.org"


def system(**changes: Any) -> dict[str, Any]:
    """Colours: red with two shades, blue, and green, which is inactive."""
    return {
        "resourceType": "CodeSystem",
        "url": COLOURS,
        "version": "1.2.0",
        "content": "complete",
        "caseSensitive": True,
        "concept": [
            {
                "code": "red",
                "display": "Red",
                "concept": [{"code": "crimson"}, {"code": "scarlet", "concept": [{"code": "fire"}]}],
            },
            {"code": "blue", "property": [{"code": "kind", "valueCode": "cold"}]},
            {
                "code": "navy",
                "property": [{"code": "parent", "valueCode": "blue"}, {"code": "kind", "valueCode": "cold"}],
            },
            {
                "code": "green",
                "property": [{"code": "status", "valueCode": "retired"}, {"code": "n", "valueInteger": 3}],
            },
        ],
        **changes,
    }


def value_set(*include: dict[str, Any], url: str = "http://example.org/set", **compose: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "url": url, "compose": {"include": list(include), **compose}}


def listed(of: str, *names: str) -> dict[str, Any]:
    return {"system": of, "concept": [{"code": name} for name in names]}


def filtered(*filters: tuple[str, str, str]) -> dict[str, Any]:
    return {"system": COLOURS, "filter": [{"property": p, "op": o, "value": v} for p, o, v in filters]}


def expansion(*contains_: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ValueSet",
        "url": "http://example.org/set",
        "expansion": {"contains": list(contains_), **more},
    }


ALL = "red crimson scarlet fire blue navy green"


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(value_set(listed(COLOURS, "red", "blue")), "red blue", id="listed codes"),
        pytest.param(value_set({"system": COLOURS}), ALL, id="a whole system"),
        pytest.param(value_set({"system": COLOURS, "version": "1.2"}), ALL, id="a whole system of a version at hand"),
        pytest.param(value_set({"system": COLOURS, "version": "9"}), None, id="of a version that is not"),
        pytest.param(value_set({"system": ELSEWHERE}), None, id="of a system that is not at hand"),
        pytest.param(value_set({"system": UCUM}), None, id="units cannot be listed"),
        pytest.param(value_set({"system": COLOURS}, inactive=False), "red crimson scarlet fire blue navy", id="without inactive"),
        pytest.param(value_set({"system": COLOURS}, exclude=[listed(COLOURS, "red")]), ALL.removeprefix("red "), id="but one"),
        pytest.param(
            value_set({"system": COLOURS}, exclude=[filtered(("concept", "is-a", "red"))]), "blue navy green", id="but a branch"
        ),
        pytest.param(value_set(listed(COLOURS, "red"), exclude=[{"system": ELSEWHERE}]), "red", id="but another system"),
        pytest.param(
            value_set(listed(COLOURS, "red"), exclude=[{"valueSet": ["http://example.org/none"]}]), None, id="but who knows"
        ),
        pytest.param(value_set(filtered(("concept", "is-a", "red"))), "red crimson scarlet fire", id="is-a"),
        pytest.param(value_set(filtered(("concept", "is-a", "blue"))), "blue navy", id="is-a by a parent property"),
        pytest.param(value_set(filtered(("concept", "is-a", "nothing"))), "", id="is-a of no concept"),
        pytest.param(value_set(filtered(("concept", "descendent-of", "red"))), "crimson scarlet fire", id="descendent-of"),
        pytest.param(value_set(filtered(("concept", "child-of", "red"))), "crimson scarlet", id="child-of"),
        pytest.param(value_set(filtered(("concept", "descendent-leaf", "red"))), "crimson fire", id="descendent-leaf"),
        pytest.param(value_set(filtered(("concept", "is-not-a", "red"))), "blue navy green", id="is-not-a"),
        pytest.param(value_set(filtered(("concept", "generalizes", "fire"))), "fire scarlet red", id="generalizes"),
        pytest.param(value_set(filtered(("concept", "in", "red, navy"))), "red navy", id="concept in"),
        pytest.param(value_set(filtered(("code", "regex", "[a-f].*"))), "crimson fire blue", id="regex"),
        pytest.param(value_set(filtered(("code", "regex", "(a+)+b"))), None, id="a regex that could take for ever"),
        pytest.param(value_set(filtered(("code", "regex", "["))), None, id="a regex that is none"),
        pytest.param(value_set(filtered(("kind", "=", "cold"))), "blue navy", id="a property"),
        pytest.param(value_set(filtered(("kind", "exists", "false"))), "red crimson scarlet fire green", id="without a property"),
        pytest.param(value_set(filtered(("kind", "not-in", "cold,hot"))), "red crimson scarlet fire green", id="not in"),
        pytest.param(value_set(filtered(("n", "=", "3"))), "green", id="a number"),
        pytest.param(value_set(filtered(("kind", "=", "cold"), ("concept", "descendent-of", "blue"))), "navy", id="both filters"),
        pytest.param(value_set(filtered(("kind", "like", "cold"))), None, id="an operator that is none"),
        pytest.param(value_set({"system": COLOURS, "filter": ["x"]}), None, id="a filter that is none"),
        pytest.param(value_set({"valueSet": ["http://example.org/warm"]}), "red scarlet", id="another value set"),
        pytest.param(
            value_set({"valueSet": ["http://example.org/warm", "http://example.org/short"]}), "red", id="what is in both"
        ),
        pytest.param(value_set({**listed(COLOURS, "red", "blue"), "valueSet": ["http://example.org/warm"]}), "red", id="and listed"),
        pytest.param(value_set({"valueSet": ["http://example.org/circle"]}), None, id="value sets in a circle"),
        pytest.param(value_set({"valueSet": ["http://example.org/none"]}), None, id="a value set that is not at hand"),
        pytest.param(value_set({"valueSet": ["#inner"]}), "navy", id="a contained value set"),
        pytest.param(value_set({}), None, id="an include that says nothing"),
        pytest.param(value_set(), None, id="no include"),
        pytest.param({"resourceType": "ValueSet"}, None, id="no definition at all"),
        pytest.param({"resourceType": "ValueSet", "compose": {"include": "x"}}, None, id="a faulty one"),
        pytest.param("http://example.org/warm", "red scarlet", id="by canonical"),
        pytest.param("http://example.org/warm|2", "red scarlet", id="by canonical with version"),
        pytest.param("http://example.org/warm|3", None, id="by canonical of another version"),
        pytest.param("#inner", "navy", id="contained, by id"),
        pytest.param("#nobody", None, id="contained, but not there"),
        pytest.param(expansion({"system": COLOURS, "code": "red"}), "red", id="expansion"),
        pytest.param(
            expansion({"system": COLOURS, "code": "red", "abstract": True, "contains": [{"system": COLOURS, "code": "fire"}]}),
            "fire",
            id="expansion with levels",
        ),
        pytest.param(expansion({"system": COLOURS, "code": "red"}, total=2), None, id="a page of an expansion"),
        pytest.param(expansion({"system": COLOURS, "code": "red"}, offset=10, total=1), None, id="the next page"),
        pytest.param(
            expansion({"system": COLOURS, "code": "red"}, parameter=[{"name": "limitedExpansion", "valueBoolean": True}]),
            None,
            id="a limited expansion",
        ),
    ],
)  # fmt: skip
def test_codes(of: dict[str, Any] | str, expected: str | None) -> None:
    assert codes(of, at_hand(), "R4", contained=[INNER]) == (
        None if expected is None else {(COLOURS, code) for code in expected.split()}
    )


INNER = {**value_set(listed(COLOURS, "navy")), "id": "inner"}


def at_hand() -> Supplied:
    return Supplied(
        [
            system(),
            {"resourceType": "CodeSystem", "url": SHAPES, "content": "fragment", "concept": [{"code": "Circle"}]},
            {**value_set(listed(COLOURS, "red", "scarlet"), url="http://example.org/warm"), "version": "2.0"},
            value_set(listed(COLOURS, "red", "blue"), url="http://example.org/short"),
            value_set({"valueSet": ["http://example.org/back"]}, url="http://example.org/circle"),
            value_set({"valueSet": ["http://example.org/circle"]}, url="http://example.org/back"),
        ]
    )


@pytest.mark.parametrize(
    ("of", "named", "code", "expected"),
    [
        pytest.param(value_set(listed(COLOURS, "red")), COLOURS, "red", True, id="listed"),
        pytest.param(value_set(listed(COLOURS, "red")), COLOURS, "blue", False, id="not listed"),
        pytest.param(value_set(listed(COLOURS, "red")), SHAPES, "red", False, id="of another system"),
        pytest.param(value_set(listed(COLOURS, "red")), None, "red", True, id="of no named system"),
        pytest.param(value_set(listed(COLOURS, "red")), None, "blue", False, id="of no system at all"),
        pytest.param(value_set(listed(COLOURS, "red")), COLOURS, "Red", False, id="case matters in colours"),
        pytest.param(value_set(listed(SHAPES, "circle")), SHAPES, "CIRCLE", True, id="but not in shapes"),
        pytest.param(value_set(listed(SHAPES, "circle")), None, "CIRCLE", True, id="nor without a system"),
        pytest.param(value_set({"system": COLOURS}), COLOURS, "mauve", False, id="not in a complete system"),
        pytest.param(value_set({"system": SHAPES}), SHAPES, "square", None, id="not in a fragment: who knows"),
        pytest.param(value_set({"system": SHAPES}), COLOURS, "red", False, id="of a system that is not included"),
        pytest.param(value_set({"system": ELSEWHERE}, listed(COLOURS, "red")), COLOURS, "red", True, id="in the part at hand"),
        pytest.param(value_set({"system": ELSEWHERE}, listed(COLOURS, "red")), COLOURS, "blue", False, id="nor in the other"),
        pytest.param(value_set({"system": ELSEWHERE}, listed(COLOURS, "red")), ELSEWHERE, "x", None, id="in the other part"),
        pytest.param(value_set({"system": ELSEWHERE}), None, "x", None, id="a bare code of who knows what"),
        pytest.param(
            value_set({"system": ELSEWHERE}, exclude=[listed(ELSEWHERE, "x")]), ELSEWHERE, "x", False, id="excluded by name"
        ),
        pytest.param(value_set({"system": UCUM}), UCUM, "mg/dL", True, id="a unit"),
        pytest.param(value_set({"system": UCUM}), UCUM, "mgs", False, id="no unit"),
        pytest.param(expansion({"system": COLOURS, "code": "red"}), COLOURS, "red", True, id="in an expansion"),
        pytest.param(expansion({"system": COLOURS, "code": "red"}), None, "blue", False, id="not in an expansion"),
        pytest.param(expansion({"system": COLOURS, "code": "red"}, total=9), COLOURS, "red", True, id="on this page"),
        pytest.param(expansion({"system": COLOURS, "code": "red"}, total=9), COLOURS, "blue", None, id="on another page, maybe"),
        pytest.param({"resourceType": "ValueSet"}, COLOURS, "red", None, id="no definition"),
        pytest.param("http://example.org/none", COLOURS, "red", None, id="no such value set"),
    ],
)  # fmt: skip
def test_contains(of: dict[str, Any] | str, named: str | None, code: str, expected: bool | None) -> None:
    assert contains(of, at_hand(), "R4", system=named, code=code) is expected


GENDER = "http://hl7.org/fhir/administrative-gender"
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
@pytest.mark.parametrize(
    ("of", "named", "code", "expected"),
    [
        pytest.param(GENDERS, GENDER, "female", True, id="of a published value set"),
        pytest.param(GENDERS, GENDER, "Female", False, id="case matters"),
        pytest.param(GENDERS, None, "other", True, id="of an element of type code"),
        pytest.param(f"{GENDERS}|2.0", GENDER, "female", None, id="of a version that is not published here"),
        pytest.param("http://hl7.org/fhir/ValueSet/ucum-units", UCUM, "mg/dL", True, id="any unit"),
        pytest.param("http://hl7.org/fhir/ValueSet/ucum-units", UCUM, "mmHg", False, id="no unit"),
        pytest.param("http://hl7.org/fhir/ValueSet/observation-codes", "http://loinc.org", "8867-4", None, id="of all LOINC"),
        pytest.param("http://hl7.org/fhir/ValueSet/observation-codes", COLOURS, "red", False, id="not of LOINC at all"),
        pytest.param("http://hl7.org/fhir/ValueSet/nobody-knows", GENDER, "female", None, id="not published"),
        pytest.param(value_set({"system": GENDER}), GENDER, "unknown", True, id="a published system, whole"),
        pytest.param(value_set({"system": GENDER}), GENDER, "x", False, id="and nothing else"),
        pytest.param(value_set({"valueSet": [GENDERS]}), GENDER, "male", True, id="a published value set, imported"),
        pytest.param(
            value_set({"system": GENDER, "filter": [{"property": "code", "op": "regex", "value": "f.*"}]}), GENDER, "male", False, id="a filter on the code"
        ),
        pytest.param(
            value_set({"system": ACTS, "filter": [{"property": "concept", "op": "is-a", "value": "_ActAccountCode"}]}), ACTS, "CASH", None, id="no hierarchy is at hand"
        ),
    ],
)  # fmt: skip
def test_published(
    of: dict[str, Any] | str, named: str | None, code: str, expected: bool | None, release: Release
) -> None:
    assert contains(of, Supplied(), release, system=named, code=code) is expected


def test_what_is_compiled_is_kept_and_bounded() -> None:
    supplied = at_hand()
    first = codes("http://example.org/warm", supplied, "R4")
    assert codes("http://example.org/warm", supplied, "R4") is first
    for number in range(2000):
        codes(value_set(listed(COLOURS, str(number))), supplied, "R4")
    assert len(supplied.kept["terminology"]) <= 512


def test_a_tower_of_imports_costs_little() -> None:
    tower = [
        value_set(*[{"valueSet": [f"http://example.org/{level + 1}"]}] * 10, url=f"http://example.org/{level}")
        for level in range(200)
    ]
    started = time.perf_counter()
    assert codes("http://example.org/0", Supplied(tower), "R4") is None
    assert contains("http://example.org/0", Supplied(tower), "R4", system=COLOURS, code="red") is None
    assert time.perf_counter() - started < 1


def test_deep_and_circular_code_systems_are_read() -> None:
    deep: dict[str, Any] = {"code": "c0"}
    for level in range(1, 150):
        deep = {"code": f"c{level}", "concept": [deep]}
    around = [{"code": a, "property": [{"code": "parent", "valueCode": b}]} for a, b in (("a", "b"), ("b", "a"))]
    supplied = Supplied([system(concept=[deep, *around, "no concept", {"code": 1}])])
    branch = codes(value_set(filtered(("concept", "is-a", "c149"))), supplied, "R4")
    assert branch is not None
    assert len(branch) == 150
    assert codes(value_set(filtered(("concept", "is-a", "a"))), supplied, "R4") == {(COLOURS, "a"), (COLOURS, "b")}


NAMES = ["compose", "include", "exclude", "system", "concept", "code", "filter", "property", "op", "value", "valueSet", "expansion",
         "contains", "total", "inactive", "version", "resourceType", "url", "content", "caseSensitive", "parameter", "extension",
         "name", "valueCode"]  # fmt: skip
VALUES = st.sampled_from(
    [COLOURS, UCUM, "red", "is-a", "regex", "(", "#inner", "http://example.org/set", "", 1, None, True, []]
)
ANYTHING = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=6)


@given(of=OBJECTS, compose=OBJECTS, include=st.lists(OBJECTS, max_size=3), beside=OBJECTS)
def test_anything_is_answered(of: Any, compose: Any, include: Any, beside: Any) -> None:
    """A faulty value set decides less; it never raises."""
    whole = {**of, "compose": {**compose, "include": include}}
    supplied = Supplied([system(**beside), value_set(*include)])
    assert contains(whole, supplied, "R4", system=COLOURS, code="red", contained=[beside, "x"]) in {True, False, None}
    listed_codes = codes(whole, supplied, "R4", contained=[beside, None])
    assert listed_codes is None or all(isinstance(code, str) for _, code in listed_codes)

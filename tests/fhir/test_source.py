"""A FHIRPath leads to a line and a column of the text, or to what is nearest around it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.errors import error
from kneecds.fhir.source import Source
from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.structure.visit import visit

TEXT = b"""{
 "resourceType": "Observation",
 "code": {"coding": [{"code": "x"},
    {"code": "\xc3\xa9", "system": "s"}]},
 "valueQuantity": {"value": 3},
 "_status": {"id":"1"},
 "id": "a", "id": "b",
 "we\\"ird": 1
}"""


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        pytest.param("Observation", (1, 1), id="the resource"),
        pytest.param("Observation.code", (3, 2), id="an element, at its name"),
        pytest.param("Observation.code.coding[1]", (4, 5), id="an item, at its beginning"),
        pytest.param("Observation.code.coding[1].system", (4, 19), id="columns count characters, not bytes"),
        pytest.param("Observation.value.ofType(Quantity).value", (5, 20), id="a choice of a type"),
        pytest.param("Observation.value", (5, 2), id="a choice of any type"),
        pytest.param("Observation.status", (6, 2), id="a primitive with nothing but extensions"),
        pytest.param("Observation.id", (7, 13), id="a name that stands twice, the later one"),
        pytest.param("Observation.code.text", (3, 2), id="what is missing, at what is around it"),
        pytest.param("Observation.code.coding[7].code", (3, 11), id="an item that is not there"),
        pytest.param("$this.code", (3, 2), id="$this is the document"),
        pytest.param("", (1, 1), id="no place is the document"),
    ],
)
def test_place(expression: str, place: tuple[int, int]) -> None:
    assert Source(TEXT).place(expression) == place


@pytest.mark.parametrize("text", [b"", b"{", b'{"a', b"[[[", b"]", b'{"a":1}}', b"1 2", b"\xff", b'"', b'{"a":}'])
def test_broken_text_is_survived(text: bytes) -> None:
    Source(text).place("Patient.name[0].given")


def test_lines_are_those_of_the_text() -> None:
    source = Source(b"one\r\ntwo\n")
    assert [source.line(number) for number in (1, 2, 3)] == ["one", "two", ""]


def test_issues_without_a_place_are_left_alone() -> None:
    placed, unplaced = Source(TEXT).locate([error("value", "r", "Observation.code", "m"), error("value", "r", "", "m")])
    assert (placed.line, placed.column) == (3, 2)
    assert (unplaced.line, unplaced.column) == (0, 0)


OBSERVATION = {
    "resourceType": "Observation", "status": "final", "code": {"coding": [{"code": "a"}, {"code": "b"}], "text": 'x "y" {z}'},
    "component": [{"code": {"text": "c"}, "valueInteger": 1}, {"code": {"text": "d"}, "valueQuantity": {"value": 2}}],
}  # fmt: skip


@given(st.sampled_from([None, 0, 1, 3]))
def test_every_element_is_found_however_the_text_is_laid_out(indent: int | None) -> None:
    """At the place of each element stands its name, or the beginning of its value."""
    text = json.dumps(OBSERVATION, indent=indent)
    source = Source(text.encode())
    for node in visit(OBSERVATION, facts_of("R4"))[1:]:
        line, column = source.place(node.path)
        rest = text.splitlines()[line - 1][column - 1 :]
        assert node.property is not None
        starts = json.dumps(node.value, indent=indent).splitlines()[0]
        assert rest.startswith((f'"{node.property.name}"', starts))

"""Bundles made to hurt: large, deep, or with values of the wrong kind everywhere."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rooms import BASE, bundle, entry, observation, patient, said

from kneecds.fhir.validate import bundles, references
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.supplied import Supplied

ROOMS = (references.look, bundles.look)


def steps(document: dict[str, Any]) -> int:
    """Count the calls of Python functions that looking takes: a measure of work that no busy machine disturbs."""
    context = Context(document, "R4", Supplied())
    assert context.nodes
    count = 0

    def counting(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        for look in ROOMS:
            look(context)
    finally:
        sys.setprofile(before)
    return count


def large(kind: str, many: int) -> dict[str, Any]:
    found = [entry(observation("Patient/p1", f"o{number}"), search={"mode": "match"}) for number in range(many)]
    return bundle(kind, entry(patient()), *found)


def same(kind: str, many: int) -> dict[str, Any]:
    """Return entries that all have one fullUrl, and refer to it."""
    return bundle(kind, *[entry(observation("Observation/o1")) for _ in range(many)])


def chain(kind: str, many: int) -> dict[str, Any]:
    """Return entries each of which refers to the next."""
    return bundle(
        kind,
        *[entry(observation(None, f"o{n}", hasMember=[{"reference": f"Observation/o{n + 1}"}])) for n in range(many)],
    )


def contained(kind: str, many: int) -> dict[str, Any]:
    inner = [patient(f"p{number}") for number in range(many)]
    members = [{"reference": f"#p{number}"} for number in range(many)]
    return bundle(kind, entry(observation(None, contained=inner, focus=members)))


@pytest.mark.parametrize("kind", ["collection", "searchset", "document", "transaction"])
@pytest.mark.parametrize("make", [large, same, chain, contained])
def test_twice_as_much_takes_about_twice_as_long(make: Any, kind: str) -> None:
    few, many = steps(make(kind, 250)), steps(make(kind, 1000))
    assert many < 4.5 * few


def test_twenty_thousand_entries_and_references_are_looked_at() -> None:
    assert said(references.look, large("searchset", 20_000)) == []
    assert said(bundles.look, large("document", 20_000)).count("(bundle-only-backwards)") == 20_000


@pytest.mark.parametrize(
    "name", ["__proto__", "constructor", "__class__", "toString", "0", "\u0000", "a" * 70, "\ud83e\uddb5", "p/../p"]
)
def test_names_that_mean_something_elsewhere_are_only_names(name: str) -> None:
    document = bundle("collection", entry(patient(name)), entry(observation(f"Patient/{name}")))
    for look in ROOMS:
        said(look, document)
    said(references.look, observation(f"#{name}", contained=[patient(name)]))


def test_bundles_within_bundles() -> None:
    document = bundle("collection", entry(patient()))
    for _ in range(60):
        document = bundle("collection", entry({"id": "b", **document}, f"{BASE}/Bundle/b"))
    for look in ROOMS:
        assert said(look, document) == []


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["#", "?", "Patient/p1", "urn:", ":"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "type",
                    "entry",
                    "resource",
                    "fullUrl",
                    "request",
                    "search",
                    "link",
                    "relation",
                    "url",
                    "method",
                    "mode",
                    "id",
                    "meta",
                    "versionId",
                    "contained",
                    "subject",
                    "reference",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ODD, ODD, ODD, st.sampled_from(["document", "message", "searchset", "transaction", "history", None]))
def test_values_of_any_kind_anywhere(one: Any, two: Any, three: Any, kind: Any) -> None:
    inner = {"resourceType": "Composition", "id": one, "subject": two, "contained": three, "meta": one, "text": two}
    document = {
        "resourceType": "Bundle", "type": kind, "link": one,
        "entry": [{"fullUrl": two, "resource": inner, "request": three, "search": one}, two, {"resource": three}],
    }  # fmt: skip
    for look in ROOMS:
        said(look, document)
        said(look, [document, one, two])
        said(look, {"resourceType": "Bundle", "type": one, "entry": two, "link": three})

"""Snapshots: what a differential does to the elements that it names, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from kneecds.fhir.profiles.branch import flat, grown
from kneecds.fhir.profiles.snapshot import SnapshotError, snapshot, with_snapshot
from kneecds.fhir.structure import definitions
from kneecds.fhir.validate.supplied import Supplied

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"
OURS = "http://example.org/fhir/StructureDefinition/"
OPEN = {"discriminator": [{"type": "value", "path": "code"}], "rules": "open"}


def profile(*elements: Json, of: str = "Observation", name: str = "p", base: str = "", **more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition", "url": OURS + name, "name": name, "status": "draft", "kind": "resource",
        "abstract": False, "type": of, "baseDefinition": base or CORE + of, "derivation": "constraint", **more,
        "differential": {"element": [{"path": of}, *elements]},
    }  # fmt: skip


def made(one: Json, *beside: Json, release: Any = "R4") -> dict[str, Json]:
    """Return the elements of a snapshot by their ids."""
    return {element["id"]: element for element in snapshot(one, Supplied(beside), release)}


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
@pytest.mark.parametrize("name", ["Observation", "Questionnaire", "Bundle", "Extension", "Quantity", "Timing"])
def test_a_list_becomes_a_tree_and_the_same_list_again(name: str, release: Any) -> None:
    definition = definitions.structure_definition(name, release)
    assert definition is not None
    elements = definition["snapshot"]["element"]
    root = grown(elements)
    assert root is not None
    assert flat(root) == elements


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_published_profiles_are_what_their_differentials_make(release: Any) -> None:
    """The vital signs family: cardinality, types, fixed values and slices as in the published snapshots."""
    for url in definitions.core_profiles(release):
        known = definitions.core_profile(url, release)
        assert known is not None
        published = {element["id"]: element for element in known["snapshot"]["element"]}
        ours = made({key: value for key, value in known.items() if key != "snapshot"}, release=release)
        for identifier in published.keys() & ours.keys():
            for key in published[identifier].keys() | ours[identifier].keys():
                if key in ("min", "max", "sliceName") or key.startswith(("fixed", "pattern")):
                    mine = ours[identifier].get(key)
                    if key == "min" and mine == 1 and published[identifier].get(key) == 0:
                        assert identifier.endswith("[x]")  # raised to that of its only slice
                        continue
                    assert mine == published[identifier].get(key), (url, identifier, key)


def test_a_differential_replaces_and_adds() -> None:
    rule = {"key": "x-1", "severity": "error", "human": "x", "expression": "true"}
    found = made(profile({"path": "Observation.method", "min": 1, "short": "ours", "constraint": [rule]}))
    method = found["Observation.method"]
    assert (method["min"], method["max"], method["short"]) == (1, "1", "ours")
    assert method["base"] == {"path": "Observation.method", "min": 0, "max": "1"}
    assert {**rule, "source": OURS + "p"} in method["constraint"]
    assert found["Observation.status"]["min"] == 1


def test_what_is_below_a_data_type_comes_from_it() -> None:
    found = made(profile({"path": "Observation.code.coding.display", "min": 1}))
    assert found["Observation.code.coding.display"]["min"] == 1
    assert found["Observation.code.coding.system"]["base"]["path"] == "Coding.system"
    assert found["Observation.code.text"]["base"]["path"] == "CodeableConcept.text"


def test_slices_start_from_the_element_and_need_not_be_there() -> None:
    found = made(
        profile(
            {"path": "Observation.component", "slicing": OPEN, "min": 1},
            {"path": "Observation.component", "sliceName": "a", "max": "1"},
            {"path": "Observation.component.code", "patternCodeableConcept": {"text": "a"}},
            {"path": "Observation.component", "sliceName": "b"},
            {"path": "Observation.component.code", "patternCodeableConcept": {"text": "b"}},
        )
    )
    assert found["Observation.component:a"]["min"] == 0
    assert found["Observation.component:a"]["max"] == "1"
    assert found["Observation.component:a.code"]["patternCodeableConcept"] == {"text": "a"}
    assert found["Observation.component:b.code"]["patternCodeableConcept"] == {"text": "b"}
    assert "patternCodeableConcept" not in found["Observation.component.code"]
    assert "slicing" not in found["Observation.component:a"]


def test_ids_tell_the_slice_where_the_order_does_not() -> None:
    found = made(
        profile(
            {"id": "Observation.component", "path": "Observation.component", "slicing": OPEN},
            {"id": "Observation.component:a", "path": "Observation.component", "sliceName": "a"},
            {"id": "Observation.component:b", "path": "Observation.component", "sliceName": "b"},
            {"id": "Observation.component:a.code", "path": "Observation.component.code", "max": "1", "short": "a"},
        )
    )
    assert found["Observation.component:a.code"]["short"] == "a"
    assert "short" not in found.get("Observation.component:b.code", {})


@pytest.mark.parametrize(
    ("elements", "types", "rules"),
    [
        pytest.param([{"path": "Observation.valueQuantity", "min": 1}], ["Quantity"], "closed", id="a name alone leaves its type"),
        pytest.param([{"path": "Observation.value[x]", "min": 1}, {"path": "Observation.valueQuantity", "min": 0}], None, "open", id="beside the choice it does not"),
        pytest.param([{"path": "Observation.valueQuantity", "max": "1"}, {"path": "Observation.valueString", "max": "1"}], ["Quantity", "string"], "closed", id="two names leave two"),
    ],
)  # fmt: skip
def test_a_choice_is_sliced_by_type(elements: list[Json], types: list[str] | None, rules: str) -> None:
    value = made(profile(*elements))["Observation.value[x]"]
    assert value["slicing"]["rules"] == rules
    assert value["slicing"]["discriminator"] == [{"type": "type", "path": "$this"}]
    codes = [one["code"] for one in value["type"]]
    assert sorted(codes) == types if types else len(codes) == 11


def test_a_slice_of_a_choice_has_the_elements_of_its_type() -> None:
    found = made(
        profile({"path": "Observation.valueQuantity", "min": 1}, {"path": "Observation.valueQuantity.code", "min": 1})
    )
    assert found["Observation.value[x]:valueQuantity.code"]["min"] == 1
    assert found["Observation.value[x]:valueQuantity.code"]["path"] == "Observation.value[x].code"
    assert found["Observation.value[x]"]["min"] == 1


def test_extensions_are_sliced_by_url() -> None:
    found = made(
        profile(
            {"path": "Extension.extension", "sliceName": "one", "min": 1},
            {"path": "Extension.extension.url", "fixedUri": "one"},
            {"path": "Extension.extension.value[x]", "type": [{"code": "string"}]},
            of="Extension",
        )
    )
    assert found["Extension.extension"]["slicing"]["discriminator"] == [{"type": "value", "path": "url"}]
    assert found["Extension.extension"]["min"] == 1
    assert found["Extension.extension:one.url"]["fixedUri"] == "one"


def test_a_reference_to_content_is_opened_where_it_is_constrained() -> None:
    found = made(
        profile(
            {"path": "Questionnaire.item.text", "min": 1},
            {"path": "Questionnaire.item.item.prefix", "min": 1},
            of="Questionnaire",
        )
    )
    assert found["Questionnaire.item.item.prefix"]["min"] == 1
    assert found["Questionnaire.item.item.text"]["min"] == 0
    assert "contentReference" not in found["Questionnaire.item.item"]
    assert found["Questionnaire.item.item.item"]["contentReference"].endswith("#Questionnaire.item")


def test_a_profile_of_a_profile_has_the_rules_of_both() -> None:
    base = profile({"path": "Observation.method", "min": 1}, name="base")
    found = made(profile({"path": "Observation.bodySite", "min": 1}, base=f"{OURS}base"), base)
    assert found["Observation.method"]["min"] == found["Observation.bodySite"]["min"] == 1


def test_what_brings_a_snapshot_is_taken_as_it_is() -> None:
    elements = [
        {"id": "Observation", "path": "Observation"},
        {"id": "Observation.status", "path": "Observation.status"},
    ]
    assert snapshot({**profile(), "snapshot": {"element": elements}}, Supplied([]), "R4") == elements


def test_a_logical_model_brings_its_own_elements() -> None:
    model = profile(
        {"path": "Knee.side", "min": 1, "max": "1", "type": [{"code": "code"}]}, of="Knee", base=f"{CORE}Element"
    )
    found = made({**model, "derivation": "specialization", "kind": "logical"})
    assert found["Knee.side"]["min"] == 1
    assert "Knee.extension" in found


@pytest.mark.parametrize(
    ("one", "beside", "said"),
    [
        pytest.param(profile(base=f"{OURS}p"), [profile(base=f"{OURS}p")], "stands on itself", id="a cycle"),
        pytest.param(profile(base=f"{OURS}nowhere"), [], "is not known", id="an unknown base"),
        pytest.param(
            profile({"path": "Observation.nothing", "min": 1}), [], "no element nothing", id="an unknown element"
        ),
        pytest.param(
            profile({"path": "Patient.name"}), [], "does not belong to Observation", id="an element of another type"
        ),
    ],
)
def test_what_cannot_be_made_is_refused(one: Json, beside: list[Json], said: str) -> None:
    with pytest.raises(SnapshotError, match=said):
        made(one, *beside)


def test_a_profile_that_opens_types_without_end_is_refused() -> None:
    deep = "Questionnaire" + ".item" * 600
    with pytest.raises(SnapshotError, match="more than"):
        made(profile({"path": deep, "min": 1}, of="Questionnaire"))


def test_what_is_published_has_its_snapshot_before_the_differential() -> None:
    published = with_snapshot(profile({"path": "Observation.method", "min": 1}), Supplied([]), "R4")
    assert list(published)[-2:] == ["snapshot", "differential"]
    for element in published["snapshot"]["element"]:
        assert element["base"]["path"]
        assert element["definition"]
        assert all(one["human"] for one in element.get("constraint", ()))
        assert not element.get("isModifier") or element["isModifierReason"]
        for of in element.get("type", ()):
            assert not of["code"].startswith("http://hl7.org/fhirpath/") or of["extension"]

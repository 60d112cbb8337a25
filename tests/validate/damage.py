"""Thirty ways to damage a FHIR document, each with the place where the damage is.

A damage takes a parsed document and a random generator, and returns the text of the damaged document and the FHIRPath
of the place; None where the document has nothing that could be damaged so.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.structure.visit import Node, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

FACTS = facts_of("R4")
DATED = ("date", "dateTime", "instant")


class Damaged(NamedTuple):
    text: str
    place: str


Damage = "Callable[[dict[str, Any], Random], Damaged | None]"
DAMAGES: dict[str, Callable[[dict[str, Any], Random], Damaged | None]] = {}


def damage(function: Callable[[dict[str, Any], Random], Damaged | None]) -> Callable[..., Damaged | None]:
    DAMAGES[function.__name__.replace("_", " ")] = function
    return function


def nodes(document: dict[str, Any]) -> list[Node]:
    return visit(document, FACTS)


def pick(document: dict[str, Any], random: Random, wanted: Callable[[Node], bool]) -> Node | None:
    found = [node for node in nodes(document) if wanted(node)]
    return random.choice(found) if found else None


def owner_and_key(node: Node) -> tuple[dict[str, Any], str]:
    assert node.parent is not None
    assert node.property is not None
    return node.parent.value, node.property.name


def put(node: Node, value: Any) -> None:
    """Write a value where a node stands, an item of an array included."""
    owner, key = owner_and_key(node)
    if node.property is not None and node.property.many:
        owner[key][int(node.path.rpartition("[")[2][:-1])] = value
    else:
        owner[key] = value


def done(document: dict[str, Any], place: str) -> Damaged:
    return Damaged(json.dumps(document), place)


def is_member(node: Node) -> bool:
    """Whether a node is a plain member of an object, so that its name can be touched."""
    return (
        node.parent is not None
        and node.property is not None
        and node.path == f"{node.parent.path}.{node.property.step}"
    )


def primitive(node: Node) -> bool:
    return node.property is not None and node.property.is_primitive and node.value is not None


def resources(document: dict[str, Any]) -> Iterator[Node]:
    """Yield resources that are no Bundle: those a record consists of."""
    return (node for node in nodes(document) if node.holder.value is node.value and node.type != "Bundle")


def a_resource(document: dict[str, Any], random: Random) -> Node:
    return random.choice(list(resources(document)))


# ---- the text ----------------------------------------------------------------------------------


@damage
def a_key_that_stands_twice(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value.setdefault("id", "a")
    node.value["zzz-mark"] = 1
    return Damaged(json.dumps(document).replace('"zzz-mark": 1', '"id": "b"', 1), f"{node.path}.id")


@damage
def a_number_that_is_none(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["zzz"] = float("nan")
    return Damaged(json.dumps(document), "")


@damage
def text_after_the_end(document: dict[str, Any], random: Random) -> Damaged | None:
    del random
    return Damaged(json.dumps(document) + "}", "")


@damage
def an_end_that_is_missing(document: dict[str, Any], random: Random) -> Damaged | None:
    del random
    return Damaged(json.dumps(document)[:-1], "")


@damage
def half_a_character(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: one.type == "string" and primitive(one))
    if node is None:
        return None
    put(node, "zzz-mark")
    return Damaged(json.dumps(document).replace("zzz-mark", "\\ud800", 1), "")


# ---- the structure -----------------------------------------------------------------------------


@damage
def no_resource_type(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    del node.value["resourceType"]
    return done(document, node.path if "." in node.path else "$this")


@damage
def an_unknown_resource_type(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["resourceType"] = "Pateint"
    return done(document, node.path if "." in node.path else "$this")


@damage
def a_required_element_left_out(document: dict[str, Any], random: Random) -> Damaged | None:
    def required(node: Node) -> bool:
        if not is_member(node) or node.property is None or node.parent is None:
            return False
        return any(node.property.element == element for element, _, _ in FACTS.type(node.parent.type).required)

    node = pick(document, random, required)
    if node is None:
        return None
    owner, key = owner_and_key(node)
    del owner[key]
    owner.pop(f"_{key}", None)
    owner.setdefault("id", "x")  # that it is not empty, too
    return done(document, f"{node.parent.path}.{node.property.element.removesuffix('[x]')}")  # type: ignore[union-attr]


@damage
def an_unknown_element(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["knee"] = "left"
    return done(document, f"{node.path}.knee")


@damage
def a_misspelt_element(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, is_member)
    if node is None:
        return None
    owner, key = owner_and_key(node)
    owner[f"{key}s"] = owner.pop(key)
    assert node.parent is not None
    return done(document, f"{node.parent.path}.{key}s")


@damage
def an_array_of_one_value(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, is_member)
    if node is None:
        return None
    owner, key = owner_and_key(node)
    owner[key] = [owner[key]]
    return done(document, node.path)


@damage
def one_value_for_an_array(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(
        document, random, lambda one: one.property is not None and one.property.many and one.path.endswith("[0]")
    )
    if node is None:
        return None
    owner, key = owner_and_key(node)
    owner[key] = owner[key][0]
    return done(document, node.path.removesuffix("[0]"))


@damage
def an_empty_array(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["extension"] = []
    return done(document, f"{node.path}.extension")


@damage
def an_empty_object(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["meta"] = {}
    return done(document, f"{node.path}.meta")


@damage
def a_null(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: is_member(one) and primitive(one))
    if node is None:
        return None
    put(node, None)
    return done(document, node.path)


@damage
def an_empty_string(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: primitive(one) and isinstance(one.value, str))
    if node is None:
        return None
    put(node, "")
    return done(document, node.path)


@damage
def a_number_for_a_string(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: primitive(one) and isinstance(one.value, str))
    if node is None:
        return None
    put(node, 7)
    return done(document, node.path)


@damage
def a_string_for_an_object(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(
        document, random,
        lambda one: one.property is not None and not one.property.is_primitive and one.type != "Element" and isinstance(one.value, dict),
    )  # fmt: skip
    if node is None:
        return None
    put(node, "knee")
    return done(document, node.path)


@damage
def a_day_that_is_none(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: one.type in DATED and primitive(one))
    if node is None:
        return None
    put(node, "2026-02-30" + ("T10:00:00Z" if node.type == "instant" else ""))
    return done(document, node.path)


@damage
def a_date_as_people_write_it(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: one.type in DATED and primitive(one))
    if node is None:
        return None
    put(node, "15/01/2026")
    return done(document, node.path)


@damage
def an_id_with_a_space(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["id"] = "left knee"
    return done(document, f"{node.path}.id")


@damage
def a_uri_with_a_space(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    node.value["implicitRules"] = "http://example.org/left knee"
    return done(document, f"{node.path}.implicitRules")


# ---- codes, invariants -------------------------------------------------------------------------


@damage
def a_code_that_is_not_in_its_list(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(
        document, random, lambda one: primitive(one) and one.property is not None and one.property.codes is not None
    )
    if node is None:
        return None
    put(node, "knee")
    return done(document, node.path)


@damage
def an_extension_with_nothing_in_it(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    extensions = node.value.setdefault("extension", [])
    extensions.append({"url": "http://example.org/knee"})
    return done(document, f"{node.path}.extension[{len(extensions) - 1}]")


@damage
def an_extension_with_too_much_in_it(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    extensions = node.value.setdefault("extension", [])
    inner = [{"url": "a", "valueBoolean": True}]
    extensions.append({"url": "http://example.org/knee", "valueBoolean": True, "extension": inner})
    return done(document, f"{node.path}.extension[{len(extensions) - 1}]")


@damage
def a_narrative_with_a_script(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div>'
    node.value["text"] = {"status": "generated", "div": div}
    return done(document, f"{node.path}.text.div")


@damage
def a_period_that_ends_before_it_begins(document: dict[str, Any], random: Random) -> Damaged | None:
    node = a_resource(document, random)
    name = "identifier"
    period = {"start": "2026-01-15", "end": "2026-01-14"}
    identifier = {"system": "http://example.org/ids", "value": "1", "period": period}
    facts = FACTS.type(node.type).properties.get(name)
    if facts is None:
        return None
    if facts.many:
        node.value.setdefault(name, []).append(identifier)
        return done(document, f"{node.path}.{name}[{len(node.value[name]) - 1}].period")
    node.value[name] = identifier
    return done(document, f"{node.path}.{name}.period")


@damage
def a_unit_code_without_its_system(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(
        document, random, lambda one: one.type == "Quantity" and isinstance(one.value, dict) and "code" in one.value
    )
    if node is None:
        return None
    node.value.pop("system", None)
    return done(document, node.path)


@damage
def two_values_of_one_choice(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: one.element == "Observation.value[x]" and not isinstance(one.value, bool))
    if node is None:
        return None
    node.holder.value["valueBoolean"] = True
    return done(document, f"{node.holder.path}.value")


@damage
def a_reason_for_no_value_beside_a_value(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(document, random, lambda one: one.element == "Observation.value[x]")
    if node is None:
        return None
    node.holder.value["dataAbsentReason"] = {"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
    ]}  # fmt: skip
    return done(document, node.holder.path)


# ---- references, Bundles, forms ----------------------------------------------------------------


@damage
def a_reference_to_what_is_not_contained(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(
        document, random, lambda one: one.element.endswith((".subject", ".patient")) and one.type == "Reference"
    )
    if node is None:
        return None
    node.value["reference"] = "#nobody"
    return done(document, f"{node.path}.reference")


@damage
def a_reference_to_a_wrong_type(document: dict[str, Any], random: Random) -> Damaged | None:
    node = pick(
        document, random,
        lambda one: one.type == "Reference" and one.property is not None and bool(one.property.targets)
        and "Schedule" not in one.property.targets,
    )  # fmt: skip
    if node is None:
        return None
    node.value["reference"] = "Schedule/1"
    node.value.pop("type", None)
    return done(document, f"{node.path}.reference")


@damage
def a_full_url_that_stands_twice(document: dict[str, Any], random: Random) -> Damaged | None:
    del random
    entries = document.get("entry", [])
    if document["resourceType"] != "Bundle" or not any("fullUrl" in entry for entry in entries):
        return None
    first = next(entry for entry in entries if "fullUrl" in entry)
    entries.append(copy.deepcopy(first))
    return done(document, "Bundle")


@damage
def a_full_url_that_is_no_url(document: dict[str, Any], random: Random) -> Damaged | None:
    entries = [number for number, entry in enumerate(document.get("entry", [])) if "fullUrl" in entry]
    if document["resourceType"] != "Bundle" or not entries:
        return None
    number = random.choice(entries)
    document["entry"][number]["fullUrl"] = "Patient/1"
    return done(document, f"Bundle.entry[{number}].fullUrl")


def answered(document: dict[str, Any], random: Random) -> Node | None:
    """Return the node of an answered item of a response to our form."""

    def ours(node: Node) -> bool:
        form = node.holder.value.get("questionnaire", "")
        return node.type == "QuestionnaireResponse.item" and "answer" in node.value and "/kneecds-intake" in form

    return pick(document, random, ours)


@damage
def an_item_that_the_form_does_not_have(document: dict[str, Any], random: Random) -> Damaged | None:
    node = answered(document, random)
    if node is None:
        return None
    node.value["linkId"] = "elbow"
    return done(document, f"{node.path}.linkId")


@damage
def an_answer_of_a_wrong_type(document: dict[str, Any], random: Random) -> Damaged | None:
    node = answered(document, random)
    if node is None:
        return None
    node.value["answer"] = [{"valueTime": "10:00:00"}]
    return done(document, f"{node.path}.answer[0]")


@damage
def an_answer_in_another_items_place(document: dict[str, Any], random: Random) -> Damaged | None:
    node = answered(document, random)
    if node is None or node.parent is None or node.parent.type == "QuestionnaireResponse":
        return None
    document_item = copy.deepcopy(node.value)
    node.holder.value["item"].append(document_item)
    number = len(node.holder.value["item"]) - 1
    return done(document, f"{node.holder.path}.item[{number}]")

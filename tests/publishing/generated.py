"""Resources made out of a published profile: what it requires, sometimes what it allows, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

PRIMITIVES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "boolean": st.booleans(),
    "integer": st.integers(0, 10),
    "positiveInt": st.integers(1, 10),
    "unsignedInt": st.integers(0, 10),
    "decimal": st.integers(0, 100),
    "string": st.sampled_from(["a", "left knee", "Ünï"]),
    "markdown": st.sampled_from(["a", "*b*"]),
    "code": st.sampled_from(["a", "some-code"]),
    "id": st.sampled_from(["a", "x-1"]),
    "uri": st.sampled_from(["https://example.org/a", "urn:example:b"]),
    "url": st.just("https://example.org/a"),
    "canonical": st.just("https://example.org/fhir/PlanDefinition/a"),
    "date": st.sampled_from(["2026", "2026-01", "2026-01-15"]),
    "dateTime": st.sampled_from(["2026-01-15", "2026-01-15T08:00:00Z"]),
    "instant": st.just("2026-01-15T08:00:00Z"),
    "time": st.just("08:00:00"),
}
"""What stands for each simple type; only what is valid wherever the type is."""

CODES: Final = {
    "observation-status": ["final", "amended", "preliminary"],
    "questionnaire-answers-status": ["in-progress", "completed"],
    "questionnaire-response-status": ["in-progress", "completed"],
    "detectedissue-severity": ["high", "moderate", "low"],
    "request-priority": ["routine", "urgent"],
    "guidance-response-status": ["success", "data-required"],
    "guidanceresponse-status": ["success", "data-required"],
    "device-status": ["active"],
    "issue-severity": ["error", "warning"],
    "issue-type": ["invalid", "value"],
}
"""Some codes of the required value sets of FHIR that our profiles leave as they are."""


class Profile:
    """A snapshot as a tree."""

    def __init__(self, definition: Json, value_sets: dict[str, Json]) -> None:
        self.type = definition["type"]
        self.url = definition["url"]
        self.elements = {one["id"]: one for one in definition["snapshot"]["element"]}
        self.value_sets = value_sets

    def children(self, parent: str) -> list[Json]:
        deep = parent.count(".") + 1
        return [one for key, one in self.elements.items() if key.startswith(f"{parent}.") and key.count(".") == deep]


def resources(profile: Profile) -> st.SearchStrategy[Json]:
    """Return resources that fit the profile and claim it."""

    @st.composite
    def made(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Json:
        resource = {"resourceType": profile.type, "meta": {"profile": [profile.url]}}
        return _settled(resource | _members(draw, profile, profile.type))

    return made()


def _settled(resource: Json) -> Json:
    """Return the resource with what our invariants over several elements ask for (knee-1, knee-3), and obs-6."""
    if resource["resourceType"] == "Observation":
        if not any(key.startswith("value") for key in resource):
            resource.setdefault("dataAbsentReason", {"text": "not asked"})
        else:
            resource.pop("dataAbsentReason", None)
    if resource["resourceType"] == "QuestionnaireResponse":
        resource["questionnaire"] = "https://kneecds.org/fhir/Questionnaire/kneecds-intake"
    return resource


def _members(draw: Callable[[st.SearchStrategy[Any]], Any], profile: Profile, parent: str) -> Json:
    found: Json = {}
    sliced: dict[str, list[Any]] = {}
    for element in profile.children(parent):
        name = element["id"].rpartition(".")[2]
        if element["max"] == "0" or not (element["min"] or (_wanted(element) and draw(st.booleans()))):
            continue
        value, kind = _value(draw, profile, element)
        base, _, slice_name = name.partition(":")
        if slice_name:
            sliced.setdefault(base, []).append(value)
        elif "slicing" in element and _slices(profile, element["id"]):
            continue
        elif base.endswith("[x]"):
            found[base[:-3] + kind[:1].upper() + kind[1:]] = value
        else:
            found[base] = [value] if _repeats(element) else value
    return found | sliced


def _slices(profile: Profile, identifier: str) -> bool:
    return any(key.startswith(f"{identifier}:") and one["min"] for key, one in profile.elements.items())


def _repeats(element: Json) -> bool:
    return element["base"]["max"] not in ("0", "1")


def _wanted(element: Json) -> bool:
    """Whether an optional element of ours is sometimes made: what we read or write, where its type is simple enough."""
    kinds = {one["code"] for one in element.get("type", ())}
    return bool(element.get("mustSupport")) and bool(kinds) and kinds <= {*PRIMITIVES, "CodeableConcept", "Reference"}


def _value(draw: Callable[[st.SearchStrategy[Any]], Any], profile: Profile, element: Json) -> tuple[Any, str]:
    for key, value in element.items():
        if key.startswith(("pattern", "fixed")):
            return value, _kind(draw, element)["code"]
    chosen = _kind(draw, element)
    kind = chosen["code"]
    if profile.children(element["id"]):
        return _members(draw, profile, element["id"]), kind
    return _of_type(draw, profile, element, chosen), kind


def _kind(draw: Callable[[st.SearchStrategy[Any]], Any], element: Json) -> Json:
    known = [one for one in element["type"] if one["code"] in {*PRIMITIVES, "CodeableConcept", "Reference", "Quantity"}]
    kind: Json = draw(st.sampled_from(known or element["type"][:1]))
    return kind


def _of_type(draw: Callable[[st.SearchStrategy[Any]], Any], profile: Profile, element: Json, chosen: Json) -> Any:
    kind = chosen["code"]
    bound = element.get("binding", {}).get("valueSet", "").partition("|")[0]
    ours = profile.value_sets.get(bound)
    if any(one.get("key") in {"knee-5", "knee-6", "knee-7"} for one in element.get("constraint", ())):
        either = next(one["expression"] for one in element["constraint"] if one["key"].startswith("knee-"))
        return draw(st.sampled_from(either.split("'")[1::2]))
    if kind == "code":
        if ours is not None:
            return draw(st.sampled_from(ours["codes"]))
        return draw(st.sampled_from(CODES.get(bound.rpartition("/")[2], ["some-code"])))
    if kind in PRIMITIVES:
        return draw(PRIMITIVES[kind])
    if kind == "Reference":
        target = (chosen.get("targetProfile") or ["/Patient"])[0].rpartition("/")[2]
        return {"reference": f"{'Patient' if target == 'Resource' else target}/a"}
    if kind == "CodeableReference":
        return {"concept": {"text": draw(PRIMITIVES["string"])}}
    if kind == "Coding":
        return {"system": ours["system"], "code": draw(st.sampled_from(ours["codes"]))} if ours else {"display": "a"}
    if kind == "Quantity":
        return {
            "value": draw(st.integers(0, 10)),
            "unit": "score",
            "system": "http://unitsofmeasure.org",
            "code": "{score}",
        }
    if kind == "Identifier":
        return {"system": "https://example.org/ids", "value": draw(PRIMITIVES["string"])}
    return {"text": draw(PRIMITIVES["string"])}

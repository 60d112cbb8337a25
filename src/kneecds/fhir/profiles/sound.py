"""What is usable of the elements of a StructureDefinition: parts of the wrong JSON kind are left out, once and for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.fhir.profiles.branch import Definition

_LISTS: Final = ("type", "constraint", "extension", "mapping", "alias", "condition")
_OBJECTS: Final = ("slicing", "binding", "base")
_TEXTS: Final = ("path", "id", "max", "sliceName", "contentReference")
_OF_TYPES: Final = ("profile", "targetProfile")


def elements(definition: Mapping[str, Any], view: str) -> list[Definition]:
    """Return the elements of a `snapshot` or `differential` that have a path."""
    held = definition.get(view)
    listed = held.get("element") if isinstance(held, dict) else None
    return [
        _element(one)
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("path"), str) and one["path"]
    ]


def _element(element: Definition) -> Definition:
    made = dict(element)
    for key in _LISTS:
        if key in made:
            made[key] = (
                _objects(made[key]) if key in ("type", "constraint", "extension", "mapping") else _texts(made[key])
            )
    for key in _OBJECTS:
        if key in made and not isinstance(made[key], dict):
            del made[key]
    for key in _TEXTS:
        if key in made and not isinstance(made[key], str):
            del made[key]
    if "min" in made and (isinstance(made["min"], bool) or not isinstance(made["min"], int)):
        del made["min"]
    if "type" in made:
        made["type"] = [_type(one) for one in made["type"] if isinstance(one.get("code"), str)]
    return made


def _type(one: dict[str, Any]) -> dict[str, Any]:
    return {key: _texts(value) if key in _OF_TYPES else value for key, value in one.items()}


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

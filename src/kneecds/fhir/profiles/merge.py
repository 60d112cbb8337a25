"""What an element of a differential does to the element that it constrains.

https://hl7.org/fhir/R4/elementdefinition.html#interpretation
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Definition

_OF_THE_PLACE: Final = frozenset({"id", "path", "sliceName", "base", "contentReference"})
"""What the differential does not change."""
_VALUES: Final = ("fixed", "pattern", "defaultValue", "minValue", "maxValue")
_TEXTS: Final = frozenset({"short", "definition", "comment", "requirements"})
_NOT_FOR_SLICES: Final = ("slicing", "mustSupport", "sliceIsConstraining", "orderMeaning")


def merge(base: Definition, change: Definition) -> Definition:
    """Return the element with what a differential says of it: rules add up, the rest is replaced."""
    merged = dict(base)
    for key, value in change.items():
        if key in _OF_THE_PLACE or key.startswith("_"):
            continue
        had = base.get(key)
        if key in ("constraint", "mapping", "alias", "condition", "extension"):
            merged[key] = _added(had, value, _IDENTITY.get(key, ""))
        elif key in _TEXTS and isinstance(value, str) and value.startswith("..."):
            merged[key] = f"{had or ''}{value[3:]}"
        elif (key == "binding" and isinstance(value, dict) and isinstance(had, dict)) or (
            key == "slicing" and isinstance(value, dict) and isinstance(had, dict)
        ):
            merged[key] = {**had, **value}
        else:
            if key.startswith(_VALUES):
                _forget(merged, key)
            merged[key] = value
    return merged


_IDENTITY: Final = {"constraint": "key", "mapping": "identity", "extension": "url"}


def _added(had: object, more: object, identity: str) -> list[Any]:
    """Return both lists; what is said again of the same key replaces what was there."""
    kept = list(had) if isinstance(had, list) else []
    for one in more if isinstance(more, list) else []:
        name = one.get(identity) if identity and isinstance(one, dict) else one
        same = [
            number
            for number, other in enumerate(kept)
            if (other.get(identity) if identity and isinstance(other, dict) else other) == name
        ]
        if same and identity != "mapping":
            kept[same[0]] = one
        elif one not in kept:
            kept.append(one)
    return kept


def _forget(merged: Definition, key: str) -> None:
    """Take out the value that a new one of the same kind replaces, whatever its type: patternCode for patternString."""
    kind = next(one for one in _VALUES if key.startswith(one))
    for other in [name for name in merged if name.startswith(kind)]:
        del merged[other]


def as_slice(sliced: Definition) -> Definition:
    """Return what a new slice starts from: the rules of the element, but it need not be there."""
    made = {key: value for key, value in sliced.items() if key not in _NOT_FOR_SLICES}
    made["min"] = 0
    return made

"""What an invariant is here: the type that it binds, its key in the specification, and the function that looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.errors import Severity
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.structure.visit import Holder, Node

ALL: Final[tuple[Release, ...]] = ("R4", "R4B", "R5")
FOURTH: Final[tuple[Release, ...]] = ("R4", "R4B")
FIRST: Final[tuple[Release, ...]] = ("R4",)
LATER: Final[tuple[Release, ...]] = ("R4B", "R5")
MIDDLE: Final[tuple[Release, ...]] = ("R4B",)
FIFTH: Final[tuple[Release, ...]] = ("R5",)


class Kept:
    """What checks work out once of a document: who contains which ids."""

    def __init__(self, release: Release) -> None:
        """Know nothing yet."""
        self.release: Release = release
        self._contained: dict[int, frozenset[str]] = {}

    def contained_ids(self, holder: Holder) -> frozenset[str]:
        """Return the ids of what the outermost resource around an element contains."""
        root = holder.root.value
        found = self._contained.get(id(root))
        if found is None:
            inside = root.get("contained")
            found = self._contained[id(root)] = frozenset(
                one["id"]
                for one in (inside if isinstance(inside, list) else ())
                if isinstance(one, dict) and isinstance(one.get("id"), str)
            )
        return found


class Invariant(NamedTuple):
    """One constraint of the specification, for the elements of one type."""

    type: str
    key: str
    releases: tuple[Release, ...]
    broken: Callable[[Node, Kept], str | None]
    """Where below the element it is broken, "" for the element itself; None where it holds."""
    message: str
    severity: Severity = "error"
    best_practice: bool = False
    """Only looked at when asked for."""
    rule: str = ""
    """Its id in our catalogue, where another type has the same key for something else."""

    @property
    def id(self) -> str:
        """The rule that is named to the user."""
        return self.rule or self.key


def has(value: dict[str, Any], name: str) -> bool:
    """Whether an element is there, be it only by its extensions; `value[x]` is any of the choice."""
    if name.endswith("[x]"):
        return chosen(value, name[:-3]) != ""
    return name in value or f"_{name}" in value


def chosen(value: dict[str, Any], stem: str) -> str:
    """Return the property that a choice was made with, such as `valueQuantity` for `value`; "" for none."""
    start = len(stem)
    for name in value:
        if name.startswith(stem) and name[start : start + 1].isupper():
            return name
        if name[:1] == "_" and name.startswith(stem, 1) and name[start + 1 : start + 2].isupper():
            return name[1:]
    return ""


def code(value: dict[str, Any], name: str) -> str:
    """Return the text of a code; "" where it is none."""
    held = value.get(name)
    return held if isinstance(held, str) else ""


def objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects that a repeating element holds."""
    held = value.get(name)
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def texts(value: dict[str, Any], name: str) -> list[str]:
    """Return the strings of an element, whether it repeats or not."""
    held = value.get(name)
    return [one for one in (held if isinstance(held, list) else [held]) if isinstance(one, str)]


def coded(concept: object, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept, or one of several, has one of the codes of a system."""
    for one in concept if isinstance(concept, list) else [concept]:
        if isinstance(one, dict):
            for coding in objects(one, "coding"):
                if coding.get("system") == system and coding.get("code") in codes:
                    return True
    return False


def repeated(values: list[Any]) -> int | None:
    """Return the number of the first value that stands before too."""
    seen: set[Any] = set()
    for number, value in enumerate(values):
        if value in seen:
            return number
        seen.add(value)
    return None

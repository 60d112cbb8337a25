"""How a profile is written down here: a few rules on a base type, and the StructureDefinition that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.publishing.head import NUMBERS, base, head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.publishing.head import Edition, Json, Release


class Rule:
    """One element of a differential."""

    def __init__(self, path: str, *, only: tuple[Release, ...] = ("R4", "R5"), **says: Any) -> None:  # noqa: ANN401
        """Name the element, as `Bundle.entry:device.resource` where it is in a slice; `says` are its members in FHIR."""
        self.identifier = path
        self.only = only
        self.says = says

    def element(self) -> Json:
        """Return the ElementDefinition."""
        path = ".".join(step.partition(":")[0] for step in self.identifier.split("."))
        last = self.identifier.rpartition(".")[2]
        slice_name = last.partition(":")[2]
        named = {"sliceName": slice_name} if slice_name else {}
        return {"id": self.identifier, "path": path, **named, **self.says}


def needed(path: str, why: str = "", **says: Any) -> Rule:  # noqa: ANN401
    """Return the rule that an element must be there and be read."""
    return Rule(path, **_short(why), min=1, mustSupport=True, **says)


def read(path: str, why: str = "", **says: Any) -> Rule:  # noqa: ANN401
    """Return the rule that an element is read where it is there."""
    return Rule(path, **_short(why), mustSupport=True, **says)


def fixed(path: str, kind: str, value: Any, why: str = "", **says: Any) -> Rule:  # noqa: ANN401
    """Return the rule that an element holds at least this value."""
    return Rule(path, **_short(why), min=1, mustSupport=True, **{f"pattern{kind}": value}, **says)


def _short(why: str) -> Json:
    return {"short": why} if why else {}


def sliced(path: str, *discriminators: tuple[str, str], **says: Any) -> Rule:  # noqa: ANN401
    """Return the rule that a repeating element comes in named kinds, told apart by these (type, path)."""
    told = [{"type": kind, "path": by} for kind, by in discriminators]
    return Rule(path, slicing={"discriminator": told, "rules": "open"}, **says)


def reference(*targets: str) -> list[Json]:
    """Return the type of a reference to these."""
    return [{"code": "Reference", "targetProfile": [base(target) for target in targets]}]


def bound(strength: str, value_set: str) -> Json:
    """Return a binding."""
    return {"strength": strength, "valueSet": value_set}


def constraint(key: str, says: str, expression: str, severity: str = "error") -> Json:
    """Return an invariant of ours."""
    return {"key": key, "severity": severity, "human": says, "expression": expression}


def structure_definition(
    edition: Edition, identifier: str, kind: str, title: str, about: str, rules: Iterable[Rule]
) -> Json:
    """Return a profile on a resource type, with its differential."""
    elements = [rule.element() for rule in rules if edition.release in rule.only]
    root = {"id": kind, "path": kind, "short": title, "definition": about}
    if elements and elements[0]["id"] == kind:
        root |= elements.pop(0)
    return {
        **head(edition, "StructureDefinition", identifier, title, about),
        "fhirVersion": NUMBERS[edition.release],
        "kind": "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": base(kind),
        "derivation": "constraint",
        "differential": {"element": [root, *elements]},
    }


def extension(
    edition: Edition, identifier: str, title: str, about: str, contexts: Iterable[str], rules: Iterable[Rule]
) -> Json:
    """Return the definition of an extension."""
    found = structure_definition(edition, identifier, "Extension", title, about, rules)
    found["kind"] = "complex-type"
    context = [{"type": "element", "expression": place} for place in contexts]
    places = list(found)
    at = places.index("type")
    return {
        **{key: found[key] for key in places[:at]}, "context": context, **{key: found[key] for key in places[at:]},
    }  # fmt: skip

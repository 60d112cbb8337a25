"""One reading under way: what is looked up, and what has been found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.core.facts import Fact, Origin
from kneecds.errors import Issue, error, information, warning
from kneecds.fhir.concepts import Meaning
from kneecds.fhir.dates import is_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from decimal import Decimal

    from kneecds.core.facts import Scope
    from kneecds.fhir.concept_map import ConceptMapping
    from kneecds.fhir.concepts import Concepts, Unclear
    from kneecds.fhir.questionnaire import Form
    from kneecds.fhir.version import Release

Resource = dict[str, Any]

PERSON: tuple[Scope, ...] = ("person",)
UNSPECIFIED: tuple[Scope, ...] = ("unspecified",)


class Run:
    """Collects facts and issues of one document; the readers of the resource types write into it."""

    def __init__(
        self,
        concepts: Concepts,
        as_of: date,
        release: Release,
        forms: Mapping[str, Form],
        maps: tuple[ConceptMapping, ...],
        find: Callable[[str], Resource | None],
    ) -> None:
        """Start with nothing found."""
        self.concepts = concepts
        self.as_of = as_of
        self.today = as_of.isoformat()
        self.release = release
        self.forms = forms
        self.maps = maps
        self.find = find
        self.facts: list[Fact] = []
        self.issues: list[Issue] = []
        self.unusable = False

    def refuse(self, code: str, rule: str, path: str, message: str) -> None:
        """Say that a part of the input could not be used."""
        self.issues.append(error(code, rule, path, message))
        self.unusable = True

    def warn(self, code: str, rule: str, path: str, message: str) -> None:
        """Say what the reader of the answer must know."""
        self.issues.append(warning(code, rule, path, message))

    def remark(self, code: str, rule: str, path: str, message: str) -> None:
        """Say how something was read."""
        self.issues.append(information(code, rule, path, message))

    def add(self, finding: str, scopes: tuple[Scope, ...], value: bool | Decimal | str | None, origin: Origin) -> None:
        """Take one statement, for each side it is about."""
        if len(scopes) == 1:
            self.facts.append(Fact(finding, scopes[0], value, origin))
            return
        for scope in scopes:
            self.facts.append(Fact(finding, scope, value, origin))

    def usable(self, resource: Resource, path: str) -> bool:
        """Whether nothing in a resource may change the meaning of the rest without our knowing."""
        return not self.modified(resource, path)

    def modified(self, element: Resource, path: str) -> bool:
        """Whether an element carries a modifier extension or implicit rules; said where it does."""
        if "modifierExtension" in element:
            extensions = element["modifierExtension"]
            first = extensions[0] if isinstance(extensions, list) and extensions else None
            url = first.get("url", "") if isinstance(first, dict) else ""
            message = f"the modifier extension {url!r} is not understood, so what it modifies is not used"
            self.refuse("extension", "modifier-extension", f"{path}.modifierExtension", message)
            return True
        if "implicitRules" in element:
            message = "the resource follows implicit rules that are not known here, so it is not used"
            self.refuse("not-supported", "implicit-rules", f"{path}.implicitRules", message)
            return True
        return False

    def is_future(self, time: str, path: str) -> bool:
        """Whether a time lies after the day of the assessment; said where it does."""
        if time[:10] <= self.today[: len(time)] or not is_after(time, self.as_of):
            return False
        message = f"{time} is later than {self.today}, the day of this assessment; not used"
        self.refuse("business-rule", "future", path, message)
        return True

    def clear(self, meaning: Meaning | Unclear | None, path: str) -> Meaning | None:
        """Return the meaning unless the codings contradict each other, which is said."""
        if meaning is None or isinstance(meaning, Meaning):
            return meaning
        message = f"the codings of one concept mean different things ({', '.join(meaning[0])}); send one of them"
        self.refuse("conflict", "codings-differ", f"{path}.coding", message)
        return None


def name_of(resource: Resource) -> str:
    """Return type and id of a resource, as a reference to it would read."""
    id_ = resource.get("id")
    return f"{resource['resourceType']}/{id_}" if id_ else str(resource["resourceType"])


def code_of(concept: Resource | None) -> str:
    """Return the one code of a status-like CodeableConcept; empty if there is none."""
    for coding in (concept or {}).get("coding", ()):
        code = coding.get("code")
        if code:
            return str(code)
    return ""


def period_end(period: Resource) -> str:
    """Return when a period ended or, if it goes on, began."""
    return str(period.get("end") or period.get("start") or "")

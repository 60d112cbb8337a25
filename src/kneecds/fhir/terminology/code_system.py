"""The concepts of one CodeSystem, their hierarchy and properties, and what the filters of a value set select of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_LONGEST: Final = 200  # characters of a pattern, and of what is held against it
_MOST_REPEATED: Final = 2  # each repetition can cost another factor of the length
_FIXED_REPEAT: Final = re.compile(r"\{[0-9]{1,3}\}")
_REPEATED_GROUP: Final = re.compile(r"\)[*+{?]")
_BEYOND: Final = re.compile(r"\\[1-9kgGzZ]|\(\?")
_INACTIVE: Final = frozenset({"inactive", "retired"})

# https://hl7.org/fhir/R4/codesystem-concept-properties.html
_PARENTS: Final = frozenset({"parent", "subsumedBy"})


class Concept(NamedTuple):
    """One concept: where it stands and what is said of it."""

    code: str
    display: str
    parents: tuple[str, ...]
    properties: tuple[tuple[str, str], ...]

    @property
    def is_inactive(self) -> bool:
        """Whether it is no longer to be used."""
        return any(
            (name == "inactive" and value == "true") or (name == "status" and value in _INACTIVE)
            for name, value in self.properties
        )


class CodeSystem:
    """A code system as far as it is at hand."""

    def __init__(
        self,
        url: str,
        concepts: Iterable[Concept],
        *,
        complete: bool,
        case_sensitive: bool,
        only_codes: bool = False,
    ) -> None:
        """Index the concepts; `only_codes` where neither their hierarchy nor their properties are at hand."""
        self.url = url
        self.complete = complete
        self.case_sensitive = case_sensitive
        self._only_codes = only_codes
        self.concepts: dict[str, Concept] = {}
        self._children: dict[str, list[str]] = {}
        for concept in concepts:
            self.concepts.setdefault(concept.code, concept)
            for parent in concept.parents:
                self._children.setdefault(parent, []).append(concept.code)
        self._folded = {} if case_sensitive else {code.casefold(): code for code in self.concepts}

    def spelled(self, code: str) -> str:
        """Return a code as the system writes it; a code that it does not have as it is."""
        return code if code in self.concepts else self._folded.get(code.casefold(), code)

    def select(self, filters: list[Mapping[str, Any]]) -> frozenset[str] | None:
        """Return the codes that pass all filters; None when one of them cannot be applied here."""
        chosen: frozenset[str] | None = None
        for one in filters:
            prop, operation, value = one.get("property"), one.get("op"), one.get("value")
            if not (isinstance(prop, str) and isinstance(operation, str) and isinstance(value, str)):
                return None
            passed = self._apply(prop, operation, value)
            if passed is None:
                return None
            chosen = passed if chosen is None else chosen & passed
        return chosen

    def _apply(self, prop: str, operation: str, value: str) -> frozenset[str] | None:
        hierarchical = _HIERARCHICAL.get(operation)
        if self._only_codes and (hierarchical is not None or prop not in _THE_CONCEPT):
            return None
        if hierarchical is not None:
            return hierarchical(self, self.spelled(value)) if prop in _THE_CONCEPT else None
        test = _test(operation, value)
        if test is None:
            return None
        values = self._values(prop)
        return frozenset(code for code, concept in self.concepts.items() if test(values(concept)))

    @staticmethod
    def _values(prop: str) -> Callable[[Concept], tuple[str, ...]]:
        if prop in _THE_CONCEPT:
            return lambda concept: (concept.code,)
        if prop == "display":
            return lambda concept: (concept.display,) if concept.display else ()
        if prop in _PARENTS:
            return lambda concept: concept.parents
        return lambda concept: tuple([value for name, value in concept.properties if name == prop])

    def below(self, code: str) -> frozenset[str]:
        """Return everything under a code, itself not included unless the hierarchy runs in a circle."""
        found: set[str] = set()
        waiting = list(self._children.get(code, ()))
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._children.get(one, ())
        return frozenset(found)

    def above(self, code: str) -> frozenset[str]:
        """Return a code and everything it is a kind of."""
        found: set[str] = set()
        waiting = [code] if code in self.concepts else []
        while waiting:
            one = waiting.pop()
            if one not in found and one in self.concepts:
                found.add(one)
                waiting += self.concepts[one].parents
        return frozenset(found)

    def is_a(self, code: str) -> frozenset[str]:
        """Return a code and everything under it."""
        return self.below(code) | {code} if code in self.concepts else frozenset()

    def is_not_a(self, code: str) -> frozenset[str]:
        """Return everything that is neither a code nor under it."""
        return frozenset(self.concepts) - self.is_a(code)

    def children(self, code: str) -> frozenset[str]:
        """Return what stands directly under a code."""
        return frozenset(self._children.get(code, ()))

    def leaves(self, code: str) -> frozenset[str]:
        """Return what stands under a code and has nothing under it."""
        return frozenset(one for one in self.below(code) if one not in self._children)


_THE_CONCEPT: Final = frozenset({"concept", "code"})
# https://hl7.org/fhir/R5/valueset-filter-operator.html
_HIERARCHICAL: Final[dict[str, Callable[[CodeSystem, str], frozenset[str]]]] = {
    "is-a": CodeSystem.is_a,
    "descendent-of": CodeSystem.below,
    "is-not-a": CodeSystem.is_not_a,
    "generalizes": CodeSystem.above,
    "child-of": CodeSystem.children,
    "descendent-leaf": CodeSystem.leaves,
}


def _test(operation: str, value: str) -> Callable[[tuple[str, ...]], bool] | None:
    """Return what an operator asks of the values of a property; None for one that cannot be decided."""
    if operation == "=":
        return lambda values: value in values
    listed = frozenset(part.strip() for part in value.split(","))
    if operation == "in":
        return lambda values: not listed.isdisjoint(values)
    if operation == "not-in":
        return listed.isdisjoint
    if operation == "exists":
        return lambda values: bool(values) is (value == "true")
    if operation == "regex":
        pattern = _pattern(value)
        if pattern is not None:
            return lambda values: any(len(one) <= _LONGEST and pattern.fullmatch(one) for one in values)
    return None


def _pattern(text: str) -> re.Pattern[str] | None:
    """Return a pattern that cannot take long: no repeated groups, nothing that looks around or back, few repetitions."""
    if len(text) > _LONGEST or _REPEATED_GROUP.search(text) or _BEYOND.search(text):
        return None
    repeated = _FIXED_REPEAT.sub("", text)
    if sum(repeated.count(sign) for sign in "*+{") > _MOST_REPEATED:
        return None
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None


def of_resource(resource: Mapping[str, Any]) -> CodeSystem:
    """Compile a CodeSystem resource; faulty concepts are passed over."""
    url = resource.get("url")
    return CodeSystem(
        url if isinstance(url, str) else "",
        _concepts(resource.get("concept")),
        complete=resource.get("content") == "complete",
        case_sensitive=resource.get("caseSensitive") is True,
    )


def _concepts(listed: object) -> Iterator[Concept]:
    waiting: list[tuple[object, tuple[str, ...]]] = [(listed, ())]
    while waiting:
        level, above = waiting.pop()
        for one in level if isinstance(level, list) else ():
            code = one.get("code") if isinstance(one, dict) else None
            if isinstance(code, str):
                properties = tuple(_properties(one.get("property")))
                named = tuple(value for name, value in properties if name in _PARENTS)
                display = one.get("display")
                yield Concept(code, display if isinstance(display, str) else "", above + named, properties)
                waiting.append((one.get("concept"), (code,)))


def _properties(listed: object) -> Iterator[tuple[str, str]]:
    for one in listed if isinstance(listed, list) else ():
        name = one.get("code") if isinstance(one, dict) else None
        if not isinstance(name, str):
            continue
        for key, value in one.items():
            if not key.startswith("value"):
                continue
            if isinstance(value, bool):
                yield name, "true" if value else "false"
            elif isinstance(value, dict):
                yield name, str(value.get("code", ""))
            else:
                yield name, str(value)

"""A value set, compiled: what it includes and excludes, and whether a code is in it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.fhir.terminology.ucum import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.fhir.terminology.code_system import CodeSystem

Pair = tuple[str, str]
"""A system and a code of it."""
Verdict = bool | None
"""In, not in, or cannot be decided."""
Asked = dict[int, Verdict]
"""What the value sets met on the way said of one code: many may import the same one."""


class Part(NamedTuple):
    """One include or exclude: the codes of a system, a whole system, value sets, or what is in all of them."""

    system: str | None
    listed: frozenset[str] | None
    """Codes of the system that are in; None where they cannot be told one by one."""
    known: CodeSystem | None
    units: bool
    """Whether the codes are those of UCUM, which has a grammar and no list."""
    imports: tuple[ValueSet | None, ...]

    def pairs(self) -> frozenset[Pair] | None:
        """Return every code of the part; None when they cannot be listed."""
        found: frozenset[Pair] | None = None
        if self.system is not None:
            if self.listed is None:
                return None
            found = frozenset((self.system, code) for code in self.listed)
        for value_set in self.imports:
            inner = value_set.pairs if value_set is not None else None
            if inner is None:
                return None
            found = inner if found is None else found & inner
        return found or frozenset()

    def verdict(self, system: str | None, code: str, asked: Asked) -> Verdict:
        """Say whether a code is in the part; a code without a system may be of any."""
        answers: list[Verdict] = []
        if self.system is not None:
            if system is not None and system != self.system:
                return False
            answers.append(self._of_system(code))
        answers += [None if one is None else one.verdict(system, code, asked) for one in self.imports]
        if False in answers:
            return False
        return None if None in answers or not answers else True

    def _of_system(self, code: str) -> Verdict:
        if self.listed is not None:
            return (self.known.spelled(code) if self.known is not None else code) in self.listed
        if self.units:
            return parse(code) is not None
        return None


NOT_UNDERSTOOD: Final = Part(None, None, None, units=False, imports=(None,))
"""A part that may be anything."""


class ValueSet:
    """A value set, compiled."""

    def __init__(
        self,
        included: tuple[Part, ...],
        excluded: tuple[Part, ...],
        *,
        partly: frozenset[Pair] = frozenset(),
        whole: frozenset[Pair] | None = None,
        folding: dict[str, CodeSystem],
    ) -> None:
        """Take what is included and excluded, or what an expansion lists: `partly`, or as the `whole`."""
        self._included = included
        self._excluded = excluded
        self._partly = partly
        self._folding = folding
        self.pairs = _listed(included, excluded) if whole is None and not partly else whole
        """Every code; None when they cannot be listed."""

    @cached_property
    def _bare(self) -> frozenset[str]:
        listed = self._partly if self.pairs is None else self.pairs
        return frozenset(code for _, code in listed)

    def verdict(self, system: str | None, code: str, asked: Asked | None = None) -> Verdict:
        """Say whether a code is in; without a system, whether it is a code of any."""
        asked = {} if asked is None else asked
        if id(self) not in asked:
            asked[id(self)] = self._work_out(system, code, asked)
        return asked[id(self)]

    def _work_out(self, system: str | None, code: str, asked: Asked) -> Verdict:
        if system is None and code in self._bare:
            return True
        if self.pairs is not None:
            return self._has(self.pairs, system, code)
        if self._has(self._partly, system, code):
            return True
        inside = _any(part.verdict(system, code, asked) for part in self._included)
        if inside is False:
            return False
        outside = _any(part.verdict(system, code, asked) for part in self._excluded)
        if outside is True:
            return False
        return None if outside is None or inside is None else True

    def _has(self, pairs: frozenset[Pair], system: str | None, code: str) -> bool:
        if system is None:
            return any((name, known.spelled(code)) in pairs for name, known in self._folding.items())
        known = self._folding.get(system)
        return (system, code) in pairs or (known is not None and (system, known.spelled(code)) in pairs)


def _any(verdicts: Iterable[Verdict]) -> Verdict:
    undecided = False
    for verdict in verdicts:
        if verdict:
            return True
        undecided = undecided or verdict is None
    return None if undecided else False


def _listed(included: tuple[Part, ...], excluded: tuple[Part, ...]) -> frozenset[Pair] | None:
    found: set[Pair] = set()
    for part in included:
        pairs = part.pairs()
        if pairs is None:
            return None
        found |= pairs
    if not excluded:
        return frozenset(found)
    kept = set()
    for system, code in found:
        outside = _any(part.verdict(system, code, {}) for part in excluded)
        if outside is None:
            return None
        if not outside:
            kept.add((system, code))
    return frozenset(kept)

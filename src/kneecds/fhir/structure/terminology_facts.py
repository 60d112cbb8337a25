"""Code systems and value sets that HL7 publishes with a release."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from kneecds.fhir.structure.definitions import PUBLISHED
from kneecds.fhir.structure.facts import RELEASES, Release

Json = dict[str, Any]
Pairs = frozenset[tuple[str, str]]


class CodeSystemFact(NamedTuple):
    """The codes of a system."""

    codes: frozenset[str]
    complete: bool
    """Whether it has no others."""
    case_sensitive: bool


class _System(msgspec.Struct, array_like=True):
    complete: bool
    case_sensitive: bool
    codes: list[str]


class _Terms(msgspec.Struct):
    systems: dict[str, msgspec.Raw]
    value_sets: dict[str, msgspec.Raw]


@lru_cache(maxsize=len(RELEASES) + 1)
def _terms(name: str) -> _Terms:
    """Read a file of terms; each system and value set is kept as text until it is asked for."""
    return msgspec.json.decode((PUBLISHED / f"{name}-terms.json").read_bytes(), type=_Terms)


@lru_cache(maxsize=4096)
def code_system(url: str, release: Release) -> CodeSystemFact | None:
    """Return the codes of a published code system; None when it is not known."""
    raw = _terms(release.lower()).systems.get(url) or _terms("shared").systems.get(url)
    if raw is None:
        return None
    system = msgspec.json.decode(raw, type=_System)
    return CodeSystemFact(frozenset(system.codes), system.complete, system.case_sensitive)


def _value_set(url: str, release: Release) -> Any:  # noqa: ANN401 - JSON
    raw = _terms(release.lower()).value_sets.get(url) or _terms("shared").value_sets.get(url)
    return None if raw is None else msgspec.json.decode(raw)


@lru_cache(maxsize=4096)
def value_set(url: str, release: Release) -> Pairs | None:
    """Return what is in a published value set, as system and code; None when that is not known or cannot be listed."""
    spelled = _value_set(url, release)
    if not isinstance(spelled, list):
        return None
    found: set[tuple[str, str]] = set()
    for part in spelled:
        if isinstance(part, str):
            system = code_system(part, release)
            found.update((part, code) for code in (system.codes if system is not None else ()))
        else:
            found.update((part[0], code) for code in part[1])
    return frozenset(found)


def value_set_compose(url: str, release: Release) -> Json | None:
    """Return the `compose` of a published value set that cannot be listed here, without its prose."""
    spelled = _value_set(url, release)
    return spelled if isinstance(spelled, dict) else None

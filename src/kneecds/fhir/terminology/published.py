"""Code systems and value sets that HL7 publishes, from the facts of a release."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kneecds.fhir.structure import terminology_facts
from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.terminology.code_system import CodeSystem, Concept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.terminology.value_set import Pair


def codes(canonical: str, release: Release) -> frozenset[Pair] | None:
    """Return every code of a published value set; None when it is not known or cannot be listed."""
    url = _url(canonical, release)
    return None if url is None else terminology_facts.value_set(url, release)


@lru_cache(maxsize=256)
def definition(canonical: str, release: Release) -> Mapping[str, Any] | None:
    """Return a published value set that cannot be listed, as a resource of what it is composed of."""
    url = _url(canonical, release)
    compose = None if url is None else terminology_facts.value_set_compose(url, release)
    return None if compose is None else {"resourceType": "ValueSet", "compose": compose}


@lru_cache(maxsize=256)
def code_system(canonical: str, release: Release) -> CodeSystem | None:
    """Return a published code system, without hierarchy and properties; None when it is not among the facts."""
    url = _url(canonical, release)
    fact = None if url is None else terminology_facts.code_system(url, release)
    if fact is None or url is None:
        return None
    concepts = (Concept(code, "", (), ()) for code in fact.codes)
    return CodeSystem(url, concepts, complete=fact.complete, case_sensitive=fact.case_sensitive, only_codes=True)


def _url(canonical: str, release: Release) -> str | None:
    """Return the url of a canonical; None when it asks for another version than that of the release."""
    url, _, version = canonical.partition("|")
    return url if not version or facts_of(release).version.startswith(version) else None

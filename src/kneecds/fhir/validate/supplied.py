"""Conformance resources at hand: ours, those given by the user, and those in the document itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kneecds.fhir.structure.facts import Release

KINDS: Final = ("Questionnaire", "StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap")
"""What is looked up by canonical URL."""


class Supplied:
    """Conformance resources by kind and canonical URL; what is added later wins over what was there, version by version."""

    def __init__(
        self,
        resources: Iterable[Mapping[str, Any]] = (),
        *,
        applied: Iterable[str] = (),
        beneath: Supplied | None = None,
    ) -> None:
        """Take resources; `beneath` is asked where there is nothing here."""
        self._beneath: Supplied | None = beneath
        self._views: dict[str, Supplied] = {}
        self.applied = tuple(applied)
        """Canonicals of the profiles that every resource of their type must fit, whether it claims them or not."""
        self._by_url: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.kept: dict[str, Any] = {}
        """What rooms work out of these resources once and keep: compiled forms, expansions, snapshots."""
        for resource in resources:
            self.add(resource)

    def of(self, release: Release) -> Supplied:
        """Return these as one release sees them: what users give holds for any, what we publish is there for each."""
        view = self._views.get(release)
        if view is None:
            view = self._views[release] = self._of(release)
        return view

    def _of(self, release: Release) -> Supplied:
        beneath = self._beneath.of(release) if self._beneath is not None else None
        if beneath is self._beneath:
            return self
        view = Supplied(applied=self.applied, beneath=beneath)
        view._by_url = self._by_url
        return view

    def add(self, resource: Mapping[str, Any]) -> None:
        """Take one more resource; one without a url or of another kind is passed over."""
        kind, url = resource.get("resourceType"), resource.get("url")
        if isinstance(kind, str) and kind in KINDS and isinstance(url, str):
            self._by_url.setdefault((kind, url), []).append(dict(resource))

    def find(self, kind: str, canonical: str) -> dict[str, Any] | None:
        """Return the resource of a canonical `url` or `url|version`; without a version, the last that was added."""
        url, _, version = canonical.partition("|")
        url = url.partition("#")[0]
        known: list[dict[str, Any]] = self._by_url.get((kind, url), [])
        for resource in known[::-1]:
            if not version or _fits(str(resource.get("version", "")), version):
                return resource
        return self._beneath.find(kind, canonical) if self._beneath is not None else None

    def knows_url(self, kind: str, canonical: str) -> bool:
        """Whether there is some version of a canonical."""
        url = canonical.partition("|")[0]
        return (kind, url) in self._by_url or (self._beneath is not None and self._beneath.knows_url(kind, url))

    def given(self, kind: str) -> list[dict[str, Any]]:
        """Return the resources of a kind that were added here, without those beneath."""
        return [one for (of, _), resources in self._by_url.items() if of == kind for one in resources]

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield every resource of a kind, the most recently added first."""
        for (of, _), resources in reversed(self._by_url.items()):
            if of == kind:
                yield from reversed(resources)
        if self._beneath is not None:
            yield from self._beneath.all(kind)


def _fits(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one, or of the wanted major or minor version; what has none may be any."""
    return not version or version == wanted or version.startswith(f"{wanted}.")

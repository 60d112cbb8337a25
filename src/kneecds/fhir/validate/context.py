"""One document under validation: what every room looks at, and where it says what it finds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from kneecds.errors import Issue
from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.structure.visit import Holder, Node, visit

if TYPE_CHECKING:
    from kneecds.errors import Severity
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.references.lookup import Lookups
    from kneecds.fhir.validate.supplied import Supplied


class Context:
    """A document, its release, the conformance resources at hand, and the issues found so far."""

    def __init__(
        self,
        document: dict[str, Any] | list[Any],
        release: Release,
        supplied: Supplied,
        *,
        best_practice: bool = False,
        claimed: tuple[str, ...] = (),
    ) -> None:
        """Look at nothing yet."""
        self.document = document
        self.release: Release = release
        self.facts = facts_of(release)
        self.supplied = supplied.of(release)
        self.best_practice = best_practice
        self.claimed = claimed
        """Canonicals of profiles that the outermost resources must fit, whatever they claim themselves."""
        self.found: list[Issue] = []

    @cached_property
    def nodes(self) -> list[Node]:
        """Every sound element of the document in its order, entries and contained resources included."""
        if isinstance(self.document, list):
            return [
                node
                for number, resource in enumerate(self.document)
                for node in visit(resource, self.facts, f"$this[{number}]")
            ]
        return visit(self.document, self.facts)

    @cached_property
    def resources(self) -> list[Node]:
        """The nodes that are resources."""
        return [node for node in self.nodes if node.holder.value is node.value]

    @cached_property
    def holders(self) -> list[Holder]:
        """Every resource in its place."""
        return [node.holder for node in self.resources]

    @cached_property
    def bundles(self) -> Lookups:
        """The entries of every Bundle in the document, as references see them."""
        from kneecds.fhir.validate.references.lookup import Lookups  # noqa: PLC0415 - a part of a room

        return Lookups(self)

    def say(self, severity: Severity, code: str, rule: str, path: str, message: str, fix: str = "") -> None:
        """Add an issue; `rule` stands in the catalogue."""
        self.found.append(Issue(severity, code, rule, path, message, fix))

    def error(self, code: str, rule: str, path: str, message: str, fix: str = "") -> None:
        """Say what makes the document invalid."""
        self.say("error", code, rule, path, message, fix)

    def warn(self, code: str, rule: str, path: str, message: str, fix: str = "") -> None:
        """Say what somebody should look at; the document is valid all the same."""
        self.say("warning", code, rule, path, message, fix)

    def remark(self, code: str, rule: str, path: str, message: str, fix: str = "") -> None:
        """Say what was seen and could not be checked, or how something was taken."""
        self.say("information", code, rule, path, message, fix)

"""A form against itself: whether its parts fit each other, so that it can be answered at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir.validate.questionnaires import enablement, offers, sdc
from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.extensions import objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.visit import Holder
    from kneecds.fhir.validate.context import Context


class Part(NamedTuple):
    """An item of a form in its place."""

    source: dict[str, Any]
    path: str
    above: tuple[Part, ...]
    number: int
    """In the order of the form."""
    last_below: list[int]
    """The number of the last item below it, or its own; in a list because it is known after the item."""
    extensions: dict[str, list[dict[str, Any]]]

    @property
    def link_id(self) -> str:
        """The linkId; "" where there is none."""
        said = self.source.get("linkId")
        return said if isinstance(said, str) else ""

    @property
    def type(self) -> str:
        """The type of the question."""
        said = self.source.get("type")
        return said if isinstance(said, str) else ""


class Whole(NamedTuple):
    """A form with all its items."""

    context: Context
    source: dict[str, Any]
    path: str
    parts: list[Part]
    by_link_id: dict[str, Part]
    contained: list[dict[str, Any]]


def check(context: Context, holder: Holder) -> None:
    """Look at one form."""
    parts: list[Part] = []
    _gather(holder.value, holder.path, (), parts)
    by_link_id: dict[str, Part] = {}
    for part in parts:
        if part.link_id:
            by_link_id.setdefault(part.link_id, part)
    contained = [one for _, one in objects(holder.root.value, "contained")]
    form = Whole(context, holder.value, holder.path, parts, by_link_id, contained)
    for whole_rule in WHOLE:
        whole_rule(form)
    for part in parts:
        for rule in EACH:
            rule(form, part)


def _gather(holder: dict[str, Any], path: str, above: tuple[Part, ...], parts: list[Part]) -> None:
    for number, item in objects(holder, "item"):
        part = Part(item, f"{path}.item[{number}]", above, len(parts), [len(parts)], ext.read(item))
        parts.append(part)
        _gather(item, part.path, (*above, part), parts)
        part.last_below[0] = len(parts) - 1


WHOLE: Final[tuple[Callable[[Whole], None], ...]] = (enablement.cycles, sdc.version_algorithm, sdc.form_expressions)
EACH: Final[tuple[Callable[[Whole, Part], None], ...]] = (
    enablement.conditions,
    offers.options,
    offers.value_set,
    offers.initial,
    offers.bounds,
    offers.read_only,
    offers.definition,
    sdc.extensions_of_type,
    sdc.pattern,
    sdc.extraction,
    sdc.expressions,
)

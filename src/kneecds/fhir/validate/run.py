"""The layers in their order, over one parsed document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.validate import bindings, bundles, extensions, profiles, questionnaires, references
from kneecds.fhir.validate.invariants.look import look as look_at_invariants

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.validate.context import Context

ROOMS: Final[tuple[Callable[[Context], None], ...]] = (
    bindings.look,
    look_at_invariants,
    extensions.look,
    references.look,
    bundles.look,
    profiles.look,
    questionnaires.look,
)
"""Every room adds what it finds to the context; none changes the document, none depends on what another found."""


def run(context: Context) -> None:
    """Let every room look."""
    for room in ROOMS:
        room(context)

"""What ids are called in the knowledge that ships."""

from __future__ import annotations

from kneecds.knowledge import artefact
from kneecds.render.page import Names


def shipped() -> Names:
    """Return labels and titles by id."""
    compiled = artefact.shipped()
    files = compiled.files
    labels = {finding.id: finding.label for finding in files.findings}
    labels |= {condition.id: condition.label for condition in files.conditions}
    labels |= {rule.id: rule.title for rule in files.red_flags}
    labels |= {instrument.id: instrument.title for instrument in files.instruments}
    return Names(labels, {source.id: source.title for source in compiled.sources})

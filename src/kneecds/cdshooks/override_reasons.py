"""Why a clinician may set a card aside: the reasons that a client offers, and that come back with feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kneecds.cdshooks.model import Json

# https://build.fhir.org/ig/HL7/cds-hooks/CodeSystem-non-adherence-reason-codes.html
PUBLISHED: Final = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OWN: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-override-reason"

_REASONS: Final[tuple[tuple[str, str, str], ...]] = (
    (PUBLISHED, "cds-not-applicable", "PC CDS does not apply to patient"),
    (PUBLISHED, "action-completed", "Recommended action was already completed"),
    (OWN, "record-wrong", "What the record says is wrong or out of date"),
    (OWN, "examined-otherwise", "My own examination says otherwise"),
    (PUBLISHED, "patient-contraindication", "Patient has contraindication to recommended action"),
    (PUBLISHED, "recipient-disagrees-evidence", "Recipient disagrees with recommendation because of issues with the evidence"),
    (PUBLISHED, "recipient-concerns-outcomes", "Recipient has concerns regarding potential health outcomes"),
    (PUBLISHED, "does-not-align-preferences", "Recommendation does not align with patient preferences or values"),
    (PUBLISHED, "not-convenient-feasible", "Recommendation is not convenient or feasible"),
    (PUBLISHED, "cds-suboptimal-context", "PC CDS delivered in suboptimal context"),
)  # fmt: skip

OVERRIDE_REASONS: Final[list[Json]] = [
    {"system": system, "code": code, "display": display} for system, code, display in _REASONS
]
"""Codings with display, as https://cds-hooks.hl7.org/2.0/#overridereason wants them; read, never changed."""

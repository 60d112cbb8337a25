"""Whether a reference means the patient of the call: an answer is about one person."""

from __future__ import annotations

from typing import Final, NamedTuple

_URN: Final = "urn:uuid:"


class Whose(NamedTuple):
    """The patient of a call, and by which addresses resources may speak of them."""

    patient_id: str
    bases: frozenset[str] = frozenset()  # of servers whose ids are meant; none known: any
    urls: frozenset[str] = frozenset()  # full URLs under which this Patient was sent

    def is_other(self, reference: str) -> bool:
        """Whether a reference means a patient who is not the one of the call.

        What cannot be a patient, or lies inside its own resource, is for the reader of resources to judge.
        """
        plain = reference.partition("/_history/")[0]
        if plain in self.urls:
            return False
        if plain.startswith("urn:"):
            return plain != f"{_URN}{self.patient_id}"
        base, found, id_ = plain.rpartition("Patient/")
        if not found or (base and not base.endswith("/")):
            return False
        if id_ != self.patient_id:
            return True
        return bool(base and self.bases and base.rstrip("/") not in self.bases)

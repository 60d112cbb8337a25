"""The structure of FHIR resources: what the definitions of a release allow, and whether a resource keeps to it."""

from kneecds.fhir.structure.usable import usable

__all__ = ["usable"]

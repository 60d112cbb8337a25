"""Layer 4: the invariants of the specification, as functions of our own where one is here and as FHIRPath elsewhere."""

from kneecds.fhir.validate.invariants.look import look

__all__ = ["look"]

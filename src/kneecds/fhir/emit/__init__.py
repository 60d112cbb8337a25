"""Write an assessment as FHIR: a collection Bundle around one GuidanceResponse, and problems as an OperationOutcome.

R4 and R4B have the same shapes for everything written here; `bundle.WRITERS` has one row per release.
"""

from kneecds.fhir.emit.bundle import WRITERS, Release, guidance, guidance_bytes, to_bytes
from kneecds.fhir.emit.codes import Catalogue
from kneecds.fhir.emit.operation_outcome import outcome

__all__ = ["WRITERS", "Catalogue", "Release", "guidance", "guidance_bytes", "outcome", "to_bytes"]

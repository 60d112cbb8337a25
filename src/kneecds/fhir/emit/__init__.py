"""Write an assessment as FHIR: a collection Bundle around one GuidanceResponse, and problems as an OperationOutcome.

R4 and R4B have the same shapes for everything written here; R5 is what `r5.CHANGES` makes of them. `bundle.WRITERS`
has one row per release, and `lost` tells what a release has no element for.
"""

from kneecds.fhir.emit.bundle import WRITERS, Release, guidance, guidance_bytes, lost, to_bytes
from kneecds.fhir.emit.codes import Catalogue
from kneecds.fhir.emit.losses import LOSSES, Loss
from kneecds.fhir.emit.operation_outcome import outcome

__all__ = [
    "LOSSES",
    "WRITERS",
    "Catalogue",
    "Loss",
    "Release",
    "guidance",
    "guidance_bytes",
    "lost",
    "outcome",
    "to_bytes",
]

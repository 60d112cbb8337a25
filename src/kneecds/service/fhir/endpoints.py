"""Everything that is served under /fhir, in one table: routes, metadata and the OpenAPI description are made of it."""

from __future__ import annotations

from functools import partial
from typing import Final

from kneecds.service.fhir import apply, capabilities, evaluate, extract, reads, search, validate
from kneecds.service.fhir.artefacts import KINDS
from kneecds.service.fhir.endpoint import Endpoint, Operation

_HL7: Final = "http://hl7.org/fhir/OperationDefinition"
_APPLY: Final = ("system/PlanDefinition.r", "system/Observation.r")
_EXTRACT: Final = ("system/QuestionnaireResponse.r",)

OPERATIONS: Final = (
    Operation(
        "kneecds-evaluate", "https://kneecds.org/fhir/OperationDefinition/kneecds-evaluate", evaluate.PARAMETERS,
        (Endpoint("POST", "/$kneecds-evaluate", evaluate.evaluate, ("system/Observation.r",)),),
    ),
    Operation(
        "validate", f"{_HL7}/Resource-validate", validate.PARAMETERS,
        (
            Endpoint("POST", "/$validate", validate.validate, ("system/*.r",)),
            Endpoint("POST", "/{type}/$validate", validate.validate, ("system/{type}.r",)),
        ),
    ),
    Operation(
        "extract", "http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract", extract.PARAMETERS,
        (Endpoint("POST", "/QuestionnaireResponse/$extract", extract.extract, _EXTRACT),), on="QuestionnaireResponse",
    ),
    Operation(
        "apply", f"{_HL7}/PlanDefinition-apply", apply.PARAMETERS,
        (
            Endpoint("POST", "/PlanDefinition/$apply", apply.apply, _APPLY),
            Endpoint("POST", "/PlanDefinition/{id}/$apply", apply.apply, _APPLY),
            Endpoint("GET", "/PlanDefinition/{id}/$apply", apply.apply, _APPLY),
        ),
        on="PlanDefinition",
    ),
)  # fmt: skip

METADATA: Final = Endpoint("GET", "/metadata", partial(capabilities.metadata, OPERATIONS), ())

READS: Final = tuple(
    endpoint
    for kind in KINDS
    for endpoint in (
        Endpoint("GET", f"/{kind}", search.search, (f"system/{kind}.s",), kind),
        Endpoint("POST", f"/{kind}/_search", search.search, (f"system/{kind}.s",), kind, form=True),
        Endpoint("GET", f"/{kind}/{{id}}", reads.read, (f"system/{kind}.r",), kind),
    )
)

ENDPOINTS: Final = (METADATA, *(one for operation in OPERATIONS for one in operation.endpoints), *READS)
"""In this order: the first that fits answers."""
